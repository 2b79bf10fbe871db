"""What a renamed, merged or split tag would touch: counted exactly, before anything is changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.db.models import Count, Exists, OuterRef, Q

from datasets.models import Dataset, Image
from tagging.models import ImageTag, QuickTag, Tag, TagAlias, TagImplication


@dataclass(frozen=True)
class InDataset:
    """The images of one dataset that have the tag.

    Attributes:
        id: the dataset.
        name: what it is called.
        images: how many images have the tag, the trash left out.
        both: how many of them have one of the tags already that come into its place.
        in_trash: how many more are in the trash.
    """

    id: int
    name: str
    images: int
    both: int
    in_trash: int


@dataclass(frozen=True)
class Forecast:
    """What would be done.

    Attributes:
        tag: the tag that goes.
        into: the tags that come.
        new: those of them that would be new words.
        datasets: where the tag is, by name.
        aliases: how many of its aliases would become those of the other tag.
        implications: how many implications would, and `lost_implications` how many would lead in a circle.
        quick_tags: on how many number keys the other tag would take its place.
        goes: whether the tag would leave the vocabulary.
        becomes_alias: whether it would become an alias.
    """

    tag: str
    into: tuple[str, ...]
    new: tuple[str, ...] = ()
    datasets: list[InDataset] = field(default_factory=list)
    aliases: int = 0
    implications: int = 0
    lost_implications: int = 0
    quick_tags: int = 0
    goes: bool = False
    becomes_alias: bool = False

    @property
    def images(self) -> int:
        """On how many images, the trash left out."""
        return sum(each.images for each in self.datasets)

    @property
    def both(self) -> int:
        """How many of them have one of the other tags already."""
        return sum(each.both for each in self.datasets)

    @property
    def in_trash(self) -> int:
        """How many more are in the trash."""
        return sum(each.in_trash for each in self.datasets)


@dataclass(frozen=True)
class MovedImplications:
    """What becomes of the implications of a tag that another one takes in.

    Attributes:
        outgoing: what the other tag would imply, that it does not yet.
        incoming: what would imply the other tag, that does not yet.
        lost: how many say nothing new, or would lead in a circle.
    """

    outgoing: tuple[int, ...]
    incoming: tuple[int, ...]
    lost: int


def count_images(tag: Tag, into: Sequence[int], *, dataset: Dataset | None, condition: Q | None) -> list[InDataset]:
    """Count the images with a tag by dataset.

    Args:
        tag: which.
        into: the tags that come into its place, as far as they are there.
        dataset: in this one alone.
        condition: on images that fulfil this alone, the trash left out.
    """
    rows = Image.everything.filter(image_tags__tag=tag)
    if dataset is not None:
        rows = rows.filter(dataset=dataset)
    if condition is not None:
        rows = rows.filter(condition, trashed_at=None)
    has_other = Exists(ImageTag.objects.filter(image=OuterRef("pk"), tag__in=list(into)))
    here = Q(trashed_at=None)
    counts = (
        rows.annotate(has_other=has_other)
        .values("dataset_id", "dataset__name")
        .annotate(
            images=Count("pk", filter=here),
            both=Count("pk", filter=here & Q(has_other=True)),
            in_trash=Count("pk", filter=~here),
        )
        .order_by("dataset__name")
    )
    return [
        InDataset(row["dataset_id"], row["dataset__name"], row["images"], row["both"], row["in_trash"])
        for row in counts
    ]


def count_quick_tags(tag: Tag, *, dataset: Dataset | None) -> int:
    """Count the number keys that a tag lies on."""
    rows = QuickTag.objects.filter(tag=tag)
    return (rows if dataset is None else rows.filter(dataset=dataset)).count()


def count_aliases(tag: Tag, other: str) -> int:
    """Count the aliases of a tag, but for the one that becomes the other tag's name."""
    return TagAlias.objects.filter(tag=tag).exclude(name=other).count()


def plan_implications(tag: Tag, other: Tag | None) -> MovedImplications:
    """Say which implications of a tag another one would take over; `None` is a new word, which takes them all."""
    outgoing = list(TagImplication.objects.filter(tag=tag).values_list("implies_id", flat=True))
    incoming = list(TagImplication.objects.filter(implies=tag).values_list("tag_id", flat=True))
    if other is None:
        return MovedImplications(tuple(outgoing), tuple(incoming), 0)
    above = _reach({other.pk}, "implies_id", "tag_id")
    below = _reach({other.pk}, "tag_id", "implies_id")
    known_outgoing = set(TagImplication.objects.filter(tag=other).values_list("implies_id", flat=True))
    known_incoming = set(TagImplication.objects.filter(implies=other).values_list("tag_id", flat=True))
    kept_outgoing = tuple(pk for pk in outgoing if pk not in above and pk not in known_outgoing)
    kept_incoming = tuple(pk for pk in incoming if pk not in below and pk not in known_incoming)
    lost = len(outgoing) + len(incoming) - len(kept_outgoing) - len(kept_incoming)
    return MovedImplications(kept_outgoing, kept_incoming, lost)


def _reach(start: Collection[int], at: str, to: str) -> set[int]:
    """Return the tags that implications lead to from these, themselves included; step by step, each tag once."""
    seen = set(start)
    newest = set(start)
    while newest:
        found = set(TagImplication.objects.filter(**{f"{at}__in": list(newest)}).values_list(to, flat=True))
        newest = found - seen
        seen |= newest
    return seen


def count_distinct_images(tags: Sequence[str], *, dataset: Dataset | None) -> int:
    """Count the images that have any of these tags, the trash left out."""
    has_one = Exists(ImageTag.objects.filter(image=OuterRef("pk"), tag__name__in=list(tags)))
    rows = Image.objects.filter(has_one)
    return (rows if dataset is None else rows.filter(dataset=dataset)).count()
