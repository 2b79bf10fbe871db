"""How long the texts of a dataset are, in tokens of CLIP and of T5."""

from __future__ import annotations

from dataclasses import dataclass

from datasets.models import Dataset


@dataclass(frozen=True)
class LengthStep:
    """From so many tokens up to so many, both included, `None` for any number; and how many pictures' texts lie there.

    Attributes:
        filter: what finds them; empty where the filter language cannot say it.
    """

    low: int
    high: int | None
    images: int
    filter: str = ""


@dataclass(frozen=True)
class Lengths:
    """The texts of a dataset, counted in the tokens of one text encoder.

    Attributes:
        encoder: its name.
        steps: from the shortest on.
        limits: after how many tokens a trainer reads no further, and which.
        over: how many texts are longer than the first limit.
    """

    encoder: str
    steps: list[LengthStep]
    limits: list[tuple[int, str]]
    over: int

    @property
    def images(self) -> int:
        """How many texts are counted."""
        return sum(step.images for step in self.steps)


@dataclass(frozen=True)
class TextLengths:
    """What is known of the lengths: `being_counted` says how many pictures are still to be counted."""

    encoders: list[Lengths]
    being_counted: int


def get_text_lengths(dataset: Dataset) -> TextLengths | None:
    """Return how long the texts are, `None` where they are not counted yet."""
    return None
