"""Lists of captions: one file that says of many pictures what `.txt` files say of one each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TypeVar

from django.db import transaction

from datasets import caption_lists, names
from datasets.caption_lists import CaptionList, NotAList, TooManyRows
from datasets.models import Image, ImportItem, ImportJob, SidecarText
from datasets.reasons import Reason
from datasets.services.claims import end, renew
from datasets.services.datasets import touch_dataset
from datasets.services.sidecars import FOUND, Called, called_in, folded, give_texts, keep_texts, leave_out, read_text

State, Kind = ImportItem.State, ImportItem.Kind
# Few enough for every database's limit on parameters, and for a short hold of the dataset's row.
_AT_ONCE = 250

T = TypeVar("T")


def process_metadata(item: ImportItem) -> str:
    """Take a claimed list of captions to its end; returns its state. Safe to call again after a death in the middle.

    Raises:
        datasets.encodings.NotText: it is no text.
        datasets.services.claims.LostClaim: another worker has it.
        OSError: its bytes cannot be read.
    """
    if item.job.sidecar_policy == ImportJob.SidecarPolicy.SKIP:
        return leave_out(item)
    try:
        decoded = read_text(item)
        found = caption_lists.parse(decoded.text, as_lines=is_lines(item.name))
    except NotAList:
        return _refuse(item, Reason.NOT_A_LIST)
    except (TooManyRows, MemoryError):
        return _refuse(item, Reason.LIST_TOO_LONG, str(caption_lists.MOST_ROWS))
    with transaction.atomic():
        touch_dataset(item.job.dataset_id)
        renew(item)
        keep_texts(item, _rows(item, found))
    _give_to_pictures_that_came_before(item)
    with transaction.atomic():
        has_notes = bool(found.broken) or decoded.is_guess
        facts = {
            "rows": 0,
            "lonely": 0,
            "broken": len(found.broken),
            "numbers": found.broken[: caption_lists.MOST_NUMBERS_TOLD],
            "encoding": decoded.encoding,
            "is_guess": decoded.is_guess,
        }
        return end(item, State.READY, reason=Reason.LIST_NOTES if has_notes else "", detail=json.dumps(facts))


def is_lines(name: str) -> bool:
    """Whether a list's name says that each of its lines is a row."""
    return name.lower().endswith(".jsonl")


@transaction.atomic
def _refuse(item: ImportItem, reason: Reason, detail: str = "") -> str:
    return end(item, State.FAILED, reason=reason, detail=detail)


def _rows(item: ImportItem, found: CaptionList) -> Iterator[SidecarText]:
    for each in found.texts:
        folder = f"{item.folder}/{each.folder}".strip("/")
        # A bare stem may hold dots; with one at its end it is told from an extension.
        stem_key = names.stem_key(folder, f"{each.name}." if each.is_stem else each.name)
        yield SidecarText(
            stem_key=stem_key, name="" if each.is_stem else each.name, reading=each.reading, text=each.text
        )


def _give_to_pictures_that_came_before(item: ImportItem) -> None:
    """Give a list's texts to the pictures of its import that are here; those that come later find the rows."""
    keys = SidecarText.objects.filter(item=item).values_list("stem_key", flat=True)
    for some in _batches(sorted(set(keys))):
        with transaction.atomic():
            touch_dataset(item.job.dataset_id)
            renew(item)
            there = ImportItem.objects.filter(job=item.job_id, kind=Kind.IMAGE, state__in=FOUND, stem_key__in=some)
            give_texts(item.job_id, called_in(there))


def give_lists_to_older_images(job_id: int) -> None:
    """Give the rows that no picture of a complete import answers to, to the images of that name that were here before.

    Only then is it known that the import brings no such picture. Nothing is lost by a death in the middle, and nothing
    doubled by two workers at once.
    """
    lists = ImportItem.objects.filter(job=job_id, kind=Kind.METADATA, state=State.READY)
    if not lists.exists():
        return
    dataset_id = ImportJob.objects.values_list("dataset", flat=True).get(pk=job_id)
    brought = ImportItem.objects.filter(job=job_id, kind=Kind.IMAGE).values("stem_key")
    left = SidecarText.objects.filter(item__in=lists).exclude(stem_key__in=brought)
    for some in _batches(sorted(set(left.values_list("stem_key", flat=True)))):
        with transaction.atomic():
            touch_dataset(dataset_id)
            images = Image.objects.filter(dataset=dataset_id, stem_key__in=some)
            give_texts(job_id, [Called(image, image.stem_key, image.original_name) for image in images])


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


def _batches(all_of_them: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(all_of_them), _AT_ONCE):
        yield all_of_them[start : start + _AT_ONCE]
