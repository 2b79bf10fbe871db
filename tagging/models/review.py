"""What a reviewer said of an image."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from datasets.models import Image, ReviewState


class Review(models.Model):
    """One step of an image from state to state, by whom and why: `Image.review_state` is the newest one's `state`.

    `key` comes from where it was decided: the same decision sent twice counts once. Steps that an edit makes have none.
    """

    key = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    image = models.ForeignKey(Image, verbose_name=_("image"), on_delete=models.CASCADE, related_name="reviews")
    state = models.CharField(_("state"), max_length=18, choices=ReviewState.choices)
    reason = models.TextField(_("reason"), blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("done by"), null=True, blank=True, on_delete=models.SET_NULL
    )
    done_at = models.DateTimeField(_("done"), auto_now_add=True)

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        indexes = [models.Index(fields=["image", "-id"], name="review_of_image")]

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.reason[:40]}"
