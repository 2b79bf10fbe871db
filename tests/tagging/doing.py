"""What tests of this room do again and again, through the program's own services."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connections

from datasets.models import Dataset, Image, ImportItem
from tagging.models import ImageTag, TagOperation
from tagging.queries.state import ImageState, get_image_state
from tagging.services.labelling import Edit, apply_edits
from tests import uploading

Kind = TagOperation.Kind


def adding(tag: str, before: str | None = None) -> Edit:
    """The operation that adds a tag, with a new key."""
    return Edit(key=uuid.uuid4(), kind=Kind.ADD, tag=tag, before=before)


def removing(tag: str) -> Edit:
    """The operation that removes a tag."""
    return Edit(key=uuid.uuid4(), kind=Kind.REMOVE, tag=tag)


def moving(tag: str, before: str | None = None) -> Edit:
    """The operation that moves a tag."""
    return Edit(key=uuid.uuid4(), kind=Kind.MOVE, tag=tag, before=before)


def writing(text: str, version: int = 0) -> Edit:
    """The operation that sets the caption."""
    return Edit(key=uuid.uuid4(), kind=Kind.CAPTION, text=text, version=version)


def apply(image: Image, *edits: Edit) -> ImageState:
    """Apply operations as nobody in particular."""
    return apply_edits(image, edits, by=None)


def names_on(image: Image) -> list[str]:
    """The tags that are stored on an image, in order."""
    return [tag.name for tag in get_image_state(image).tags]


def rows_on(image: Image) -> list[tuple[Any, ...]]:
    """The tags that are stored on an image, in order: name, place, and how, by whom and when each came."""
    rows = ImageTag.objects.filter(image=image).order_by("position", "pk")
    return list(rows.values_list("tag__name", "position", "source", "added_by", "added_at"))


def bring_in(dataset: Dataset, files: Sequence[tuple[str, bytes]]) -> list[ImportItem]:
    """Import files (relative path, content) as a worker would, and return what became of them, in the same order."""
    job = uploading.start(dataset)
    items = []
    for path, content in files:
        folder, _, name = path.rpartition("/")
        items.append(uploading.bring(job, name, content, folder))
    uploading.finish(job)
    for item in items:
        item.refresh_from_db()
    return items


def picture_of(item: ImportItem) -> Image:
    """The image that an imported file became; says why where it became none."""
    assert item.image is not None, f"{item.name}: {item.state} {item.reason} {item.detail}"
    return item.image


def together(work: Callable[[int], Any], people: int = 8) -> list[Any]:
    """Run `work(0)`, `work(1)`, … at the same moment in real threads, each on a database connection of its own.

    Returns:
        What each returned, or the exception it raised.
    """
    results: list[Any] = [None] * people
    start = threading.Barrier(people)

    def run(person: int) -> None:
        try:
            start.wait(20)
            results[person] = work(person)
        except Exception as error:
            results[person] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(person,), daemon=True) for person in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads), "somebody waits for ever"
    return results
