"""What rules look at: counted once, before any of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from tagging.suggesting.folding import LINE, fold_lines
from tagging.text import one_line
from tagging.trainers.options import ExportOptions
from tagging.trainers.profiles import Profile
from tagging.trainers.reading import CAPTION, TAGS
from tagging.trainers.records import FrozenDataset
from tagging.trainers.templates import Template

# A filter names so many tags, of so many characters together: it has to stay one that can be read.
_MOST_NAMED, _LONGEST_NAMES = 20, 1_200


def few_names(names: Sequence[str]) -> list[str]:
    """Return the first names, as many as a filter names one by one."""
    few: list[str] = []
    for name in names[:_MOST_NAMED]:
        if few and sum(map(len, few)) + len(name) > _LONGEST_NAMES:
            break
        few.append(name)
    return few


@dataclass(frozen=True, slots=True)
class TagUse:
    """A tag on images of the export.

    Attributes:
        name: as it is spelled.
        category: the name of its category; empty for none.
        count: on how many of the images.
        is_deprecated: it is not used any more.
        successor: what takes its place then; empty for none.
        pk: its number, for who asks the database of it.
    """

    name: str
    category: str
    count: int
    is_deprecated: bool = False
    successor: str = ""
    pk: int = 0


@dataclass(frozen=True)
class LongTexts:
    """Texts that are longer than who reads them, and how many have not been counted.

    Attributes:
        clip: how many have more tokens than CLIP reads.
        t5: likewise for T5.
        uncounted: texts that are still to be counted.
        is_filterable: the filter language tells the same of these texts: they are written as the desk shows them.
        comes_later: somebody counts the others now.
        is_stored: they are the texts of a version: nobody keeps how long they are.
    """

    clip: int = 0
    t5: int = 0
    uncounted: int = 0
    is_filterable: bool = False
    comes_later: bool = False
    is_stored: bool = False


@dataclass(frozen=True)
class Facts:
    """A dataset as far as rules see it.

    Attributes:
        dataset: its head.
        options: what the export is made by.
        images: how many the export has.
        left_out: how many it leaves out, as they have neither tag nor caption.
        bytes: of its pictures, as far as that is known before they are written; 0 where no archive has a limit.
        parts: how many archives they take.
        with_tags: how many have a tag.
        only_tags: how many have tags and no caption; `only_prose` the other way round.
        tags: the tags on its images, the most frequent first.
        marks: what stands in captions: keys of `tagging.linting.marks.IN_CAPTIONS`, and `trigger`.
        long: texts that are too long for who reads them.
        first_text: that of the first image that has one, where a trainer guesses by it.
    """

    dataset: FrozenDataset
    options: ExportOptions
    images: int
    left_out: int = 0
    bytes: int = 0
    parts: int = 1
    with_tags: int = 0
    only_tags: int = 0
    only_prose: int = 0
    tags: tuple[TagUse, ...] = ()
    marks: frozenset[str] = frozenset()
    long: LongTexts = field(default_factory=LongTexts)
    first_text: str = ""

    @property
    def profile(self) -> Profile:
        """Whose rules count."""
        return self.options.rules

    @cached_property
    def template(self) -> Template:
        """What composes the texts."""
        return self.options.read_template()

    @cached_property
    def trigger(self) -> str:
        """The trigger word as it is written; empty for none."""
        return one_line(self.dataset.trigger_word)

    @cached_property
    def names(self) -> str:
        """The names of all tags, one a line: to look for a sign in all of them at once."""
        return LINE.join(tag.name for tag in self.tags)

    @cached_property
    def folded(self) -> list[str]:
        """The names of the tags without regard to case and underscores, in the same order."""
        return fold_lines(self.names).split(LINE) if self.tags else []

    @property
    def writes_trigger(self) -> bool:
        """Whether the trigger word stands in each text."""
        return bool(self.trigger) and self.template.has_trigger

    @property
    def writes_tags(self) -> bool:
        """Whether tags stand in the texts."""
        return any(slot.word == TAGS for slot in self.template.slots)

    @property
    def writes_captions(self) -> bool:
        """Whether captions stand in the texts."""
        return any(slot.word == CAPTION for slot in self.template.slots)
