"""What the vocabulary says of names in one dataset: which word is meant, and what it implies. Nothing is written.

A word is a name as the dataset spells it. What is true of `red_dress` in the vocabulary is true of `red dress` in a
dataset that writes spaces.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, QuerySet

from datasets.batches import batches
from tagging.models import DatasetVocabulary, Spelling, Tag, TagAlias, TagImplication, TagScope
from tagging.text import spell_tag

_AT_ONCE = 2000


@dataclass
class Meaning:
    """What one name means.

    Attributes:
        word: how the dataset spells it; empty where the name is not used any more and nothing takes its place.
        deprecated: the tag that was meant and is not used any more; empty in all other cases.
        is_new: neither a tag nor an alias of one.
    """

    word: str
    deprecated: str = ""
    is_new: bool = False


@dataclass
class Reader:
    """The vocabulary as one dataset sees it, read as far as it was asked for."""

    dataset_id: int
    spelling: str
    tags: dict[int, Tag] = field(default_factory=dict)
    by_name: dict[str, Tag] = field(default_factory=dict)
    # Tags that are meant for other datasets: words like any other here, without rules.
    foreign: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, dataset_id: int) -> Reader:
        """Begin to read for a dataset."""
        spelling = DatasetVocabulary.objects.filter(dataset=dataset_id).values_list("spelling", flat=True).first()
        return cls(dataset_id, spelling or Spelling.AS_TYPED)

    def spelled(self, name: str) -> str:
        """Return a name as the dataset spells it."""
        return spell_tag(name, self.spelling)

    def spellings(self, name: str) -> list[str]:
        """Return the names that are one word here, the dataset's own spelling first."""
        if self.spelling not in {Spelling.SPACES, Spelling.UNDERSCORES}:
            return [name]
        both = (spell_tag(name, other) for other in (Spelling.SPACES, Spelling.UNDERSCORES))
        return list(dict.fromkeys([self.spelled(name), name, *both]))

    def meanings(self, names: Sequence[str]) -> dict[str, Meaning]:
        """Return what each of these normalised names means, in a fixed number of queries."""
        spellings = {name: self.spellings(name) for name in names}
        aliases: dict[str, int] = {}
        own: dict[str, int] = {}
        every = sorted({other for each in spellings.values() for other in each})
        for part in batches(every, _AT_ONCE):
            rows = TagAlias.objects.filter(name__in=part).annotate(
                is_scoped=is_scoped("tag"), is_here=is_scoped("tag", self.dataset_id)
            )
            for name, tag, scoped, here in rows.values_list("name", "tag", "is_scoped", "is_here"):
                if here:
                    own[name] = tag
                elif not scoped:
                    aliases[name] = tag
            self._take(self._tags().filter(name__in=part))
        self._take_by_pk([*own.values(), *aliases.values()])
        self._take_successors()
        return {name: self._meaning(name, spellings[name], own, aliases) for name in dict.fromkeys(names)}

    def in_use(self, pks: Iterable[int]) -> dict[int, Tag]:
        """Return, by number, the tags that may be used here; for one that is not used any more what took its place."""
        wanted = list(dict.fromkeys(pks))
        self._take_by_pk(wanted)
        self._take_successors()
        used = {pk: self._in_use(self.tags[pk]) for pk in wanted if pk in self.tags and pk not in self.foreign}
        return {pk: tag for pk, tag in used.items() if tag is not None and tag.pk not in self.foreign}

    def implied(self, words: Iterable[str]) -> dict[str, list[str]]:
        """Return of each word all that it implies, near things first; whatever implies itself does so in vain."""
        edges: dict[str, list[str]] = {}
        wanted = list(dict.fromkeys(words))
        front = wanted
        while front:
            edges |= self._edges(front)
            front = [word for word in dict.fromkeys(w for each in front for w in edges[each]) if word not in edges]
        return {word: list(closure(word, edges)) for word in wanted}

    def _edges(self, words: Sequence[str]) -> dict[str, list[str]]:
        """Return what each of these words implies at once."""
        names: defaultdict[str, list[str]] = defaultdict(list)
        for word in words:
            for name in self.spellings(word):
                names[name].append(word)
        pairs: list[tuple[str, int]] = []
        for part in batches(sorted(names), _AT_ONCE):
            rows = TagImplication.objects.filter(tag__name__in=part).annotate(
                is_scoped=is_scoped("tag"), is_here=is_scoped("tag", self.dataset_id)
            )
            facts = ("tag__name", "implies", "is_scoped", "is_here")
            for name, implies, scoped, here in rows.values_list(*facts):
                if here or not scoped:
                    pairs += [(word, implies) for word in names[name]]
        self._take_by_pk([implies for _, implies in pairs])
        self._take_successors()
        found: dict[str, set[str]] = {word: set() for word in words}
        for word, implies in pairs:
            if implies not in self.foreign and (tag := self._in_use(self.tags[implies])) is not None:
                found[word].add(self.spelled(tag.name))
        return {word: sorted(implied - {word}) for word, implied in found.items()}

    def _meaning(
        self, name: str, spellings: Sequence[str], own: Mapping[str, int], aliases: Mapping[str, int]
    ) -> Meaning:
        # What this dataset alone says goes before what all say: a word of somebody else's may be an alias here.
        tag = next((self.tags[own[each]] for each in spellings if each in own), None)
        tag = tag or next((self.by_name[each] for each in spellings if each in self.by_name), None)
        tag = tag or next((self.tags[aliases[each]] for each in spellings if each in aliases), None)
        if tag is None:
            return Meaning(spellings[0], is_new=True)
        used = self._in_use(tag)
        if used is None:
            return Meaning("", tag.name)
        word = self.spelled(used.name)
        # A tag whose place another spelling of it took is the same word.
        deprecated = "" if used is tag or word in spellings else tag.name
        return Meaning(word, deprecated)

    def _in_use(self, tag: Tag) -> Tag | None:
        """Return the tag, or what took its place; `None` where nothing did."""
        seen: set[int] = set()
        while tag.deprecated_at is not None and tag.pk not in self.foreign:
            seen.add(tag.pk)
            if tag.successor_id is None or tag.successor_id in seen:
                return None
            tag = self.tags[tag.successor_id]
        return tag

    def _take_successors(self) -> None:
        while missing := [
            tag.successor_id
            for tag in self.tags.values()
            if tag.deprecated_at is not None and tag.successor_id is not None and tag.successor_id not in self.tags
        ]:
            self._take_by_pk(missing)

    def _take_by_pk(self, pks: Iterable[int]) -> None:
        for part in batches(sorted(set(pks).difference(self.tags)), _AT_ONCE):
            self._take(self._tags().filter(pk__in=part))

    def _take(self, tags: QuerySet[Tag]) -> None:
        for tag in tags:
            self.tags[tag.pk] = tag
            self.by_name[tag.name] = tag
            if tag.is_scoped and not tag.is_here:  # type: ignore[attr-defined]
                self.foreign.add(tag.pk)

    def _tags(self) -> QuerySet[Tag]:
        return Tag.objects.annotate(is_scoped=is_scoped("pk"), is_here=is_scoped("pk", self.dataset_id))


def is_scoped(tag: str, dataset_id: int | None = None) -> Exists:
    """Return whether the tag in this column is meant for some datasets alone; with a dataset, whether for it too."""
    scopes = TagScope.objects.filter(tag=OuterRef(tag))
    return Exists(scopes if dataset_id is None else scopes.filter(dataset=dataset_id))


def closure(word: str, edges: Mapping[str, Iterable[str]]) -> Iterable[str]:
    """Yield all that can be reached from a word, itself left out, nearest first; circles end."""
    seen = {word}
    waiting = deque([word])
    while waiting:
        for other in edges.get(waiting.popleft(), ()):
            if other not in seen:
                seen.add(other)
                waiting.append(other)
                yield other
