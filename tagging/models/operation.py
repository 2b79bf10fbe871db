"""One recorded edit."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from datasets.models import Image
from tagging.models.change import Change


class TagOperation(models.Model):
    """What was done to one image, with what it takes to take it back; who, when and how stand in its `change`.

    `key` comes from the browser: the same edit sent twice counts once. `before` and `after` hold the tag's position
    (tags) or the text (captions); `None` means "was not there". `NUMBER` gives a place another number in the same
    order, where no number was left between two tags: nothing that can be seen.
    """

    class Kind(models.TextChoices):
        ADD = "ADD", _("add")
        REMOVE = "REMOVE", _("remove")
        MOVE = "MOVE", _("move")
        CAPTION = "CAPTION", _("caption")
        NUMBER = "NUMBER", _("number")

    key = models.UUIDField(unique=True)
    change = models.ForeignKey(Change, verbose_name=_("change"), on_delete=models.CASCADE, related_name="operations")
    image = models.ForeignKey(Image, verbose_name=_("image"), on_delete=models.CASCADE, related_name="operations")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    tag_name = models.CharField(_("tag"), max_length=200, blank=True)
    before = models.JSONField(_("before"), null=True)
    after = models.JSONField(_("after"), null=True)

    class Meta:
        verbose_name = _("operation")
        verbose_name_plural = _("operations")
        indexes = [models.Index(fields=["image", "id"], name="operation_of_image")]

    def __str__(self) -> str:
        return f"{self.kind} {self.tag_name}"
