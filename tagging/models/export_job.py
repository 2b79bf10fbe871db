"""One export of a version, on its way and while it can be downloaded."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from datasets.models import Dataset
from tagging.models.version import DatasetVersion


class ExportJobQuerySet(models.QuerySet["ExportJob"]):
    """Exports in words of the trade."""

    def claimable(self) -> Self:
        """Those that a worker may take: waiting, or of a worker whose lease ran out, by the database's clock."""
        waiting = self.filter(state=ExportJob.State.WAITING)
        return waiting | self.filter(state=ExportJob.State.RUNNING, lease_until__lt=Now())

    def offered(self) -> Self:
        """Those whose archives can be downloaded."""
        return self.filter(state=ExportJob.State.DONE, files_removed_at=None)

    def newest_first(self) -> Self:
        """The one asked for last comes first."""
        return self.order_by("-pk")


class ExportJob(models.Model):
    """What was asked for, how far it is, and what came of it.

    The words and pictures are those of `version`, which never changes: so an export is the same whenever it is made.
    `positions` holds the places of the images that go in, ascending; `None` for all of the version. The archives are
    files for `EXPORT_DAYS`; the row stays and tells what was trained on. `key` comes from where it was asked for: asked
    twice, it counts once; it also names the folder of the files. `attempts` tells one claim from the next, `deaths`
    counts workers that ended since the last pictures that were written.
    """

    class State(models.TextChoices):
        WAITING = "WAITING", _("waiting for a worker")
        RUNNING = "RUNNING", _("running")
        DONE = "DONE", _("done")
        CANCELLED = "CANCELLED", _("cancelled")
        FAILED = "FAILED", _("stopped")

    ENDED = (State.DONE, State.CANCELLED, State.FAILED)

    key = models.UUIDField(unique=True)
    dataset = models.ForeignKey(Dataset, verbose_name=_("dataset"), on_delete=models.CASCADE, related_name="exports")
    # A version goes with its dataset, but not while an export says that it was made from it.
    version = models.ForeignKey(
        DatasetVersion, verbose_name=_("version"), on_delete=models.RESTRICT, related_name="exports"
    )
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("started by"), null=True, blank=True, on_delete=models.SET_NULL
    )
    profile = models.CharField(_("profile"), max_length=32)
    options = models.JSONField(_("options"))
    positions = models.BinaryField(null=True)
    total = models.PositiveIntegerField(_("images"))
    done = models.PositiveIntegerField(_("done"), default=0)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.WAITING)
    error = models.TextField(_("error"), blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    deaths = models.PositiveSmallIntegerField(_("workers ended"), default=0)
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)
    created_at = models.DateTimeField(_("started"), auto_now_add=True)
    began_at = models.DateTimeField(_("taken by a worker"), null=True, blank=True)
    cancel_asked_at = models.DateTimeField(_("asked to stop"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    expires_at = models.DateTimeField(_("files are kept until"), null=True, blank=True)
    files_removed_at = models.DateTimeField(_("files removed"), null=True, blank=True)

    objects = ExportJobQuerySet.as_manager()

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        indexes = [
            models.Index(
                fields=["state", "lease_until"],
                name="export_unfinished",
                condition=Q(state__in=["WAITING", "RUNNING"]),
            ),
            models.Index(fields=["dataset", "-id"], name="export_of_dataset"),
            models.Index(
                fields=["expires_at"], name="export_kept", condition=Q(state="DONE", files_removed_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dataset} · {self.profile} · {self.pk}"

    @property
    def is_offered(self) -> bool:
        """Whether its archives can be downloaded."""
        return self.state == self.State.DONE and self.files_removed_at is None

    @property
    def chosen_positions(self) -> Sequence[int] | None:
        """The places of the images that go in, ascending; `None` for all of the version."""
        if self.positions is None:
            return None
        numbers = array("q")
        numbers.frombytes(bytes(self.positions))
        return numbers

    @staticmethod
    def pack(positions: Sequence[int]) -> bytes:
        """Return places as `positions` holds them."""
        return array("q", positions).tobytes()


class ExportArchive(models.Model):
    """One of the archives of an export; most have one only."""

    job = models.ForeignKey(ExportJob, verbose_name=_("export"), on_delete=models.CASCADE, related_name="archives")
    number = models.PositiveIntegerField(_("number"))
    file_name = models.CharField(_("file name"), max_length=200)
    images = models.PositiveIntegerField(_("images"))
    size = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)

    class Meta:
        verbose_name = _("archive")
        verbose_name_plural = _("archives")
        ordering = ["job", "number"]
        constraints = [models.UniqueConstraint(fields=["job", "number"], name="export_archive_once")]

    def __str__(self) -> str:
        return self.file_name
