"""The tags under the keys 1 to 9."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from datasets.models import Dataset
from tagging.models.tag import Tag


class QuickTag(models.Model):
    """A tag pinned to a number key in one dataset; it stays there until a person moves it."""

    dataset = models.ForeignKey(Dataset, verbose_name=_("dataset"), on_delete=models.CASCADE, related_name="quick_tags")
    slot = models.PositiveSmallIntegerField(_("key"))
    tag = models.ForeignKey(Tag, verbose_name=_("tag"), on_delete=models.CASCADE, related_name="quick_tags")

    class Meta:
        verbose_name = _("quick tag")
        verbose_name_plural = _("quick tags")
        constraints = [
            models.UniqueConstraint(fields=["dataset", "slot"], name="quick_tag_slot_once"),
            models.UniqueConstraint(fields=["dataset", "tag"], name="quick_tag_tag_once"),
            models.CheckConstraint(condition=models.Q(slot__gte=1, slot__lte=9), name="quick_tag_slot_is_a_digit"),
        ]

    def __str__(self) -> str:
        return f"{self.slot} {self.tag}"
