"""Who may do what in a dataset, and the links by which people come to it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from datasets.models.dataset import Dataset


class Role(models.TextChoices):
    """What somebody may do in a dataset; each role may do what those after it may."""

    OWNER = "OWNER", _("owner")
    REVIEWER = "REVIEWER", _("reviewer")
    TAGGER = "TAGGER", _("tagger")
    VIEWER = "VIEWER", _("viewer")

    @property
    def rank(self) -> int:
        """A number that is higher for who may do more."""
        return list(Role)[::-1].index(self)


class Membership(models.Model):
    """One person's role in one dataset; without one a person does not see that there is such a dataset."""

    dataset = models.ForeignKey(
        Dataset, verbose_name=_("dataset"), on_delete=models.CASCADE, related_name="memberships"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(_("role"), max_length=8, choices=Role)
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [models.UniqueConstraint(fields=["dataset", "user"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}"


class Invitation(models.Model):
    """A link that makes whoever opens it a member. Its secret is told once; what is kept is its SHA-256."""

    dataset = models.ForeignKey(
        Dataset, verbose_name=_("dataset"), on_delete=models.CASCADE, related_name="invitations"
    )
    role = models.CharField(_("role"), max_length=8, choices=Role)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("made by"), null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    expires_at = models.DateTimeField(_("ends"))
    revoked_at = models.DateTimeField(_("taken back"), null=True, blank=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self) -> str:
        return f"{self.dataset}: {self.get_role_display()}"
