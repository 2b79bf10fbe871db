"""Where a person is in a dataset."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from datasets.models import Dataset, Image


class TaggingSession(models.Model):
    """One person's place in one dataset; `person` is empty where there are no logins."""

    dataset = models.ForeignKey(
        Dataset, verbose_name=_("dataset"), on_delete=models.CASCADE, related_name="tagging_sessions"
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="tagging_sessions",
    )
    current_image = models.ForeignKey(
        Image, verbose_name=_("current image"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    started_at = models.DateTimeField(_("started"), auto_now_add=True)
    last_active_at = models.DateTimeField(_("last active"), auto_now=True)

    class Meta:
        verbose_name = _("tagging session")
        verbose_name_plural = _("tagging sessions")
        constraints = [
            models.UniqueConstraint(fields=["dataset", "person"], name="tagging_session_of_person"),
            # SQL takes two empty persons for different ones, hence a rule of their own.
            models.UniqueConstraint(
                fields=["dataset"], condition=models.Q(person__isnull=True), name="tagging_session_without_login"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person or _('Someone')} · {self.dataset}"
