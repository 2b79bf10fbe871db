"""What a person wants a dataset to hold."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from datasets.models import Dataset


class Goal(models.Model):
    """So many pictures of a kind: “20 profile shots”. The kind is a filter, empty for any picture."""

    dataset = models.ForeignKey(Dataset, verbose_name=_("dataset"), on_delete=models.CASCADE, related_name="goals")
    name = models.CharField(_("name"), max_length=120)
    filter = models.CharField(_("filter"), max_length=2000, blank=True)
    wanted = models.PositiveIntegerField(_("wanted"))
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        verbose_name = _("goal")
        verbose_name_plural = _("goals")
        indexes = [models.Index(fields=["dataset", "id"], name="goal_of_dataset")]
        constraints = [models.CheckConstraint(condition=models.Q(wanted__gte=1), name="goal_wants_something")]

    def __str__(self) -> str:
        return self.name
