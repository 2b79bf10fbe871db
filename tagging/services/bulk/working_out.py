"""What an action makes of the words of some images: the same for a preview and for the run.

Adding at an end and removing are worked out by the database alone; what depends on the order of the tags, or on a
caption, is worked out here.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from datasets.batches import batches
from tagging.models import Caption, ImageTag, Tag
from tagging.services.bulk import arranging
from tagging.services.bulk.actions import Action
from tagging.services.bulk.patterns import PatternRefused, read_pattern
from tagging.services.bulk.statements import HAVING, LACKING, read_numbers

_READ_AT_ONCE = 2_000


class PatternTooSlow(PatternRefused):
    """The pattern is too slow over all captions together; the text is a sentence."""


@dataclass
class Words:
    """The words of one image: its tags at their places in order, and its caption."""

    image_id: int
    tags: list[tuple[str, float]] = field(default_factory=list)
    caption: Caption | None = None

    @property
    def names(self) -> list[str]:
        """The names of the tags."""
        return [name for name, _place in self.tags]

    @property
    def text(self) -> str:
        """The caption's text; empty where there is none."""
        return self.caption.text if self.caption else ""


def is_for_database(action: Action) -> bool:
    """Whether the database works the action out by itself."""
    return action.kind == "remove" or (action.kind in {"add", "copy"} and action.place != "after")


def find_changed(action: Action, image_ids: Sequence[int], *, until: float | None = None) -> list[int]:
    """Return the images that the action changes, in the same order.

    Args:
        action: settled.
        image_ids: those it is meant for.
        until: give up at this moment of `time.monotonic`.

    Raises:
        PatternRefused: the pattern cannot be used on one of the captions, or that moment has come.
    """
    if not is_for_database(action):
        worker = Worker(action)
        changed = []
        for part in batches(image_ids, _READ_AT_ONCE):
            changed += [words.image_id for words in worker.read(part) if worker.changes(words)]
            if until is not None and time.monotonic() > until and action.pattern:
                raise PatternTooSlow(too_slow())
        return changed
    if action.kind == "remove":
        found = set(read_numbers(HAVING, ids=image_ids, tags=_numbers_of(action.tags)))
    else:
        lacking = lacking_by_tag(action, image_ids)
        found = {pk for each in lacking.values() for pk in each}
    return [pk for pk in image_ids if pk in found]


def lacking_by_tag(action: Action, image_ids: Sequence[int]) -> dict[str, set[int]]:
    """Return of each tag that an action adds the images that lack it."""
    numbers = dict(Tag.objects.filter(name__in=action.new_tags).values_list("name", "pk"))
    implied = set(action.implied)
    return {
        name: set(read_numbers(LACKING, ids=image_ids, tag=numbers.get(name, 0), name=name, is_rule=name in implied))
        for name in action.new_tags
    }


def _numbers_of(names: Iterable[str]) -> list[int]:
    return list(Tag.objects.filter(name__in=list(names)).values_list("pk", flat=True))


class Worker:
    """Works an action out, image by image."""

    def __init__(self, action: Action) -> None:
        """Prepare what is the same for all images."""
        self._action = action
        self._pattern = read_pattern(action.pattern, action.replacement) if action.pattern else None
        self._renames = dict(action.renames)
        self._kept_away: dict[str, set[int]] = {}
        self._ranks: dict[str, int] = {}

    def read(self, image_ids: Sequence[int], *, whole: bool = False) -> list[Words]:
        """Return the words of images that the action is about, in the same order; with `whole` all their words."""
        boards = {pk: Words(pk) for pk in image_ids}
        if whole or self._action.kind != "caption":
            rows = ImageTag.objects.filter(image__in=image_ids).order_by("image", "position", "pk")
            for image_id, name, place in rows.values_list("image_id", "tag__name", "position"):
                boards[image_id].tags.append((name, place))
            self._read_around(boards)
        if whole or self._pattern is not None:
            for caption in Caption.objects.filter(image__in=image_ids):
                boards[caption.image_id].caption = caption
        return list(boards.values())

    def wanted(self, words: Words) -> list[str]:
        """Return the tags that an image gets, in order."""
        action, names = self._action, words.names
        if action.kind in {"add", "copy"}:
            return arranging.add(names, self._coming(action.tags, words), action.place, action.after)
        if action.kind == "remove":
            return [name for name in names if name not in action.tags]
        if action.kind == "replace":
            return arranging.replace(names, action.tags, self._coming(action.into, words))
        if action.kind == "mend":
            return self._mended(words)
        if action.kind == "sort":
            return arranging.sort_by_category(names, self._ranks)
        return arranging.leave_out_twins(names) if action.kind == "deduplicate" else names

    def text(self, words: Words) -> str:
        """Return the caption that an image gets.

        Raises:
            PatternRefused: the pattern cannot be used on it.
        """
        return self._pattern.apply(words.text) if self._pattern and words.text else words.text

    def changes(self, words: Words) -> bool:
        """Whether an image is another one after the action."""
        return self.wanted(words) != words.names or self.text(words) != words.text

    def _mended(self, words: Words) -> list[str]:
        names = words.names
        for old in [name for name in names if name in self._renames]:
            new = self._renames[old]
            kept = [name for name in new if name not in self._kept_away or words.image_id not in self._kept_away[name]]
            names = names if old in kept else arranging.replace(names, {old}, kept)
        return names

    def _coming(self, tags: Sequence[str], words: Words) -> list[str]:
        return [*tags, *(name for name in self._action.implied if words.image_id not in self._kept_away[name])]

    def _read_around(self, boards: dict[int, Words]) -> None:
        """Read what else the order depends on: categories, and implied tags that a person took away for good."""
        action = self._action
        if action.kind == "sort":
            order = {name: place for place, name in enumerate(action.categories)}
            names = {name for words in boards.values() for name in words.names}.difference(self._ranks)
            for part in batches(sorted(names), _READ_AT_ONCE):
                rows = Tag.objects.filter(name__in=part).values_list("name", "category__name")
                self._ranks |= {name: order.get(category or "", len(order)) for name, category in rows}
        for name in action.implied:
            lacking = set(read_numbers(LACKING, ids=list(boards), tag=0, name=name, is_rule=True))
            self._kept_away[name] = set(boards) - lacking


def too_slow() -> str:
    """Return the sentence for a pattern that is too slow over all."""
    return _("The pattern takes too long over so many captions. Make it simpler, or choose fewer pictures.")
