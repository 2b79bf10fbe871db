"""Which texts of an export are longer than the text encoders read."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice

from django.conf import settings
from django.db.models import Count, Exists, F, Q, QuerySet

from datasets.batches import batches
from datasets.models import Dataset, Image
from tagging.linting.facts import LongTexts
from tagging.linting.rules.lengths import MOST_CLIP, t5_limit
from tagging.models import Caption, ImageTag, TextLength
from tagging.queries.text_lengths import lengths_that_hold
from tagging.signals import text_lengths_wanted
from tagging.tokens import can_count_clip, count_clip_tokens, count_t5_tokens
from tagging.trainers.frozen_form import FACTS, as_image
from tagging.trainers.options import ExportOptions
from tagging.trainers.profiles import DEFAULT_TEMPLATE
from tagging.trainers.records import FrozenDataset, FrozenImage
from tagging.trainers.styles import TagStyle

# So many are counted while a person waits, and for so long; the rest is told as not counted.
MOST_COUNTED = 2_000
SECONDS = 0.3
_AT_ONCE = 200


def find_long_texts(dataset: Dataset, options: ExportOptions, images: QuerySet[Image]) -> LongTexts:
    """Return how many texts are too long: as they were counted, where the export writes what was counted.

    Args:
        dataset: whose.
        options: what the export is made by.
        images: those that the export has.
    """
    if not can_count_clip():
        return LongTexts()
    if not _writes_what_is_counted(options):
        return _count_now(dataset, options, images)
    rows = TextLength.objects.filter(
        image__in=images.values("pk"),
        counted_at_revision=F("image__changed_at_revision"),
        trigger_word=dataset.trigger_word,
        clip__isnull=False,
    )
    kept = rows.aggregate(
        all=Count("pk"),
        clip=Count("pk", filter=Q(clip__gt=MOST_CLIP)),
        t5=Count("pk", filter=Q(t5__gt=t5_limit(options.profile))),
    )
    if kept["all"] == images.count():
        return LongTexts(clip=kept["clip"], t5=kept["t5"], is_filterable=True)
    text_lengths_wanted.send(Dataset, dataset_id=dataset.pk)
    late = _count_now(dataset, options, images.filter(~Exists(lengths_that_hold(dataset))))
    return LongTexts(
        clip=kept["clip"] + late.clip,
        t5=kept["t5"] + late.t5,
        uncounted=late.uncounted,
        is_filterable=not late.uncounted,
        comes_later=True,
    )


def find_first_text(head: FrozenDataset, options: ExportOptions, images: Iterable[FrozenImage]) -> str:
    """Return the first text that an export writes, where a trainer guesses by it what texts are; else an empty one."""
    if options.profile != "civitai":
        return ""
    template = options.read_template()
    texts = (template.compose(head, image, options.style) for image in images)
    return next(filter(None, texts), "")


def read_first(images: QuerySet[Image]) -> Iterator[FrozenImage]:
    """Yield the first images with their words, as many as a person can wait for."""
    yield from _read(images, MOST_COUNTED)


def _writes_what_is_counted(options: ExportOptions) -> bool:
    """Whether the texts are those that the desk shows, of which counts are kept.

    What CivitAI gets differs from them by a comma, where prose begins with the trigger word and there is no tag: at
    most a token more.
    """
    return options.template == DEFAULT_TEMPLATE and replace(options.style, keeps_prose_start=True) == TagStyle()


def find_long_texts_in(
    head: FrozenDataset, options: ExportOptions, images: Iterable[FrozenImage], *, total: int
) -> LongTexts:
    """Return how many texts of a version are too long, as far as a person can wait for it.

    Args:
        head: what the version says of its dataset.
        options: what the export is made by.
        images: those that the export has; only the first are gone through.
        total: how many they are.
    """
    if not can_count_clip():
        return LongTexts()
    return replace(_count(head, options, islice(images, MOST_COUNTED), lambda: total), is_stored=True)


def _count_now(dataset: Dataset, options: ExportOptions, images: QuerySet[Image]) -> LongTexts:
    head = FrozenDataset(dataset.name, dataset.file_prefix, dataset.trigger_word)
    return _count(head, options, _read(images, MOST_COUNTED), images.count)


def _count(
    head: FrozenDataset, options: ExportOptions, images: Iterable[FrozenImage], total: Callable[[], int]
) -> LongTexts:
    """Count the texts as the export composes them, as far as a person can wait for it."""
    until = time.monotonic() + SECONDS
    template, most_t5 = options.read_template(), t5_limit(options.profile)
    clip = t5 = counted = 0
    is_late = False
    for image in images:
        counted += 1
        text = template.compose(head, image, options.style)
        clip += _is_long_for_clip(text)
        t5 += _is_long_for_t5(text, most_t5)
        if is_late := time.monotonic() > until:
            break
    is_whole = counted < MOST_COUNTED and not is_late
    return LongTexts(clip=clip, t5=t5, uncounted=0 if is_whole else total() - counted)


def _is_long_for_clip(text: str) -> bool:
    # A token takes a byte at least: what is shorter need not be counted.
    if len(text.encode()) <= MOST_CLIP:
        return False
    tokens = count_clip_tokens(text)
    return tokens is not None and tokens > MOST_CLIP


def _is_long_for_t5(text: str, most: int) -> bool:
    if len(text.encode()) < most:
        return False
    tokens = count_t5_tokens(text, t5_tokenizer=settings.T5_TOKENIZER)
    return tokens is not None and tokens > most


def _read(images: QuerySet[Image], most: int) -> Iterator[FrozenImage]:
    """Yield the first images with their words, some at a time."""
    pks = list(images.order_by("position").values_list("pk", flat=True)[:most])
    for part in batches(pks, _AT_ONCE):
        tags: defaultdict[int, list[str]] = defaultdict(list)
        put = ImageTag.objects.filter(image__in=part).order_by("image_id", "position", "pk")
        for pk, name, category in put.values_list("image_id", "tag__name", "tag__category__name"):
            tags[pk] += [name, category or ""]
        captions = dict(Caption.objects.filter(image__in=part).values_list("image_id", "text"))
        for pk, *facts in Image.objects.filter(pk__in=part).order_by("position").values_list("pk", *FACTS):
            yield as_image([*facts, tags[pk], captions.get(pk, "")])
