"""What the pages of versions show."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher

from datasets.models import Dataset, Image
from tagging.models import DatasetVersion, ExportJob, VersionRestore
from tagging.queries.comparing import Difference, ImageChange, PictureTold
from tagging.trainers.profiles import PROFILES

VERSIONS_A_PAGE = 100
# Longer captions are shown as they were and as they are: nobody reads a thousand marks.
_MOST_WORDS = 600


@dataclass(frozen=True)
class ExportTold:
    """An export that was made from a version."""

    id: int
    profile: str
    at: datetime
    state: str
    is_done: bool


@dataclass(frozen=True)
class VersionRow:
    """A version in a list, and what was trained on it."""

    version: DatasetVersion
    exports: list[ExportTold]


@dataclass(frozen=True)
class Piece:
    """A part of a caption: `same`, only in the older one (`removed`) or only in the newer one (`added`)."""

    kind: str
    text: str


@dataclass(frozen=True)
class PictureRow:
    """A picture of a comparison; `image_id` is that of its image, where that is there."""

    picture: PictureTold
    image_id: int | None


@dataclass(frozen=True)
class ChangeRow:
    """An image with other words; `pieces` of its caption, none where that is the same."""

    change: ImageChange
    image_id: int | None
    pieces: list[Piece]


@dataclass(frozen=True)
class DifferenceRows:
    """A part of a comparison's lists; `has_more` says whether one of them goes on."""

    added: list[PictureRow]
    removed: list[PictureRow]
    changed: list[ChangeRow]
    has_more: bool


def get_versions(dataset: Dataset, before: int | None = None) -> tuple[list[VersionRow], int | None]:
    """Return versions, newest first, and the number before which to go on; `None` at the end."""
    versions = DatasetVersion.objects.filter(dataset=dataset).select_related("made_by")
    if before is not None:
        versions = versions.filter(number__lt=before)
    found = list(versions.order_by("-number")[: VERSIONS_A_PAGE + 1])
    page = found[:VERSIONS_A_PAGE]
    exports = find_exports([version.pk for version in page])
    rows = [VersionRow(version, exports.get(version.pk, [])) for version in page]
    return rows, page[-1].number if len(found) > len(page) else None


def find_exports(version_ids: Sequence[int]) -> dict[int, list[ExportTold]]:
    """Return what was exported from versions, newest first."""
    found: dict[int, list[ExportTold]] = {}
    for export in ExportJob.objects.filter(version__in=version_ids).order_by("-pk"):
        title = PROFILES[export.profile].title if export.profile in PROFILES else export.profile
        is_done = export.state == ExportJob.State.DONE
        told = ExportTold(export.pk, title, export.created_at, export.get_state_display(), is_done)
        found.setdefault(export.version_id, []).append(told)
    return found


def find_unfinished(dataset: Dataset) -> list[VersionRestore]:
    """Return the restores that did not come to their end: they go on when they are asked to."""
    restores = VersionRestore.objects.filter(dataset=dataset, finished_at=None)
    return list(restores.select_related("version", "done_by").order_by("-pk"))


def get_choices(dataset: Dataset) -> list[DatasetVersion]:
    """Return all versions to choose from, newest first, without their parts."""
    return list(DatasetVersion.objects.filter(dataset=dataset).defer("chunks", "note").order_by("-number"))


def show(dataset: Dataset, difference: Difference, part: slice) -> DifferenceRows:
    """Return a part of a comparison's lists, with what a page shows of each."""
    added, removed, changed = difference.added[part], difference.removed[part], difference.changed[part]
    pictures = [*added, *removed, *(change.image for change in changed)]
    images = Image.objects.filter(dataset=dataset, sha256__in=[picture.sha256 for picture in pictures])
    ids = dict(images.values_list("sha256", "pk"))
    lists = (difference.added, difference.removed, difference.changed)
    return DifferenceRows(
        [PictureRow(picture, ids.get(picture.sha256)) for picture in added],
        [PictureRow(picture, ids.get(picture.sha256)) for picture in removed],
        [ChangeRow(change, ids.get(change.image.sha256), _pieces_of(change)) for change in changed],
        has_more=any(len(each) > part.stop for each in lists),
    )


def _pieces_of(change: ImageChange) -> list[Piece]:
    if not change.has_other_caption:
        return []
    return compare_texts(change.caption_before, change.caption_after)


def compare_texts(before: str, after: str) -> list[Piece]:
    """Return the pieces of two texts, word by word, in reading order."""
    # Each word with the blanks behind it.
    older, newer = (re.findall(r"\S+\s*|\s+", text) for text in (before, after))
    if max(len(older), len(newer)) > _MOST_WORDS:
        return [Piece("removed", before), Piece("added", after)]
    pieces = []
    for kind, start, end, new_start, new_end in SequenceMatcher(None, older, newer, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(Piece("same", "".join(older[start:end])))
            continue
        if end > start:
            pieces.append(Piece("removed", "".join(older[start:end])))
        if new_end > new_start:
            pieces.append(Piece("added", "".join(newer[new_start:new_end])))
    return pieces
