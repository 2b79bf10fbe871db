"""Another spelling of a tag."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from tagging.models.folded import Folded
from tagging.models.tag import Tag


class TagAlias(models.Model):
    """Another spelling: found while typing and resolved on the way in, never stored on an image."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    tag = models.ForeignKey(Tag, verbose_name=_("tag"), on_delete=models.CASCADE, related_name="aliases")
    history = HistoricalRecords(history_change_reason_field=models.TextField(null=True))

    class Meta:
        verbose_name = _("alias")
        verbose_name_plural = _("aliases")
        # What is typed is looked for however it is spelled.
        indexes = [models.Index(Folded("name"), name="tag_alias_folded")]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(name="") & ~models.Q(name__contains=","), name="tag_alias_is_one_word_of_a_list"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} → {self.tag}"
