"""One tag with all there is to say of it, as far as a person may see it."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q

from datasets.models import Dataset, Image
from datasets.permissions import visible_datasets, visible_images
from tagging.models import Tag, TagAlias, TagExample, TagImplication, TagScope
from tagging.queries.rules import Reader

_MOST_TOLD = 200


@dataclass(frozen=True)
class TagDetail:
    """A tag, its rules, where it is meant for, and pictures that show it.

    Attributes:
        aliases: at most 200.
        implies: what follows from it at once, at most 200; each with the tag that is implied.
        implied_by: names of tags that it follows from at once, the first 200.
        datasets: those that it is meant for and the person may see; none of either kind: it is shared by all.
        more_datasets: how many others it is meant for.
        examples: the pictures that the person may see, in the order they were chosen.
        more_examples: how many others there are, in datasets that the person may not see.
    """

    tag: Tag
    aliases: list[TagAlias]
    implies: list[TagImplication]
    implied_by: list[str]
    datasets: list[Dataset]
    more_datasets: int
    examples: list[Image]
    more_examples: int


def get_tag_detail(tag: Tag, user: User | None) -> TagDetail:
    """Return all there is to say of a tag, in a fixed number of queries; what may not be seen is only counted."""
    scopes = TagScope.objects.filter(tag=tag)
    datasets = list(visible_datasets(user).filter(tag_scopes__tag=tag).order_by("name", "pk"))
    # The trash is on no page but its own.
    shown = TagExample.objects.filter(tag=tag, image__trashed_at=None)
    examples = list(visible_images(user).filter(tag_examples__tag=tag).order_by("tag_examples__pk"))
    implied_by = TagImplication.objects.filter(implies=tag).order_by("tag__name")
    return TagDetail(
        tag=tag,
        aliases=list(tag.aliases.order_by("name")[:_MOST_TOLD]),
        implies=list(tag.implications.select_related("implies").order_by("implies__name")[:_MOST_TOLD]),
        implied_by=list(implied_by.values_list("tag__name", flat=True)[:_MOST_TOLD]),
        datasets=datasets,
        more_datasets=scopes.count() - len(datasets),
        examples=examples,
        more_examples=shown.count() - len(examples),
    )


def find_tags(text: str, limit: int = 12) -> list[Tag]:
    """Return tags that begin with a text, however its words are parted, those that are seen most first."""
    spellings = {text, text.replace(" ", "_"), text.replace("_", " ")}
    condition = Q()
    for spelling in sorted(spellings):
        condition |= Q(name__istartswith=spelling)
    return list(Tag.objects.filter(condition).order_by("-vocabulary_count", "name")[:limit]) if text else []


def find_described(dataset: Dataset, name: str) -> Tag | None:
    """Return the tag whose description and pictures hold for a name in a dataset.

    A list with underscores serves a dataset with spaces: of the spellings of one word that one is taken which says
    something, the dataset's own before others.
    """
    spellings = Reader.of(dataset.pk).spellings(name)
    with_examples = Exists(TagExample.objects.filter(tag=OuterRef("pk")))
    rows = Tag.objects.filter(name__in=spellings).select_related("category", "successor")
    there = {tag.name: tag for tag in rows.annotate(has_examples=with_examples)}
    found = [there[spelling] for spelling in spellings if spelling in there]
    telling = [tag for tag in found if tag.description or tag.has_examples]
    return next(iter([*telling, *found]), None)
