"""One upload, and each file of it: the record of the work that is left to do."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from datasets.models.dataset import Dataset
from datasets.models.image import Image
from datasets.reasons import PASSING, Reason


class ImportJob(models.Model):
    """One upload. `sealed_at` says that no more files will be announced; it is done when every file has its end."""

    class Source(models.TextChoices):
        UPLOAD = "UPLOAD", _("browser")
        FOLDER = "FOLDER", _("folder")

    class SidecarPolicy(models.TextChoices):
        """What becomes of a text that arrives for a picture that has words already."""

        ONLY_UNTAGGED = "ONLY_UNTAGGED", _("only pictures without words")
        APPEND = "APPEND", _("add to what is there")
        OVERWRITE = "OVERWRITE", _("replace what is there")
        SKIP = "SKIP", _("leave the texts out")

    class SidecarReading(models.TextChoices):
        """How a text is read that does not say itself what it is."""

        GUESS = "GUESS", _("guess for each text")
        TAGS = "TAGS", _("tags")
        PROSE = "PROSE", _("prose")

    dataset = models.ForeignKey(Dataset, verbose_name=_("dataset"), on_delete=models.CASCADE, related_name="imports")
    source = models.CharField(_("source"), max_length=8, choices=Source.choices)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("started by"), null=True, blank=True, on_delete=models.SET_NULL
    )
    created_at = models.DateTimeField(_("started"), auto_now_add=True)
    sealed_at = models.DateTimeField(_("complete list since"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)
    sidecar_policy = models.CharField(
        _("texts for pictures with words"),
        max_length=16,
        choices=SidecarPolicy.choices,
        default=SidecarPolicy.ONLY_UNTAGGED,
    )
    sidecar_reading = models.CharField(
        _("texts are read as"), max_length=8, choices=SidecarReading.choices, default=SidecarReading.GUESS
    )
    asks_about_sidecars = models.BooleanField(
        _("texts wait for an answer"),
        default=False,
        help_text=_("The person has not said yet how the texts are to be read; they are held until then."),
    )

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")

    def __str__(self) -> str:
        return f"{self.dataset} · {self.pk}"


class ImportItemQuerySet(models.QuerySet["ImportItem"]):
    """Items in words of the trade."""

    def unfinished(self) -> Self:
        """Those that have no end yet."""
        return self.filter(state__in=ImportItem.UNFINISHED)

    def retryable(self) -> Self:
        """Those that ended without being read, for a reason that can pass."""
        refused = models.Q(state=ImportItem.State.FAILED, reason__in=PASSING)
        return self.filter(refused | models.Q(state=ImportItem.State.SKIPPED, reason=Reason.CANCELLED))

    def abandoned(self) -> Self:
        """Those taken by a worker whose lease ran out, by the database's clock: workers' own may differ by hours."""
        return self.filter(state=ImportItem.State.PROCESSING, lease_until__lt=Now())

    def claimable(self) -> Self:
        """Those a worker may take: received, or abandoned."""
        return self.filter(state=ImportItem.State.RECEIVED) | self.abandoned()


class ImportItem(models.Model):
    """One file of an upload and what became of it.

    `name` and `folder` are what the person's machine called it: data, never part of a path here. `client_key` is made
    where the file was chosen: announced twice under it, the file is here once. `sha256` is what its sender says of the
    bytes, empty where nobody said. `archive` and `entry` say where the bytes of a file inside an archive lie.

    `attempts` counts the claims, and so tells one claim from the next; `deaths` counts those that
    were no worker's: the decoders that it ended, and the turns that a long list or zip took.
    """

    class State(models.TextChoices):
        WAITING = "WAITING", _("waiting for its bytes")
        HELD = "HELD", _("waiting for your answer")
        RECEIVED = "RECEIVED", _("waiting for a worker")
        PROCESSING = "PROCESSING", _("being read")
        READY = "READY", _("ready")
        DUPLICATE = "DUPLICATE", _("already here")
        SKIPPED = "SKIPPED", _("left out")
        FAILED = "FAILED", _("refused")

    class Kind(models.TextChoices):
        IMAGE = "IMAGE", _("image")
        SIDECAR = "SIDECAR", _("sidecar")
        METADATA = "METADATA", _("list of captions")
        ARCHIVE = "ARCHIVE", _("archive")

    TEXTS = (Kind.SIDECAR, Kind.METADATA)
    UNFINISHED = (State.WAITING, State.HELD, State.RECEIVED, State.PROCESSING)

    job = models.ForeignKey(ImportJob, verbose_name=_("import"), on_delete=models.CASCADE, related_name="items")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    client_key = models.CharField(max_length=64, null=True, editable=False)  # noqa: DJ001 (two empty keys are no clash)
    name = models.TextField(_("name"))
    folder = models.TextField(_("folder"), blank=True)
    stem_key = models.CharField(max_length=32, editable=False)
    byte_size = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)
    archive = models.ForeignKey(
        "self", verbose_name=_("archive"), null=True, blank=True, on_delete=models.CASCADE, related_name="entries"
    )
    entry = models.JSONField(null=True, editable=False, help_text="Where it lies in the archive.")
    position = models.PositiveBigIntegerField(editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    reason = models.CharField(_("reason"), max_length=24, blank=True)
    detail = models.TextField(_("detail"), blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    deaths = models.PositiveSmallIntegerField(_("decoders ended"), default=0)
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)
    received_at = models.DateTimeField(_("received"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    image = models.ForeignKey(
        Image, verbose_name=_("image"), null=True, blank=True, on_delete=models.SET_NULL, related_name="import_items"
    )

    objects = ImportItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("import item")
        verbose_name_plural = _("import items")
        constraints = [models.UniqueConstraint(fields=["job", "client_key"], name="item_announced_once")]
        indexes = [
            models.Index(fields=["job", "state", "id"], name="item_state"),
            models.Index(fields=["job", "state", "kind"], name="item_counts"),
            models.Index(fields=["job", "finished_at"], name="item_finished"),
            models.Index(fields=["job", "stem_key"], name="item_stem"),
            models.Index(
                fields=["state", "lease_until"],
                name="item_unfinished",
                condition=models.Q(state__in=["RECEIVED", "PROCESSING"]),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SidecarText(models.Model):
    """What a sidecar, or one row of a list of captions, says of one picture of an import.

    `stem_key` names the picture by folder and name without extension; `name` holds the whole name where the list gives
    it, and is empty else. `reading` is `GUESS` where the text itself does not say what it is.
    """

    class Reading(models.TextChoices):
        """How it is read."""

        GUESS = "GUESS", _("guess for each text")
        TAGS = "TAGS", _("tags")
        PROSE = "PROSE", _("prose")
        EXACT = "EXACT", _("tags and prose apart, in place of all other texts")

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="sidecar_texts")
    item = models.ForeignKey(ImportItem, on_delete=models.CASCADE, related_name="sidecar_texts")
    stem_key = models.CharField(max_length=32)
    name = models.TextField(blank=True)
    reading = models.CharField(max_length=8, choices=Reading.choices)
    text = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["job", "stem_key"], name="sidecar_text_stem")]

    def __str__(self) -> str:
        return self.text[:60]
