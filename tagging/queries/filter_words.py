"""What the filter language asks of words as trainers read them: `has:lines`, `has:single`, `has:trigger` and more."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from django.db.models import Count, Exists, OuterRef, Q

from datasets.models import Dataset
from tagging.filters.tree import Has, Node
from tagging.linting import marks
from tagging.linting.facts import TagUse
from tagging.models import Caption, Folded, ImageTag, Tag
from tagging.queries.image_tags_held import get_image_tags
from tagging.queries.numbers_in import is_one_of
from tagging.queries.tags_in_use import get_tags_in_use
from tagging.suggesting.folding import fold
from tagging.text import one_line

_NONE = Q(pk__in=[])


def has_in_words(part: str) -> Q:
    """Return that an image has one of the parts that are told without its dataset."""
    return _PARTS[part]()


def _caption_is_like(pattern: str) -> Q:
    return Q(Exists(Caption.objects.exclude(text="").filter(text__regex=pattern, image=OuterRef("pk"))))


def _has_twins() -> Q:
    """Two tags that differ in case and underscores only; first the words of which there are two spellings."""
    spelled = Tag.objects.annotate(folded=Folded("name"))
    twice = spelled.order_by().values("folded").annotate(spellings=Count("pk")).filter(spellings__gt=1)
    words = list(spelled.filter(folded__in=twice.values("folded")).values_list("pk", flat=True))
    put = ImageTag.objects.filter(is_one_of("tag_id", words)).annotate(folded=Folded("tag__name")).order_by()
    pairs = put.values("image", "folded").annotate(spellings=Count("pk")).filter(spellings__gt=1)
    return Q(pk__in=pairs.values("image"))


_PARTS: Mapping[str, Callable[[], Q]] = MappingProxyType(
    {
        "deprecated": lambda: Q(
            Exists(ImageTag.objects.filter(image=OuterRef("pk"), tag__deprecated_at__isnull=False))
        ),
        "twins": _has_twins,
        "lines": lambda: _caption_is_like(marks.LINES),
        "invisible": lambda: _caption_is_like(marks.INVISIBLE),
    }
)


def _with_tags(dataset: Dataset, is_meant: Callable[[TagUse], object]) -> Q:
    return _with_any([tag.pk for tag in get_tags_in_use(dataset) if is_meant(tag)])


def _with_single(dataset: Dataset) -> Q:
    tags, counts = get_image_tags(dataset).count()
    return _with_any(tags[counts == 1].tolist())


def _with_any(words: Sequence[int]) -> Q:
    if not words:
        return _NONE
    # From the words to their images, along an index; asked for the dataset's too, some databases go the other way.
    return Q(pk__in=ImageTag.objects.filter(is_one_of("tag_id", words)).values("image"))


def _has_trigger(dataset: Dataset) -> Q:
    trigger = one_line(dataset.trigger_word)
    if not trigger:
        return _NONE
    captions = Caption.objects.filter(image=OuterRef("pk"))
    within = Q(text__iregex=marks.trigger_in_prose(trigger))
    begins = Q(text__iregex=marks.prose_begins_otherwise(trigger))
    as_written = Q(text__regex=marks.prose_begins(trigger))
    return Q(Exists(captions.filter(within | (begins & ~as_written))))


def _has_trigger_tag(dataset: Dataset) -> Q:
    trigger = one_line(dataset.trigger_word)
    return _with_tags(dataset, lambda tag: trigger and tag.name != trigger and fold(tag.name) == fold(trigger))


OF_DATASET: Mapping[Node, Callable[[Dataset], Q]] = MappingProxyType(
    {
        Has("single"): _with_single,
        Has("capitals"): lambda dataset: _with_tags(dataset, lambda tag: re.search(marks.CAPITALS, tag.name)),
        Has("beyond-ascii"): lambda dataset: (
            _with_tags(dataset, lambda tag: not tag.name.isascii()) | _caption_is_like(marks.BEYOND_ASCII)
        ),
        Has("trigger"): _has_trigger,
        Has("trigger-tag"): _has_trigger_tag,
    }
)
"""Those that are told within one dataset."""
