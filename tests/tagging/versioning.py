"""What the tests of versions do again and again: pictures, words, and the end of both."""

from __future__ import annotations

import uuid
from datetime import timedelta

from datasets.models import Dataset, Image
from datasets.services.blobs import free_unneeded_blobs
from datasets.services.trash import empty_trash, move_to_trash
from tagging.queries.state import get_image_state
from tagging.services.labelling import Edit, apply_edits
from tagging.services.writing import Kind
from tests import images, uploading

NONE = timedelta(0)


def bring(dataset: Dataset, seed: int, words: str = "") -> Image:
    """Import a real picture with these tags."""
    content = images.encoded(seed=seed, width=64, height=48)
    item = uploading.bring(uploading.start(dataset), f"picture{seed}.jpg", content)
    assert item.image is not None
    add(item.image, *filter(None, words.split(",")))
    return item.image


def add(image: Image, *names: str) -> None:
    """Put tags onto an image as a person."""
    apply_edits(image, [Edit(uuid.uuid4(), Kind.ADD, tag=name) for name in names], by=None)


def remove(image: Image, name: str) -> None:
    """Take a tag off an image as a person."""
    apply_edits(image, [Edit(uuid.uuid4(), Kind.REMOVE, tag=name)], by=None)


def write(image: Image, text: str) -> None:
    """Write a caption as a person."""
    version = get_image_state(image).caption_version
    apply_edits(image, [Edit(uuid.uuid4(), Kind.CAPTION, text=text, version=version)], by=None)


def words(image: Image) -> tuple[list[str], str]:
    """The tags in order, and the caption."""
    state = get_image_state(image)
    return [tag.name for tag in state.tags], state.caption


def lose_for_ever(dataset: Dataset, *gone: Image) -> None:
    """Delete images for ever and free what nobody needs."""
    move_to_trash(dataset, [image.pk for image in gone], by=None)
    empty_trash(dataset, None, by=None)
    free_unneeded_blobs(older_than=NONE)
