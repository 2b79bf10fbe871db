"""One picture in a dataset, known by its SHA-256."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Cast
from django.db.models.lookups import LessThan
from django.utils.translation import gettext_lazy as _

from datasets.models.dataset import Dataset
from datasets.quality import BLURRED_BELOW, EXTREME_RATIO, TOO_SMALL_PIXELS

# As fractions: whole numbers are divided as such by a database. An index is built on it as it is written here.
ASPECT_RATIO = Cast("width", models.FloatField()) / Cast("height", models.FloatField())
_PRESENT = Q(trashed_at__isnull=True)


class ImageFormat(models.TextChoices):
    """The seven formats that are taken in, as the decoder names them."""

    JPEG = "JPEG", "JPEG"
    PNG = "PNG", "PNG"
    WEBP = "WEBP", "WebP"
    GIF = "GIF", "GIF"
    BMP = "BMP", "BMP"
    TIFF = "TIFF", "TIFF"
    AVIF = "AVIF", "AVIF"


class Flag(models.TextChoices):
    """What makes a picture worth a look before it is trained with: a filter, never a reason to delete anything."""

    SMALL = "small", _("too small")
    BLURRED = "blurred", _("blurred")
    EXTREME = "extreme", _("extreme shape")

    @property
    def condition(self) -> Q:
        """Which images have it, by their columns."""
        if self is Flag.SMALL:
            # As a fraction: the pixels of the largest pictures are more than an integer of PostgreSQL holds.
            return Q(LessThan(F("width") * 1.0 * F("height"), float(TOO_SMALL_PIXELS)))
        if self is Flag.BLURRED:
            return Q(sharpness__lt=BLURRED_BELOW)
        return Q(width__gt=F("height") * EXTREME_RATIO) | Q(height__gt=F("width") * EXTREME_RATIO)


class ReviewState(models.TextChoices):
    """How far an image is, in the eyes of the people who tag and review."""

    UNTAGGED = "UNTAGGED", _("untagged")
    IN_PROGRESS = "IN_PROGRESS", _("in progress")
    READY = "READY", _("ready")
    APPROVED = "APPROVED", _("approved")
    CHANGES_REQUESTED = "CHANGES_REQUESTED", _("changes requested")


class ImageQuerySet(models.QuerySet["Image"]):
    """Images in words of the trade."""

    def in_trash(self) -> Self:
        """Those that were deleted and can come back; ask `Image.everything`, `Image.objects` has none of them."""
        return self.filter(trashed_at__isnull=False)

    def in_order(self) -> Self:
        """In dataset order."""
        return self.order_by("position")

    def untagged(self) -> Self:
        """Those with neither a tag nor a caption."""
        return self.filter(is_tagged=False)

    def flagged(self, flag: Flag) -> Self:
        """Those that have a flag."""
        return self.filter(flag.condition)

    def too_small(self) -> Self:
        """Those with fewer pixels than trainers use."""
        return self.flagged(Flag.SMALL)

    def blurred(self) -> Self:
        """Those with hardly an edge; one that was not measured is none of them."""
        return self.flagged(Flag.BLURRED)

    def extreme(self) -> Self:
        """Those so long or so high that trainers cut them off."""
        return self.flagged(Flag.EXTREME)


class PresentImages(models.Manager["Image"]):
    """The images that are there: all but those in the trash."""

    def get_queryset(self) -> ImageQuerySet:
        """Leave the trash out."""
        return ImageQuerySet(self.model, using=self._db).filter(trashed_at=None)

    def filter(self, *args: Any, **kwargs: Any) -> ImageQuerySet:
        """As of a queryset, with the words of the trade after it."""
        return self.get_queryset().filter(*args, **kwargs)

    def in_order(self) -> ImageQuerySet:
        """In dataset order."""
        return self.get_queryset().in_order()

    def untagged(self) -> ImageQuerySet:
        """Those with neither a tag nor a caption."""
        return self.get_queryset().untagged()


class Image(models.Model):
    """One picture that was checked, measured and stored.

    A row exists only for a picture whose files are all stored: there is no half image. `width` and `height` are as a
    person sees it, after EXIF orientation. `is_tagged` says whether it has a tag or a caption; only `tagging` writes
    it, `review_state` and `revision`, which grows with every edit. `changed_at_revision` is the dataset's revision at
    the last of these changes: what a page missed is what has a greater one than the page knows.

    `objects` and `dataset.images` leave out what is in the trash (`trashed_at`); `everything` holds all. Joins and
    foreign keys see all too: a count over `images` or `image_tags` has to say `trashed_at=None` itself.
    """

    dataset = models.ForeignKey(Dataset, verbose_name=_("dataset"), on_delete=models.CASCADE, related_name="images")
    position = models.PositiveBigIntegerField(_("position"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    original_name = models.TextField(_("original name"))
    relative_path = models.TextField(_("folder"), blank=True, help_text=_("Folder it came in, below the one dropped."))
    stem_key = models.CharField(max_length=32, editable=False)
    format = models.CharField(_("format"), max_length=4, choices=ImageFormat.choices)
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    byte_size = models.PositiveBigIntegerField(_("size in bytes"))
    orientation = models.PositiveSmallIntegerField(_("EXIF orientation"), default=1)
    is_plain = models.BooleanField(
        _("plain pixels"),
        default=True,
        help_text=_("8-bit RGB or grey, upright, one frame: trainers read it as it is."),
    )
    colour = models.CharField(_("mean colour"), max_length=7)
    dhash = models.BigIntegerField(
        _("perceptual hash"),
        null=True,
        editable=False,
        help_text=_("64 bits, signed; empty where not measured."),
    )
    sharpness = models.FloatField(_("sharpness"), null=True, editable=False)
    sidecar_text = models.TextField(
        _("sidecar"), blank=True, help_text=_("The .txt that arrived beside it, as it was.")
    )
    is_tagged = models.BooleanField(_("tagged"), default=False)
    revision = models.PositiveBigIntegerField(_("revision"), default=0, editable=False)
    changed_at_revision = models.PositiveBigIntegerField(default=0, editable=False)
    review_state = models.CharField(
        _("review"), max_length=18, choices=ReviewState.choices, default=ReviewState.UNTAGGED
    )
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    trashed_at = models.DateTimeField(_("in the trash since"), null=True, blank=True)
    trashed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("deleted by"), null=True, blank=True, on_delete=models.SET_NULL
    )

    objects = PresentImages()
    everything = ImageQuerySet.as_manager()

    class Meta:
        base_manager_name = "everything"
        verbose_name = _("image")
        verbose_name_plural = _("images")
        constraints = [
            models.UniqueConstraint(fields=["dataset", "sha256"], name="image_content_unique"),
            models.UniqueConstraint(fields=["dataset", "position"], name="image_position_unique"),
            models.CheckConstraint(condition=models.Q(width__gt=0, height__gt=0), name="image_has_size"),
        ]
        indexes = [
            models.Index(fields=["dataset", "is_tagged", "position"], name="image_untagged"),
            models.Index(fields=["dataset", "review_state", "position"], name="image_review"),
            models.Index(fields=["dataset", "changed_at_revision", "id"], name="image_changed"),
            models.Index(fields=["dataset", "original_name", "id"], name="image_name"),
            models.Index(fields=["dataset", "stem_key"], name="image_stem"),
            models.Index(fields=["sha256"], name="image_sha256"),
            # `trashed_at` stands in these so that what is counted need not be looked up in the table.
            models.Index(fields=["dataset", "position", "id", "trashed_at"], name="image_present", condition=_PRESENT),
            models.Index(fields=["dataset", "byte_size", "id"], name="image_size", condition=_PRESENT),
            models.Index("dataset", ASPECT_RATIO, "id", name="image_ratio", condition=_PRESENT),
            models.Index(
                fields=["dataset", "trashed_at"], name="image_trash", condition=models.Q(trashed_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.original_name

    @property
    def flags(self) -> list[Flag]:
        """What makes it worth a look; as the filters find it."""
        shorter, longer = sorted((self.width, self.height))
        has = {
            Flag.SMALL: self.width * self.height < TOO_SMALL_PIXELS,
            Flag.BLURRED: self.sharpness is not None and self.sharpness < BLURRED_BELOW,
            Flag.EXTREME: longer > shorter * EXTREME_RATIO,
        }
        return [flag for flag in Flag if has[flag]]


class DistinctPair(models.Model):
    """Two images that look alike and that a person said to keep both; `first` has the lower number."""

    first = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="distinct_pair_once"),
            models.CheckConstraint(condition=models.Q(first__lt=models.F("second")), name="distinct_pair_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} {self.second_id}"
