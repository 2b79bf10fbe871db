"""The keys as one person wants them: read by every page, written as a whole."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sessions_app.models import KeyMap

MOST_ACTIONS = 200
MOST_CHORDS = 4
LONGEST_CHORD = 40
_ACTION_ID = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")
# As tinykeys spells them: "$mod+KeyJ", "Alt+ArrowRight", "[Shift]+?", "/". A page ignores a key it does not know; what
# is kept out here is what is no chord at all, such as a sequence or a line.
_CHORD = re.compile(r"(?:(?:\$mod|Control|Meta|Alt|Shift|\[Shift\])\+){0,4}[^\s]{1,20}")


class BadKeys(ValueError):
    """What was sent is no map of keys; the text says which part, and why."""


def get_key_map(person: User | None) -> KeyMap:
    """Return what this person changed about the keys; an unsaved row without changes where there is nothing."""
    return KeyMap.objects.filter(person=person).first() or KeyMap(person=person)


def keep_key_map(keys: Mapping[str, Sequence[str]], *, single_keys: bool, by: User | None) -> KeyMap:
    """Replace what this person changed about the keys.

    Whether two actions clash is the page's question: only it knows when each of them listens.

    Raises:
        BadKeys: an id, a key or their number is impossible.
    """
    check_keys(keys)
    values = {"keys": {action: list(chords) for action, chords in keys.items()}, "single_keys": single_keys}
    key_map, _made = KeyMap.objects.update_or_create(person=by, defaults=values)
    return key_map


def check_keys(keys: Mapping[str, Sequence[str]]) -> None:
    """Refuse what no page would send.

    Raises:
        BadKeys: see `keep_key_map`.
    """
    if len(keys) > MOST_ACTIONS:
        raise BadKeys(_("At most %(most)s commands can have keys of their own.") % {"most": MOST_ACTIONS})
    for action, chords in keys.items():
        if not _ACTION_ID.fullmatch(action):
            raise BadKeys(_("“%(name)s” is no command.") % {"name": action[:64]})
        _check_chords(action, chords)


def _check_chords(action: str, chords: Sequence[str]) -> None:
    if len(chords) > MOST_CHORDS:
        words = ngettext(
            "A command has at most %(most)s key; “%(name)s” has %(count)s.",
            "A command has at most %(most)s keys; “%(name)s” has %(count)s.",
            MOST_CHORDS,
        )
        raise BadKeys(words % {"most": MOST_CHORDS, "name": action, "count": len(chords)})
    for chord in chords:
        if len(chord) > LONGEST_CHORD or not _CHORD.fullmatch(chord):
            raise BadKeys(_("“%(chord)s” is no key. Press the key you want.") % {"chord": chord[:LONGEST_CHORD]})
    if len(set(chords)) < len(chords):
        raise BadKeys(_("“%(name)s” has one key twice.") % {"name": action})
