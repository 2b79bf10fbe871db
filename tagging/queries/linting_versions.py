"""Lint of a version: the same rules as of the present, over what the version says of its images.

A version is gone through part by part, once for the facts that rules look at and once for how many images each finding
is about, so that the memory this takes does not grow with the pictures.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from datasets.models import Image
from datasets.names import stem_key
from datasets.queries.similar import find_alike
from tagging.filters import parse_filter
from tagging.filters.judging import Judge, judge_by
from tagging.filters.tree import Node
from tagging.linting.facts import Facts, TagUse
from tagging.linting.findings import LEVELS, Found, Rule
from tagging.linting.judging import Whole
from tagging.linting.marks import IN_CAPTIONS, marks_in
from tagging.linting.rules import look
from tagging.models import DatasetVersion, Tag
from tagging.queries.filtering import read_filter
from tagging.queries.linting import Finding, say, shown_by, with_words
from tagging.queries.linting_tokens import find_first_text, find_long_texts_in
from tagging.queries.version_filtering import find_aliases, read_version_filter
from tagging.queries.versions import read_dataset, read_images
from tagging.text import one_line
from tagging.trainers.layouts import first_of_parts
from tagging.trainers.options import ExportOptions, PixelOptions
from tagging.trainers.records import FrozenDataset, FrozenImage


def lint_version(version: DatasetVersion, options: ExportOptions) -> list[Finding]:
    """Return what is wrong with an export of a version, the worst first.

    The filter of a finding is asked of the dataset as it is now; it is there only where that shows just the pictures of
    the finding. Nothing mends the words of a version: no finding offers to.

    Args:
        version: one that the person may see.
        options: what the export would be made by.

    Raises:
        BadFilter: the filter of the options cannot be read, or asks for what a version does not know.
        tagging.trainers.templates.BadTemplate: the template cannot be read.
        VersionDamaged: a part of the version is not in the database any more.
    """
    return _Linting(version, options).findings()


@dataclass
class _Some:
    """Which images something is about, as far as two such answers are compared: their number, and a sum of digests."""

    count: int = 0
    sum: int = 0

    def add(self, sha256: str) -> None:
        self.count += 1
        self.sum = (self.sum + int(sha256[:24], 16)) % 2**96


@dataclass
class _Counts:
    """What one way through the images of an export gathers."""

    images: int = 0
    tagged: int = 0
    with_caption: int = 0
    with_both: int = 0
    left_out: int = 0
    sizes: list[int] = field(default_factory=list)
    uses: Counter[str] = field(default_factory=Counter)
    category_of: dict[str, str] = field(default_factory=dict)
    marks: frozenset[str] = frozenset()

    def add(self, image: FrozenImage, trigger: str, pixels: PixelOptions | None) -> None:
        """Count an image of the export; its size too, where it is said what becomes of its pixels."""
        self.images += 1
        self.tagged += bool(image.tags or image.caption)
        self.with_caption += bool(image.caption)
        self.with_both += bool(image.caption and image.tags)
        if pixels is not None:
            self.sizes.append(pixels.expected_size(image.byte_size, image.width, image.height))
        for tag in image.tags:
            self.uses[tag.name] += 1
            self.category_of[tag.name] = tag.category
        if image.caption and len(self.marks) <= len(IN_CAPTIONS):
            self.marks |= marks_in(image.caption, self.marks)
            if trigger and trigger in image.caption.lower():
                self.marks |= {"trigger"}


class _Surroundings:
    """What is told of an image from all others of the version, gathered on one way through them."""

    def __init__(self) -> None:
        self.uses: Counter[str] = Counter()
        self.places_of: defaultdict[str, list[int]] = defaultdict(list)
        self.looks: list[tuple[int, int, int, float, int]] = []
        self.sha256_of: dict[int, str] = {}

    def add(self, image: FrozenImage) -> None:
        self.uses.update(tag.name for tag in image.tags)
        self.places_of[stem_key(image.relative_path, image.original_name)].append(image.position)
        if image.dhash is not None:
            sharpness = -1.0 if image.sharpness is None else image.sharpness
            area = image.width * image.height
            self.looks.append((-area, image.position, image.dhash, sharpness, image.byte_size))
            self.sha256_of[image.position] = image.sha256

    def told(self, head: FrozenDataset, deprecated: Iterable[str], dataset_id: int) -> Whole:
        """Return what a rule is told of it."""
        best_first = sorted(self.looks, key=lambda each: (each[0], -each[3], -each[4], each[1]))
        measured = [(position, dhash, self.sha256_of[position]) for _area, position, dhash, *_more in best_first]
        return Whole(
            trigger=one_line(head.trigger_word),
            single=frozenset(name for name, count in self.uses.items() if count == 1),
            deprecated=frozenset(deprecated),
            alike=frozenset(find_alike(dataset_id, measured)),
            namesakes=frozenset(
                place for places in self.places_of.values() if len(places) > 1 for place in places
            ),
        )  # fmt: skip


class _Linting:
    """One look at one version."""

    def __init__(self, version: DatasetVersion, options: ExportOptions) -> None:
        self.version, self.options = version, options
        self.head = read_dataset(version)
        self.is_asked = read_version_filter(options.filter)
        self.filtered: Node = parse_filter(options.filter)
        self.leaves_out = options.untagged == "leave-out"

    def findings(self) -> list[Finding]:
        """Return what the rules find."""
        facts, whole = self.facts()
        found = look(facts)
        judges = [self._judge(what, whole) for _rule, what in found]
        shown = self._shown([what for _rule, what in found], judges)
        told = [self._told(rule, what, which, facts) for (rule, what), which in zip(found, shown, strict=True)]
        return sorted((each for each in told if each is not None), key=lambda each: LEVELS.index(each.level))

    def exported(self) -> Iterator[FrozenImage]:
        """Yield the images of the export."""
        return (image for image in self._asked() if not self._is_left_out(image))

    def facts(self) -> tuple[Facts, Whole]:
        """Gather what rules look at, and what their conditions are told by."""
        counts, surroundings = _Counts(), _Surroundings()
        trigger = one_line(self.head.trigger_word).lower()
        pixels = None if self.options.rules.most_bytes_a_part is None else self.options.pixels
        for image in read_images(self.version):
            surroundings.add(image)
            if not self.is_asked(image):
                continue
            if self._is_left_out(image):
                counts.left_out += 1
            else:
                counts.add(image, trigger, pixels)
        successors = _successors(surroundings.uses)
        only_tags = counts.tagged - counts.with_caption
        facts = Facts(
            dataset=self.head,
            options=self.options,
            images=counts.images,
            left_out=counts.left_out,
            bytes=sum(counts.sizes),
            parts=len(first_of_parts(self.options.rules, counts.images, counts.sizes)),
            with_tags=only_tags + counts.with_both,
            only_tags=only_tags,
            only_prose=counts.with_caption - counts.with_both,
            tags=_tags_of(counts, successors),
            marks=counts.marks,
            long=find_long_texts_in(self.head, self.options, self.exported(), total=counts.images),
            first_text=find_first_text(self.head, self.options, self.exported()),
        )
        return facts, surroundings.told(self.head, successors, self.version.dataset_id)

    def _asked(self) -> Iterator[FrozenImage]:
        return (image for image in read_images(self.version) if self.is_asked(image))

    def _is_left_out(self, image: FrozenImage) -> bool:
        return self.leaves_out and not image.tags and not image.caption

    def _judge(self, what: Found, whole: Whole) -> Judge | None:
        return None if what.images is None else judge_by(what.images, find_aliases, whole.judge)

    def _shown(self, found: list[Found], judges: list[Judge | None]) -> list[_Some]:
        """Return which images each finding is about."""
        shown = [_Some() for _what in found]
        if not found:
            return shown
        for image in self._asked():
            is_left_out = self._is_left_out(image)
            for what, judge, which in zip(found, judges, shown, strict=True):
                if judge is not None and (what.is_absolute or not is_left_out) and judge(image):
                    which.add(image.sha256)
        return shown

    def _told(self, rule: Rule, what: Found, which: _Some, facts: Facts) -> Finding | None:
        count = which.count if what.images is not None else what.count or 0
        if not count and what.images is not None:
            return None
        text = self._link(what, which)
        notes = []
        if text is None and what.images is not None:
            notes.append(_("The dataset is different now: no filter shows just these pictures of the version."))
        elif text is None and rule.id.startswith("long-"):
            notes.append(_("No filter shows them: how long the texts of a version are is not kept."))
        fix = what.fix
        if fix is not None and fix.mending is not None:
            fix = None
            notes.append(_("A version never changes: mend the dataset as it is now, and export that."))
        return Finding(rule.id, what.level, say(rule, what, count, facts), count, text, fix, " ".join(notes))

    def _link(self, what: Found, which: _Some) -> str | None:
        """Return the filter that shows these images, where it shows just these in the dataset as it is now."""
        exported = with_words(self.filtered) if self.leaves_out else self.filtered
        text = shown_by(what, self.filtered if what.is_absolute else exported)
        if text is None:
            return None
        dataset, now = self.version.dataset, _Some()
        images = Image.objects.filter(read_filter(text, dataset), dataset=dataset).order_by()
        for sha256 in images.values_list("sha256", flat=True).iterator(chunk_size=5_000):
            now.add(sha256)
        return text if now == which else None


def _successors(names: Iterable[str]) -> dict[str, str]:
    """Return those of these tags that are not used any more, as the vocabulary is now, with what takes their place."""
    rows = Tag.objects.filter(deprecated_at__isnull=False).values_list("name", "successor__name")
    return {name: successor or "" for name, successor in rows.iterator() if name in names}


def _tags_of(counts: _Counts, successors: dict[str, str]) -> tuple[TagUse, ...]:
    tags = (
        TagUse(name, counts.category_of[name], count, name in successors, successors.get(name, ""))
        for name, count in counts.uses.items()
    )
    return tuple(sorted(tags, key=lambda tag: (-tag.count, tag.name)))
