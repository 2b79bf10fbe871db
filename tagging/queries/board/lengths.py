"""How long the texts of a dataset are, in tokens of CLIP and of T5."""

from __future__ import annotations

from dataclasses import dataclass

from datasets.models import Dataset
from tagging.queries.board.filters import with_tokens
from tagging.queries.text_lengths import Which, count_histogram, count_stale
from tagging.signals import text_lengths_wanted
from tagging.tokens import MOST_CLIP_TOKENS, MOST_T5_TOKENS


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
        limits: after how many tokens which trainer or model reads no further.
        limit: the one that holds for most of them.
        over: how many texts are longer than that.
        can_count: whether there is something that counts them; else there are no numbers.
    """

    encoder: str
    steps: list[LengthStep]
    limits: list[tuple[int, str]]
    limit: int
    over: int
    can_count: bool

    @property
    def images(self) -> int:
        """How many texts are counted."""
        return sum(step.images for step in self.steps)


@dataclass(frozen=True)
class TextLengths:
    """What is known of the lengths.

    Attributes:
        encoders: CLIP and T5.
        being_counted: how many texts are still to be counted.
    """

    encoders: list[Lengths]
    being_counted: int


@dataclass(frozen=True)
class _Encoder:
    name: str
    which: Which
    ends: tuple[int, ...]
    limits: tuple[tuple[int, str], ...]
    limit: int


# Source: design notes on the trainers, §4.
_CLIP_LIMITS = ((MOST_CLIP_TOKENS, "SD, SDXL, Flux"), (225, "kohya, at most"))
_ENCODERS = (
    _Encoder("CLIP", "clip", (0, *range(15, 151, 15), 225), _CLIP_LIMITS, MOST_CLIP_TOKENS),
    _Encoder(
        "T5",
        "t5",
        (25, 50, 77, 100, 128, 160, 192, 224, 256, 320, 384, 448, 512),
        ((77, "OneTrainer"), (256, "Flux schnell, SD3"), (512, "Flux dev")),
        MOST_T5_TOKENS,
    ),
)


def get_text_lengths(dataset: Dataset) -> TextLengths:
    """Return how long the texts are, of those that are counted; the others are asked for."""
    missing = count_stale(dataset)
    if missing:
        text_lengths_wanted.send(Dataset, dataset_id=dataset.pk)
    return TextLengths([_lengths(dataset, encoder, missing) for encoder in _ENCODERS], missing)


def _lengths(dataset: Dataset, encoder: _Encoder, missing: int) -> Lengths:
    classes = count_histogram(dataset, encoder.which, encoder.ends)
    steps = [LengthStep(low, high, images, with_tokens(encoder.which, low, high)) for low, high, images in classes]
    return Lengths(
        encoder=encoder.name,
        steps=steps,
        limits=list(encoder.limits),
        limit=encoder.limit,
        over=sum(step.images for step in steps if step.low > encoder.limit),
        # Of what is counted nothing has a number: there was nothing that counts.
        can_count=missing > 0 or any(step.images for step in steps),
    )
