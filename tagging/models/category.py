"""A group of tags."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords


class TagCategory(models.Model):
    """A group of tags with a colour; told by word as well, never by colour alone.

    `number` is what the field's own lists (`name,category,count,aliases`) write for it.
    """

    class Colour(models.TextChoices):
        GREY = "grey", _("grey")
        BLUE = "blue", _("blue")
        RED = "red", _("red")
        PURPLE = "purple", _("purple")
        GREEN = "green", _("green")
        ORANGE = "orange", _("orange")
        TEAL = "teal", _("teal")
        PINK = "pink", _("pink")

    name = models.CharField(_("name"), max_length=60, unique=True)
    colour = models.CharField(_("colour"), max_length=8, choices=Colour.choices, default=Colour.GREY)
    number = models.PositiveSmallIntegerField(
        _("number"),
        null=True,
        blank=True,
        unique=True,
        help_text=_("What lists of tags write for it: 0, 1, 3, 4, 5, …"),
    )
    history = HistoricalRecords(history_change_reason_field=models.TextField(null=True))

    class Meta:
        verbose_name = _("tag category")
        verbose_name_plural = _("tag categories")

    def __str__(self) -> str:
        return self.name
