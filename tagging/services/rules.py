"""The rules of the vocabulary, as they hold on every way in: typed, pasted, from texts, in bulk, from models."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from django.utils.translation import gettext as _

from tagging.models import Tag
from tagging.queries.rules import Reader
from tagging.services.vocabulary import TagRefused, make_tags


class TagDeprecated(TagRefused):
    """A tag that is not used any more; the text names what takes its place, and so does `successor`, if anything."""

    def __init__(self, name: str, successor: str = "") -> None:
        text = (
            _("“%(name)s” is not used any more: “%(successor)s” takes its place.")
            if successor
            else _("“%(name)s” is not used any more, and nothing takes its place.")
        )
        super().__init__(text % {"name": name, "successor": successor})
        self.name, self.successor = name, successor


@dataclass
class Settled:
    """What names mean in a dataset.

    Attributes:
        tags: the tag that each asked name means. A name whose tag is not used any more, and has no successor, is in
            `refused` instead.
        implied: of each asked name the tags that go with it, all that follow from it, nearest first.
        replaced: of names whose tag is not used any more, the sentence that says so; `tags` has the successor.
        refused: likewise, where nothing takes its place.
        made: the names that were neither a tag nor an alias before.
        spelling: how the dataset spells its tags.
    """

    tags: dict[str, Tag]
    implied: dict[str, list[Tag]]
    replaced: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    spelling: str = ""

    @cached_property
    def by_name(self) -> dict[str, Tag]:
        """All these tags, by their own names."""
        every = [*self.tags.values(), *(tag for tags in self.implied.values() for tag in tags)]
        return {tag.name: tag for tag in every}

    @cached_property
    def following(self) -> dict[str, list[str]]:
        """Of each tag, by its own name, what follows from it."""
        return {tag.name: [other.name for other in self.implied[name]] for name, tag in self.tags.items()}

    def spread(self, names: Sequence[str], away: Collection[str] = ()) -> tuple[list[str], set[str]]:
        """Return the tags of asked names in order, each once, those that follow from one right behind it.

        Args:
            names: those that were refused are left out.
            away: what no rule may add.

        Returns:
            The names of tags, and which of them nobody named.
        """
        named = {self.tags[name].name for name in names if name in self.tags}
        spread: dict[str, None] = {}
        ruled: set[str] = set()
        for name in names:
            if name not in self.tags or self.tags[name].name in spread:
                continue
            spread[self.tags[name].name] = None
            more = [tag.name for tag in self.implied[name] if tag.name not in named and tag.name not in away]
            ruled.update(more)
            spread |= dict.fromkeys(more)
        return list(spread), ruled


def settle(
    names: Sequence[str], dataset_id: int, *, replace_deprecated: bool = False, reader: Reader | None = None
) -> Settled:
    """Return the tags that normalised names mean in a dataset, making those that are new, and what they imply.

    An alias means its tag; blanks and underscores are as the dataset says; what has rules in another spelling keeps
    them. The number of queries depends on how deep implications go, not on how many names there are. To be called
    inside a transaction.

    Args:
        names: as `checked_name` leaves them.
        dataset_id: where they are to be used.
        replace_deprecated: take the successor of a tag that is not used any more, and tell, instead of refusing.
        reader: of the dataset, where it was begun already.

    Raises:
        TagDeprecated: a tag is not used any more; none is made then.
    """
    reader = reader or Reader.of(dataset_id)
    meanings = reader.meanings(names)
    replaced: dict[str, str] = {}
    refused: dict[str, str] = {}
    for name, meaning in meanings.items():
        if not meaning.deprecated:
            continue
        error = TagDeprecated(meaning.deprecated, meaning.word)
        if not replace_deprecated:
            raise error
        (replaced if meaning.word else refused)[name] = str(error)
    taken = {name: meaning for name, meaning in meanings.items() if meaning.word}
    implied: dict[str, list[str]] = {meaning.word: [] for meaning in taken.values()}
    implied |= reader.implied(meaning.word for meaning in taken.values() if not meaning.is_new)
    tags = _tags_of(reader, implied)
    return Settled(
        tags={name: tags[meaning.word] for name, meaning in taken.items()},
        implied={name: [tags[word] for word in implied[meaning.word]] for name, meaning in taken.items()},
        replaced=replaced,
        refused=refused,
        made=[name for name, meaning in taken.items() if meaning.is_new],
        spelling=reader.spelling,
    )


def words_meant(names: Sequence[str], dataset_id: int) -> dict[str, str]:
    """Return the word that each normalised name means in a dataset, making no tag; what is refused means itself."""
    return {name: meaning.word or name for name, meaning in Reader.of(dataset_id).meanings(names).items()}


def _tags_of(reader: Reader, implied: Mapping[str, Sequence[str]]) -> dict[str, Tag]:
    words = set(implied).union(*implied.values())
    found = {word: reader.by_name[word] for word in words if word in reader.by_name}
    return found | make_tags(sorted(words.difference(found)))
