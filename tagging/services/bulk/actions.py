"""What can be done to many images at once, checked and settled before anything is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from django.utils.translation import gettext as _

from tagging.models import ImageTag, Tag, TagAlias, TagCategory
from tagging.queries.rules import Reader
from tagging.services.bulk.patterns import read_pattern
from tagging.services.rules import TagDeprecated
from tagging.services.vocabulary import checked_name

MOST_TAGS = 100

ActionKind = Literal["add", "remove", "replace", "caption", "sort", "deduplicate", "copy", "mend"]


class BulkRefused(ValueError):
    """The action cannot be done as it was asked for; the text is a sentence."""


@dataclass(frozen=True)
class Action:
    """One action, as it was asked for or settled.

    Attributes:
        kind: what is done.
        tags: the tags that are added, removed or replaced.
        into: the tags that come in their place.
        implied: what the rules add to those that come; found when the action is settled.
        place: where tags come: `front`, `end`, or `after` the tag `after`.
        pattern: what is looked for in captions, as a regular expression; `replacement` comes in its place.
        from_image: whose tags are copied.
        categories: names in the order in which tags are sorted; those of others follow.
        renames: of `mend`, which also replaces `pattern` in captions: each tag with those that come in its place; none
            take it off.
        why: of `mend`, what the history tells.
    """

    kind: ActionKind
    tags: tuple[str, ...] = ()
    into: tuple[str, ...] = ()
    implied: tuple[str, ...] = ()
    place: Literal["front", "end", "after"] = "end"
    after: str = ""
    pattern: str = ""
    replacement: str = ""
    from_image: int | None = None
    categories: tuple[str, ...] = ()
    renames: tuple[tuple[str, tuple[str, ...]], ...] = ()
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as a job holds it."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Action:
        """Return what `to_json` gave."""
        facts: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
        facts["renames"] = tuple((old, tuple(new)) for old, new in values.get("renames", ()))
        return cls(**facts)

    @property
    def new_tags(self) -> tuple[str, ...]:
        """The tags that may come onto an image, in order, those of the rules last."""
        renamed = tuple(dict.fromkeys(name for _old, new in self.renames for name in new))
        coming = {"add": self.tags, "copy": self.tags, "replace": self.into, "mend": renamed}
        return (*coming.get(self.kind, ()), *self.implied)


def settle_action(action: Action, dataset_id: int) -> Action:
    """Return the action with every name as it is meant in the dataset, and what the rules add; makes no tag.

    Raises:
        BulkRefused: something is missing, or is not there.
        TagRefused: a name that cannot be a tag, or one that is not used any more.
        PatternRefused: the pattern cannot be read.
    """
    return _SETTLE[action.kind](action, dataset_id)


def _settle_add(action: Action, dataset_id: int) -> Action:
    tags, implied = _words_coming(_some(action.tags), dataset_id)
    after = _word_there(action.after, dataset_id) if action.place == "after" else ""
    return Action("add", tags, implied=implied, place=action.place, after=after)


def _settle_copy(action: Action, dataset_id: int) -> Action:
    rows = ImageTag.objects.filter(image=action.from_image, image__dataset=dataset_id, image__trashed_at=None)
    names = list(rows.order_by("position", "pk").values_list("tag__name", flat=True))
    if not names:
        raise BulkRefused(_("The picture to copy from has no tags, or is not in this dataset. Choose another one."))
    tags, implied = _words_coming(names, dataset_id)
    return replace(_settle_place(action, dataset_id), tags=tags, implied=implied)


def _settle_place(action: Action, dataset_id: int) -> Action:
    after = _word_there(action.after, dataset_id) if action.place == "after" else ""
    return Action("copy", place=action.place, after=after)


def _settle_remove(action: Action, dataset_id: int) -> Action:
    return Action("remove", _words_there(_some(action.tags), dataset_id))


def _settle_replace(action: Action, dataset_id: int) -> Action:
    if not action.into:
        raise BulkRefused(_("Say which tags come in their place. To take tags off, remove them."))
    into, implied = _words_coming(action.into, dataset_id)
    return Action("replace", _words_there(_some(action.tags), dataset_id), into=into, implied=implied)


def _settle_caption(action: Action, dataset_id: int) -> Action:
    read_pattern(action.pattern, action.replacement)
    return Action("caption", pattern=action.pattern, replacement=action.replacement)


def _settle_sort(action: Action, dataset_id: int) -> Action:
    names = tuple(dict.fromkeys(action.categories))
    if not names:
        raise BulkRefused(_("Say which category comes first."))
    known = set(TagCategory.objects.filter(name__in=names).values_list("name", flat=True))
    for name in names:
        if name and name not in known:
            raise BulkRefused(_("There is no category “%(name)s”.") % {"name": name})
    return Action("sort", categories=names)


def _settle_deduplicate(action: Action, dataset_id: int) -> Action:
    return Action("deduplicate")


def _settle_mend(action: Action, dataset_id: int) -> Action:
    """Return it with the words that come as they are meant here, and behind each what the rules add to it."""
    if action.pattern:
        read_pattern(action.pattern, action.replacement)
    if not (action.renames or action.pattern):
        raise BulkRefused(_("Say which tags."))
    reader = Reader.of(dataset_id)
    words: dict[str, str] = {}
    for name, meaning in reader.meanings([checked_name(name) for _old, new in action.renames for name in new]).items():
        if meaning.deprecated:
            raise TagDeprecated(meaning.deprecated, meaning.word)
        words[name] = meaning.word
    follow = reader.implied(words.values())
    renames = tuple(
        (old, tuple(dict.fromkeys(name for word in map(words.__getitem__, new) for name in (word, *follow[word]))))
        for old, new in action.renames
    )
    implied = dict.fromkeys(name for each in follow.values() for name in each if name not in words.values())
    return replace(action, renames=renames, implied=tuple(implied))


_SETTLE: dict[str, Callable[[Action, int], Action]] = {
    "add": _settle_add,
    "copy": _settle_copy,
    "remove": _settle_remove,
    "replace": _settle_replace,
    "caption": _settle_caption,
    "sort": _settle_sort,
    "deduplicate": _settle_deduplicate,
    "mend": _settle_mend,
}


def _some(names: Sequence[str]) -> Sequence[str]:
    if not names:
        raise BulkRefused(_("Say which tags."))
    if len(names) > MOST_TAGS:
        raise BulkRefused(
            _("These are %(count)d tags; at most %(limit)d are taken at once. Do it in parts.")
            % {"count": len(names), "limit": MOST_TAGS}
        )
    return names


def _words_coming(names: Sequence[str], dataset_id: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the words that names mean here, each once, and those that they imply besides."""
    reader = Reader.of(dataset_id)
    meanings = reader.meanings([checked_name(name) for name in names]).values()
    for meaning in meanings:
        if meaning.deprecated:
            raise TagDeprecated(meaning.deprecated, meaning.word)
    words = tuple(dict.fromkeys(meaning.word for meaning in meanings))
    implied = dict.fromkeys(word for each in reader.implied(words).values() for word in each)
    return words, tuple(word for word in implied if word not in words)


def _word_there(name: str, dataset_id: int) -> str:
    if not name:
        raise BulkRefused(_("Say behind which tag they come."))
    return _words_there([name], dataset_id)[0]


def _words_there(names: Sequence[str], dataset_id: int) -> tuple[str, ...]:
    """Return tags as they may be on images: by their very name where there is such a tag, else what the name means.

    What is not used any more may still be on images, to be taken off.
    """
    checked = list(dict.fromkeys(checked_name(name) for name in names))
    tags = set(Tag.objects.filter(name__in=checked).values_list("name", flat=True))
    aliases = dict(TagAlias.objects.filter(name__in=checked).values_list("name", "tag__name"))
    meanings = Reader.of(dataset_id).meanings([name for name in checked if name not in tags])
    words = (
        name if name in tags else meanings[name].word or meanings[name].deprecated or aliases.get(name, name)
        for name in checked
    )
    return tuple(dict.fromkeys(words))
