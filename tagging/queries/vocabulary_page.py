"""The words of the vocabulary, a page at a time: how often they are used, their aliases, what they imply."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from datasets.models import Image
from tagging.models import ImageTag, Tag, TagAlias, TagCategory, TagImplication

WORDS_A_PAGE = 100
_TOLD = 6


class Show(StrEnum):
    """Which words are listed."""

    USED = "used"
    ALL = "all"
    DEPRECATED = "deprecated"


@dataclass(frozen=True)
class Wanted:
    """What a person looks for.

    Attributes:
        search: a part of a name or of an alias; blanks and underscores are the same.
        show: used on images, all, or those that are not used any more.
        category: in this category alone; 0 for tags without one.
        after: the last name of the page before.
    """

    search: str = ""
    show: Show = Show.USED
    category: int | None = None
    after: str = ""


@dataclass
class Word:
    """One tag with what there is to say of it; of long lists the first few, and how many more."""

    tag: Tag
    images: int = 0
    aliases: list[str] = field(default_factory=list)
    more_aliases: int = 0
    implies: list[str] = field(default_factory=list)
    more_implies: int = 0


@dataclass(frozen=True)
class VocabularyPage:
    """Some words by name; `next` is where to go on, empty at the end."""

    words: list[Word]
    next: str


def get_vocabulary_page(wanted: Wanted, limit: int = WORDS_A_PAGE) -> VocabularyPage:
    """Return the words that are looked for, by name, from where the page before ended."""
    found = _found(wanted).select_related("category", "successor").order_by("name")
    if wanted.after:
        found = found.filter(name__gt=wanted.after)
    tags = list(found[: limit + 1])
    words = {tag.pk: Word(tag) for tag in tags[:limit]}
    _count_images(words)
    _add_aliases(words)
    _add_implications(words)
    return VocabularyPage(list(words.values()), tags[limit - 1].name if len(tags) > limit else "")


def count_words() -> dict[int | None, int]:
    """Return how many tags each category has; `None` are those without one."""
    rows = Tag.objects.values_list("category").annotate(count=Count("pk")).order_by()
    return dict(rows)


def get_categories() -> list[TagCategory]:
    """Return the categories as lists number them, then by name."""
    return sorted(TagCategory.objects.all(), key=lambda row: (row.number is None, row.number or 0, row.name))


def _found(wanted: Wanted) -> QuerySet[Tag]:
    tags = Tag.objects.all()
    if wanted.show == Show.USED:
        tags = tags.filter(Exists(ImageTag.objects.filter(tag=OuterRef("pk"))))
    elif wanted.show == Show.DEPRECATED:
        tags = tags.filter(deprecated_at__isnull=False)
    if wanted.category is not None:
        tags = tags.filter(category=wanted.category or None)
    if wanted.search:
        spellings = {wanted.search, wanted.search.replace(" ", "_"), wanted.search.replace("_", " ")}
        condition = Q()
        for spelling in spellings:
            aliases = TagAlias.objects.filter(tag=OuterRef("pk"), name__icontains=spelling)
            condition |= Q(Q(name__icontains=spelling) | Q(Exists(aliases)))
        tags = tags.filter(condition)
    return tags


def _count_images(words: dict[int, Word]) -> None:
    """Count along the index of tags alone, and take off what is in the trash: that is little, or nothing."""
    rows = ImageTag.objects.filter(tag__in=list(words)).values_list("tag").annotate(count=Count("pk")).order_by()
    for tag, count in rows:
        words[tag].images = count
    trashed = Image.everything.filter(trashed_at__isnull=False)
    if trashed.exists():
        for tag, count in rows.filter(image__in=trashed):
            words[tag].images -= count


def _add_aliases(words: dict[int, Word]) -> None:
    rows = TagAlias.objects.filter(tag__in=list(words)).order_by("name").values_list("tag", "name")
    for tag, names in _gathered(rows).items():
        words[tag].aliases, words[tag].more_aliases = names[:_TOLD], max(0, len(names) - _TOLD)


def _add_implications(words: dict[int, Word]) -> None:
    rows = TagImplication.objects.filter(tag__in=list(words)).order_by("implies__name")
    for tag, names in _gathered(rows.values_list("tag", "implies__name")).items():
        words[tag].implies, words[tag].more_implies = names[:_TOLD], max(0, len(names) - _TOLD)


def _gathered(rows: Iterable[tuple[int, str]]) -> dict[int, list[str]]:
    gathered: dict[int, list[str]] = defaultdict(list)
    for tag, name in rows:
        gathered[tag].append(name)
    return gathered
