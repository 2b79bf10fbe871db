"""The text beside an image: read its bytes, find its picture. What the text means is for `tagging` to say."""

from __future__ import annotations

import codecs

from django.conf import settings
from django.db import transaction

from datasets import paths, signals
from datasets.models import Image, ImportItem, ImportItemQuerySet
from datasets.reasons import Reason
from datasets.services.claims import end
from datasets.services.datasets import touch_dataset


class NotText(Exception):
    """The bytes are not text."""


def decode_text(content: bytes) -> str:
    """Return the text of a sidecar: UTF-8 with or without BOM, UTF-16 with BOM, else Windows-1252.

    Raises:
        NotText: it holds NUL, or bytes that none of them knows.
    """
    is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        if is_utf16:
            raise NotText("It says it is UTF-16 and is not.") from error
        text = _windows_text(content)
    if "\x00" in text:
        raise NotText("There is a NUL in it.")
    return text


def _windows_text(content: bytes) -> str:
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError as error:
        raise NotText("These bytes are no text.") from error


def read_text(item: ImportItem) -> str:
    """Return what a received sidecar says.

    Raises:
        NotText: it is no text.
        OSError: its bytes cannot be read.
    """
    return decode_text(paths.incoming_path(settings.DATA_DIR, item.pk).read_bytes())


def process_sidecar(item: ImportItem) -> str:
    """Take a claimed sidecar to its end; returns its state.

    Raises:
        NotText: it is no text.
        OSError: its bytes cannot be read.
    """
    text = read_text(item)
    with transaction.atomic():
        touch_dataset(item.job.dataset_id)
        state, reason = give_text_to_images(item, text)
        return end(item, state, reason=reason)


def give_text_to_images(item: ImportItem, text: str) -> tuple[ImportItem.State, str]:
    """Give a sidecar's text to the pictures that came with it under the same name and have no words yet.

    Pictures of the import that are read later find the text on the item (`sidecar_text_for`). Only where the import
    brings no picture of this name is the text meant for one that was here before. To be called inside a transaction
    that holds the dataset's row.

    Returns:
        The item's end, and its reason code where it is a refusal.
    """
    ImportItem.objects.filter(pk=item.pk).update(text=text)
    beside = _pictures_beside(item)
    if beside.exists():
        images = list(Image.objects.filter(pk__in=beside.values("image")))
    else:
        images = list(Image.objects.filter(dataset=item.job.dataset_id, stem_key=item.stem_key))
        ImportItem.objects.filter(pk=item.pk).update(image=images[0] if images else None)
    return _give(images, text) if images else (ImportItem.State.READY, "")


def give_text_to_duplicate(item: ImportItem, image: Image) -> None:
    """Give the text that came beside a picture that was here already to that picture, if it has no words yet.

    To be called inside a transaction that holds the dataset's row.
    """
    image.refresh_from_db(fields=["is_tagged", "sidecar_text"])
    for sidecar in _sidecars_beside(item):
        state, reason = _give([image], sidecar.text)
        ImportItem.objects.filter(pk=sidecar.pk).update(state=state, reason=reason)


def _give(images: list[Image], text: str) -> tuple[ImportItem.State, str]:
    free = [image for image in images if not image.is_tagged and not image.sidecar_text]
    for image in free:
        attach_text(image, text)
    if free:
        return ImportItem.State.READY, ""
    if any(image.sidecar_text == text for image in images):
        return ImportItem.State.DUPLICATE, ""
    return ImportItem.State.FAILED, Reason.ALREADY_TAGGED


def _pictures_beside(item: ImportItem) -> ImportItemQuerySet:
    return ImportItem.objects.filter(job=item.job_id, stem_key=item.stem_key, kind=ImportItem.Kind.IMAGE)


def _sidecars_beside(item: ImportItem) -> ImportItemQuerySet:
    return ImportItem.objects.filter(
        job=item.job_id, stem_key=item.stem_key, kind=ImportItem.Kind.SIDECAR, state=ImportItem.State.READY
    )


def sidecar_text_for(item: ImportItem) -> str:
    """Return the text that came beside a picture in the same import, or an empty string."""
    sidecar = _sidecars_beside(item).first()
    return sidecar.text if sidecar is not None else ""


def attach_text(image: Image, text: str) -> None:
    """Keep a late sidecar's text on its image and let `tagging` read it."""
    image.sidecar_text = text
    image.save(update_fields=["sidecar_text"])
    signals.image_ready.send(sender=Image, image=image)


def refuse_lonely_sidecars(job_id: int) -> int:
    """Mark the texts of a finished import that found no picture of the same name; returns how many."""
    items = ImportItem.objects.filter(job=job_id)
    pictures = items.filter(kind=ImportItem.Kind.IMAGE, state__in=[ImportItem.State.READY, ImportItem.State.DUPLICATE])
    lonely = items.filter(kind=ImportItem.Kind.SIDECAR, state=ImportItem.State.READY, image=None).exclude(
        stem_key__in=pictures.values("stem_key")
    )
    return lonely.update(state=ImportItem.State.FAILED, reason=Reason.NO_IMAGE)
