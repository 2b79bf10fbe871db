"""A picture that shows what a tag means."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from datasets.models import Image
from tagging.models.tag import Tag


class TagExample(models.Model):
    """An image that shows what a tag means; `set_examples` keeps them few."""

    tag = models.ForeignKey(Tag, verbose_name=_("tag"), on_delete=models.CASCADE, related_name="examples")
    image = models.ForeignKey(Image, verbose_name=_("image"), on_delete=models.CASCADE, related_name="tag_examples")

    class Meta:
        verbose_name = _("example of a tag")
        verbose_name_plural = _("examples of a tag")
        constraints = [models.UniqueConstraint(fields=["tag", "image"], name="tag_example_once")]

    def __str__(self) -> str:
        return f"{self.tag}: {self.image}"
