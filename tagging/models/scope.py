"""Which datasets a tag is meant for, and how a dataset spells its tags."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from datasets.models import Dataset
from tagging.models.tag import Tag


class TagScope(models.Model):
    """A tag with such rows is meant for these datasets alone; one without is shared by all.

    Elsewhere it is not suggested, and its rules (aliases, implications, deprecation) do not hold.
    """

    tag = models.ForeignKey(Tag, verbose_name=_("tag"), on_delete=models.CASCADE, related_name="scopes")
    dataset = models.ForeignKey(Dataset, verbose_name=_("dataset"), on_delete=models.CASCADE, related_name="tag_scopes")

    class Meta:
        verbose_name = _("dataset of a tag")
        verbose_name_plural = _("datasets of a tag")
        constraints = [models.UniqueConstraint(fields=["tag", "dataset"], name="tag_scope_once")]

    def __str__(self) -> str:
        return f"{self.tag} – {self.dataset}"


class Spelling(models.TextChoices):
    """What a dataset makes of blanks and underscores in the tags that come in."""

    AS_TYPED = "AS_TYPED", _("as they are typed")
    SPACES = "SPACES", _("with spaces: red dress")
    UNDERSCORES = "UNDERSCORES", _("with underscores: red_dress")


class DatasetVocabulary(models.Model):
    """How a dataset spells its tags; without such a row as they are typed. It says nothing of tags that are there."""

    dataset = models.OneToOneField(
        Dataset, verbose_name=_("dataset"), on_delete=models.CASCADE, related_name="vocabulary"
    )
    spelling = models.CharField(_("spelling"), max_length=11, choices=Spelling.choices, default=Spelling.AS_TYPED)

    class Meta:
        verbose_name = _("vocabulary of a dataset")
        verbose_name_plural = _("vocabularies of datasets")

    def __str__(self) -> str:
        return f"{self.dataset}: {self.get_spelling_display()}"
