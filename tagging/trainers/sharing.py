"""Which placeholder of a template writes which tag. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from tagging.text import one_line
from tagging.trainers.reading import TAGS, Slot, fold_category
from tagging.trainers.records import FrozenTag
from tagging.trainers.styles import TagStyle

WrittenTag = tuple[str, str]
# The same few thousand names come again and again in an export.
_plain = lru_cache(maxsize=65_536)(one_line)


def share_tags(
    slots: Sequence[Slot], tags: Sequence[FrozenTag], trigger: str, style: TagStyle
) -> list[list[WrittenTag]]:
    """Return the written tags of each placeholder, with their categories; none for placeholders of other words.

    A tag is written once: by the first placeholder that names its category, else by the first that takes the rest. A
    tag that is the trigger word is left out where a template writes that.
    """
    shares: list[list[WrittenTag]] = [[] for _ in slots]
    order = [place for place, slot in enumerate(slots) if slot.word == TAGS]
    order.sort(key=lambda place: slots[place].takes_the_rest)
    for written, category in _written(tags, trigger, style):
        folded = fold_category(category)
        for place in order:
            if _takes(slots[place], folded):
                shares[place].append((written, category))
                break
    return shares


def _takes(slot: Slot, category: str) -> bool:
    if slot.takes_the_rest:
        return category not in slot.categories
    return category in slot.categories


def _written(tags: Sequence[FrozenTag], trigger: str, style: TagStyle) -> list[WrittenTag]:
    found: list[WrittenTag] = []
    seen: set[str] = set()
    for tag in style.sort(tags):
        name = style.spell(tag.name)
        # Two tags may become one by the spelling that was asked for.
        if not name or (trigger and trigger in {name, _plain(tag.name)}) or (style.changes_names and name in seen):
            continue
        seen.add(name)
        found.append((name, tag.category))
    return found
