"""What the vocabulary made of the texts of an import."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from datasets.models import ImportJob


class TextNote(models.Model):
    """A word that texts of an import brought, and that is not what was written there, or may not be what was meant."""

    class Kind(models.TextChoices):
        REPLACED = "REPLACED", _("replaced by its successor")
        REFUSED = "REFUSED", _("left out")
        DOUBTED = "DOUBTED", _("one letter from another")

    job = models.ForeignKey(ImportJob, verbose_name=_("import"), on_delete=models.CASCADE, related_name="text_notes")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    word = models.CharField(_("word"), max_length=200)
    other = models.CharField(_("the other word"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("note on the texts of an import")
        verbose_name_plural = _("notes on the texts of an import")
        constraints = [models.UniqueConstraint(fields=["job", "word"], name="text_note_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.word} {self.other}"
