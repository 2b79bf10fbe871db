"""Who did what to a dataset and to an image, when, how and why: read from the log of operations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet

from datasets.models import Dataset, Image, Membership
from tagging.models import Change, ImageTag, Source, TagOperation, VersionRestore
from tagging.replaying import Step

MOST_ENTRIES = 100
_TAGS_TOLD = 8
_CAPTION_TOLD = 120
# An undo that is undone, done again and undone: who goes further sees that it was taken back, and may try.
_DEEPEST = 4

Kind = TagOperation.Kind
# A null on one side alone makes a comparison neither true nor false, so it is said in words.
_CHANGES = ~Q(kind=Kind.NUMBER) & (
    Q(before__isnull=True, after__isnull=False)
    | Q(before__isnull=False, after__isnull=True)
    | (Q(before__isnull=False, after__isnull=False) & ~Q(before=F("after")))
)


@dataclass(frozen=True)
class WhoWhen:
    """Somebody, or nobody by name, at a moment."""

    who: str
    when: datetime


@dataclass(frozen=True)
class ImageTold:
    """An image of an entry, as a small picture of it needs it."""

    id: int
    name: str
    sha256: str
    width: int
    height: int


@dataclass(frozen=True)
class TagTold:
    """One tag of an entry: what was done to it, and on how many images."""

    name: str
    kind: str
    images: int


@dataclass(frozen=True)
class CaptionTold:
    """The beginnings of a caption's text, before and after."""

    before: str
    after: str


@dataclass
class Entry:
    """One entry of a history.

    Attributes:
        id: the change's.
        by: who; empty for nobody by name.
        source: how, as `Source` spells it; `how` says it in words.
        reason: why, where that is known.
        images: how many images it changed.
        image: the first of them.
        tags: the tags it concerns most, at most a few; `more_tags` counts the others.
        caption: of its first caption.
        undoes: the change that it took back.
        taken_back: who took it back and when, if that stands; a part of it may be left.
        version: the version that was restored by it, where it is there still.
    """

    id: int
    by: str
    at: datetime
    source: str
    how: str
    reason: str
    undoes: int | None
    images: int = 0
    image: ImageTold | None = None
    added: int = 0
    removed: int = 0
    moved: int = 0
    captions: int = 0
    tags: list[TagTold] = field(default_factory=list)
    more_tags: int = 0
    caption: CaptionTold | None = None
    taken_back: WhoWhen | None = None
    version: int | None = None


@dataclass(frozen=True)
class HistoryPage:
    """Entries, newest first; `next` is where to go on, `None` at the end."""

    entries: list[Entry]
    next: int | None


@dataclass(frozen=True)
class Blame:
    """How a tag that is on an image got there; `change` is `None` where that was before there was a history."""

    tag: str
    by: str
    at: datetime
    source: str
    how: str
    reason: str
    change: int | None
    is_put_back: bool


def get_log(image: Image) -> list[Step]:
    """Return all operations on an image in order, as a replay takes them."""
    facts = ("pk", "change_id", "kind", "tag_name", "before", "after", "change__undoes_id")
    rows = TagOperation.objects.filter(image=image).order_by("pk").values_list(*facts)
    return [Step(*row) for row in rows]


def get_dataset_history(
    dataset: Dataset,
    before: int | None = None,
    limit: int = 50,
    *,
    by: User | None = None,
    source: Source | None = None,
) -> HistoryPage:
    """Return what was done in a dataset, newest first, in a fixed number of queries.

    Args:
        dataset: which.
        before: only what is older than this entry.
        limit: how many, at most 100.
        by: only what this person did.
        source: only what was done in this way.
    """
    changes = Change.objects.filter(dataset=dataset)
    if by is not None:
        changes = changes.filter(done_by=by)
    if source is not None:
        changes = changes.filter(source=source)
    operations = TagOperation.objects.filter(_CHANGES)
    changes = changes.filter(Exists(operations.filter(change=OuterRef("pk"))))
    return _read_page(changes, operations, before, limit)


def get_image_history(image: Image, before: int | None = None, limit: int = 50) -> HistoryPage:
    """Return what was done to an image, newest first, in a fixed number of queries; counts are this image's."""
    operations = TagOperation.objects.filter(_CHANGES, image=image)
    # From the image's operations on: the dataset may have a hundred thousand changes that are not its.
    changes = Change.objects.filter(pk__in=operations.values("change"))
    return _read_page(changes, operations, before, limit)


def get_people(dataset: Dataset) -> list[User]:
    """Return who has entries in a dataset's history, by name."""
    done = Change.objects.filter(dataset=dataset, done_by=OuterRef("pk"))
    return list(User.objects.filter(Exists(done)).order_by("username"))


def find_person(dataset: Dataset, name: str) -> User | None:
    """Return a member of a dataset, or who has entries in its history, by name.

    Nobody else: whether there is an account of some name is not told to who may not know.
    """
    done = Change.objects.filter(dataset=dataset, done_by=OuterRef("pk"))
    belongs = Membership.objects.filter(dataset=dataset, user=OuterRef("pk"))
    known = User.objects.filter(Exists(done) | Exists(belongs))
    return known.filter(username=name.replace("\x00", "")).first() if name else None


def get_blame(image: Image) -> list[Blame]:
    """Return of each tag on an image, in order, who put it there, when, how and why."""
    rows = ImageTag.objects.filter(image=image).select_related("tag", "added_by").order_by("position", "pk")
    put = TagOperation.objects.filter(image=image, before__isnull=True, after__isnull=False)
    operations = put.exclude(kind=Kind.CAPTION).order_by("pk").select_related("change__done_by")
    newest = {operation.tag_name: operation.change for operation in operations}
    return [_blame(row, newest.get(row.tag.name)) for row in rows]


def _blame(row: ImageTag, change: Change | None) -> Blame:
    if change is None:
        how = str(Source(row.source).label)
        return Blame(row.tag.name, _name(row.added_by), row.added_at, row.source, how, "", None, False)
    if change.undoes_id is not None:
        # It came back as what it had been, and is found as that: who took the removal back did not put it there.
        how = str(Source(row.source).label)
        return Blame(row.tag.name, _name(row.added_by), row.added_at, row.source, how, "", change.pk, is_put_back=True)
    # What follows from a tag that somebody added stands in the same entry, but a rule put it there.
    source = Source.RULE if row.source == Source.RULE else Source(change.source)
    return Blame(
        tag=row.tag.name,
        by=_name(change.done_by),
        at=change.done_at,
        source=source,
        how=str(source.label),
        reason=change.reason,
        change=change.pk,
        is_put_back=False,
    )


def _read_page(
    changes: QuerySet[Change], operations: QuerySet[TagOperation], before: int | None, limit: int
) -> HistoryPage:
    limit = max(1, min(limit, MOST_ENTRIES))
    if before is not None:
        changes = changes.filter(pk__lt=before)
    found = list(changes.select_related("done_by").order_by("-pk")[: limit + 1])
    page = found[:limit]
    entries = [_entry(change) for change in page]
    by_id = {entry.id: entry for entry in entries}
    of_page = operations.filter(change__in=list(by_id)).order_by()
    _count(by_id, of_page)
    _tell_tags(by_id, of_page)
    for change_id, taken_back in _find_taken_back(list(by_id)).items():
        by_id[change_id].taken_back = taken_back
    for change_id, version_id in VersionRestore.objects.filter(change__in=list(by_id)).values_list("change", "version"):
        by_id[change_id].version = version_id
    return HistoryPage(entries, page[-1].pk if len(found) > limit else None)


def _entry(change: Change) -> Entry:
    return Entry(
        id=change.pk,
        by=_name(change.done_by),
        at=change.done_at,
        source=change.source,
        how=str(Source(change.source).label),
        reason=change.reason,
        undoes=change.undoes_id,
    )


def _name(user: User | None) -> str:
    return user.get_username() if user else ""


def _count(entries: dict[int, Entry], operations: QuerySet[TagOperation]) -> None:
    counted = operations.values("change").annotate(
        of_images=Count("image", distinct=True),
        first_image=Min("image"),
        added=Count("pk", filter=Q(kind=Kind.ADD)),
        removed=Count("pk", filter=Q(kind=Kind.REMOVE)),
        moved=Count("pk", filter=Q(kind=Kind.MOVE)),
        captions=Count("pk", filter=Q(kind=Kind.CAPTION)),
        first_caption=Min("pk", filter=Q(kind=Kind.CAPTION)),
    )
    first_captions, first_images = [], {}
    for row in counted:
        first_images[row["change"]] = row["first_image"]
        entry = entries[row["change"]]
        entry.images, entry.added, entry.removed = row["of_images"], row["added"], row["removed"]
        entry.moved, entry.captions = row["moved"], row["captions"]
        first_captions.append(row["first_caption"])
    facts = ("pk", "original_name", "sha256", "width", "height")
    rows = Image.everything.filter(pk__in=set(first_images.values())).values_list(*facts)
    images = {image.id: image for image in (ImageTold(*row) for row in rows)}
    for change_id, image_id in first_images.items():
        entries[change_id].image = images.get(image_id)
    captions = TagOperation.objects.filter(pk__in=[pk for pk in first_captions if pk is not None])
    for change_id, text_before, text_after in captions.values_list("change_id", "before", "after"):
        entries[change_id].caption = CaptionTold(_short(text_before), _short(text_after))


def _short(text: object) -> str:
    line = " ".join(str(text or "").split())
    return line if len(line) <= _CAPTION_TOLD else f"{line[: _CAPTION_TOLD - 1]}…"


def _tell_tags(entries: dict[int, Entry], operations: QuerySet[TagOperation]) -> None:
    """Name the tags that an entry concerns on most images, those of one image in the order they were done."""
    rows = operations.exclude(kind=Kind.CAPTION).values_list("change_id", "kind", "tag_name")
    told: dict[int, list[TagTold]] = defaultdict(list)
    for change_id, kind, name, images, _first in rows.annotate(n=Count("pk"), first=Min("pk")).order_by("-n", "first"):
        told[change_id].append(TagTold(name, kind, images))
    for change_id, tags in told.items():
        entries[change_id].tags = tags[:_TAGS_TOLD]
        entries[change_id].more_tags = len(tags) - len(entries[change_id].tags)


def _find_taken_back(change_ids: Sequence[int]) -> dict[int, WhoWhen]:
    """Return of changes that are taken back by whom and when: by an undo that was not itself taken back."""
    levels: list[list[Change]] = []
    ids = list(change_ids)
    for _level in range(_DEEPEST):
        undoing = list(Change.objects.filter(undoes__in=ids).select_related("done_by").order_by("pk"))
        levels.append(undoing)
        ids = [change.pk for change in undoing]
    taken_back: dict[int, WhoWhen] = {}
    for undoing in reversed(levels):
        for change in undoing:
            if change.undoes_id is not None and change.pk not in taken_back:
                taken_back[change.undoes_id] = WhoWhen(_name(change.done_by), change.done_at)
    return {pk: taken_back[pk] for pk in change_ids if pk in taken_back}
