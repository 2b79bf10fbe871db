"""What the API of exports takes and gives."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal

from django.urls import reverse
from ninja import Field, Schema
from pydantic import ConfigDict

from datasets.queries.images import file_address
from tagging.models import ExportArchive, ExportJob
from tagging.queries.export_preview import ExportPreview, PreviewedImage
from tagging.queries.exports import get_export_progress
from tagging.tokens import MOST_CLIP_TOKENS, MOST_T5_TOKENS
from tagging.trainers.options import ExportOptions
from tagging.trainers.profiles import Profile

_LONGEST_FILTER = 10_000
_LONGEST_TEMPLATE = 4_000
_MOST_SELECTED = 100_000


def storable(value: Any) -> Any:
    """Return texts of JSON without NUL and half an emoji, which can be typed and which no database takes."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8")
    return {key: storable(each) for key, each in value.items()} if isinstance(value, dict) else value


class StyleIn(Schema):
    """How tags are written; what is left out is as the profile has it."""

    model_config = ConfigDict(extra="forbid")

    separator: str = Field(", ", max_length=20)
    underscores: Literal["keep", "spaces", "underscores"] = "keep"
    escape_parentheses: bool = False
    order: Literal["as_tagged", "alphabet", "category", "category_then_alphabet"] = "as_tagged"
    kept: int | None = Field(None, ge=0, le=1_000, description="Tags that stay in front where a trainer shuffles.")
    marker: str | None = Field(None, max_length=20, description="What stands behind these (kohya: `|||`).")
    secondary: str | None = Field(None, max_length=20, description="What joins neighbours of one category.")
    keeps_prose_start: bool = Field(True, description="Prose that begins with the trigger word brings its own.")


class PixelsIn(Schema):
    """What becomes of pictures.

    `original`: byte for byte where a trainer reads the file as it is; the others upright, 8-bit sRGB, first frame.
    `converted`: all of them so, without metadata, and as is asked for below.
    """

    model_config = ConfigDict(extra="forbid")

    mode: Literal["original", "converted"] = "original"
    longest_side: int | None = Field(None, ge=64, le=65_535, description="Longer ones are made so long.")
    background: str = Field("#ffffff", pattern=r"^#[0-9a-fA-F]{6}$", description="What lies below transparency.")
    format: Literal["keep", "jpeg", "png", "webp"] = "keep"
    quality: int = Field(95, ge=1, le=100)


class OptionsIn(Schema):
    """How a dataset is exported; only `profile` has to be said."""

    model_config = ConfigDict(extra="forbid")

    profile: str = Field(max_length=32)
    variant: str = Field("", max_length=32, description="Empty for the profile's first.")
    template: str | None = Field(None, max_length=_LONGEST_TEMPLATE, description="Null for that of the profile.")
    style: StyleIn = Field(default_factory=lambda: StyleIn.model_validate({}))
    filter: str = Field("", max_length=_LONGEST_FILTER, description="Only what it finds goes in.")
    repeats: int | None = Field(None, ge=1, le=10_000)
    resolution: int | None = Field(None, ge=64, le=8_192)
    pixels: PixelsIn = Field(default_factory=lambda: PixelsIn.model_validate({}))
    untagged: Literal["include", "leave-out"] = "include"
    folder: str = Field(
        "", max_length=1_000, description="Where it will be unpacked, for whole paths in configurations."
    )

    def to_options(self) -> ExportOptions:
        """Return them as services take them.

        Raises:
            BadOptions: the profile does not have them.
            BadTemplate: the template cannot be read.
        """
        given = self.model_dump(exclude_unset=True)
        for name in ("template", "repeats", "resolution"):
            if given.get(name, "") is None:
                del given[name]
        return ExportOptions.from_json(storable(given))


class ExportIn(Schema):
    """An export that is asked for."""

    model_config = ConfigDict(extra="forbid")

    key: uuid.UUID = Field(description="Made by the sender, unique for ever: sent twice it counts once.")
    options: OptionsIn
    version: int | None = Field(None, gt=0, lt=2**63, description="Null for the dataset as it is now.")
    images: list[int] | None = Field(
        None, max_length=_MOST_SELECTED, description="Only these of the dataset as it is now; not with `version`."
    )


class ExportsIn(Schema):
    """Which exports of a dataset are asked for."""

    version: int | None = Field(None, gt=0, lt=2**63, description="Only those that were made from this one.")


class PreviewIn(Schema):
    """What a preview is asked for."""

    options: str = Field(max_length=20_000, description="JSON, as `options` of an export.")
    image: list[int] = Field([], max_length=1_000, description="As often as wished: only these images are meant.")
    version: int | None = Field(
        None, gt=0, lt=2**63, description="`id` of a version; left out for the dataset as it is now. Not with `image`."
    )


class VariantOut(Schema):
    """A way in which a trainer can be fed."""

    slug: str
    template: str = Field(description="What its texts start from.")


class ProfileOut(Schema):
    """The rules of one trainer, as far as a person chooses among them."""

    slug: str
    title: str
    label_kinds: list[str]
    default_template: str
    default_style: dict[str, Any] = Field(description="As `style` of the options.")
    variants: list[VariantOut] = Field(description="The first is the default.")
    resolutions: list[int]
    default_resolution: int
    most_images_a_part: int | None = Field(description="More go into further archives.")
    has_repeats: bool
    has_resolution: bool
    shuffles: bool
    markers: list[str]
    secondaries: list[str]

    @classmethod
    def of(cls, profile: Profile) -> ProfileOut:
        """Build it from the profile."""
        names = ["slug", "title", "default_template", "default_resolution", "most_images_a_part"]
        names += ["has_repeats", "has_resolution", "shuffles"]
        return cls(
            **{name: getattr(profile, name) for name in names},
            label_kinds=list(profile.label_kinds),
            default_style=asdict(profile.default_style),
            variants=[VariantOut(slug=v.slug, template=profile.template_of(v.slug)) for v in profile.variants],
            resolutions=list(profile.resolutions),
            markers=list(profile.markers),
            secondaries=list(profile.secondaries),
        )


class VersionOfOut(Schema):
    """The version that an export is made from."""

    id: int
    number: int
    title: str = Field(description="Its name; “Version 3” where it has none.")
    is_automatic: bool
    digest: str


class ArchiveOut(Schema):
    """A zip that can be downloaded."""

    number: int
    file_name: str
    images: int
    size: int
    sha256: str
    address: str = Field(description="Empty where the file is not kept any more.")

    @classmethod
    def of(cls, archive: ExportArchive, job: ExportJob) -> ArchiveOut:
        """Build it from what is stored."""
        address = reverse("tagging:export_file", args=[job.dataset_id, job.pk, archive.file_name])
        return cls(
            number=archive.number,
            file_name=archive.file_name,
            images=archive.images,
            size=archive.size,
            sha256=archive.sha256,
            address=address if job.is_offered else "",
        )


class ExportOut(Schema):
    """Where an export stands, and what it is."""

    id: int
    key: uuid.UUID
    dataset_id: int
    profile: str
    options: dict[str, Any] = Field(description="As they can be sent again.")
    version: VersionOfOut
    state: str = Field(description="`WAITING`, `RUNNING`, or its end: `DONE`, `CANCELLED`, `FAILED`.")
    total: int
    done: int
    rate: float = Field(description="Images a second.")
    seconds_left: int | None
    error: str = Field(description="A sentence, where it was stopped.")
    is_offered: bool = Field(description="Its archives can be downloaded.")
    archives: list[ArchiveOut]
    started_by: str = Field(description="Empty without logins.")
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None = Field(description="When its archives are removed; the rest stays.")

    @classmethod
    def of(cls, job: ExportJob) -> ExportOut:
        """Build it from what is stored."""
        now, version = get_export_progress(job), job.version
        return cls(
            id=job.pk,
            key=job.key,
            dataset_id=job.dataset_id,
            profile=job.profile,
            options=job.options,
            version=VersionOfOut(
                id=version.pk,
                number=version.number,
                title=version.title,
                is_automatic=version.is_automatic,
                digest=version.digest,
            ),
            state=job.state,
            total=now.total,
            done=now.done,
            rate=now.rate,
            seconds_left=now.seconds_left,
            error=now.error,
            is_offered=job.is_offered,
            archives=[ArchiveOut.of(archive, job) for archive in job.archives.all()],
            started_by=job.started_by.get_username() if job.started_by else "",
            created_at=job.created_at,
            finished_at=job.finished_at,
            expires_at=job.expires_at,
        )


class PreviewedOut(Schema):
    """A picture as it would be exported."""

    image_id: int | None = Field(description="Null for a picture of a version that is not in the dataset any more.")
    name: str = Field(description="As its owner calls it.")
    thumbnail: str = Field(description="Empty where there is no `image_id`.")
    picture_name: str = Field(description="Its path in the archive.")
    text_name: str = Field(description="That of its text; empty where none is written.")
    text: str = Field(description="What the trainer reads.")
    clip: int | None = Field(description="Tokens, without the marks at the ends; null where nothing counts them.")
    t5: int | None
    converted: bool = Field(description="The picture is written anew.")

    @classmethod
    def of(cls, previewed: PreviewedImage) -> PreviewedOut:
        """Build it from what was worked out."""
        return cls(
            image_id=None if previewed.image is None else previewed.image.pk,
            name=previewed.name,
            thumbnail=file_address(previewed.image, "thumbnail") if previewed.image else "",
            picture_name=previewed.picture_name,
            text_name=previewed.text_name,
            text=previewed.text,
            clip=previewed.tokens.clip,
            t5=previewed.tokens.t5,
            converted=previewed.is_converted,
        )


class PreviewOut(Schema):
    """The first of the images that would be exported, and numbers of all."""

    images: int
    left_out: int = Field(description="Untagged ones that the options leave out.")
    untagged: int = Field(description="Images without words among those that go in.")
    converted: int
    byte_size: int = Field(description="Of the originals.")
    archives: int
    file_names: list[str] = Field(description="Of the archives, as far as they can be told before.")
    others: list[str] = Field(description="What else lies in an archive.")
    most_clip: int
    most_t5: int
    examples: list[PreviewedOut]

    @classmethod
    def of(cls, preview: ExportPreview) -> PreviewOut:
        """Build it from what was worked out."""
        return cls(
            images=preview.images,
            left_out=preview.left_out,
            untagged=preview.untagged,
            converted=preview.converted,
            byte_size=preview.byte_size,
            archives=len(preview.file_names),
            file_names=preview.file_names,
            others=preview.others,
            most_clip=MOST_CLIP_TOKENS,
            most_t5=MOST_T5_TOKENS,
            examples=[PreviewedOut.of(each) for each in preview.examples],
        )
