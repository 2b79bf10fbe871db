"""Texts that wait for the person's answer: show the first of them, take the answer, let them go."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import get_args

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from datasets import caption_lists, names, paths
from datasets.archives import ArchiveError
from datasets.caption_lists import NotAList, TooManyRows
from datasets.encodings import Decoded, Encoding, NotText, decode
from datasets.models import ImportItem, ImportItemQuerySet, ImportJob, SidecarText
from datasets.reasons import Reason
from datasets.services.archives import fetch_entry
from datasets.services.arrivals import Reading
from datasets.services.datasets import touch_dataset
from datasets.services.lists import is_lines
from datasets.services.sidecars import NOTES
from datasets.services.telling import tell_import

MOST_SHOWN = 8
_ROWS_OF_A_LIST = 3
# As much of a list as shows its first rows; a multiple of what a character takes in any encoding.
_BEGINNING = 256 * 1024

State, Kind = ImportItem.State, ImportItem.Kind


@dataclass(frozen=True)
class ShownText:
    """What a text, or a row of a list, says of one picture, before or after it was read.

    Attributes:
        item_id: the file's.
        name: the text's own, or the picture's that a list names.
        folder: its folder.
        texts: pairs of text and reading; `GUESS` where the text itself does not say. None where it is no text.
        encoding: empty where it is no text.
        note: what the person should know of it: a reason.
    """

    item_id: int
    name: str
    folder: str
    texts: tuple[tuple[str, Reading], ...]
    encoding: Encoding | str
    note: Reason | None


def decide_about_sidecars(
    job: ImportJob, *, policy: ImportJob.SidecarPolicy, reading: ImportJob.SidecarReading
) -> list[int]:
    """Note what the texts of an import may do, and let those go that waited for it; returns their numbers.

    Texts that were read already stay as they were read.
    """
    with transaction.atomic():
        touch_dataset(job.dataset_id)
        job.sidecar_policy, job.sidecar_reading, job.asks_about_sidecars = policy, reading, False
        job.save(update_fields=["sidecar_policy", "sidecar_reading", "asks_about_sidecars"])
        held = list(_held(job).values_list("pk", flat=True))
        _held(job).update(state=State.RECEIVED, received_at=timezone.now())
        tell_import(job.pk)
    return held


def count_held(job: ImportJob) -> int:
    """Return how many files of an import wait for an answer."""
    return _held(job).count()


def _held(job: ImportJob) -> ImportItemQuerySet:
    return ImportItem.objects.filter(job=job, state=State.HELD)


def show_texts(job: ImportJob) -> list[ShownText]:
    """Return the first texts of an import: those that wait, or, where none does, those that were read."""
    # A text, or a list: one look at the first of each kind shows a dataset that has both.
    held = list(_held(job).filter(kind=Kind.METADATA).order_by("position")[:2])
    held += _held(job).filter(kind=Kind.SIDECAR).order_by("position")[:MOST_SHOWN]
    shown = (each for item in held for each in _shown(item))
    return list(islice(shown, MOST_SHOWN)) if held else list(islice(_read(job), MOST_SHOWN))


def _shown(item: ImportItem) -> Iterator[ShownText]:
    try:
        if item.archive_id is not None and not _is_here(item):
            fetch_entry(item)
        content, is_whole = _beginning(item)
        decoded = decode(content) if is_whole else _decode_beginning(content)
    except (NotText, ArchiveError, OSError) as error:
        yield ShownText(item.pk, item.name, item.folder, (), "", _reason_for(error))
        return
    note = NOTES[decoded.encoding] if decoded.is_guess else None
    if item.kind == Kind.SIDECAR:
        texts = ((decoded.text, Reading.GUESS),)
        yield ShownText(item.pk, item.name, item.folder, texts, decoded.encoding, note)
    else:
        yield from _shown_rows(item, decoded, note)


def _is_here(item: ImportItem) -> bool:
    """Whether an earlier look brought the bytes out of their zip already."""
    part = paths.incoming_path(settings.DATA_DIR, item.pk)
    return part.is_file() and part.stat().st_size == item.byte_size


def _reason_for(error: Exception) -> Reason:
    match error:
        case NotText():
            return Reason.NOT_TEXT
        case ArchiveError():
            return Reason(error.code)
    return Reason.UNREADABLE


def _beginning(item: ImportItem) -> tuple[bytes, bool]:
    with paths.incoming_path(settings.DATA_DIR, item.pk).open("rb") as file:
        content = file.read(_BEGINNING)
        return content, not file.read(1)


def _decode_beginning(content: bytes) -> Decoded:
    """Read bytes that may end in the middle of a character."""
    for cut in range(4):
        try:
            decoded = decode(content[: len(content) - cut])
        except NotText:
            continue
        if decoded.encoding != "Windows-1252":
            return decoded
    return decode(content)


def _shown_rows(item: ImportItem, decoded: Decoded, note: Reason | None) -> Iterator[ShownText]:
    try:
        found = caption_lists.parse(decoded.text, as_lines=is_lines(item.name), most=_ROWS_OF_A_LIST)
    except (NotAList, TooManyRows):
        yield ShownText(item.pk, item.name, item.folder, (), decoded.encoding, Reason.NOT_A_LIST)
        return
    rows: dict[tuple[str, str], list[tuple[str, Reading]]] = defaultdict(list)
    for each in found.texts:
        folder = names.clean_folder(f"{item.folder}/{each.folder}")
        rows[folder, each.name].append((each.text, Reading(each.reading)))
    for (folder, name), texts in islice(rows.items(), _ROWS_OF_A_LIST):
        yield ShownText(item.pk, name, folder, tuple(texts), decoded.encoding, note)


def _read(job: ImportJob) -> Iterator[ShownText]:
    rows = SidecarText.objects.filter(job=job).select_related("item").order_by("pk")[: MOST_SHOWN * 2]
    by_picture: dict[tuple[int, str, str], list[SidecarText]] = defaultdict(list)
    for row in rows:
        by_picture[row.item_id, row.stem_key, row.name].append(row)
    for texts in by_picture.values():
        item = texts[0].item
        detail = json.loads(item.detail or "{}").get("encoding", "") if item.kind == Kind.METADATA else item.detail
        encoding = detail if detail in get_args(Encoding) else "UTF-8"
        note = Reason(item.reason) if item.reason in NOTES.values() else None
        pairs = tuple((text.text, Reading(text.reading)) for text in texts)
        yield ShownText(item.pk, texts[0].name or item.name, item.folder, pairs, encoding, note)
