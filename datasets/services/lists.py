"""Lists of captions: one file that says of many pictures what `.txt` files say of one each."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from datasets import caption_lists, names
from datasets.batches import batches
from datasets.caption_lists import CaptionList, NotAList, TooManyRows
from datasets.models import Image, ImportItem, ImportJob, SidecarText
from datasets.reasons import Reason
from datasets.services.claims import end, hand_on, renew
from datasets.services.datasets import DatasetError, change_dataset, touch_dataset
from datasets.services.sidecars import FOUND, Called, called_in, folded, give_texts, keep_texts, leave_out, read_text

State, Kind = ImportItem.State, ImportItem.Kind
# Few enough for every database's limit on parameters, and for a short hold of the dataset's row.
_AT_ONCE = 250
# The rest is left to the next worker before the time limit of a task ends this one.
_MOST_SECONDS = 20.0

T = TypeVar("T")


def process_metadata(item: ImportItem) -> str:
    """Take a claimed list of captions to its end; returns its state. Safe to call again after a death in the middle.

    A list of very many rows is handed on, `RECEIVED`, and wants to be taken again. So is one that ended already and
    whose complete import left rows for older images (`send_lists_to_older_images`).

    Raises:
        datasets.encodings.NotText: it is no text.
        datasets.services.claims.LostClaim: another worker has it.
        OSError: its bytes cannot be read.
    """
    if item.job.sidecar_policy == ImportJob.SidecarPolicy.SKIP:
        return leave_out(item)
    try:
        facts = json.loads(item.detail) if item.detail else _read(item)
    except NotAList:
        return _refuse(item, Reason.NOT_A_LIST)
    except (TooManyRows, MemoryError):
        return _refuse(item, Reason.LIST_TOO_LONG, str(caption_lists.MOST_ROWS))
    until = time.monotonic() + _MOST_SECONDS
    for some in batches(_keys_left(item, facts), _AT_ONCE):
        if time.monotonic() > until:
            return hand_on(item)
        with transaction.atomic():
            touch_dataset(item.job.dataset_id)
            renew(item)
            give_texts(item.job_id, _older_images(item, some) if facts["older"] else _brought(item, some))
            _note(item, facts | {"given": some[-1]})
    with transaction.atomic():
        touch_dataset(item.job.dataset_id)
        has_notes = facts["broken"] or facts["is_guess"]
        return end(item, State.READY, reason=Reason.LIST_NOTES if has_notes else "", detail=json.dumps(facts))


def _read(item: ImportItem) -> dict[str, Any]:
    """Store what a list says, and return what is to be known of it: it stands in the item's `detail` from here on."""
    decoded = read_text(item)
    found = caption_lists.parse(decoded.text, as_lines=is_lines(item.name))
    facts = {
        "rows": 0,
        "lonely": 0,
        "broken": len(found.broken),
        "numbers": found.broken[: caption_lists.MOST_NUMBERS_TOLD],
        "encoding": decoded.encoding,
        "is_guess": decoded.is_guess,
        # How far it was given: to which pictures, and up to which key.
        "older": False,
        "given": "",
    }
    with transaction.atomic():
        touch_dataset(item.job.dataset_id)
        renew(item)
        keep_texts(item, _rows(item, found))
        _take_trigger_word(item, found.trigger_word)
        _note(item, facts)
    return facts


def _take_trigger_word(item: ImportItem, word: str) -> None:
    """A dataset without a trigger word takes that of the export; one that has its own keeps it."""
    dataset = item.job.dataset
    dataset.refresh_from_db()
    if word and not dataset.trigger_word:
        with suppress(DatasetError):  # a manifest is data from anywhere
            own = {"name": dataset.name, "file_prefix": dataset.file_prefix}
            change_dataset(dataset, **own, trigger_word=word, by=item.job.started_by)


def _note(item: ImportItem, facts: dict[str, Any]) -> None:
    ImportItem.objects.filter(pk=item.pk).update(detail=json.dumps(facts))


def _keys_left(item: ImportItem, facts: dict[str, Any]) -> list[str]:
    keys = SidecarText.objects.filter(item=item, stem_key__gt=facts["given"])
    if facts["older"]:
        keys = keys.filter(~_is_brought(item.job_id))
    return sorted(set(keys.values_list("stem_key", flat=True)))


def _is_brought(job_id: int) -> Exists:
    """Whether the import brings a picture under the key of a row."""
    return Exists(ImportItem.objects.filter(job=job_id, kind=Kind.IMAGE, stem_key=OuterRef("stem_key")))


def _brought(item: ImportItem, stem_keys: Sequence[str]) -> list[Called]:
    """The pictures of its import that are here; those that come later find the rows."""
    pictures = ImportItem.objects.filter(job=item.job_id, kind=Kind.IMAGE, state__in=FOUND)
    return called_in(pictures.filter(stem_key__in=stem_keys))


def _older_images(item: ImportItem, stem_keys: Sequence[str]) -> list[Called]:
    images = Image.objects.filter(dataset=item.job.dataset_id, stem_key__in=stem_keys)
    return [Called(image, image.stem_key, image.original_name) for image in images]


def is_lines(name: str) -> bool:
    """Whether a list's name says that each of its lines is a row."""
    return name.lower().endswith(".jsonl")


@transaction.atomic
def _refuse(item: ImportItem, reason: Reason, detail: str = "") -> str:
    return end(item, State.FAILED, reason=reason, detail=detail)


def _rows(item: ImportItem, found: CaptionList) -> Iterator[SidecarText]:
    beside = ImportItem.objects.filter(archive=item.archive_id or 0, kind=Kind.IMAGE)
    # Pictures of its own zip may be kept apart from those of the same name in another one.
    own = set(beside.values_list("stem_key", flat=True))
    for each in found.texts:
        folder = f"{item.folder}/{each.folder}".strip("/")
        # A bare stem may hold dots; with one at its end it is told from an extension.
        name = f"{each.name}." if each.is_stem else each.name
        apart = names.stem_key(folder, name, apart=item.archive_id or 0)
        stem_key = apart if apart in own else names.stem_key(folder, name)
        yield SidecarText(
            stem_key=stem_key, name="" if each.is_stem else each.name, reading=each.reading, text=each.text
        )


def send_lists_to_older_images(job_id: int) -> bool:
    """Put lists in line again that name images which were here before, and no picture of the import under that name.

    Only when an import is complete is it known that it brings no such picture. Safe to call by two at once.

    Returns:
        Whether there are any, so that the import is not at its end yet.
    """
    lists = ImportItem.objects.filter(job=job_id, kind=Kind.METADATA, state=State.READY).select_related("job")
    sent = 0
    for item in lists:
        facts = json.loads(item.detail)
        if facts["older"]:
            continue
        here = Image.objects.filter(dataset=item.job.dataset_id).values("stem_key")
        named = SidecarText.objects.filter(item=item, stem_key__in=here)
        again: dict[str, Any] = {"detail": json.dumps(facts | {"older": True, "given": ""})}
        if named.filter(~_is_brought(job_id)).exists():
            again |= {"state": State.RECEIVED, "received_at": timezone.now(), "finished_at": None}
        with transaction.atomic():
            touch_dataset(item.job.dataset_id)
            changed = ImportItem.objects.filter(pk=item.pk, state=State.READY, detail=item.detail).update(**again)
        sent += changed and "state" in again
    return sent > 0


def note_rows_without_images(job_id: int) -> None:
    """Note, on each list of a complete import, how many of its rows name pictures that are not here."""
    for item in ImportItem.objects.filter(job=job_id, kind=Kind.METADATA, state=State.READY).select_related("job"):
        rows = set(SidecarText.objects.filter(item=item).values_list("stem_key", "name"))
        keys = SidecarText.objects.filter(item=item).values("stem_key")
        came = ImportItem.objects.filter(job=job_id, kind=Kind.IMAGE, stem_key__in=keys)
        here = Image.objects.filter(dataset=item.job.dataset_id, stem_key__in=keys)
        brought = set(came.values_list("stem_key", flat=True))
        pictures = set(came.filter(state__in=FOUND).values_list("stem_key", "name"))
        pictures |= {known for known in here.values_list("stem_key", "original_name") if known[0] not in brought}
        stems = {stem_key for stem_key, _name in pictures}
        named = {(stem_key, folded(name)) for stem_key, name in pictures}
        lonely = sum((key, folded(name)) not in named if name else key not in stems for key, name in rows)
        if lonely:
            facts = json.loads(item.detail) | {"rows": len(rows), "lonely": lonely}
            item.detail, item.reason = json.dumps(facts), Reason.LIST_NOTES
            if lonely == len(rows):
                item.state, item.reason = State.FAILED, Reason.LIST_WITHOUT_IMAGES
            item.save(update_fields=["state", "reason", "detail"])
