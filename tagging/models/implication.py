"""What a tag says as well."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from tagging.models.tag import Tag


class TagImplication(models.Model):
    """Where `tag` is, `implies` is true as well, and what that implies in turn; `add_implication` refuses circles."""

    tag = models.ForeignKey(Tag, verbose_name=_("tag"), on_delete=models.CASCADE, related_name="implications")
    implies = models.ForeignKey(Tag, verbose_name=_("implies"), on_delete=models.CASCADE, related_name="implied_by")
    history = HistoricalRecords(history_change_reason_field=models.TextField(null=True))

    class Meta:
        verbose_name = _("implication")
        verbose_name_plural = _("implications")
        constraints = [
            models.UniqueConstraint(fields=["tag", "implies"], name="tag_implication_once"),
            models.CheckConstraint(condition=~models.Q(tag=models.F("implies")), name="tag_does_not_imply_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.tag} ⇒ {self.implies}"
