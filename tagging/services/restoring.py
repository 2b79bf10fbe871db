"""Take a dataset back to a version, and make another one from it: part by part, going on where an earlier call stopped.

The state that is left is frozen first, so every restore can itself be taken back whole. All words that a restore writes
are one entry of the history. Images that left come back from the trash, or are made anew from the pictures that the
version kept; those added since go to the trash.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections import defaultdict
from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext as _

from datasets.batches import batches
from datasets.models import Dataset, Image, ReviewState
from datasets.services import trash
from datasets.services.datasets import get_revision, touch_dataset
from datasets.services.keeping import Picture, remake_images
from tagging.models import Caption, Change, DatasetVersion, ImageTag, Review, Source, VersionRestore
from tagging.queries.version_state import read_rows
from tagging.queries.versions import VersionDamaged, read_part, read_parts
from tagging.services.putting import WordsOfImage, put_words
from tagging.services.versions import VersionError, version_for_export
from tagging.trainers.frozen_form import CAPTION, FACTS, TAGS, Row

logger = logging.getLogger(__name__)


class VersionGone(VersionError):
    """The version was deleted while it was restored."""


_SHA256, _POSITION, _REVIEW = FACTS.index("sha256"), FACTS.index("position"), FACTS.index("review_state")
_AT_ONCE = 500
# Few enough for a short hold of the dataset's row; others work in between.
_IMAGES_AT_ONCE = 128


def restore(
    version: DatasetVersion, *, by: User | None, key: uuid.UUID | None = None, seconds: float | None = None
) -> VersionRestore:
    """Make its dataset what it was in a version; called again with the same key, it goes on where it stopped.

    Args:
        version: where to.
        by: who asks.
        key: made where it was asked for, unique for ever.
        seconds: stop at about this time; what is returned `is_done` or is to be asked for again.

    Raises:
        VersionGone: the version was deleted meanwhile.
        VersionError: the key is that of something else.
    """
    return go_on(_begin(version, by=by, key=key or uuid.uuid4()), seconds=seconds)


def go_on(restoring: VersionRestore, *, seconds: float | None = None) -> VersionRestore:
    """Do what is left of a restore; two who do it at once do each part once.

    Raises:
        VersionGone: the version was deleted meanwhile.
    """
    try:
        return _go_on(_read(restoring.pk), seconds)
    except (VersionDamaged, VersionRestore.DoesNotExist) as error:
        raise VersionGone(
            _("This version was deleted meanwhile. What was restored by then stays; the rest is as it was.")
        ) from error


def _go_on(restoring: VersionRestore, seconds: float | None) -> VersionRestore:
    until = None if seconds is None else time.monotonic() + seconds
    steps = restoring.version.chunks
    as_left = set(restoring.before.chunks) if restoring.before else set()
    while restoring.done < len(steps):
        if steps[restoring.done] in as_left:
            restoring = _pass_over(restoring, as_left)
            continue
        rows = read_part(restoring.dataset_id, steps[restoring.done])
        few = list(batches(rows, _IMAGES_AT_ONCE))
        place = restoring.done
        for turn, images in enumerate(few, start=1):
            restoring = _restore_images(restoring.pk, place, images, is_last=turn == len(few))
        if until is not None and time.monotonic() > until:
            return restoring
    return restoring if restoring.finished_at else _finish(restoring)


def _begin(version: DatasetVersion, *, by: User | None, key: uuid.UUID) -> VersionRestore:
    there = VersionRestore.objects.filter(key=key, version=version).first()
    if there is not None:
        return there
    newest = Image.everything.filter(dataset=version.dataset_id).aggregate(newest=Max("pk"))["newest"]
    note = _("As it was before “%(name)s” was restored.") % {"name": version.title}
    before = version_for_export(version.dataset, by, note=note)
    try:
        with transaction.atomic():
            touch_dataset(version.dataset_id)
            Dataset.objects.filter(pk=version.dataset_id).update(
                file_prefix=version.file_prefix, trigger_word=version.trigger_word
            )
            return VersionRestore.objects.create(
                key=key,
                dataset_id=version.dataset_id,
                version=version,
                before=before,
                done_by=by,
                last_image=newest or 0,
            )
    except IntegrityError as error:
        # The same call, sent twice at the same moment.
        there = VersionRestore.objects.filter(key=key, version=version).first()
        if there is not None:
            return there
        if DatasetVersion.objects.filter(pk=version.pk).exists():
            raise VersionError(_("Something else was done with this key. Ask again with a new one.")) from error
        raise VersionGone(_("This version has just been deleted. Nothing was restored.")) from error


def _read(restoring_id: int) -> VersionRestore:
    """Read how far a restore is, with all that it is about."""
    related = ("version", "before", "dataset", "change", "done_by")
    return VersionRestore.objects.select_related(*related).get(pk=restoring_id)


def _pass_over(restoring: VersionRestore, as_left: set[str]) -> VersionRestore:
    """Count parts as done that say the same in both states."""
    steps = restoring.version.chunks
    done = next((place for place in range(restoring.done, len(steps)) if steps[place] not in as_left), len(steps))
    with transaction.atomic():
        touch_dataset(restoring.dataset_id)
        VersionRestore.objects.filter(pk=restoring.pk, done=restoring.done).update(done=done)
    return _read(restoring.pk)


@transaction.atomic
def _restore_images(restoring_id: int, place: int, rows: Sequence[Row], *, is_last: bool) -> VersionRestore:
    """Restore some images of a part; with the last of them it is done."""
    dataset_id = VersionRestore.objects.values_list("dataset_id", flat=True).get(pk=restoring_id)
    touch_dataset(dataset_id)
    restoring = _read(restoring_id)
    if restoring.done != place or restoring.finished_at:
        return restoring  # somebody else did it meanwhile
    wanted = {str(row[_SHA256]): row for row in rows}
    present = set(Image.objects.filter(dataset=dataset_id, sha256__in=wanted).values_list("sha256", flat=True))
    images = _bring_images_back(restoring, wanted)
    _put_in_place(images, wanted)
    changed = _put_words_back(restoring, images, wanted)
    # What comes back has its words with it, as nobody saw it without them.
    restoring.words += len(changed & present)
    _put_reviews_back(restoring, list(images), wanted)
    restoring.done += is_last
    restoring.save()
    return restoring


def _bring_images_back(restoring: VersionRestore, wanted: dict[str, Row]) -> dict[str, Image]:
    """Return the images of a part by checksum, all of them present."""
    dataset = restoring.dataset
    there = {image.sha256: image for image in Image.everything.filter(dataset=dataset, sha256__in=wanted)}
    in_trash = [image.pk for image in there.values() if image.trashed_at is not None]
    restoring.returned += trash.restore(dataset, in_trash, by=restoring.done_by) if in_trash else 0
    missing = [Picture(*row[:_REVIEW]) for sha256, row in wanted.items() if sha256 not in there]
    if missing:
        remade = remake_images(dataset.pk, missing)
        restoring.remade += len(remade)
        restoring.lost += len(missing) - len(remade)
        ids = [image.pk for image in remade]
        Image.everything.filter(pk__in=ids).update(changed_at_revision=get_revision(dataset.pk))
        there |= {image.sha256: image for image in remade}
    return there


def _put_in_place(images: dict[str, Image], wanted: dict[str, Row]) -> None:
    """Give images that came again under another place theirs back, where nobody else has it."""
    places = {sha256: wanted[sha256][_POSITION] for sha256 in images}
    moved = [image for sha256, image in images.items() if image.position != places[sha256]]
    if not moved:
        return
    dataset_id = moved[0].dataset_id
    asked = [places[image.sha256] for image in moved]
    taken = set(Image.everything.filter(dataset=dataset_id, position__in=asked).values_list("position", flat=True))
    revision = get_revision(dataset_id)
    for image in moved:
        position = places[image.sha256]
        if position not in taken:
            Image.everything.filter(pk=image.pk).update(position=position, changed_at_revision=revision)


def _put_words_back(restoring: VersionRestore, images: dict[str, Image], wanted: dict[str, Row]) -> set[str]:
    """Give images the words that they had; returns the checksums of those that had others."""
    now = {str(row[_SHA256]): row for row in read_rows(restoring.dataset_id, list(images))}
    others = [image for sha256, image in images.items() if _words(now[sha256]) != _words(wanted[sha256])]
    if not others:
        return set()
    rows: dict[int, list[ImageTag]] = defaultdict(list)
    for row in ImageTag.objects.filter(image__in=others).select_related("tag").order_by("position", "pk"):
        rows[row.image_id].append(row)
    captions = {caption.image_id: caption for caption in Caption.objects.filter(image__in=others)}
    words = [
        WordsOfImage(image, *_words(wanted[image.sha256]), rows[image.pk], captions.get(image.pk)) for image in others
    ]
    entry = uuid.uuid5(restoring.key, "words")
    put_words(
        words,
        by=restoring.done_by,
        source=Source.BULK,
        reason=_reason(restoring),
        group=entry,
        as_they_were=True,
    )
    restoring.change = restoring.change or Change.objects.filter(key=entry).first()
    return {image.sha256 for image in others}


def _words(row: Row) -> tuple[list[str], str]:
    return row[TAGS][::2], row[CAPTION]


def _put_reviews_back(restoring: VersionRestore, sha256s: Sequence[str], wanted: dict[str, Row]) -> None:
    """Let images be in the state of review that they had, after their words are back: an edit has moved it."""
    images = Image.everything.filter(dataset=restoring.dataset_id, sha256__in=sha256s)
    other: defaultdict[str, list[int]] = defaultdict(list)
    reviews = []
    for pk, sha256, state in images.values_list("pk", "sha256", "review_state"):
        before = wanted[sha256][_REVIEW]
        if state == before:
            continue
        other[before].append(pk)
        # The steps between these two are not written down: the words tell them.
        if {state, before} != {ReviewState.UNTAGGED, ReviewState.IN_PROGRESS}:
            facts = {"reason": _reason(restoring), "done_by": restoring.done_by}
            reviews.append(Review(image_id=pk, state=before, **facts))
    revision = get_revision(restoring.dataset_id)
    for state, ids in other.items():
        Image.everything.filter(pk__in=ids).update(
            review_state=state, revision=F("revision") + 1, changed_at_revision=revision
        )
    Review.objects.bulk_create(reviews, batch_size=_AT_ONCE)


def _reason(restoring: VersionRestore) -> str:
    return _("“%(name)s” restored") % {"name": restoring.version.title}


def _finish(restoring: VersionRestore) -> VersionRestore:
    """Move what was added since the version to the trash, and write down that all is done."""
    dataset, version = restoring.dataset, restoring.version
    kept = {row[_SHA256] for rows in read_parts(version) for row in rows}
    there = Image.objects.filter(dataset=dataset, pk__lte=restoring.last_image).values_list("pk", "sha256")
    added = [pk for pk, sha256 in there if sha256 not in kept]
    for part in batches(added, _AT_ONCE):
        with transaction.atomic():
            touch_dataset(dataset.pk)
            moved = trash.move_to_trash(dataset, part, by=restoring.done_by)
            VersionRestore.objects.filter(pk=restoring.pk).update(trashed=F("trashed") + moved)
    with transaction.atomic():
        touch_dataset(dataset.pk)
        VersionRestore.objects.filter(pk=restoring.pk, finished_at=None).update(finished_at=timezone.now())
    restoring = _read(restoring.pk)
    logger.info("Dataset %d was restored to version %d by %s.", dataset.pk, version.number, restoring.done_by)
    return restoring
