"""Everything that the board of a dataset shows."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from datasets.models import Dataset, Image, ReviewState
from tagging.models import Caption
from tagging.queries.board.goals import GoalProgress, get_goals
from tagging.queries.board.lengths import TextLengths, get_text_lengths
from tagging.queries.board.pace import Pace, get_pace
from tagging.queries.board.shapes import Shapes, ShapesAsked, get_shapes
from tagging.queries.board.words import Words, get_words


@dataclass(frozen=True)
class Numbers:
    """How many pictures there are, how many of them have words, a caption, and an approval."""

    images: int
    tagged: int
    captioned: int
    approved: int

    @property
    def untagged(self) -> int:
        """How many have neither a tag nor a caption."""
        return self.images - self.tagged


@dataclass(frozen=True)
class Board:
    """A dataset in numbers; what is not there yet is empty."""

    numbers: Numbers
    goals: list[GoalProgress]
    words: Words
    shapes: Shapes
    lengths: TextLengths
    pace: Pace


def get_board(dataset: Dataset, asked: ShapesAsked) -> Board:
    """Return what the board shows.

    Args:
        dataset: one that the person may see.
        asked: the trainer whose buckets are shown.
    """
    numbers = get_numbers(dataset)
    return Board(
        numbers=numbers,
        goals=get_goals(dataset),
        words=get_words(dataset),
        shapes=get_shapes(dataset, asked),
        lengths=get_text_lengths(dataset),
        pace=get_pace(dataset, numbers.untagged),
    )


def get_numbers(dataset: Dataset) -> Numbers:
    """Count the pictures of a dataset."""
    counted = Image.objects.filter(dataset=dataset).aggregate(
        images=Count("pk"),
        tagged=Count("pk", filter=Q(is_tagged=True)),
        approved=Count("pk", filter=Q(review_state=ReviewState.APPROVED)),
    )
    captions = Caption.objects.filter(image__dataset=dataset, image__trashed_at=None).exclude(text="")
    return Numbers(counted["images"], counted["tagged"], captions.count(), counted["approved"])
