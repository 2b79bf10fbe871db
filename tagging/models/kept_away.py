"""An implied tag that a person took away."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tagging.models.operation import TagOperation


class TagKeptAway(models.Model):
    """This removal was meant to last: no rule adds its tag to its image again.

    It holds as long as the removal is the last that was done to this tag on this image; who adds the tag by hand, or
    takes the removal back, ends it.
    """

    operation = models.OneToOneField(
        TagOperation, verbose_name=_("operation"), on_delete=models.CASCADE, related_name="kept_away"
    )

    class Meta:
        verbose_name = _("tag that is kept away")
        verbose_name_plural = _("tags that are kept away")

    def __str__(self) -> str:
        return str(self.operation)
