"""The stored files of an image: thumbnail, preview, original. Each asks whether this person may see it."""

from __future__ import annotations

import logging
from pathlib import Path

from django.conf import settings
from django.db import close_old_connections, connection
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from datasets import paths, remote
from datasets.models import Image, KeptPicture
from datasets.permissions import visible_datasets, visible_images, visible_thumbnails
from tagger_project.auth import person
from tagger_project.http import stored_file_response

logger = logging.getLogger(__name__)


def _image(request: HttpRequest, image_id: int) -> Image:
    return get_object_or_404(visible_images(person(request)), pk=image_id)


@require_safe
def thumbnail(request: HttpRequest, image_id: int) -> HttpResponseBase:
    """The small picture of the grid and of the trash."""
    image = get_object_or_404(visible_thumbnails(person(request)), pk=image_id)
    return _derived(paths.thumbnail_path(settings.DATA_DIR, image.sha256))


@require_safe
def picture_thumbnail(request: HttpRequest, dataset_id: int, sha256: str) -> HttpResponseBase:
    """The small picture of what a dataset has or keeps for its versions, by checksum: its image may be gone."""
    dataset = get_object_or_404(visible_datasets(person(request)), pk=dataset_id)
    facts = {"dataset": dataset, "sha256": sha256}
    if not (Image.everything.filter(**facts).exists() or KeptPicture.objects.filter(**facts).exists()):
        raise Http404
    return _derived(paths.thumbnail_path(settings.DATA_DIR, sha256))


@require_safe
def preview(request: HttpRequest, image_id: int) -> HttpResponseBase:
    """The picture of the tagging page."""
    image = _image(request, image_id)
    return _derived(paths.preview_path(settings.DATA_DIR, image.sha256))


def _derived(path: Path) -> HttpResponseBase:
    return stored_file_response(_brought(path), content_type="image/webp", immutable=True)


def _brought(path: Path) -> Path:
    """See to it that a file is here where a bucket keeps it."""
    if remote.is_set() and not path.exists() and not connection.in_atomic_block:
        # There are twenty connections to the database, and the bucket may take seconds.
        close_old_connections()
    try:
        return remote.bring(path)
    except (FileNotFoundError, remote.Damaged) as error:
        logger.warning("%s cannot be shown: %s.", path.name, error.strerror)
        raise Http404("This file is no longer stored.") from error


@require_safe
def original(request: HttpRequest, image_id: int) -> HttpResponseBase:
    """The file as it came, as a download under its own name."""
    image = _image(request, image_id)
    path = paths.original_path(settings.DATA_DIR, image.sha256, image.format)
    return stored_file_response(
        _brought(path),
        content_type=paths.CONTENT_TYPES[image.format],
        download_name=image.original_name,
        immutable=True,
    )
