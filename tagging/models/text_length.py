"""How long the text of an image is for those who read it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from datasets.models import Image


class TextLength(models.Model):
    """The tokens of the text that an export writes for an image, as of one state of its words.

    It holds while `counted_at_revision` is the image's `changed_at_revision` and `trigger_word` the dataset's; else,
    and where there is no row, the text has to be counted anew. Writing words leaves it alone, so that nobody who types
    waits for a tokenizer. A count is empty where its tokenizer was not installed.
    """

    image = models.OneToOneField(
        Image, verbose_name=_("image"), on_delete=models.CASCADE, primary_key=True, related_name="text_length"
    )
    clip = models.PositiveIntegerField(_("tokens for CLIP"), null=True)
    t5 = models.PositiveIntegerField(_("tokens for T5"), null=True)
    counted_at_revision = models.PositiveBigIntegerField(editable=False)
    trigger_word = models.CharField(_("trigger word"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("length of a text")
        verbose_name_plural = _("lengths of texts")
        indexes = [models.Index(fields=["clip", "image"], name="text_length_clip")]

    def __str__(self) -> str:
        return f"{self.clip} {self.t5}"
