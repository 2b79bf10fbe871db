"""One recorded edit."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from datasets.models import Image
from tagging.models.change import Change
from tagging.models.image_tag import Source


class TagOperation(models.Model):
    """What was done to one image, with what it takes to take it back; who, when and how stand in its `change`.

    `key` comes from the browser: the same edit sent twice counts once. `before` and `after` hold the tag's position
    (tags) or the text (captions); `None` means "was not there". `NUMBER` gives a place another number in the same
    order, where no number was left between two tags: nothing that can be seen.

    `was_source`, `was_added_by` and `was_added_at` say of a tag that goes how, by whom and when it had come, and of one
    that an undo brings back what it comes back with. In operations of before they are `None`.
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
    was_source = models.CharField(_("had come"), max_length=8, choices=Source.choices, null=True, blank=True)  # noqa: DJ001 (added to large tables without writing every row anew)
    # Without an index: every operation would pay for it, and it is asked for only when an account is deleted.
    was_added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("had been added by"),
        null=True,
        blank=True,
        db_index=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    was_added_at = models.DateTimeField(_("had been added"), null=True, blank=True)

    class Meta:
        verbose_name = _("operation")
        verbose_name_plural = _("operations")
        indexes = [models.Index(fields=["image", "id"], name="operation_of_image")]

    def __str__(self) -> str:
        return f"{self.kind} {self.tag_name}"
