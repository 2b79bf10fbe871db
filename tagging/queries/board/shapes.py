"""The sizes of a dataset's pictures, and what each trainer makes of them: its buckets, and the share cut off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import floor, log2

from datasets.models import Dataset
from tagging.queries.board.filters import cut_by, of_size, of_sizes, within
from tagging.queries.board.sizes import SizeCount, get_sizes
from tagging.queries.board.trainers import TRAINERS
from tagging.trainers.bucketing import Fit

BASES = (512, 768, 1024)
USUAL_TRAINER, USUAL_BASE = "kohya", 1024
# More dots than these are not told apart, so near ones are drawn as one.
MOST_DOTS = 240
MOST_BUCKETS, MOST_WORST = 60, 20
# A picture that loses more than this lost part of what it shows.
MUCH = 0.1
# Of so many different sizes all trainers are worked out; of more, those that stand for the others.
_MOST_SIZES = 1_500


@dataclass(frozen=True)
class ShapesAsked:
    """Which trainer's buckets are shown, and for which resolution it trains; what is not known is the usual."""

    trainer: str = USUAL_TRAINER
    base: int = USUAL_BASE


@dataclass(frozen=True)
class SizeDot:
    """Pictures whose sides lie between these, both included: a single size where they are few."""

    widths: tuple[int, int]
    heights: tuple[int, int]
    images: int
    filter: str


@dataclass(frozen=True)
class BucketUse:
    """A bucket, how many pictures go into it, and the mean share cut off them.

    Attributes:
        filter: what finds them; empty where no filter says it.
    """

    width: int
    height: int
    images: int
    cut: float
    filter: str


@dataclass(frozen=True)
class SizeCut:
    """A size that loses much, the bucket it goes into, and the share cut off."""

    width: int
    height: int
    images: int
    bucket: tuple[int, int]
    cut: float
    filter: str


@dataclass(frozen=True)
class TrainerFit:
    """What a trainer does to all pictures: the mean share cut off, how many lose more than a tenth.

    Attributes:
        slug: its name in addresses.
        title: its name.
        buckets: how many buckets are used.
        unusable: how many pictures it cannot train at all.
        filter: what finds the pictures that lose more than a tenth; empty where there are none, or no filter says it.
    """

    slug: str
    title: str
    buckets: int
    cut: float
    much_cut: int
    unusable: int
    filter: str


@dataclass(frozen=True)
class Shapes:
    """The sizes of a dataset and the buckets of one trainer.

    Attributes:
        sizes: how many different ones there are.
        all_sizes: the most frequent.
        trainers: each trainer at the same resolution.
        worked_out: of how many pictures these are worked out; less than all where there are very many sizes.
        buckets: those of the trainer asked for, the fullest first; `more_buckets` are not listed.
        worst: the sizes that lose most with it.
    """

    asked: ShapesAsked
    sizes: int
    all_sizes: list[SizeCount]
    dots: list[SizeDot]
    trainers: list[TrainerFit]
    worked_out: int
    buckets: list[BucketUse]
    more_buckets: int
    worst: list[SizeCut]


def get_shapes(dataset: Dataset, asked: ShapesAsked) -> Shapes:
    """Return the sizes of a dataset's pictures and what trainers make of them."""
    if asked.trainer not in TRAINERS or asked.base not in BASES:
        asked = ShapesAsked()
    sizes = get_sizes(dataset)
    some = _standing_for(sizes)
    fits = {(size.width, size.height): _fit(asked.trainer, size.width, size.height, asked.base) for size in sizes}
    buckets, more_buckets = _buckets(sizes, fits)
    return Shapes(
        asked=asked,
        sizes=len(sizes),
        all_sizes=sizes[:MOST_BUCKETS],
        dots=_dots(sizes),
        trainers=[_trainer(slug, some, asked.base, is_whole=len(some) == len(sizes)) for slug in TRAINERS],
        worked_out=sum(size.images for size in some),
        buckets=buckets,
        more_buckets=more_buckets,
        worst=_worst(sizes, fits),
    )


def _standing_for(sizes: Sequence[SizeCount]) -> Sequence[SizeCount]:
    """Return every so many sizes in the order of their frequency, so that all kinds are among them."""
    return sizes[:: -(-len(sizes) // _MOST_SIZES)] if sizes else sizes


# Sizes never change, and a dataset has the same ones every time its board is looked at.
@lru_cache(maxsize=100_000)
def _fit(trainer: str, width: int, height: int, base: int) -> Fit | None:
    """Return where a picture goes, `None` where the trainer has no bucket for it."""
    fit = TRAINERS[trainer].bucketer.fit(width, height, base)
    return None if fit.is_broken else fit


def _trainer(slug: str, sizes: Sequence[SizeCount], base: int, *, is_whole: bool) -> TrainerFit:
    buckets, images, lost, unusable = set(), 0, 0.0, 0
    much = []
    for size in sizes:
        fit = _fit(slug, size.width, size.height, base)
        if fit is None:
            unusable += size.images
            continue
        buckets.add(fit.bucket)
        images += size.images
        lost += fit.cut * size.images
        if fit.cut > MUCH:
            much.append(size)
    named = of_sizes(much, sizes) if is_whole else ""
    return TrainerFit(
        slug=slug,
        title=TRAINERS[slug].title,
        buckets=len(buckets),
        cut=lost / images if images else 0.0,
        much_cut=sum(size.images for size in much),
        unusable=unusable,
        filter=cut_by(slug, base, MUCH) or named if much else "",
    )


def _buckets(sizes: Sequence[SizeCount], fits: dict[tuple[int, int], Fit | None]) -> tuple[list[BucketUse], int]:
    """Return the fullest buckets, and how many others there are; to find a filter for each takes its time."""
    members: defaultdict[tuple[int, int], list[SizeCount]] = defaultdict(list)
    lost: defaultdict[tuple[int, int], float] = defaultdict(float)
    for size in sizes:
        if fit := fits[size.width, size.height]:
            members[fit.bucket].append(size)
            lost[fit.bucket] += fit.cut * size.images
    images = {bucket: sum(size.images for size in inside) for bucket, inside in members.items()}
    fullest = sorted(images, key=lambda bucket: (-images[bucket], bucket))[:MOST_BUCKETS]
    found = [
        BucketUse(*bucket, images[bucket], lost[bucket] / images[bucket], of_sizes(members[bucket], sizes))
        for bucket in fullest
    ]
    return found, len(images) - len(found)


def _worst(sizes: Sequence[SizeCount], fits: dict[tuple[int, int], Fit | None]) -> list[SizeCut]:
    found = [
        SizeCut(size.width, size.height, size.images, fit.bucket, fit.cut, of_size(size.width, size.height))
        for size in sizes
        if (fit := fits[size.width, size.height]) and fit.cut > MUCH
    ]
    return sorted(found, key=lambda size: (-size.cut, -size.images))[:MOST_WORST]


def _dots(sizes: Sequence[SizeCount]) -> list[SizeDot]:
    """Draw near sizes as one, in ever larger steps, until there are few enough dots."""
    near = [[size] for size in sizes]
    for steps in (32, 16, 8, 6, 4, 3, 2):
        if len(near) <= MOST_DOTS:
            break
        near = _stepped(sizes, steps)
    return sorted(map(_dot, near), key=lambda dot: -dot.images)


def _stepped(sizes: Sequence[SizeCount], steps: int) -> list[list[SizeCount]]:
    """Return the sizes that lie in the same step of width and of height, of so many an octave."""
    near: defaultdict[tuple[int, int], list[SizeCount]] = defaultdict(list)
    for size in sizes:
        near[floor(steps * log2(size.width)), floor(steps * log2(size.height))].append(size)
    return list(near.values())


def _dot(inside: Sequence[SizeCount]) -> SizeDot:
    widths = min(size.width for size in inside), max(size.width for size in inside)
    heights = min(size.height for size in inside), max(size.height for size in inside)
    filter = of_size(widths[0], heights[0]) if len(inside) == 1 else within(widths, heights)
    return SizeDot(widths, heights, sum(size.images for size in inside), filter)
