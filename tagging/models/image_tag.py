"""This tag on this image."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from datasets.models import Image
from tagging.models.tag import Tag


class Source(models.TextChoices):
    """How something got onto an image."""

    PERSON = "PERSON", _("person")
    SIDECAR = "SIDECAR", _("sidecar")
    BULK = "BULK", _("bulk")
    RULE = "RULE", _("rule")
    MODEL = "MODEL", _("model")


class ImageTag(models.Model):
    """A tag at its place on an image. Places are fractions, so that moving one tag rewrites one row."""

    image = models.ForeignKey(Image, verbose_name=_("image"), on_delete=models.CASCADE, related_name="image_tags")
    tag = models.ForeignKey(Tag, verbose_name=_("tag"), on_delete=models.PROTECT, related_name="image_tags")
    position = models.FloatField(_("position"))
    source = models.CharField(_("source"), max_length=8, choices=Source.choices)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("added by"), null=True, blank=True, on_delete=models.SET_NULL
    )
    # Not `auto_now_add`: what an undo brings back has been there since it first came.
    added_at = models.DateTimeField(_("added"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("tag on an image")
        verbose_name_plural = _("tags on images")
        constraints = [models.UniqueConstraint(fields=["tag", "image"], name="image_tag_once")]
        indexes = [models.Index(fields=["image", "position"], name="image_tag_order")]

    def __str__(self) -> str:
        return str(self.tag)
