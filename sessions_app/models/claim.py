"""“I am on this image”, with a lease that runs out."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from datasets.models import Dataset, Image


class Claim(models.Model):
    """One open page of the desk: who is there, on which image, and whether that image is theirs.

    A page is one row, known by the `tab` it made up: a second tab of the same person is a second person. `image` may
    be shared by many pages; it is held by at most one, the one with `held_since`, until `held_until`. The row itself
    ends at `seen_until`. `guest` is the number of a page without a login: “Guest 2”.
    """

    tab = models.UUIDField(unique=True)
    dataset = models.ForeignKey(Dataset, verbose_name=_("dataset"), on_delete=models.CASCADE, related_name="claims")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="claims",
    )
    guest = models.PositiveIntegerField(_("guest"), default=0)
    image = models.ForeignKey(
        Image, verbose_name=_("image"), null=True, blank=True, on_delete=models.SET_NULL, related_name="claims"
    )
    held_since = models.DateTimeField(_("held since"), null=True, blank=True)
    held_until = models.DateTimeField(_("held until"), null=True, blank=True)
    seen_until = models.DateTimeField(_("seen until"))
    started_at = models.DateTimeField(_("came"), auto_now_add=True)

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        constraints = [
            models.UniqueConstraint(
                fields=["image"], condition=models.Q(held_since__isnull=False), name="claim_image_held_once"
            )
        ]
        indexes = [models.Index(fields=["dataset", "seen_until"], name="claim_of_dataset")]

    def __str__(self) -> str:
        return f"{self.person or self.guest} · {self.image}"
