"""One action on many images, on its way."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from datasets.models import Dataset
from tagging.models.change import Change


class BulkJobQuerySet(models.QuerySet["BulkJob"]):
    """Jobs in words of the trade."""

    def abandoned(self) -> Self:
        """Those of a worker whose lease ran out, by the database's clock."""
        return self.filter(state=BulkJob.State.RUNNING, lease_until__lt=Now())

    def claimable(self) -> Self:
        """Those that a worker may take: waiting, or abandoned."""
        return self.filter(state=BulkJob.State.WAITING) | self.abandoned()


class BulkJob(models.Model):
    """One action on many images: what is left to do, and what became of it.

    The images are fixed when it starts, so that a filter does not lose what the action itself changes: `image_ids`
    holds their numbers, of which the first `done` are done; they go when the job ends. `key` comes from where it was
    asked for: asked twice, it counts once; the entry of the history has the same. `attempts` tells one claim from the
    next, `deaths` counts workers that ended since the last images that were done.
    """

    class State(models.TextChoices):
        WAITING = "WAITING", _("waiting for a worker")
        RUNNING = "RUNNING", _("running")
        DONE = "DONE", _("done")
        CANCELLED = "CANCELLED", _("cancelled")
        FAILED = "FAILED", _("stopped")

    ENDED = (State.DONE, State.CANCELLED, State.FAILED)

    key = models.UUIDField(unique=True)
    dataset = models.ForeignKey(Dataset, verbose_name=_("dataset"), on_delete=models.CASCADE, related_name="bulk_jobs")
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("started by"), null=True, blank=True, on_delete=models.SET_NULL
    )
    action = models.JSONField(_("action"))
    undoes = models.ForeignKey(
        Change, verbose_name=_("takes back"), null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    image_ids = models.BinaryField(null=True)
    total = models.PositiveIntegerField(_("images"))
    done = models.PositiveIntegerField(_("done"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    change = models.ForeignKey(
        Change,
        verbose_name=_("entry of the history"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    undone = models.JSONField(_("taken back"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.WAITING)
    error = models.TextField(_("error"), blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    deaths = models.PositiveSmallIntegerField(_("workers ended"), default=0)
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)
    created_at = models.DateTimeField(_("started"), auto_now_add=True)
    began_at = models.DateTimeField(_("taken by a worker"), null=True, blank=True)
    cancel_asked_at = models.DateTimeField(_("asked to stop"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = BulkJobQuerySet.as_manager()

    class Meta:
        verbose_name = _("action on many images")
        verbose_name_plural = _("actions on many images")
        indexes = [
            models.Index(
                fields=["state", "lease_until"],
                name="bulk_job_unfinished",
                condition=models.Q(state__in=["WAITING", "RUNNING"]),
            ),
            models.Index(fields=["dataset", "-id"], name="bulk_job_of_dataset"),
        ]

    def __str__(self) -> str:
        return f"{self.dataset} · {self.pk}"

    @property
    def images(self) -> Sequence[int]:
        """The numbers of the images, ascending; none after its end."""
        numbers = array("q")
        numbers.frombytes(bytes(self.image_ids or b""))
        return numbers

    @staticmethod
    def pack(image_ids: Sequence[int]) -> bytes:
        """Return numbers of images as `image_ids` holds them."""
        return array("q", image_ids).tobytes()
