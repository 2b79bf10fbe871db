"""What can stand at a place of a filter: keys, their values, and tags, with how many images have each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from datasets.models import Dataset, Flag, Image, ReviewState
from datasets.queries.images import count_flags, count_states
from tagging.buckets import bucket_of
from tagging.filters.completing import Unfinished, unfinished_at, write_tag, write_value
from tagging.filters.tree import FORMATS, KINDS, PARTS, SOURCES, STATES
from tagging.models import Change, TagCategory
from tagging.queries.suggestions import MOST_SUGGESTIONS, get_suggestions

MOST_COMPLETIONS = 12

KEYS = {
    "tag": gettext_noop("has this tag"),
    "is": gettext_noop("untagged, tagged, duplicate, small, blurred, extreme, …"),
    "has": gettext_noop("tags, caption, deprecated, …"),
    "state": gettext_noop("how far its review is"),
    "caption": gettext_noop("words in the caption"),
    "name": gettext_noop("part of the file name"),
    "path": gettext_noop("part of the folder and file name"),
    "category": gettext_noop("has a tag of this category"),
    "source": gettext_noop("has a tag that came this way"),
    "by": gettext_noop("tagged or captioned by this person"),
    "at": gettext_noop("the day it was tagged or captioned"),
    "tags": gettext_noop("how many tags"),
    "chars": gettext_noop("how many characters a trainer reads"),
    "tokens": gettext_noop("how many tokens of CLIP a trainer reads"),
    "t5": gettext_noop("how many tokens of T5 a trainer reads"),
    "w": gettext_noop("width in pixels"),
    "h": gettext_noop("height in pixels"),
    "ar": gettext_noop("width by height"),
    "size": gettext_noop("size of the file, or 512x512"),
    "format": gettext_noop("kind of file"),
    "bucket": gettext_noop("bucket at 1024"),
    "cut": gettext_noop("share that a trainer cuts off"),
}
_EXAMPLES = {
    "tags": ("0", "<5", ">30"),
    "chars": (">300",),
    "tokens": (">75", "<=75"),
    "t5": (">512", ">256"),
    "w": ("<512", ">=1024"),
    "h": ("<512", ">=1024"),
    "ar": ("1:1", "2:3", "3:2", "16:9", ">2"),
    "size": ("<100KB", ">5MB", "512x512"),
    "at": ("<1d", "<7d", ">30d"),
    "cut": ("kohya@1024>20", "diffusion-pipe@1024>20"),
}


@dataclass(frozen=True)
class Completion:
    """What can stand there.

    Attributes:
        text: to be put there.
        label: to be shown.
        count: on how many images; `None` where that is not counted.
    """

    text: str
    label: str
    count: int | None = None


@dataclass(frozen=True)
class Completions:
    """What can be put in the place of what stands between two places."""

    start: int
    end: int
    items: list[Completion]


def get_completions(dataset: Dataset, text: str, at: int) -> Completions:
    """Return what can stand at a place of a filter, the likeliest first."""
    asked = unfinished_at(text, at)
    if asked.key in {"", "tag"}:
        items = [*(_keys(asked.typed) if not asked.key else []), *_tags(dataset, asked)]
    else:
        items = _values(dataset, asked)
    return Completions(asked.start, asked.end, items[:MOST_COMPLETIONS] if asked.typed else items[: len(KEYS) + 3])


def _keys(typed: str) -> list[Completion]:
    begun = typed.strip().lower()
    return [Completion(f"{key}:", f"{key}: {_(words)}") for key, words in KEYS.items() if key.startswith(begun)]


def _tags(dataset: Dataset, asked: Unfinished) -> list[Completion]:
    found = get_suggestions(dataset, asked.typed.strip("*?"), MOST_SUGGESTIONS)
    return [
        Completion(f"tag:{written}" if asked.key and not written.startswith("tag:") else written, each.name, each.count)
        for each in found
        if each.count
        for written in [write_tag(each.name)]
    ]


def _values(dataset: Dataset, asked: Unfinished) -> list[Completion]:
    typed = asked.typed.strip().lower()
    values = _COUNTED[asked.key](dataset) if asked.key in _COUNTED else _uncounted(asked.key)
    return [
        Completion(write_value(asked.key, value), value, count)
        for value, count in values
        if value.lower().startswith(typed)
    ]


def _uncounted(key: str) -> list[tuple[str, int | None]]:
    return [(value, None) for value in _EXAMPLES.get(key, ())]


def _is(dataset: Dataset) -> list[tuple[str, int | None]]:
    images = Image.objects.filter(dataset=dataset)
    untagged = images.untagged().count()
    flags = count_flags(dataset)
    counts = {"untagged": untagged, "tagged": images.count() - untagged, **{flag.value: flags[flag] for flag in Flag}}
    return [(kind, counts.get(kind)) for kind in KINDS]


def _states(dataset: Dataset) -> list[tuple[str, int | None]]:
    counts = count_states(dataset)
    return [(state, counts[ReviewState[state.upper().replace("-", "_")]]) for state in STATES]


def _formats(dataset: Dataset) -> list[tuple[str, int | None]]:
    rows = Image.objects.filter(dataset=dataset).values_list("format").annotate(count=Count("pk")).order_by()
    counts = {name.lower(): count for name, count in rows}
    return sorted(((name, counts.get(name, 0)) for name in FORMATS), key=lambda each: -(each[1] or 0))


def _buckets(dataset: Dataset) -> list[tuple[str, int | None]]:
    sizes = Image.objects.filter(dataset=dataset).values_list("width", "height").annotate(count=Count("pk")).order_by()
    counts: Counter[str] = Counter()
    for width, height, count in sizes:
        counts["{}x{}".format(*bucket_of(width, height))] += count
    return list(counts.most_common(MOST_COMPLETIONS))


def _categories(dataset: Dataset) -> list[tuple[str, int | None]]:
    return _only_names(TagCategory.objects.order_by("name").values_list("name", flat=True))


def _people(dataset: Dataset) -> list[tuple[str, int | None]]:
    editors = Change.objects.filter(dataset=dataset, done_by__isnull=False).order_by().values("done_by").distinct()
    return _only_names(User.objects.filter(pk__in=editors).order_by("username").values_list("username", flat=True))


def _only_names(names: Iterable[str]) -> list[tuple[str, int | None]]:
    return [(name, None) for name in names]


_COUNTED: dict[str, Callable[[Dataset], list[tuple[str, int | None]]]] = {
    "is": _is,
    "state": _states,
    "format": _formats,
    "bucket": _buckets,
    "category": _categories,
    "by": _people,
    "has": lambda dataset: _only_names(PARTS),
    "source": lambda dataset: _only_names(SOURCES),
}
