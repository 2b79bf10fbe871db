"""One picture in a dataset, known by its SHA-256."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from datasets.models.dataset import Dataset


class ImageFormat(models.TextChoices):
    """The seven formats that are taken in, as the decoder names them."""

    JPEG = "JPEG", "JPEG"
    PNG = "PNG", "PNG"
    WEBP = "WEBP", "WebP"
    GIF = "GIF", "GIF"
    BMP = "BMP", "BMP"
    TIFF = "TIFF", "TIFF"
    AVIF = "AVIF", "AVIF"


class ImageQuerySet(models.QuerySet["Image"]):
    """Images in words of the trade."""

    def in_order(self) -> Self:
        """In dataset order."""
        return self.order_by("position")

    def untagged(self) -> Self:
        """Those with neither a tag nor a caption."""
        return self.filter(is_tagged=False)


class Image(models.Model):
    """One picture that was checked, measured and stored.

    A row exists only for a picture whose files are all stored: there is no half image. `width` and `height` are as a
    person sees it, after EXIF orientation. `is_tagged` says whether it has a tag or a caption; only `tagging` writes
    it and `revision`, which grows with every edit.
    """

    dataset = models.ForeignKey(Dataset, verbose_name=_("dataset"), on_delete=models.CASCADE, related_name="images")
    position = models.PositiveBigIntegerField(_("position"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    original_name = models.TextField(_("original name"))
    relative_path = models.TextField(_("folder"), blank=True, help_text=_("Folder it came in, below the one dropped."))
    stem_key = models.CharField(max_length=32, editable=False)
    format = models.CharField(_("format"), max_length=4, choices=ImageFormat.choices)
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    byte_size = models.PositiveBigIntegerField(_("size in bytes"))
    orientation = models.PositiveSmallIntegerField(_("EXIF orientation"), default=1)
    is_plain = models.BooleanField(
        _("plain pixels"),
        default=True,
        help_text=_("8-bit RGB or grey, upright, one frame: trainers read it as it is."),
    )
    colour = models.CharField(_("mean colour"), max_length=7)
    sidecar_text = models.TextField(
        _("sidecar"), blank=True, help_text=_("The .txt that arrived beside it, as it was.")
    )
    is_tagged = models.BooleanField(_("tagged"), default=False)
    revision = models.PositiveBigIntegerField(_("revision"), default=0, editable=False)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    objects = ImageQuerySet.as_manager()

    class Meta:
        verbose_name = _("image")
        verbose_name_plural = _("images")
        constraints = [
            models.UniqueConstraint(fields=["dataset", "sha256"], name="image_content_unique"),
            models.UniqueConstraint(fields=["dataset", "position"], name="image_position_unique"),
            models.CheckConstraint(condition=models.Q(width__gt=0, height__gt=0), name="image_has_size"),
        ]
        indexes = [
            models.Index(fields=["dataset", "is_tagged", "position"], name="image_untagged"),
            models.Index(fields=["dataset", "stem_key"], name="image_stem"),
            models.Index(fields=["sha256"], name="image_sha256"),
        ]

    def __str__(self) -> str:
        return self.original_name
