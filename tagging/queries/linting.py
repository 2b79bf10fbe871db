"""Lint: what a trainer would stumble over in an export of a dataset as it is now.

The facts that rules need are counted here, in few statements; each finding's number is what its own filter finds.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from datasets.filter_reading import BadFilter
from datasets.models import Dataset, Image
from tagging.filters import parse_filter, tree, write_filter
from tagging.filters.grammar import MOST_CHARACTERS
from tagging.filters.tree import Node, all_of
from tagging.linting.facts import Facts
from tagging.linting.findings import EVERY_IMAGE, LEVELS, Fix, Found, Level, Rule
from tagging.linting.marks import IN_CAPTIONS, marks_in
from tagging.linting.rules import RULES, look
from tagging.models import Caption
from tagging.queries.export_preview import expected_sizes
from tagging.queries.filtering import read_filter
from tagging.queries.lint_sentences import sentence_of
from tagging.queries.linting_tokens import find_first_text, find_long_texts, read_first
from tagging.queries.tags_in_use import get_tags_in_use
from tagging.text import one_line
from tagging.trainers.layouts import first_of_parts
from tagging.trainers.options import ExportOptions
from tagging.trainers.records import FrozenDataset

_AT_ONCE = 5_000


@dataclass(frozen=True)
class Finding:
    """What is wrong, with how many images, and where to see them.

    Attributes:
        rule: its id.
        level: how bad it is for the trainer.
        sentence: what is wrong and what becomes of it.
        images: how many images it is about.
        filter: shows exactly these images; empty for all, `None` where the filter language cannot say it.
        fix: what mends it; `None` where only a person can.
        note: a further sentence, of a finding in a version: why there is no link, or nothing that mends it.
    """

    rule: str
    level: Level
    sentence: str
    images: int
    filter: str | None
    fix: Fix | None
    note: str = ""


def lint(dataset: Dataset, options: ExportOptions) -> list[Finding]:
    """Return what is wrong, the worst first.

    Args:
        dataset: one that the person may see.
        options: what the export would be made by.

    Raises:
        BadFilter: the filter of the options cannot be read.
        tagging.trainers.templates.BadTemplate: the template cannot be read.
    """
    return _Linting(dataset, options).findings()


def find_fix(dataset: Dataset, options: ExportOptions, rule_id: str, fix_id: str) -> tuple[Finding, Fix] | None:
    """Return what mends a finding as it is now; `None` where there is nothing to mend any more."""
    rule = RULES.get(rule_id)
    found = [] if rule is None else _Linting(dataset, options).findings([rule])
    return next(((each, each.fix) for each in found if each.fix is not None and each.fix.id == fix_id), None)


class _Linting:
    """One look at one dataset."""

    def __init__(self, dataset: Dataset, options: ExportOptions) -> None:
        self.dataset, self.options = dataset, options
        self.filtered = parse_export_filter(options, dataset)
        leaves_out = options.untagged == "leave-out"
        self.exported = with_words(self.filtered) if leaves_out else self.filtered
        everything = Image.objects.filter(dataset=dataset)
        self.images: QuerySet[Image] = everything.filter(self._condition(self.exported))
        self.left_out = everything.filter(self._condition(self.filtered), is_tagged=False) if leaves_out else None

    def findings(self, rules: list[Rule] | None = None) -> list[Finding]:
        """Return what these rules find, or all."""
        facts = self.facts()
        found = look(facts, rules)
        counts = self._count([what for _rule, what in found], facts)
        told = [self._told(rule, what, count, facts) for (rule, what), count in zip(found, counts, strict=True)]
        return sorted((each for each in told if each is not None), key=lambda each: LEVELS.index(each.level))

    def facts(self) -> Facts:
        """Count what rules look at."""
        dataset, options = self.dataset, self.options
        counted = self.images.aggregate(images=Count("pk"), tagged=Count("pk", filter=Q(is_tagged=True)))
        sizes = self._sizes()
        head = FrozenDataset(dataset.name, dataset.file_prefix, dataset.trigger_word)
        captioned = self.images.filter(self._condition(tree.Has("caption")))
        with_caption = captioned.count()
        only_tags = counted["tagged"] - with_caption
        with_both = captioned.filter(self._condition(tree.Has("tags"))).count()
        is_whole = self.exported == EVERY_IMAGE
        tags = get_tags_in_use(dataset, None if is_whole else self.images.values_list("pk", flat=True).iterator())
        return Facts(
            dataset=head,
            options=options,
            images=counted["images"],
            left_out=0 if self.left_out is None else self.left_out.count(),
            bytes=sum(sizes),
            parts=len(first_of_parts(options.rules, counted["images"], sizes)),
            with_tags=only_tags + with_both,
            only_tags=only_tags,
            only_prose=with_caption - with_both,
            tags=tuple(tags),
            marks=self._marks(),
            long=find_long_texts(dataset, options, self.images),
            first_text=find_first_text(head, options, read_first(self.images)),
        )

    def _marks(self) -> frozenset[str]:
        """Read the captions once, a few thousand at a time: to ask each mark of the database takes longer."""
        trigger = one_line(self.dataset.trigger_word).lower()
        known: frozenset[str] = frozenset()
        captions = Caption.objects.filter(image__in=self.images.values("pk")).exclude(text="")
        for text in captions.values_list("text", flat=True).iterator(chunk_size=_AT_ONCE):
            if len(known) <= len(IN_CAPTIONS):
                known |= marks_in(text, known)
            if trigger and "trigger" not in known and trigger in text.lower():
                known |= {"trigger"}
        return known

    def _sizes(self) -> list[int]:
        """Return how large the pictures are when they go out, where that counts."""
        counts = self.options.rules.most_bytes_a_part is not None
        return list(expected_sizes(self.images, self.options)) if counts else []

    def _count(self, found: list[Found], facts: Facts) -> list[int]:
        """Return on how many images each is; what columns tell is told by one statement."""
        counts: dict[int, int] = {}
        at_once: dict[str, Count] = {}
        for place, what in enumerate(found):
            if what.count is not None or what.images is None:
                counts[place] = what.count or 0
            elif what.images == EVERY_IMAGE:
                counts[place] = facts.images
            elif is_of_columns(what.images):
                at_once[str(place)] = Count("pk", filter=self._condition(what.images))
            else:
                counts[place] = self.images.filter(self._condition(what.images)).count()
        # Names of what is counted may not be numbers.
        row = self.images.aggregate(**{f"of_{place}": count for place, count in at_once.items()}) if at_once else {}
        return [counts[place] if place in counts else row[f"of_{place}"] for place in range(len(found))]

    def _told(self, rule: Rule, what: Found, count: int, facts: Facts) -> Finding | None:
        if not count and what.images is not None:
            return None
        shown = self.filtered if what.is_absolute else self.exported
        return Finding(rule.id, what.level, say(rule, what, count, facts), count, shown_by(what, shown), what.fix)

    def _condition(self, node: Node) -> Q:
        return read_filter(write_filter(node), self.dataset)


def say(rule: Rule, what: Found, count: int, facts: Facts) -> str:
    """Return the sentence of a finding."""
    named = {**what.named, "title": facts.profile.title, "count": count}
    return sentence_of(rule.id, what.wording, facts.options.profile, count, named)


def shown_by(what: Found, among: Node) -> str | None:
    """Return the filter that shows what was found among these images; `None` where there is none, or it is too long."""
    if what.images is None:
        return None
    text = write_filter(all_of([among, what.images]))
    return text if len(text) <= MOST_CHARACTERS else None


def with_words(among: Node) -> Node:
    """Return which of these images are exported where those without words are left out."""
    return all_of([among, tree.Is("tagged")])


def parse_export_filter(options: ExportOptions, dataset: Dataset) -> Node:
    """Return which images an export is for.

    Raises:
        BadFilter: the filter cannot be read.
    """
    read_filter(options.filter, dataset)
    return parse_filter(options.filter)


_COLUMNS = (tree.State, tree.Name, tree.Path, tree.Format, tree.Ratio, tree.Dimensions, tree.Bucket)


def is_of_columns(node: Node) -> bool:
    """Whether a condition asks for columns of images alone, so that many are counted in one pass over them."""
    if isinstance(node, tree.And | tree.Or):
        return all(map(is_of_columns, node.nodes))
    if isinstance(node, tree.Not):
        return is_of_columns(node.node)
    if isinstance(node, tree.Number):
        return node.of in {"w", "h", "size"}
    if isinstance(node, tree.Is):
        return node.kind not in {"duplicate", "namesake"}
    return isinstance(node, _COLUMNS)


__all__ = ["BadFilter", "Finding", "find_fix", "lint"]
