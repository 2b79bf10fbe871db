"""A word of the vocabulary."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from tagging.models.category import TagCategory
from tagging.models.folded import Folded


class Tag(models.Model):
    """One word, spelled as `tagging.text.normalise_tag_name` leaves it; two spellings of one word cannot both exist.

    `vocabulary_count` is how often the list it was loaded from saw it; on our own images it is counted, never stored.
    A tag with `deprecated_at` is not taken in any more: `successor`, which may be deprecated in its turn, takes its
    place. Images keep it where they have it.
    """

    name = models.CharField(_("name"), max_length=200, unique=True)
    category = models.ForeignKey(
        TagCategory, verbose_name=_("category"), null=True, blank=True, on_delete=models.SET_NULL, related_name="tags"
    )
    vocabulary_count = models.PositiveBigIntegerField(_("count in the vocabulary"), default=0)
    description = models.TextField(
        _("description"), blank=True, help_text=_("What it is for, and what not: shown where people choose tags.")
    )
    deprecated_at = models.DateTimeField(
        _("not used since"), null=True, blank=True, help_text=_("Empty for a tag that may be used.")
    )
    successor = models.ForeignKey(
        "self",
        verbose_name=_("takes its place"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="predecessors",
    )
    created_at = models.DateTimeField(_("added"), auto_now_add=True)
    history = HistoricalRecords(
        excluded_fields=["vocabulary_count", "created_at"], history_change_reason_field=models.TextField(null=True)
    )

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        # What is typed is looked for however it is spelled.
        indexes = [models.Index(Folded("name"), name="tag_folded")]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(name="") & ~models.Q(name__contains=","), name="tag_name_is_one_word_of_a_list"
            ),
            models.CheckConstraint(
                condition=models.Q(successor=None) | ~models.Q(successor=models.F("id")),
                name="tag_does_not_succeed_itself",
            ),
        ]

    def __str__(self) -> str:
        return self.name
