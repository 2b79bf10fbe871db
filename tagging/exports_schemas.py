"""What the API of exports takes and gives."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Literal

from ninja import Field, Schema
from pydantic import ConfigDict

_LONGEST_FILTER = 10_000
_LONGEST_TEMPLATE = 4_000
_MOST_SELECTED = 100_000


class StyleIn(Schema):
    """How tags are written; what is left out is as the profile has it."""

    model_config = ConfigDict(extra="forbid")

    separator: str | None = Field(None, max_length=20)
    underscores: Literal["keep", "spaces", "underscores"] | None = None
    escape_parentheses: bool | None = None
    order: Literal["as_tagged", "alphabet", "category", "category_then_alphabet"] | None = None
    kept: int | None = Field(None, ge=0, le=1_000, description="Tags that stay in front where a trainer shuffles.")
    marker: str | None = Field(None, max_length=20, description="What stands behind these (kohya: `|||`).")
    secondary: str | None = Field(None, max_length=20, description="What joins neighbours of one category.")


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
    style: StyleIn = StyleIn()
    filter: str = Field("", max_length=_LONGEST_FILTER, description="Only what it finds goes in.")
    repeats: int | None = Field(None, ge=1, le=10_000)
    resolution: int | None = Field(None, ge=64, le=8_192)
    pixels: PixelsIn = PixelsIn()
    untagged: Literal["include", "leave-out"] = "include"


class ExportIn(Schema):
    """An export that is asked for."""

    model_config = ConfigDict(extra="forbid")

    key: uuid.UUID = Field(description="Made by the sender, unique for ever: sent twice it counts once.")
    options: OptionsIn
    version: int | None = Field(None, gt=0, lt=2**63, description="Null for the dataset as it is now.")
    images: list[int] | None = Field(
        None, max_length=_MOST_SELECTED, description="Only these of the dataset as it is now; not with `version`."
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


class PreviewedOut(Schema):
    """A picture as it would be exported."""

    image_id: int
    name: str = Field(description="As its owner calls it.")
    thumbnail: str
    picture_name: str = Field(description="Its path in the archive.")
    text_name: str = Field(description="That of its text; empty where none is written.")
    text: str = Field(description="What the trainer reads.")
    clip: int | None = Field(description="Tokens, without the marks at the ends; null where nothing counts them.")
    t5: int | None
    converted: bool = Field(description="The picture is written anew.")


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
