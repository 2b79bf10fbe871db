"""What a log of operations says: the words it leads to, and what of a change still stands. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

CAPTION = "CAPTION"
NUMBER = "NUMBER"


class Came(NamedTuple):
    """How a tag came onto its image: in which way, by whom (the number of a user), and when."""

    source: str
    added_by: int | None
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """One operation as the log has it.

    Attributes:
        number: its place in the log.
        change: the change it is part of.
        kind: as `TagOperation.Kind` spells it.
        tag: the tag's name; empty for a caption.
        before: the tag's position or the caption's text before it; `None` where it was not there.
        after: the same after it.
        undoes: the change that its change takes back.
        had_come: how the tag had come that was there before it, where that was noted.
    """

    number: int
    change: int
    kind: str
    tag: str
    before: float | str | None
    after: float | str | None
    undoes: int | None = None
    had_come: Came | None = None

    @property
    def subject(self) -> tuple[bool, str]:
        """What it is about: the caption, or one tag."""
        return self.kind == CAPTION, self.tag

    @property
    def changes(self) -> bool:
        """Whether anything was another way after it; a new number of a place changes nothing that can be seen."""
        return self.before != self.after and self.kind != NUMBER


@dataclass(frozen=True)
class Replayed:
    """The words of an image as its log says they are: tags in order, the caption, and how often it was saved."""

    tags: list[str]
    caption: str
    caption_version: int


def replay(steps: Iterable[Step]) -> Replayed:
    """Return the words that the operations of one image lead to, all of them, from nothing, in their order."""
    places: dict[str, tuple[float, int]] = {}
    caption, version = "", 0
    for turn, step in enumerate(steps):
        if step.kind == CAPTION:
            caption, version = str(step.after or ""), version + 1
        elif step.after is None:
            places.pop(step.tag, None)
        else:
            # Of two at the same place, the one that came first stands first.
            _, came = places.get(step.tag, (0.0, turn))
            places[step.tag] = (float(step.after), came)
    return Replayed(sorted(places, key=lambda name: places[name]), caption, version)


def find_untouched(steps: Sequence[Step], change: int) -> list[Step]:
    """Return the steps of a change that may be taken back, newest first.

    Each step leads from one state of its subject to another. One that takes back leads to the state that was there
    before, the very same and not a like one: so what was touched and taken back since counts as untouched, and what
    was set to an equal value by somebody else does not.

    Args:
        steps: of one subject, those that changed something, in order; all since the first of the change.
        change: which.
    """
    passed: list[tuple[Step, int, int]] = []
    now = newest = 0
    for step in steps:
        end = now if step.undoes is None else _back(passed, step.undoes, now)[1]
        if end == now:
            newest += 1
            end = newest
        passed.append((step, now, end))
        now = end
    return _back(passed, change, now)[0]


def _back(passed: Sequence[tuple[Step, int, int]], change: int, state: int) -> tuple[list[Step], int]:
    """Return the steps of a change that led to a state, newest first, and the state before them."""
    found = []
    for step, start, end in reversed(passed):
        if step.change == change and end == state:
            found.append(step)
            state = start
    return found, state


def carry_over(position: float, numbering: Sequence[tuple[float, float]]) -> float:
    """Return where a position is after an image's tags were numbered anew: between the same neighbours as before.

    Args:
        position: by the old numbers.
        numbering: the old and the new number of every tag that was there.
    """
    points = sorted(numbering)
    place = bisect_left(points, position, key=lambda point: point[0])
    if place < len(points) and points[place][0] == position:
        return points[place][1]
    if place == 0:
        return points[0][1] - (points[0][0] - position)
    (old, new), *_ = points[place - 1 :]
    if place == len(points):
        return new + (position - old)
    next_old, next_new = points[place]
    return new + (next_new - new) * (position - old) / (next_old - old)
