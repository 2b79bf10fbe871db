"""A new word that looks like a slip of the finger."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.utils.translation import gettext as _


class TagDoubted(Exception):
    """A new tag is one letter away from one that is used much: a person has to say which is meant.

    Attributes:
        key: of the edit.
        tag: what was typed.
        meant: the tag that is used much.
        also: the others of the same call that are to be asked about, in order.
    """

    def __init__(self, key: uuid.UUID, tag: str, meant: str, also: Sequence[TagDoubted] = ()) -> None:
        facts = {"tag": tag, "meant": meant}
        super().__init__(_("“%(tag)s” is new, and one letter away from “%(meant)s”. Which one is meant?") % facts)
        self.key, self.tag, self.meant, self.also = key, tag, meant, list(also)
