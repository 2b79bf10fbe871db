"""One entry of a dataset's history."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from datasets.models import Dataset
from tagging.models.image_tag import Source


class Change(models.Model):
    """What was done in one go, by whom, when, how and why: one or many operations that are undone together.

    `key` comes from where it was done, as the keys of its operations do. `undoes` is the change that this one took
    back; what of it could not be taken back is what its operations lack.
    """

    key = models.UUIDField(unique=True)
    dataset = models.ForeignKey(Dataset, verbose_name=_("dataset"), on_delete=models.CASCADE, related_name="changes")
    source = models.CharField(_("source"), max_length=8, choices=Source.choices)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("done by"), null=True, blank=True, on_delete=models.SET_NULL
    )
    done_at = models.DateTimeField(_("done"), auto_now_add=True)
    reason = models.CharField(_("why"), max_length=500, blank=True)
    undoes = models.ForeignKey(
        "self", verbose_name=_("takes back"), null=True, blank=True, on_delete=models.SET_NULL, related_name="undone_by"
    )

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        indexes = [models.Index(fields=["dataset", "-id"], name="change_of_dataset")]

    def __str__(self) -> str:
        return f"{self.source} {self.done_at:%Y-%m-%d %H:%M}"
