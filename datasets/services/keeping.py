"""Keep the files of pictures that something needs beyond their images, make such images anew, and let them go."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from itertools import count

from django.conf import settings
from django.db import connection
from django.db.models import F

from datasets import paths, remote
from datasets.batches import batches
from datasets.models import Dataset, Image, KeptPicture
from datasets.names import stem_key
from datasets.services.blobs import lock_blob

_AT_ONCE = 500
# Of the tens of thousands that there may be, most are kept already by an earlier version.
_KEEP_PRESENT = """
INSERT INTO datasets_keptpicture (dataset_id, sha256, format, byte_size, original_name)
SELECT i.dataset_id, i.sha256, i.format, i.byte_size, i.original_name FROM datasets_image i
WHERE i.dataset_id = %s AND i.trashed_at IS NULL AND NOT EXISTS
(SELECT 1 FROM datasets_keptpicture k WHERE k.dataset_id = i.dataset_id AND k.sha256 = i.sha256)
"""


@dataclass(frozen=True)
class Picture:
    """What is known of a stored picture, named as on `Image`."""

    position: int
    sha256: str
    format: str
    width: int
    height: int
    byte_size: int
    orientation: int
    is_plain: bool
    colour: str
    dhash: int | None
    sharpness: float | None
    original_name: str
    relative_path: str


def keep_pictures(dataset_id: int, pictures: Sequence[tuple[str, str, int, str]]) -> None:
    """Let the files of these pictures stay until `let_go`: checksum, format, size in bytes and name of each.

    To be called inside a transaction that holds the dataset's row, while something else needs them: an image that is
    there, or a kept picture of another dataset under the picture's lock.
    """
    kept = set(KeptPicture.objects.filter(dataset=dataset_id).values_list("sha256", flat=True))
    rows = (
        KeptPicture(dataset_id=dataset_id, sha256=sha256, format=image_format, byte_size=size, original_name=name)
        for sha256, image_format, size, name in pictures
        if sha256 not in kept
    )
    KeptPicture.objects.bulk_create(rows, batch_size=_AT_ONCE)


def keep_present_pictures(dataset_id: int) -> None:
    """Let the files of all images that are there stay until `let_go`, in one statement.

    To be called inside a transaction that holds the dataset's row.
    """
    with connection.cursor() as cursor:
        cursor.execute(_KEEP_PRESENT, [dataset_id])


def let_go(dataset_id: int, *, needed: Collection[str]) -> int:
    """Keep only these pictures of a dataset from now on; returns how many are kept no more.

    To be called inside a transaction that holds the dataset's row. Files that nothing needs are freed by and by.
    """
    kept = dict(KeptPicture.objects.filter(dataset=dataset_id).values_list("sha256", "pk"))
    gone = [pk for sha256, pk in kept.items() if sha256 not in needed]
    for part in batches(gone, _AT_ONCE):
        KeptPicture.objects.filter(pk__in=part).delete()
    return len(gone)


def remake_images(dataset_id: int, pictures: Sequence[Picture]) -> list[Image]:
    """Make images anew whose rows are gone and whose files were kept; without words.

    To be called inside a transaction that holds the dataset's row, some hundred at a time: each picture's files are
    held until it ends. A picture whose original is not there, against all rules, is left out. Where somebody else has
    its place, it comes to the end.
    """
    places = {picture.position for picture in pictures}
    taken = set(Image.everything.filter(dataset=dataset_id, position__in=places).values_list("position", flat=True))
    # In one order for everybody: two who hold the same pictures would wait for each other for ever.
    stored = [picture for picture in sorted(pictures, key=lambda each: each.sha256) if _hold(picture)]
    homeless = sum(picture.position in taken for picture in stored)
    end = count(_take_places(dataset_id, homeless)) if homeless else count()
    images = [
        _image(dataset_id, picture, next(end) if picture.position in taken else picture.position) for picture in stored
    ]
    return Image.everything.bulk_create(images, batch_size=_AT_ONCE)


def _hold(picture: Picture) -> bool:
    """Hold a picture's files until the transaction ends; returns whether its original is there.

    Thumbnails and previews can be made anew (`manage.py verify --repair`).
    """
    lock_blob(picture.sha256)
    # A bucket is not asked inside a transaction: what a row keeps is there.
    return remote.is_set() or paths.original_path(settings.DATA_DIR, picture.sha256, picture.format).is_file()


def _take_places(dataset_id: int, places: int) -> int:
    """Return the first of so many places at the end of a dataset that nobody else gets."""
    dataset = Dataset.objects.filter(pk=dataset_id)
    first = dataset.values_list("next_position", flat=True).get()
    dataset.update(next_position=F("next_position") + places)
    return first


def _image(dataset_id: int, picture: Picture, position: int) -> Image:
    facts = {field.name: getattr(picture, field.name) for field in fields(picture)} | {"position": position}
    return Image(dataset_id=dataset_id, stem_key=stem_key(picture.relative_path, picture.original_name), **facts)
