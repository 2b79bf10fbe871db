"""Freeze a dataset: a version says for ever which images it had, with which words; and delete versions.

The state is read outside of any transaction, and stored in a short one that holds the dataset's row, if nothing changed
meanwhile: nobody waits for a freezing. Where people are too busy for that, it is read under the lock.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Max, ProtectedError, RestrictedError
from django.utils.translation import gettext as _

from datasets.batches import batches
from datasets.models import Dataset
from datasets.services.datasets import get_revision, normalise_name, touch_dataset
from datasets.services.keeping import keep_present_pictures, let_go
from tagging.models import DatasetVersion, VersionChunk
from tagging.queries.version_state import State, read_state, read_vocabulary_revision
from tagging.queries.versions import VersionDamaged, find_version, read_part
from tagging.trainers import frozen_form
from tagging.trainers.frozen_form import FACTS

logger = logging.getLogger(__name__)

LONGEST_NAME = 120
LONGEST_NOTE = 2000
_ATTEMPTS = 3
_AT_ONCE = 100


class VersionError(Exception):
    """A version cannot be as asked; the text is a sentence."""


class BadVersionName(VersionError):
    """The name is empty or too long, or the note is too long."""


class VersionNameTaken(VersionError):
    """Another version of the dataset has this name."""


class VersionInUse(VersionError):
    """Something was made from this version, and has to be able to say from what."""


@dataclass(frozen=True)
class _Label:
    """What is said of a version besides its content."""

    name: str
    note: str
    by: User | None
    key: uuid.UUID | None
    is_automatic: bool


def freeze(
    dataset: Dataset, *, name: str, note: str = "", by: User | None, key: uuid.UUID | None = None
) -> DatasetVersion:
    """Make a version of the present state.

    Args:
        dataset: which.
        name: unique in the dataset without regard to upper and lower case.
        note: what a person wants to remember of it; may be empty.
        by: who.
        key: made where it was asked for: asked twice, it counts once.

    Raises:
        VersionError: one of its kinds; the text says what to change.
    """
    label = _Label(_checked_name(name), _checked_note(note), by, key, is_automatic=False)
    there = DatasetVersion.objects.filter(dataset=dataset, key=key).first() if key else None
    if there is not None:
        return there
    _check_free(dataset, label.name)
    try:
        return _freeze(dataset, label)
    except IntegrityError as error:
        # Somebody else, or the same call again, was quicker by a moment.
        there = DatasetVersion.objects.filter(dataset=dataset, key=key).first() if key else None
        if there is not None:
            return there
        _check_free(dataset, label.name)
        raise VersionError(_("Something else was done with this key. Ask again with a new one.")) from error


def version_for_export(dataset: Dataset, by: User | None, *, note: str = "") -> DatasetVersion:
    """Return the newest version that says what the dataset says now, making one where there is none.

    Args:
        dataset: which.
        by: who asks.
        note: of a version that is made.
    """
    there = DatasetVersion.objects.filter(
        dataset=dataset, dataset_revision=get_revision(dataset.pk), vocabulary_revision=read_vocabulary_revision()
    )
    newest = there.newest_first().first()
    return newest or _freeze(dataset, _Label("", note, by, None, is_automatic=True), unless_there=True)


def delete_version(version: DatasetVersion, *, by: User | None) -> None:
    """Delete a version, and what no other version of its dataset needs.

    Raises:
        VersionInUse: an export was made from it.
    """
    try:
        with transaction.atomic():
            touch_dataset(version.dataset_id)
            DatasetVersion.objects.filter(pk=version.pk).delete()
    except (ProtectedError, RestrictedError, IntegrityError) as error:
        # The last of these where an export came between the question and the deletion.
        raise VersionInUse(
            _("“%(name)s” has exports, and they say what was trained on it. Delete them first.")
            % {"name": version.title}
        ) from error
    logger.info("Version %d of dataset %d was deleted by %s.", version.number, version.dataset_id, by)
    drop_unneeded(version.dataset_id)


def drop_unneeded(dataset_id: int) -> None:
    """Drop the parts that no version of a dataset needs any more, and let the pictures go that only they had.

    Safe to run at any time and again: what a deletion that died left is dropped with the next one.
    """
    for _attempt in range(_ATTEMPTS):
        needed = _needed(dataset_id)
        pictures = _pictures_of(dataset_id, needed)
        with transaction.atomic():
            touch_dataset(dataset_id)
            # A version that came meanwhile may need what was not counted: look again.
            if _needed(dataset_id) != needed:
                continue
            chunks = VersionChunk.objects.filter(dataset=dataset_id).values_list("pk", "digest")
            gone = [pk for pk, digest in chunks if digest not in needed]
            for part in batches(gone, _AT_ONCE):
                VersionChunk.objects.filter(pk__in=part).delete()
            if pictures is not None:
                let_go(dataset_id, needed=pictures)
            return


def _needed(dataset_id: int) -> set[str]:
    lists = DatasetVersion.objects.filter(dataset=dataset_id).values_list("chunks", flat=True)
    return {digest for digests in lists for digest in digests}


def _pictures_of(dataset_id: int, digests: set[str]) -> set[str] | None:
    """Return the pictures of these parts; `None` where one is missing, and nobody can say which."""
    place = FACTS.index("sha256")
    try:
        return {str(row[place]) for digest in sorted(digests) for row in read_part(dataset_id, digest)}
    except VersionDamaged:
        logger.exception("A part of a version of dataset %d is missing: its pictures are all kept.", dataset_id)
        return None


def _freeze(dataset: Dataset, label: _Label, *, unless_there: bool = False) -> DatasetVersion:
    for _attempt in range(_ATTEMPTS):
        state = read_state(dataset.pk)
        there = find_version(dataset.pk, state.digest) if unless_there else None
        if there is not None:
            return there
        version = _store(dataset, state, _pack_new(dataset.pk, state), label)
        if version is not None:
            return version
    with transaction.atomic():
        touch_dataset(dataset.pk)
        state = read_state(dataset.pk)
        return _make(dataset, state, _pack_new(dataset.pk, state), label)


def _pack_new(dataset_id: int, state: State) -> dict[str, bytes]:
    """Return those parts of a state that are not stored yet, as they are stored."""
    there = set(VersionChunk.objects.filter(dataset=dataset_id).values_list("digest", flat=True))
    return {digest: frozen_form.pack(part) for digest, part in state.parts.items() if digest not in there}


@transaction.atomic
def _store(dataset: Dataset, state: State, packed: dict[str, bytes], label: _Label) -> DatasetVersion | None:
    """Store a state that was read before; `None` where it is not the present one any more."""
    touch_dataset(dataset.pk)
    # Counted up by the line above.
    is_present = get_revision(dataset.pk) - 1 == state.dataset_revision
    if not is_present or read_vocabulary_revision() != state.vocabulary_revision:
        return None
    return _make(dataset, state, packed, label)


def _make(dataset: Dataset, state: State, packed: dict[str, bytes], label: _Label) -> DatasetVersion:
    there = set(VersionChunk.objects.filter(dataset=dataset).values_list("digest", flat=True))
    missing = [digest for digest in state.parts if digest not in there]
    chunks = [
        # A part that was there may be dropped since: the lock is held only now.
        VersionChunk(
            dataset=dataset, digest=digest, content=packed.get(digest) or frozen_form.pack(state.parts[digest])
        )
        for digest in missing
    ]
    VersionChunk.objects.bulk_create(chunks, batch_size=_AT_ONCE)
    keep_present_pictures(dataset.pk)
    return DatasetVersion.objects.create(
        dataset=dataset,
        number=next_number(dataset.pk),
        key=label.key,
        name=label.name,
        note=label.note,
        made_by=label.by,
        is_automatic=label.is_automatic,
        digest=state.digest,
        images=len(state.rows),
        tags=state.tags,
        captions=state.captions,
        dataset_name=state.head.name,
        file_prefix=state.head.file_prefix,
        trigger_word=state.head.trigger_word,
        vocabulary_revision=state.vocabulary_revision,
        dataset_revision=get_revision(dataset.pk),
        chunks=list(state.parts),
    )


def next_number(dataset_id: int) -> int:
    """Return the number of the next version; to be called inside a transaction that holds the dataset's row."""
    newest = DatasetVersion.objects.filter(dataset=dataset_id).aggregate(newest=Max("number"))["newest"]
    return int(newest or 0) + 1


def _check_free(dataset: Dataset, name: str) -> None:
    if DatasetVersion.objects.filter(dataset=dataset, name__iexact=name).exists():
        raise VersionNameTaken(_("There is a version “%(name)s” already. Choose another name.") % {"name": name})


def _checked_name(name: str) -> str:
    name = normalise_name(name)
    if not name:
        raise BadVersionName(_("Give the version a name, such as “first training”."))
    if len(name) > LONGEST_NAME:
        raise BadVersionName(
            _("The name has %(count)d characters. Shorten it to %(limit)d or fewer.")
            % {"count": len(name), "limit": LONGEST_NAME}
        )
    return name


def _checked_note(note: str) -> str:
    # NUL and half an emoji can be typed into JSON, but no database stores them.
    text = note.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8").strip()
    if len(text) > LONGEST_NOTE:
        raise BadVersionName(
            _("The note has %(count)d characters; %(limit)d are kept. Shorten it.")
            % {"count": len(text), "limit": LONGEST_NOTE}
        )
    return text
