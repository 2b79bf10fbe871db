"""A picture whose files stay, whatever becomes of its image."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from datasets.models.dataset import Dataset
from datasets.models.image import ImageFormat


class KeptPicture(models.Model):
    """A picture that something of a dataset needs though its image may be deleted for ever: its files are not freed.

    `original_name`, `format` and `byte_size` are what its image said, for those who look whether the files are whole.
    """

    dataset = models.ForeignKey(
        Dataset, verbose_name=_("dataset"), on_delete=models.CASCADE, related_name="kept_pictures"
    )
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    format = models.CharField(_("format"), max_length=4, choices=ImageFormat.choices)
    byte_size = models.PositiveBigIntegerField(_("size in bytes"))
    original_name = models.TextField(_("original name"))

    class Meta:
        verbose_name = _("kept picture")
        verbose_name_plural = _("kept pictures")
        constraints = [models.UniqueConstraint(fields=["dataset", "sha256"], name="kept_picture_once")]
        indexes = [models.Index(fields=["sha256"], name="kept_picture_sha256")]

    def __str__(self) -> str:
        return self.original_name
