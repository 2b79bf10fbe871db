"""Write the vocabulary as a list that loads again: `name,category,count,"alias,alias"`, without a heading."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator

from django.db.models import QuerySet

from tagging.models import Tag, TagAlias, TagCategory
from tagging.spreadsheets import guarded

_AT_ONCE = 2_000


def write_list(tags: QuerySet[Tag], *, as_it_is: bool = False) -> Iterator[str]:
    """Yield the lines of some tags, some thousand at a time, in the order in which they came.

    A category is written by its number, as the field's lists do it; one without a number by its name. Boorus have tags
    such as `=_=`, and whoever writes tags could write formulas: cells that a spreadsheet would reckon with begin with
    an apostrophe, which `read_list` takes away again.

    Args:
        tags: which.
        as_it_is: for other programs, which would take the apostrophe for a part of the name.
    """
    categories = {
        row.pk: row.name if row.number is None else str(row.number)
        for row in TagCategory.objects.only("name", "number")
    }
    rows = tags.order_by("pk").values_list("pk", "name", "category_id", "vocabulary_count")
    after, safe = 0, str if as_it_is else guarded
    while part := list(rows.filter(pk__gt=after)[:_AT_ONCE]):
        after = part[-1][0]
        aliases = _aliases([row[0] for row in part])
        text = io.StringIO()
        lines = csv.writer(text, lineterminator="\n")
        for pk, name, category, count in part:
            cells = (name, categories.get(category, ""), ",".join(aliases[pk]))
            guarded_name, guarded_category, guarded_aliases = map(safe, cells)
            lines.writerow([guarded_name, guarded_category, count, guarded_aliases])
        yield text.getvalue()


def _aliases(keys: list[int]) -> dict[int, list[str]]:
    aliases: dict[int, list[str]] = defaultdict(list)
    rows = TagAlias.objects.filter(tag__in=keys).order_by("tag", "name").values_list("tag", "name")
    for tag, name in rows:
        aliases[tag].append(name)
    return aliases
