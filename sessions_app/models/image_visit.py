"""What became of one image in one tagging session."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from datasets.models import Image
from sessions_app.models.tagging_session import TaggingSession


class ImageVisit(models.Model):
    """One image in one tagging session; a second visit adds its seconds to the first.

    `position` is the image's own, which never changes: the visits beside an image are found along one index.
    """

    class Outcome(models.TextChoices):
        TAGGED = "TAGGED", _("tagged")
        SKIPPED = "SKIPPED", _("skipped")

    tagging_session = models.ForeignKey(
        TaggingSession, verbose_name=_("tagging session"), on_delete=models.CASCADE, related_name="visits"
    )
    image = models.ForeignKey(Image, verbose_name=_("image"), on_delete=models.CASCADE, related_name="visits")
    position = models.PositiveBigIntegerField(_("position"), editable=False)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome.choices)
    seconds = models.FloatField(_("seconds"), default=0)
    visited_at = models.DateTimeField(_("visited"), auto_now=True)

    class Meta:
        verbose_name = _("visit of an image")
        verbose_name_plural = _("visits of images")
        constraints = [models.UniqueConstraint(fields=["tagging_session", "image"], name="image_visit_once")]
        indexes = [models.Index(fields=["tagging_session", "position"], name="image_visit_order")]

    def __str__(self) -> str:
        return f"{self.image} {self.outcome}"
