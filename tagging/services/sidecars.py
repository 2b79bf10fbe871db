"""Read the texts that arrived beside images as their tags and captions, as the import's policy allows."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import ngettext

from datasets.models import ImportJob
from datasets.services.arrivals import Arrival, TextEnd
from tagging.models import Caption, ImageTag, Source, TagOperation
from tagging.services.implying import find_kept_away
from tagging.services.putting import WordsOfImage, put_words
from tagging.services.rules import settle
from tagging.services.text_notes import note_words
from tagging.text import LONGEST_CAPTION, SidecarWords, count_lost, one_line, read_text_as

Policy = ImportJob.SidecarPolicy
_KEYS = uuid.UUID("5d1c7c3e-6a55-4d0c-9a44-1c2b7f0f6a10")


@dataclass
class _Standing:
    """The words on an image, and whose they are.

    Attributes:
        rows: its tags in order.
        caption: its caption, if it has one.
        by_this_import: texts of this very import gave it words already.
        by_earlier_texts: texts of any import did.
        touched: somebody or something else edited it since the import began.
        removed: tags that were taken away since then.
        wrote: the caption was written since then.
    """

    rows: list[ImageTag] = field(default_factory=list)
    caption: Caption | None = None
    by_this_import: bool = False
    by_earlier_texts: bool = False
    touched: bool = False
    removed: set[str] = field(default_factory=set)
    wrote: bool = False

    @property
    def names(self) -> list[str]:
        return [row.tag.name for row in self.rows]

    @property
    def text(self) -> str:
        return self.caption.text if self.caption else ""


def read_texts(job: ImportJob, arrivals: Sequence[Arrival]) -> list[TextEnd]:
    """Put the words of texts onto images, each image once, and return what became of each image's texts.

    Run again, it changes nothing, also after a person took words away or wrote others since the import began.
    """
    standings = _get_standings(job, [each for each in arrivals if each.texts])
    says = [read_all([(text.text, text.reading) for text in arrival.texts]) for arrival in arrivals]
    settled = settle(sorted({name for each in says for name in each.tags}), job.dataset_id, replace_deprecated=True)
    note_words(job, settled)
    follow = {name for names in settled.following.values() for name in names}
    away = find_kept_away([arrival.image.pk for arrival in arrivals], follow)
    wanted, ends = [], []
    for arrival, said in zip(arrivals, says, strict=True):
        standing = standings.get(arrival.image.pk, _Standing())
        # The names that stand on images: by another spelling, what a person took away would come back.
        tags, ruled = settled.spread(said.tags, {name for image_id, name in away if image_id == arrival.image.pk})
        words, end = _decide(Policy(job.sidecar_policy), arrival, SidecarWords(tags, said.caption), standing)
        ends.append(end)
        if end is TextEnd.APPLIED:
            key = None if standing.by_this_import else _first_key(job, arrival)
            has = (standing.rows, standing.caption)
            put = WordsOfImage(arrival.image, words.tags, words.caption, *has, ruled=ruled, key=key)
            wanted.append(put)
    # All texts of an import are one entry of the history, and can be taken back together.
    put_words(wanted, by=job.started_by, source=Source.SIDECAR, group=uuid.uuid5(_KEYS, f"change {job.pk}"))
    return ends


def read_all(texts: Sequence[tuple[str, str]]) -> SidecarWords:
    """Return what texts say together: each tag once, and the prose of all, one after the other.

    Args:
        texts: pairs of text and reading.
    """
    tags: dict[str, None] = {}
    caption = ""
    for text, reading in texts:
        words = read_text_as(text, reading)
        tags |= dict.fromkeys(words.tags)
        caption = _with(caption, words.caption)
    return SidecarWords(list(tags), caption)


def tell_losses(texts: Sequence[tuple[str, str]]) -> list[str]:
    """Return a sentence for what a reading of texts leaves out; none where nothing is."""
    lost = sum(count_lost(text, read_text_as(text, reading)) for text, reading in texts)
    if not lost:
        return []
    return [
        ngettext(
            "%(count)d part is too long to be kept, and is left out.",
            "%(count)d parts are too long to be kept, and are left out.",
            lost,
        )
        % {"count": lost}
    ]


def _with(caption: str, more: str) -> str:
    """Return a caption with more prose at its end; it stays where it says that already or would become too long."""
    if more and more not in one_line(caption):
        both = f"{caption} {more}" if caption else more
        return both if len(both) <= LONGEST_CAPTION else caption
    return caption


def _decide(policy: Policy, arrival: Arrival, says: SidecarWords, standing: _Standing) -> tuple[SidecarWords, TextEnd]:
    """Return the words that an image should have after its texts, which say these, and what became of them."""
    has = SidecarWords(standing.names, standing.text)
    is_known = arrival.image.sidecar_text == arrival.texts.raw
    # What this very import has put there was no duplicate when it came, and is none when it is looked at again.
    same = TextEnd.APPLIED if standing.by_this_import else TextEnd.SAME
    if policy == Policy.SKIP:
        return has, TextEnd.LEFT
    if policy == Policy.ONLY_UNTAGGED and not _is_free(has, standing, is_known=is_known):
        return has, same if is_known else TextEnd.LEFT
    if standing.by_this_import and not standing.touched and any(text.reading == "EXACT" for text in arrival.texts):
        return says, TextEnd.APPLIED  # what was read before it was said exactly is not to stay
    is_merge = policy == Policy.APPEND or (policy == Policy.OVERWRITE and standing.touched)
    # A text replaces only what it speaks of: a list of tags leaves the caption alone.
    replaced = SidecarWords(says.tags or has.tags, says.caption or has.caption)
    words = _merged(has, says, standing) if is_merge else replaced
    if words != has:
        return words, TextEnd.APPLIED
    if not says.tags and not says.caption:
        return has, same if is_known else TextEnd.APPLIED
    is_all_there = set(says.tags) <= set(has.tags) and says.caption in one_line(has.caption)
    return has, same if is_all_there else TextEnd.LEFT


def _is_free(has: SidecarWords, standing: _Standing, *, is_known: bool) -> bool:
    """Whether an image has no words but those that this import gave it, and that nobody edited since."""
    if standing.by_this_import:
        return not standing.touched
    # Words that were read once, and that somebody took away, do not come back by the same text.
    return not (has.tags or has.caption or (standing.by_earlier_texts and is_known))


def _merged(has: SidecarWords, says: SidecarWords, standing: _Standing) -> SidecarWords:
    """Add what is new, but not what somebody took away while the import ran."""
    new = [name for name in says.tags if name not in has.tags and name not in standing.removed]
    return SidecarWords([*has.tags, *new], has.caption if standing.wrote else _with(has.caption, says.caption))


def _first_key(job: ImportJob, arrival: Arrival) -> uuid.UUID:
    """The key that tells, of an image, that this import gave it words."""
    return uuid.uuid5(_KEYS, f"{job.pk} {arrival.image.pk}")


def _get_standings(job: ImportJob, arrivals: Sequence[Arrival]) -> dict[int, _Standing]:
    """Return what is on the images; nothing of those that were never edited."""
    edited = [each for each in arrivals if each.image.revision or each.image.is_tagged]
    if not edited:
        return {}
    ids = [each.image.pk for each in edited]
    standings: dict[int, _Standing] = defaultdict(_Standing)
    rows = ImageTag.objects.filter(image__in=ids).select_related("tag").order_by("position", "pk")
    for row in rows:
        standings[row.image_id].rows.append(row)
    for caption in Caption.objects.filter(image__in=ids):
        standings[caption.image_id].caption = caption
    operations = TagOperation.objects.filter(image__in=ids)
    keys = [_first_key(job, each) for each in edited]
    for image_id in operations.filter(key__in=keys).values_list("image", flat=True):
        standings[image_id].by_this_import = True
    for image_id in operations.filter(change__source=Source.SIDECAR).values_list("image", flat=True).distinct():
        standings[image_id].by_earlier_texts = True
    edits = operations.exclude(change__source=Source.SIDECAR).exclude(kind=TagOperation.Kind.NUMBER)
    later = edits.filter(change__done_at__gte=job.created_at)
    for image_id, kind, name in later.values_list("image", "kind", "tag_name"):
        standing = standings[image_id]
        standing.touched = True
        standing.wrote |= kind == TagOperation.Kind.CAPTION
        if kind == TagOperation.Kind.REMOVE:
            standing.removed.add(name)
    return standings
