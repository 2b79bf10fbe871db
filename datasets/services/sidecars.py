"""The texts beside images: read their bytes, find their pictures. What a text means is for `tagging` to say.

Every text is kept as `SidecarText` rows of its import. Whatever arrives, a text or a picture, the picture is given all
texts of the import at once: so it does not matter which came first.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef

from datasets import paths
from datasets.encodings import Decoded, decode
from datasets.models import Image, ImportItem, ImportItemQuerySet, ImportJob, SidecarText
from datasets.reasons import Reason
from datasets.services.arrivals import Arrival, IncomingText, Reading, TextEnd, Texts, tell_ready
from datasets.services.claims import end
from datasets.services.datasets import touch_dataset

State, Kind = ImportItem.State, ImportItem.Kind
FOUND = (State.READY, State.DUPLICATE)
NOTES = {"Windows-1252": Reason.WINDOWS_TEXT, "UTF-16": Reason.UTF16_TEXT}


@dataclass(frozen=True)
class Called:
    """A picture under a name that it has in an import."""

    image: Image
    stem_key: str
    name: str


def read_text(item: ImportItem) -> Decoded:
    """Return what a file of text says.

    Raises:
        datasets.encodings.NotText: it is no text.
        OSError: its bytes cannot be read.
    """
    return decode(paths.incoming_path(settings.DATA_DIR, item.pk).read_bytes())


def process_sidecar(item: ImportItem) -> str:
    """Take a claimed sidecar to its end; returns its state.

    Raises:
        datasets.encodings.NotText: it is no text.
        OSError: its bytes cannot be read.
    """
    if item.job.sidecar_policy == ImportJob.SidecarPolicy.SKIP:
        return leave_out(item)
    decoded = read_text(item)
    with transaction.atomic():
        touch_dataset(item.job.dataset_id)
        keep_texts(item, [SidecarText(stem_key=item.stem_key, reading=Reading.GUESS, text=decoded.text)])
        state, reason = _give_to_pictures(item)
        if state == State.READY and decoded.is_guess:
            reason = NOTES[decoded.encoding]
        return end(item, state, reason=reason, detail=decoded.encoding)


@transaction.atomic
def leave_out(item: ImportItem) -> str:
    """End a claimed text unread, as the person asked: nothing of it is kept here."""
    return end(item, State.SKIPPED, reason=Reason.TEXT_LEFT_OUT)


def keep_texts(item: ImportItem, texts: Iterable[SidecarText]) -> None:
    """Store what a file says, in place of what an earlier try stored."""
    SidecarText.objects.filter(item=item).delete()
    rows = []
    for text in texts:
        text.job_id, text.item = item.job_id, item
        rows.append(text)
    SidecarText.objects.bulk_create(rows, batch_size=1000)


def _give_to_pictures(item: ImportItem) -> tuple[ImportItem.State, str]:
    """Give a stored sidecar to the pictures that came with it under the same name.

    Pictures of the import that are read later find it among the rows (`texts_for`). Only where the import brings no
    picture of this name is the text meant for one that was here before.

    Returns:
        The item's end, and its reason code where it is a refusal.
    """
    beside = _pictures_beside(item)
    if beside.exists():
        called = called_in(beside.filter(state__in=FOUND))
    else:
        older = Image.objects.filter(dataset=item.job.dataset_id, stem_key=item.stem_key).order_by("pk")
        called = [Called(image, image.stem_key, image.original_name) for image in older]
        ImportItem.objects.filter(pk=item.pk).update(image=called[0].image if called else None)
    return _end_of(give_texts(item.job_id, called)) if called else (State.READY, "")


def called_in(items: ImportItemQuerySet) -> list[Called]:
    """Return the images of files of an import under the names they came with; what is in the trash is left out."""
    rows = items.filter(image__isnull=False, image__trashed_at=None).select_related("image")
    return [Called(row.image, row.stem_key, row.name) for row in rows if row.image is not None]


def _end_of(ends: Sequence[TextEnd]) -> tuple[ImportItem.State, str]:
    if TextEnd.APPLIED in ends:
        return State.READY, ""
    return (State.DUPLICATE, "") if TextEnd.SAME in ends else (State.FAILED, Reason.ALREADY_TAGGED)


def give_text_to_duplicate(item: ImportItem, image: Image) -> None:
    """Give the texts that came beside a picture that was here already to that picture.

    To be called inside a transaction that holds the dataset's row.
    """
    # A picture may be there a hundred thousand times: its names are only gathered where this one brings a text.
    if not SidecarText.objects.filter(job=item.job_id, stem_key=item.stem_key).exists():
        return
    ends = give_texts(item.job_id, [Called(image, item.stem_key, item.name)], fresh=False)
    if not ends:
        return
    state, reason = _end_of(ends)
    beside = ImportItem.objects.filter(job=item.job_id, stem_key=item.stem_key, kind=Kind.SIDECAR, state=State.READY)
    # What was read with a note keeps it, unless there is more to say.
    beside.update(**({"state": state} if state == State.READY else {"state": state, "reason": reason}))


def give_texts(job_id: int, called: Sequence[Called], *, fresh: bool = True) -> list[TextEnd]:
    """Give pictures all texts that an import has for them; returns an end for each picture that has any.

    To be called inside a transaction that holds the dataset's row.

    Args:
        job_id: the import.
        called: pictures, under the names that the texts may know.
        fresh: the images were read inside this transaction.
    """
    job = ImportJob.objects.get(pk=job_id)
    by_image = {one.image.pk: one.image for one in called}
    known = {(one.image.pk, one.stem_key, one.name) for one in called}
    # The same picture may have come under several names, and each of them may have its text.
    others = ImportItem.objects.filter(job=job, kind=Kind.IMAGE, image__in=by_image, state__in=FOUND)
    known |= set(others.values_list("image", "stem_key", "name"))
    found = _texts_of(job, {stem_key for _image, stem_key, _name in known})
    texts: dict[int, dict[_Order, IncomingText]] = defaultdict(dict)
    for image_id, stem_key, name in known:
        texts[image_id] |= {order: text for order, wanted, text in found[stem_key] if wanted in {"", folded(name)}}
    arrivals = []
    for image_id, ordered in texts.items():
        if ordered:
            image = by_image[image_id]
            if not fresh:
                image.refresh_from_db(fields=["is_tagged", "sidecar_text", "revision"])
            arrivals.append(Arrival(image, _that_count(ordered[order] for order in sorted(ordered))))
    return tell_ready(job, arrivals) if arrivals else []


def texts_for(item: ImportItem) -> Texts:
    """Return the texts that an import has so far for a picture of it that is new."""
    found = _texts_of(item.job, {item.stem_key})[item.stem_key]
    name = folded(item.name)
    return _that_count(text for _order, wanted, text in sorted(found, key=lambda each: each[0]) if wanted in {"", name})


def _that_count(texts: Iterable[IncomingText]) -> Texts:
    """Where tags and prose are known apart, the texts that were written of both say nothing more."""
    found = Texts(texts)
    exact = [text for text in found if text.reading == Reading.EXACT]
    return Texts(exact[-1:]) if exact else found


def tell_new(item: ImportItem, image: Image, texts: Texts) -> None:
    """Tell that a picture became an image, and give it its texts; inside the transaction that made it."""
    # What the person said of the texts may be newer than what this worker knows of the import.
    job = ImportJob.objects.get(pk=item.job_id) if texts else item.job
    tell_ready(job, [Arrival(image, texts)])


# Beside the picture before in a list, `.txt` before `.caption`, then as they came.
_Order = tuple[bool, bool, int, int]


def _texts_of(job: ImportJob, stem_keys: Iterable[str]) -> dict[str, list[tuple[_Order, str, IncomingText]]]:
    found: dict[str, list[tuple[_Order, str, IncomingText]]] = defaultdict(list)
    rows = SidecarText.objects.filter(job=job, stem_key__in=stem_keys).select_related("item", "job")
    for row in rows:
        order = (row.item.kind == Kind.METADATA, not row.item.name.lower().endswith(".txt"), row.item_id, row.pk)
        # The job as it is now: the person may have answered since this worker read it.
        reading = row.reading if row.reading != Reading.GUESS else row.job.sidecar_reading
        found[row.stem_key].append((order, folded(row.name), IncomingText(row.text, Reading(reading))))
    return found


def folded(name: str) -> str:
    """Return a name as names are compared: the case and the spelling of accents tell no files apart."""
    return unicodedata.normalize("NFC", name.lower())


def _pictures_beside(item: ImportItem) -> ImportItemQuerySet:
    return ImportItem.objects.filter(job=item.job_id, stem_key=item.stem_key, kind=Kind.IMAGE)


def refuse_lonely_sidecars(job_id: int) -> int:
    """Mark the texts of a finished import that found no picture of the same name; returns how many."""
    items = ImportItem.objects.filter(job=job_id)
    pictures = items.filter(kind=Kind.IMAGE, state__in=FOUND)
    # Not `NOT IN`: PostgreSQL compares all with all there once the pictures are too many for its memory.
    beside = Exists(pictures.filter(stem_key=OuterRef("stem_key")))
    lonely = items.filter(~beside, kind=Kind.SIDECAR, state=State.READY, image=None)
    return lonely.update(state=State.FAILED, reason=Reason.NO_IMAGE)
