"""Which tags a pattern of the filter language names."""

from __future__ import annotations

from django.db.models import QuerySet

from tagging.filters.patterns import is_wild
from tagging.models import Tag, TagAlias
from tagging.queries.likeness import begins_like, is_like

# More are not named one by one: a statement has a largest number of values.
MOST_WORDS = 1_000


def tags_like(pattern: str) -> QuerySet[Tag]:
    """Return the tags of a name; case and underscores do not count, `*` and `?` stand for other signs."""
    if is_wild(pattern):
        return Tag.objects.filter(begins_like("name", pattern), is_like("name", pattern))
    return Tag.objects.filter(is_like("name", pattern))


def get_tags_named(pattern: str) -> list[int] | None:
    """Return the tags of a name, or the one that has it as an alias, by number; `None` for more than can be named.

    Few words lead along an index, picture by picture; many are better left to the database.
    """
    words = list(tags_like(pattern).values_list("pk", flat=True)[: MOST_WORDS + 1])
    if not words and not is_wild(pattern):
        # No tag is called so: it may be another spelling of one.
        words = list(TagAlias.objects.filter(is_like("name", pattern)).values_list("tag_id", flat=True))
    return None if len(words) > MOST_WORDS else words
