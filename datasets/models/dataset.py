"""A named set of images being prepared for training."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _


class DatasetQuerySet(models.QuerySet["Dataset"]):
    """Datasets in words of the trade."""

    def newest_first(self) -> Self:
        """The one made last comes first."""
        return self.order_by("-created_at", "-pk")


class Dataset(models.Model):
    """A named set of images.

    Names are not unique: being refused one would tell of a dataset that the person does not see.

    `revision` grows with every change that an open page should hear of. `next_position` is the place the next file
    gets: places are given when a file is announced, so that the order is the person's, whichever worker is quicker.
    """

    name = models.CharField(_("name"), max_length=120)
    file_prefix = models.CharField(
        _("file prefix"), max_length=64, help_text=_("Exported files are named PREFIX-0001.jpg, PREFIX-0002.jpg, …")
    )
    trigger_word = models.CharField(
        _("trigger word"), max_length=100, blank=True, help_text=_("Stands first in every exported caption.")
    )
    revision = models.PositiveBigIntegerField(_("revision"), default=0, editable=False)
    next_position = models.PositiveBigIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = DatasetQuerySet.as_manager()

    class Meta:
        verbose_name = _("dataset")
        verbose_name_plural = _("datasets")

    def __str__(self) -> str:
        return self.name
