"""A person's walk through a dataset."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from datasets.models import Dataset, Image


class TaggingSession(models.Model):
    """One walk of one person: which images, in which order, and how far; `person` is empty where there are no logins.

    Each person has one default walk a dataset, which begins by itself: all images, in dataset order, never finished.
    `number` of `total` is how far it was when its place was kept last, as the desk showed it.
    """

    class Order(models.TextChoices):
        POSITION = "POSITION", _("as they were added")
        NEWEST = "NEWEST", _("newest first")
        NAME = "NAME", _("by name")

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
    is_default = models.BooleanField(default=True, editable=False)
    name = models.CharField(_("name"), max_length=120, blank=True)
    filter_text = models.CharField(_("filter"), max_length=4000, blank=True)
    order = models.CharField(_("order"), max_length=8, choices=Order.choices, default=Order.POSITION)
    current_image = models.ForeignKey(
        Image, verbose_name=_("current image"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    number = models.PositiveIntegerField(_("number"), default=0, editable=False)
    total = models.PositiveIntegerField(_("total"), default=0, editable=False)
    started_at = models.DateTimeField(_("started"), auto_now_add=True)
    last_active_at = models.DateTimeField(_("last active"), auto_now=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("tagging session")
        verbose_name_plural = _("tagging sessions")
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "person"],
                condition=models.Q(is_default=True),
                name="tagging_session_of_person",
            ),
            # SQL takes two empty persons for different ones, hence a rule of their own.
            models.UniqueConstraint(
                fields=["dataset"],
                condition=models.Q(is_default=True, person__isnull=True),
                name="tagging_session_without_login",
            ),
            models.CheckConstraint(
                condition=models.Q(is_default=False) | models.Q(finished_at=None, filter_text=""),
                name="tagging_session_default_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person or _('Someone')} · {self.name or self.dataset}"
