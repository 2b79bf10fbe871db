"""How many tokens the texts of a dataset have: what was counted, and which have to be counted anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from datasets.batches import batches
from datasets.models import Dataset, Image, ImageQuerySet
from datasets.queries.moments import held_for_a_moment
from tagging.models import Caption, ImageTag, TextLength
from tagging.queries.numbers_in import is_one_of
from tagging.text import compose_caption_text

Which = Literal["clip", "t5"]
"""Whose tokens: the two tokenizers that read captions, as `TextLength` names them."""

_AT_ONCE = 500


def lengths_that_hold(dataset: Dataset, which: Sequence[Which] = ("clip",)) -> QuerySet[TextLength]:
    """Return, for a condition on `Image`, its row if that says what is true of its words now."""
    rows = TextLength.objects.filter(
        image=OuterRef("pk"), counted_at_revision=OuterRef("changed_at_revision"), trigger_word=dataset.trigger_word
    )
    return rows.filter(**{f"{each}__isnull": False for each in which})


def stale_images(dataset: Dataset, which: Sequence[Which] = ("clip",)) -> ImageQuerySet:
    """Return the images, the trash left out, whose text was changed since it was counted, or never was."""
    return Image.objects.filter(~Exists(lengths_that_hold(dataset, which)), dataset=dataset)


def count_stale(dataset: Dataset, which: Sequence[Which] = ("clip",)) -> int:
    """Return of how many images the text has to be counted anew."""
    return stale_images(dataset, which).count()


def get_few_stale_ids(dataset: Dataset, most: int, which: Which = "clip") -> list[int] | None:
    """Return the images whose text has to be counted anew; `None` where they are more than `most`.

    To find that there is none, each image is looked at: in a large dataset that is done once a change.
    """

    def find() -> list[int]:
        return list(stale_images(dataset, [which]).order_by("pk").values_list("pk", flat=True)[: most + 1])

    found = held_for_a_moment(dataset, find, "stale lengths", which, most, dataset.trigger_word)
    if len(found) > most:
        found = find()
        return None if len(found) > most else found
    # Of those that were found a moment ago, some may have been counted since.
    late = stale_images(dataset, [which]).filter(is_one_of("pk", found))
    return list(late.values_list("pk", flat=True)) if found else []


def get_texts(dataset: Dataset, image_ids: Sequence[int]) -> dict[int, str]:
    """Return the texts that an export writes for these images, by image; empty where it writes none."""
    texts: dict[int, str] = {}
    for part in batches(image_ids, _AT_ONCE):
        tags: dict[int, list[str]] = {pk: [] for pk in part}
        rows = ImageTag.objects.filter(image__in=part).order_by("image", "position", "pk")
        for pk, name in rows.values_list("image_id", "tag__name"):
            tags[pk].append(name)
        captions = dict(Caption.objects.filter(image__in=part).values_list("image_id", "text"))
        for pk, names in tags.items():
            facts = {"trigger_word": dataset.trigger_word, "caption": captions.get(pk, "")}
            texts[pk] = compose_caption_text(tags=names, **facts)
    return texts


def count_histogram(dataset: Dataset, which: Which, limits: Iterable[int]) -> list[tuple[int, int | None, int]]:
    """Return how many texts are how long, among those whose count holds: `count_stale` says how many are missing.

    Args:
        dataset: whose images, the trash left out.
        which: whose tokens.
        limits: the largest count of each class but the last, which is open.

    Returns:
        Of each class, from the shortest: its smallest and its largest count, `None` for the last, and the images.
    """
    ends = sorted(set(limits))
    classes = list(zip([0, *(end + 1 for end in ends)], [*ends, None], strict=True))
    counts = {
        f"class_{number}": Count("pk", filter=_lies_between(which, start, end))
        for number, (start, end) in enumerate(classes)
    }
    rows = TextLength.objects.filter(
        image__dataset=dataset,
        image__trashed_at=None,
        counted_at_revision=F("image__changed_at_revision"),
        trigger_word=dataset.trigger_word,
    )
    found = rows.aggregate(**counts)
    return [(start, end, found[f"class_{number}"]) for number, (start, end) in enumerate(classes)]


def _lies_between(which: Which, start: int, end: int | None) -> Q:
    above = Q((f"{which}__gte", start))
    return above if end is None else above & Q((f"{which}__lte", end))
