"""Load a list of tags as the field keeps them: `name,category,count,"alias,alias"`, a tag a line.

The file is read twice, line by line, and never held: first its tags, then its aliases, because an alias must not be the
name of a tag that comes later. A thousand rows share a short transaction; doing it again changes nothing.

What cannot be taken is told with its line, and the rest is loaded. Names are spelled as everywhere (`tagging.text`):
underscores stay. Nothing is deleted: a tag or an alias that a newer list lacks stays.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from datasets.batches import batches
from tagging.models import Tag, TagAlias, TagCategory
from tagging.services.vocabulary import TagRefused, bump_vocabulary, checked_name, resolve_aliases
from tagging.services.vocabulary_history import note_first, note_now
from tagging.services.vocabulary_list import Row, read_list

_AT_ONCE = 1_000
# Others who write get their turn between two transactions; on SQLite one who comes again at once would starve them.
_BREATH = 0.003
# A list of another kind has a fault in every line: the first ones say it.
MOST_TOLD = 1_000


@dataclass(frozen=True)
class Problem:
    """A line, or a part of it, that was not taken as it is."""

    line: int
    text: str


@dataclass
class Loaded:
    """What became of a list.

    Attributes:
        rows: lines with something in them, a heading left out.
        new: tags that were added, `changed` got another category or count, `same` were as they are.
        clashes: names that are a tag and an alias, or an alias of two tags; what was there first stays.
        bad: lines, or parts of them, that are no tag.
        untold: problems beyond `MOST_TOLD`, counted only.
    """

    rows: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    new_aliases: int = 0
    same_aliases: int = 0
    clashes: list[Problem] = field(default_factory=list)
    bad: list[Problem] = field(default_factory=list)
    untold: int = 0

    def tell(self, problems: list[Problem], line: int, text: str) -> None:
        """Note a problem."""
        if len(self.clashes) + len(self.bad) < MOST_TOLD:
            problems.append(Problem(line, text))
        else:
            self.untold += 1


@dataclass(frozen=True)
class _Note:
    """What the history of the vocabulary tells of a load."""

    by: User | None
    reason: str


@dataclass(frozen=True)
class _Alias:
    line: int
    name: str
    tag: str


def load_vocabulary(path: Path, *, dry_run: bool = False, by: User | None = None, name: str = "") -> Loaded:
    """Add the tags and aliases of a list, and say what became of them.

    Args:
        path: the list.
        dry_run: only say it.
        by: who loads it.
        name: what the file is called, where `path` does not say it.

    Raises:
        ListUnreadable: there is no such file, or it is no list.
    """
    loaded = Loaded()
    note = _Note(by, _("from the list %(name)s") % {"name": name or path.name})
    # Names by their hash: a million of them take a tenth of the memory. First all tags of the list, then its aliases.
    seen: set[int] = set()
    taken: dict[int, int] = {}
    try:
        for rows in _parts(read_list(path)):
            _put_tags(rows, seen, loaded, None if dry_run else note)
        for rows in _parts(read_list(path)):
            _put_aliases(_aliases_of(rows, seen, loaded), seen, taken, loaded, dry_run=dry_run)
    finally:
        # Also where all was there: a load that was killed may have put it there without telling.
        if not dry_run:
            bump_vocabulary()
    for problems in (loaded.clashes, loaded.bad):
        problems.sort(key=lambda problem: problem.line)
    return loaded


def _parts(rows: Iterable[Row]) -> Iterator[list[Row]]:
    rest = iter(rows)
    while part := list(islice(rest, _AT_ONCE)):
        yield part
        time.sleep(_BREATH)


@transaction.atomic
def _put_tags(rows: Sequence[Row], seen: set[int], loaded: Loaded, note: _Note | None) -> None:
    categories = _categories()
    wanted = [row for row in rows if _is_first(row, seen, loaded)]
    names = [row.name for row in wanted]
    facts = ("name", "category_id", "vocabulary_count", "pk")
    there = {name: values for name, *values in Tag.objects.filter(name__in=names).values_list(*facts)}
    aliases = resolve_aliases([name for name in names if name not in there])
    put: list[Tag] = []
    for row in wanted:
        if row.name in aliases:
            seen.discard(hash(row.name))
            facts_of = {"name": row.name, "tag": aliases[row.name]}
            loaded.tell(loaded.clashes, row.line, _("“%(name)s” is an alias of “%(tag)s” here.") % facts_of)
            continue
        old = there.get(row.name)
        category = _category_of(row, categories, loaded) or (old[0] if old else None)
        count = row.count if row.count is not None else (old[1] if old else 0)
        if old is None:
            loaded.new += 1
        elif old[:2] == [category, count]:
            loaded.same += 1
            continue
        else:
            loaded.changed += 1
        put.append(Tag(name=row.name, category_id=category, vocabulary_count=count))
    if put and note is not None:
        old_ones = [(tag, there[tag.name]) for tag in put if tag.name in there]
        _store_tags(put, [pk for tag, (category, _count, pk) in old_ones if category != tag.category_id], note)


def _store_tags(put: list[Tag], sorted_anew: list[int], note: _Note) -> None:
    """Store tags, and the history of those that were in another category before; a count says nothing of a word."""
    # In alphabetical order, as everybody who makes tags does: none waits for another for ever.
    put.sort(key=lambda tag: tag.name)
    note_first(Tag, sorted_anew)
    fields = ["category", "vocabulary_count"]
    Tag.objects.bulk_create(put, update_conflicts=True, unique_fields=["name"], update_fields=fields)
    note_now(Tag, sorted_anew, by=note.by, reason=note.reason)


def _is_first(row: Row, seen: set[int], loaded: Loaded) -> bool:
    """Note what is wrong with a row, and return whether it is a tag that was not in the list before."""
    loaded.rows += 1
    for problem in row.problems:
        loaded.tell(loaded.bad, row.line, problem)
    if not row.name:
        return False
    if hash(row.name) in seen:
        loaded.tell(
            loaded.bad, row.line, _("“%(name)s” is in the list twice; the first one counts.") % {"name": row.name}
        )
        return False
    seen.add(hash(row.name))
    return True


def _categories() -> dict[str, int]:
    """Return the keys of categories by what a list may write for them: their number or their word."""
    keys: dict[str, int] = {}
    for pk, number, name in TagCategory.objects.values_list("pk", "number", "name"):
        keys[name.casefold()] = pk
        if number is not None:
            keys[str(number)] = pk
    return keys


def _category_of(row: Row, categories: dict[str, int], loaded: Loaded) -> int | None:
    if not row.category:
        return None
    key = categories.get(row.category.casefold())
    if key is None:
        text = _("“%(name)s” is loaded without its category: there is none with the number “%(number)s”.")
        loaded.tell(loaded.bad, row.line, text % {"name": row.name, "number": row.category[:40]})
    return key


def _aliases_of(rows: Sequence[Row], seen: set[int], loaded: Loaded) -> list[_Alias]:
    """Return the aliases of rows whose tags were taken; what is no name is told."""
    aliases = []
    for row in rows:
        for text in row.aliases if row.name and hash(row.name) in seen else ():
            try:
                name = checked_name(text)
            except TagRefused as error:
                loaded.tell(loaded.bad, row.line, str(error))
                continue
            if name != row.name:
                aliases.append(_Alias(row.line, name, row.name))
    return aliases


@transaction.atomic
def _put_aliases(
    aliases: Sequence[_Alias], seen: set[int], taken: dict[int, int], loaded: Loaded, *, dry_run: bool
) -> None:
    put: dict[str, TagAlias] = {}
    for part in batches(aliases, _AT_ONCE):
        names = [alias.name for alias in part]
        there = resolve_aliases(names)
        tags = set(Tag.objects.filter(name__in=names).values_list("name", flat=True))
        targets = {alias.tag for alias in part}
        keys = dict(Tag.objects.filter(name__in=targets).values_list("name", "pk"))
        for alias in part:
            facts = {"alias": alias.name, "tag": alias.tag, "other": there.get(alias.name, "")}
            if alias.name in tags or hash(alias.name) in seen:
                text = _("“%(alias)s” is a tag itself: it does not become an alias of “%(tag)s”.")
                loaded.tell(loaded.clashes, alias.line, text % facts)
            elif there.get(alias.name, alias.tag) != alias.tag:
                text = _("“%(alias)s” is an alias of “%(other)s” already: it does not become one of “%(tag)s”.")
                loaded.tell(loaded.clashes, alias.line, text % facts)
            elif taken.setdefault(hash(alias.name), hash(alias.tag)) != hash(alias.tag):
                text = _("“%(alias)s” is an alias of another tag in this list: it does not become one of “%(tag)s”.")
                loaded.tell(loaded.clashes, alias.line, text % facts)
            elif alias.name in there:
                loaded.same_aliases += 1
            else:
                put[alias.name] = TagAlias(name=alias.name, tag_id=keys.get(alias.tag, 0))
    loaded.new_aliases += len(put)
    if put and not dry_run:
        TagAlias.objects.bulk_create(put.values(), ignore_conflicts=True)
