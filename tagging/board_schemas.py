"""What the API of the board takes and gives."""

from __future__ import annotations

from datetime import date

from ninja import Field, Schema

from tagging.queries.board.board import Board
from tagging.queries.board.filters import with_both, with_category, with_tag, worded_by, worded_on
from tagging.queries.board.goals import GoalProgress
from tagging.queries.board.lengths import Lengths
from tagging.queries.board.pace import Pace
from tagging.queries.board.shapes import Shapes
from tagging.queries.board.words import TagUse, Words
from tagging.services.goals import LONGEST_FILTER, LONGEST_NAME, MOST_WANTED


class GoalIn(Schema):
    """A goal: so many pictures of a kind."""

    name: str = Field(max_length=LONGEST_NAME)
    filter: str = Field("", max_length=LONGEST_FILTER, description="In the filter language; empty for all pictures.")
    wanted: int = Field(ge=1, le=MOST_WANTED)


class GoalOut(Schema):
    """A goal and how far it is reached."""

    id: int
    name: str
    filter: str
    wanted: int
    have: int
    missing: int
    problem: str = Field(description="Why its filter cannot be read any more; empty where it can.")

    @classmethod
    def of(cls, goal: GoalProgress) -> GoalOut:
        """Build it from what was counted."""
        return cls(missing=goal.missing, **vars(goal))


class GoalsOut(Schema):
    """The goals of a dataset, in the order in which they were set."""

    goals: list[GoalOut]


class NumbersOut(Schema):
    """How many pictures there are, and how many have words, a caption, an approval."""

    images: int
    tagged: int
    captioned: int
    approved: int


class TagUseOut(Schema):
    """A tag: on how many pictures, and which share of those that have tags; `filter` finds them."""

    name: str
    category: str
    colour: str
    images: int
    share: float
    filter: str

    @classmethod
    def of(cls, tag: TagUse) -> TagUseOut:
        """Build it from what was counted."""
        return cls(filter=with_tag(tag.name), **vars(tag))


class CategoryUseOut(Schema):
    """A category; its name is empty for the tags without one, which no filter finds."""

    name: str
    colour: str
    images: int
    share: float
    tags: int
    uses: int
    filter: str


class PairOut(Schema):
    """Two of the most used tags that are on pictures together."""

    first: str
    second: str
    images: int
    share: float = Field(description="Of the pictures with either.")
    filter: str


class WordsOut(Schema):
    """The tags of a dataset."""

    images: int = Field(description="Pictures that have tags: what shares are shares of.")
    tags: int
    uses: int
    top: list[TagUseOut] = Field(description="The most used, at most 100.")
    categories: list[CategoryUseOut]
    common: list[TagUseOut] = Field(description="On more than 80 % of the pictures; without the trigger word.")
    rare: list[TagUseOut] = Field(description="On fewer than 2 %, the rarest first, at most 60.")
    rare_tags: int
    single_tags: int
    together: list[PairOut] = Field(description="Of the 20 most used tags, each two that are on a picture together.")

    @classmethod
    def of(cls, words: Words) -> WordsOut:
        """Build it from what was counted."""
        return cls(
            images=words.images,
            tags=words.tags,
            uses=words.uses,
            top=[TagUseOut.of(tag) for tag in words.top],
            categories=[
                CategoryUseOut(filter=with_category(each.name) if each.name else "", **vars(each))
                for each in words.categories
            ],
            common=[TagUseOut.of(tag) for tag in words.common],
            rare=[TagUseOut.of(tag) for tag in words.rare],
            rare_tags=words.rare_tags,
            single_tags=words.single_tags,
            together=[
                PairOut(filter=with_both(pair.first, pair.second), **vars(pair)) for pair in words.together.pairs()
            ],
        )


class SizeOut(Schema):
    """Pictures of a size, or of sizes near each other: the least and the greatest width and height."""

    widths: tuple[int, int]
    heights: tuple[int, int]
    images: int
    filter: str


class BucketOut(Schema):
    """A bucket, and the mean share cut off the pictures in it."""

    width: int
    height: int
    images: int
    cut: float
    filter: str = Field(description="Empty where no filter finds just these.")


class SizeCutOut(Schema):
    """A size that loses more than a tenth."""

    width: int
    height: int
    images: int
    bucket: tuple[int, int]
    cut: float
    filter: str


class TrainerFitOut(Schema):
    """What a trainer does to all pictures."""

    slug: str
    title: str
    buckets: int
    cut: float = Field(description="The mean share cut off.")
    much_cut: int = Field(description="Pictures that lose more than a tenth.")
    unusable: int = Field(description="Pictures that it cannot train.")
    filter: str


class ShapesOut(Schema):
    """The sizes of the pictures, and the buckets of the trainer asked for."""

    trainer: str
    base: int
    sizes: int
    dots: list[SizeOut]
    trainers: list[TrainerFitOut]
    worked_out: int = Field(description="Of how many pictures `trainers` is worked out.")
    buckets: list[BucketOut]
    more_buckets: int
    worst: list[SizeCutOut]

    @classmethod
    def of(cls, shapes: Shapes) -> ShapesOut:
        """Build it from what was worked out."""
        return cls(
            trainer=shapes.asked.trainer,
            base=shapes.asked.base,
            sizes=shapes.sizes,
            dots=[SizeOut(**vars(dot)) for dot in shapes.dots],
            trainers=[TrainerFitOut(**vars(each)) for each in shapes.trainers],
            worked_out=shapes.worked_out,
            buckets=[BucketOut(**vars(each)) for each in shapes.buckets],
            more_buckets=shapes.more_buckets,
            worst=[SizeCutOut(**vars(each)) for each in shapes.worst],
        )


class LengthStepOut(Schema):
    """Texts with so many tokens; `high` is null for any number."""

    low: int
    high: int | None
    images: int
    filter: str


class LengthsOut(Schema):
    """How long the texts are for one text encoder."""

    encoder: str
    limits: list[tuple[int, str]]
    limit: int = Field(description="The one that holds for most trainers.")
    over: int = Field(description="Texts longer than that.")
    steps: list[LengthStepOut]

    @classmethod
    def of(cls, lengths: Lengths) -> LengthsOut:
        """Build it from what was counted."""
        steps = [LengthStepOut(**vars(step)) for step in lengths.steps]
        return cls(encoder=lengths.encoder, limits=lengths.limits, limit=lengths.limit, over=lengths.over, steps=steps)


class TextLengthsOut(Schema):
    """How long the texts are."""

    encoders: list[LengthsOut]
    being_counted: int


class DayOut(Schema):
    """A day in UTC."""

    day: date
    images: int
    filter: str


class WorkedOut(Schema):
    """Who tagged how many pictures in how many seconds at work; `an_hour` is null where that was too little to tell."""

    name: str
    images: int
    seconds: int
    an_hour: float | None
    filter: str


class PaceOut(Schema):
    """How quickly pictures are tagged by hand, and how long the rest takes; null where that cannot be told."""

    days: list[DayOut]
    people: list[WorkedOut]
    an_hour: float | None
    left: int
    seconds_left: int | None = Field(description="Of one person at work.")
    days_left: int | None

    @classmethod
    def of(cls, pace: Pace) -> PaceOut:
        """Build it from what was read."""
        return cls(
            days=[DayOut(day=each.day, images=each.images, filter=worded_on(each.day)) for each in pace.days],
            people=[
                WorkedOut(
                    name=one.name,
                    images=one.images,
                    seconds=round(one.time.total_seconds()),
                    an_hour=one.an_hour,
                    filter=worded_by(one.name) if one.name else "",
                )
                for one in pace.people
            ],
            an_hour=pace.all.an_hour,
            left=pace.left,
            seconds_left=round(pace.time_left.total_seconds()) if pace.time_left is not None else None,
            days_left=pace.days_left,
        )


class BoardOut(Schema):
    """A dataset in numbers. What a `filter` stands beside, the grid shows under that filter."""

    numbers: NumbersOut
    goals: list[GoalOut]
    words: WordsOut
    shapes: ShapesOut
    lengths: TextLengthsOut
    pace: PaceOut

    @classmethod
    def of(cls, board: Board) -> BoardOut:
        """Build it from what was counted."""
        lengths = board.lengths
        return cls(
            numbers=NumbersOut(**vars(board.numbers)),
            goals=[GoalOut.of(goal) for goal in board.goals],
            words=WordsOut.of(board.words),
            shapes=ShapesOut.of(board.shapes),
            lengths=TextLengthsOut(
                encoders=[LengthsOut.of(each) for each in lengths.encoders], being_counted=lengths.being_counted
            ),
            pace=PaceOut.of(board.pace),
        )
