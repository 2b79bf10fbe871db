"""What counts up whenever the vocabulary changed."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class VocabularyRevision(models.Model):
    """One row: it counts up with every renamed, deleted, loaded or otherwise changed tag, category or alias.

    Servers compare it with what they hold in memory. New tags do not count: they are found by their number.
    """

    number = models.PositiveBigIntegerField(_("number"), default=0)

    class Meta:
        verbose_name = _("revision of the vocabulary")
        verbose_name_plural = _("revisions of the vocabulary")

    def __str__(self) -> str:
        return str(self.number)
