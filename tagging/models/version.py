"""A named state of a dataset that never changes, and what it is made of."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from datasets.models import Dataset
from tagging.models.change import Change

_Fixed = TypeVar("_Fixed", bound=models.Model)


class VersionIsFixed(Exception):
    """A version is never changed after it was made; it can only be deleted."""


class FixedQuerySet(models.QuerySet[_Fixed]):
    """Rows that are read, made and deleted, and never changed."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise VersionIsFixed


class FixedModel(models.Model):
    """A row that is never changed after it was made."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store a new row.

        Raises:
            VersionIsFixed: it is stored already.
        """
        if not self._state.adding:
            raise VersionIsFixed
        super().save(*args, **kwargs)


class VersionChunkQuerySet(FixedQuerySet["VersionChunk"]):
    """Parts: versions share them, so a change of one would change them all."""


class VersionChunk(FixedModel):
    """The images of 512 places of a dataset as they were at a moment, compressed.

    Known by the SHA-256 of what it says: versions of one dataset that say the same here share it. What lies in
    `content` is written and read by `tagging.trainers.frozen_form` alone.
    """

    dataset = models.ForeignKey(Dataset, verbose_name=_("dataset"), on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(_("SHA-256"), max_length=64)
    content = models.BinaryField()

    objects = VersionChunkQuerySet.as_manager()

    class Meta:
        verbose_name = _("part of versions")
        verbose_name_plural = _("parts of versions")
        constraints = [models.UniqueConstraint(fields=["dataset", "digest"], name="version_chunk_once")]

    def __str__(self) -> str:
        return self.digest


class DatasetVersionQuerySet(FixedQuerySet["DatasetVersion"]):
    """Versions: to be read and deleted."""

    def newest_first(self) -> DatasetVersionQuerySet:
        """The one made last comes first."""
        return self.order_by("-number")


class DatasetVersion(FixedModel):
    """All images and words of a dataset as they were at a moment.

    `chunks` are the digests of its parts in order, `digest` is made of them and of the head (name, prefix and trigger
    word of the dataset): two versions with the same digest say the same. `dataset_revision` and `vocabulary_revision`
    are those of the moment. `key` comes from where it was asked for: asked twice, it counts once. A version that the
    program made for an export or before a restore is `is_automatic` and may have no name.
    """

    dataset = models.ForeignKey(Dataset, verbose_name=_("dataset"), on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(_("number"))
    key = models.UUIDField(null=True, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=120, blank=True)
    note = models.TextField(_("note"), blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("made by"), null=True, blank=True, on_delete=models.SET_NULL
    )
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    digest = models.CharField(_("SHA-256"), max_length=64)
    images = models.PositiveIntegerField(_("images"))
    tags = models.PositiveIntegerField(_("tags on images"))
    captions = models.PositiveIntegerField(_("captions"))
    dataset_name = models.CharField(_("name of the dataset"), max_length=120)
    file_prefix = models.CharField(_("file prefix"), max_length=64)
    trigger_word = models.CharField(_("trigger word"), max_length=100, blank=True)
    vocabulary_revision = models.PositiveBigIntegerField(_("revision of the vocabulary"))
    dataset_revision = models.PositiveBigIntegerField(_("revision of the dataset"))
    is_automatic = models.BooleanField(_("made by the program"), default=False)
    chunks = models.JSONField(_("parts"), default=list)

    objects = DatasetVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="version_number_unique"),
            models.UniqueConstraint("dataset", Lower("name"), name="version_name_unique", condition=~models.Q(name="")),
        ]
        indexes = [models.Index(fields=["dataset", "digest"], name="version_digest")]

    def __str__(self) -> str:
        return f"{self.dataset_name} · {self.title}"

    @property
    def title(self) -> str:
        """Its name; its number where it has none."""
        return self.name or gettext("Version %(number)d") % {"number": self.number}


class VersionRestore(models.Model):
    """A dataset on its way back to a version: what is done of it, so that it can go on after whatever came between.

    `before` is the state it had, frozen first of all. `change` is the entry of the history with all words. `done` are
    the parts of the version that are restored; `key` comes from where it was asked for. Images with a higher number
    than `last_image` came after it was asked for and are left alone.
    """

    key = models.UUIDField(unique=True)
    dataset = models.ForeignKey(
        Dataset, verbose_name=_("dataset"), on_delete=models.CASCADE, related_name="version_restores"
    )
    version = models.ForeignKey(
        DatasetVersion, verbose_name=_("version"), on_delete=models.CASCADE, related_name="restores"
    )
    before = models.ForeignKey(
        DatasetVersion, verbose_name=_("state before"), null=True, on_delete=models.SET_NULL, related_name="+"
    )
    change = models.ForeignKey(
        Change,
        verbose_name=_("entry of the history"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("done by"), null=True, blank=True, on_delete=models.SET_NULL
    )
    last_image = models.PositiveBigIntegerField(default=0, editable=False)
    done = models.PositiveIntegerField(_("parts done"), default=0)
    words = models.PositiveIntegerField(_("images with other words"), default=0)
    returned = models.PositiveIntegerField(_("images from the trash"), default=0)
    remade = models.PositiveIntegerField(_("images made anew"), default=0)
    trashed = models.PositiveIntegerField(_("images moved to the trash"), default=0)
    lost = models.PositiveIntegerField(_("images whose files are gone"), default=0)
    started_at = models.DateTimeField(_("started"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("restoring of a version")
        verbose_name_plural = _("restorings of versions")
        indexes = [models.Index(fields=["dataset", "-id"], name="version_restore_of_dataset")]

    def __str__(self) -> str:
        return f"{self.version} {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return self.finished_at is not None
