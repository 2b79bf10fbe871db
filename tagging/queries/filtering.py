"""The filter language as a query: the one place that knows how each condition is asked of the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Exists, F, OuterRef, Q, TextField, Value
from django.db.models.functions import Concat
from django.utils import timezone

from datasets.filter_reading import BadFilter
from datasets.models import Dataset, Flag, Image, ReviewState
from datasets.queries.similar import get_similar_ids
from tagging.filters import FilterError, parse_filter, tree, write_filter
from tagging.models import Caption, ImageTag, TagCategory
from tagging.queries.filter_cuts import is_cut
from tagging.queries.filter_measures import is_in_bucket, is_shaped, measures
from tagging.queries.filter_sentences import sentence_of
from tagging.queries.filter_tokens import OF_TOKENS, TokensAsked
from tagging.queries.filter_words import OF_DATASET, has_in_words
from tagging.queries.likeness import holds, is_like, is_named
from tagging.queries.numbers_in import is_one_of
from tagging.queries.tags_named import get_tags_named, tags_like

__all__ = ["BadFilter", "read_filter"]

# A tag on no more images leads to them; of a more frequent one, each image in turn is asked.
_FEW_IMAGES = 2_000
_NONE = Q(pk__in=[])


def read_filter(text: str, dataset: Dataset | None = None) -> Q:
    """Return which images a filter asks for, as a condition on `Image`; it stands for what is true when it is asked.

    Args:
        text: as it was typed.
        dataset: whose images are asked for; `is:duplicate` and `tokens:` need it.

    Raises:
        BadFilter: it cannot be read.
    """
    try:
        return _condition(parse_filter(text), dataset, TokensAsked(dataset))
    except FilterError as error:
        raise BadFilter(sentence_of(error), error.start, error.end or len(text)) from error


def _condition(node: tree.Node, dataset: Dataset | None, tokens: TokensAsked) -> Q:
    if isinstance(node, tree.And):
        return Q(*(_condition(each, dataset, tokens) for each in node.nodes))
    if isinstance(node, tree.Or):
        return Q(*(_condition(each, dataset, tokens) for each in node.nodes), _connector=Q.OR)
    if isinstance(node, tree.Not):
        return ~_condition(node.node, dataset, tokens)
    if node == tree.Is("duplicate"):
        if dataset is None:
            raise FilterError("duplicate", "", 0, 0)
        return is_one_of("pk", get_similar_ids(dataset))
    if node in OF_DATASET or isinstance(node, tree.Cut):
        if dataset is None:
            raise FilterError("words_here", write_filter(node), 0, 0)
        return is_cut(node, dataset) if isinstance(node, tree.Cut) else OF_DATASET[node](dataset)
    if isinstance(node, tree.Number) and node.of in OF_TOKENS:
        return tokens.are(node)
    return _CONDITIONS[type(node)](node)


def _has_tag(node: tree.Tag) -> Q:
    """Find the words first: where there are few of them, each picture is then one step along an index."""
    words = get_tags_named(node.pattern)
    if words is None:
        return _has(tag__in=tags_like(node.pattern).values("pk"))
    if not words:
        return _NONE
    put = ImageTag.objects.filter(tag__in=words)
    if put.values("pk")[: _FEW_IMAGES + 1].count() <= _FEW_IMAGES:
        return Q(pk__in=put.values("image"))
    return _has(tag__in=words)


def _has_category(node: tree.Category) -> Q:
    kinds = list(TagCategory.objects.filter(is_like("name", node.pattern)).values_list("pk", flat=True))
    return _has(tag__category__in=kinds) if kinds else _NONE


def _is(node: tree.Is) -> Q:
    if node.kind in {"tagged", "untagged"}:
        return Q(is_tagged=node.kind == "tagged")
    if node.kind in _LOOKS:
        return _LOOKS[node.kind]()
    return Flag(node.kind).condition


def _shares_its_name() -> Q:
    others = Image.objects.filter(dataset=OuterRef("dataset"), stem_key=OuterRef("stem_key"))
    return Q(Exists(others.exclude(pk=OuterRef("pk"))))


_LOOKS: dict[str, Callable[[], Q]] = {
    "plain": lambda: Q(is_plain=True),
    "turned": lambda: Q(orientation__gt=1),
    "namesake": _shares_its_name,
}


def _was_worded(**when: datetime) -> Q:
    """Return that a tag was put on it, or its caption written, at such a time."""
    put = {f"added_at__{side}": moment for side, moment in when.items()}
    written = {f"updated_at__{side}": moment for side, moment in when.items()}
    return _has(**put) | _has_caption(Q(**written))


def _on_days(node: tree.On) -> Q:
    when = {}
    if node.first is not None:
        when["gte"] = _begin(node.first)
    if node.last is not None:
        when["lt"] = _begin(node.last + timedelta(days=1))
    return _was_worded(**when)


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _ago(node: tree.Ago) -> Q:
    then = timezone.now() - timedelta(hours=node.hours)
    return _was_worded(**{"lte" if node.longer else "gt": then})


def _by(node: tree.By) -> Q:
    people = User.objects.filter(is_like("username", node.pattern)).values("pk")
    return _has(added_by__in=people) | _has_caption(Q(updated_by__in=people))


def _has(**what: Any) -> Q:
    return Q(Exists(ImageTag.objects.filter(image=OuterRef("pk"), **what)))


def _has_caption(what: Q) -> Q:
    return Q(Exists(Caption.objects.exclude(text="").filter(what, image=OuterRef("pk"))))


def _has_part(part: str) -> Q:
    if part == "tags":
        return _has()
    return _has_caption(Q()) if part == "caption" else has_in_words(part)


def _is_at(node: tree.Path) -> Q:
    path = Concat(F("relative_path"), Value("/"), F("original_name"), output_field=TextField())
    return is_named(path, node.pattern)


_CONDITIONS: dict[type[tree.Node], Callable[[Any], Q]] = {
    tree.Tag: _has_tag,
    tree.Category: _has_category,
    tree.Caption: lambda node: _has_caption(holds("text", node.pattern)),
    tree.Name: lambda node: is_named("original_name", node.pattern),
    tree.Path: _is_at,
    tree.By: _by,
    tree.Is: _is,
    tree.State: lambda node: Q(review_state=ReviewState[node.state.upper().replace("-", "_")]),
    tree.Has: lambda node: _has_part(node.part),
    tree.Format: lambda node: Q(format=node.name.upper()),
    tree.From: lambda node: _has(source=node.source.upper()),
    tree.Number: measures,
    tree.Ratio: is_shaped,
    tree.Dimensions: lambda node: Q(width=node.width, height=node.height),
    tree.Bucket: is_in_bucket,
    tree.On: _on_days,
    tree.Ago: _ago,
}
