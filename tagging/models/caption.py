"""The prose a person wrote for an image."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from datasets.models import Image


class Caption(models.Model):
    """One caption an image; `version` grows with every save, so that a save over somebody else's is noticed."""

    image = models.OneToOneField(Image, verbose_name=_("image"), on_delete=models.CASCADE, related_name="caption")
    text = models.TextField(_("text"), blank=True)
    version = models.PositiveIntegerField(_("version"), default=1)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("changed by"), null=True, blank=True, on_delete=models.SET_NULL
    )
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("caption")
        verbose_name_plural = _("captions")

    def __str__(self) -> str:
        return self.text[:60]
