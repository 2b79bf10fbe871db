"""What the API says of versions."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.urls import reverse
from ninja import Field, Schema

from tagging.models import DatasetVersion, VersionRestore
from tagging.queries.comparing import Difference, ImageChange, PictureTold, RestoreForecast


class VersionIn(Schema):
    """A version to be made of the present state; sent twice with one key, it counts once."""

    key: uuid.UUID
    name: str
    note: str = ""


class KeyIn(Schema):
    """A key made where it was asked for; sent again, it goes on where the last call stopped."""

    key: uuid.UUID


class ForkIn(Schema):
    """Another dataset to be made from a version."""

    key: uuid.UUID
    name: str


class DifferenceIn(Schema):
    """What a version is compared with, another one's number or `now`; and which part of the lists is wanted."""

    other: str = Field("now", alias="with")
    offset: int = Field(0, ge=0, lt=2**31)
    limit: int = Field(100, ge=1, le=1000)


class VersionOut(Schema):
    """A version; `title` is its name, or its number where the program made it."""

    id: int
    dataset: int
    number: int
    name: str
    title: str
    note: str
    made_by: str
    created_at: datetime
    is_automatic: bool
    digest: str = Field(description="SHA-256; two versions with the same one say the same.")
    images: int
    tags: int
    captions: int
    file_prefix: str
    trigger_word: str
    vocabulary_revision: int
    page: str

    @classmethod
    def of(cls, version: DatasetVersion) -> VersionOut:
        """Say what a version is."""
        return cls(
            id=version.pk,
            dataset=version.dataset_id,
            number=version.number,
            name=version.name,
            title=version.title,
            note=version.note,
            made_by=version.made_by.get_username() if version.made_by else "",
            created_at=version.created_at,
            is_automatic=version.is_automatic,
            digest=version.digest,
            images=version.images,
            tags=version.tags,
            captions=version.captions,
            file_prefix=version.file_prefix,
            trigger_word=version.trigger_word,
            vocabulary_revision=version.vocabulary_revision,
            page=reverse("tagging:version", args=[version.dataset_id, version.pk]),
        )


class VersionsOut(Schema):
    """The versions of a dataset, newest first."""

    versions: list[VersionOut]


class PictureOut(Schema):
    """An image of a state; its row may be gone, the small picture is not."""

    sha256: str
    name: str
    position: int
    width: int
    height: int
    thumbnail: str

    @classmethod
    def of(cls, picture: PictureTold, dataset_id: int) -> PictureOut:
        """Say where its small picture is."""
        return cls(
            sha256=picture.sha256,
            name=picture.name,
            position=picture.position,
            width=picture.width,
            height=picture.height,
            thumbnail=reverse("datasets:picture_thumbnail", args=[dataset_id, picture.sha256]),
        )


class ImageChangeOut(Schema):
    """An image with other words, as it is in the newer state."""

    image: PictureOut
    added: list[str]
    removed: list[str]
    is_reordered: bool
    caption_before: str
    caption_after: str

    @classmethod
    def of(cls, change: ImageChange, dataset_id: int) -> ImageChangeOut:
        """Say what is different."""
        return cls(
            image=PictureOut.of(change.image, dataset_id),
            added=list(change.added),
            removed=list(change.removed),
            is_reordered=change.is_reordered,
            caption_before=change.caption_before,
            caption_after=change.caption_after,
        )


class HeadChangeOut(Schema):
    """Something that is said of the dataset as a whole: `name`, `file_prefix` or `trigger_word`."""

    what: str
    before: str
    after: str


class VersionTagCountOut(Schema):
    """On how many images a tag is, before and after."""

    name: str
    before: int
    after: int


class CountsOut(Schema):
    """How much a state has."""

    images: int
    tags: int
    captions: int


class DifferenceOut(Schema):
    """What is different from an older to a newer state: counts of all, and a slice of each list."""

    older: CountsOut
    newer: CountsOut
    is_empty: bool
    head: list[HeadChangeOut]
    images_added: int
    images_removed: int
    images_changed: int
    images_reviewed: int
    images_moved: int
    other_tags: int
    other_captions: int
    added: list[PictureOut]
    removed: list[PictureOut]
    changed: list[ImageChangeOut]
    tag_counts: list[VersionTagCountOut]

    @classmethod
    def of(cls, difference: Difference, dataset_id: int, part: slice) -> DifferenceOut:
        """Say what is different."""
        return cls(
            older=CountsOut(**vars(difference.older)),
            newer=CountsOut(**vars(difference.newer)),
            is_empty=difference.is_empty,
            head=[HeadChangeOut(what=each.what, before=each.before, after=each.after) for each in difference.head],
            images_added=len(difference.added),
            images_removed=len(difference.removed),
            images_changed=len(difference.changed),
            images_reviewed=difference.reviewed,
            images_moved=difference.moved,
            other_tags=difference.other_tags,
            other_captions=difference.other_captions,
            added=[PictureOut.of(picture, dataset_id) for picture in difference.added[part]],
            removed=[PictureOut.of(picture, dataset_id) for picture in difference.removed[part]],
            changed=[ImageChangeOut.of(change, dataset_id) for change in difference.changed[part]],
            tag_counts=[
                VersionTagCountOut(name=count.name, before=count.before, after=count.after)
                for count in difference.tag_counts[part]
            ],
        )


class ForecastOut(Schema):
    """What a restore would do, in numbers; nothing of it is done."""

    is_nothing: bool
    words: int = Field(description="Images that get other words.")
    returned: int = Field(description="Images that come out of the trash.")
    remade: int = Field(description="Images that were deleted for ever and come back.")
    trashed: int = Field(description="Images, added since, that go to the trash.")
    reviewed: int = Field(description="Images that get another state of review.")
    head: list[HeadChangeOut]

    @classmethod
    def of(cls, forecast: RestoreForecast) -> ForecastOut:
        """Say what it would do."""
        return cls(
            is_nothing=forecast.is_nothing,
            words=len(forecast.difference.changed),
            returned=forecast.returned,
            remade=forecast.remade,
            trashed=forecast.trashed,
            reviewed=forecast.difference.reviewed,
            head=[HeadChangeOut(what=each.what, before=each.before, after=each.after) for each in forecast.head],
        )


class RestoreOut(Schema):
    """How far a restore is; send the same again until it `is_done`."""

    key: uuid.UUID
    dataset: int
    dataset_page: str
    version: int
    is_done: bool
    done: int = Field(description="Parts that are done, of `parts`.")
    parts: int
    words: int
    returned: int
    remade: int
    trashed: int
    lost: int = Field(description="Images whose files are gone against all rules.")
    change: int | None = Field(description="The entry of the history with all words.")
    before: int | None = Field(description="The version of the state that was left.")

    @classmethod
    def of(cls, restoring: VersionRestore) -> RestoreOut:
        """Say how far it is."""
        return cls(
            key=restoring.key,
            dataset=restoring.dataset_id,
            dataset_page=reverse("datasets:detail", args=[restoring.dataset_id]),
            version=restoring.version_id,
            is_done=restoring.is_done,
            done=restoring.done,
            parts=len(restoring.version.chunks),
            words=restoring.words,
            returned=restoring.returned,
            remade=restoring.remade,
            trashed=restoring.trashed,
            lost=restoring.lost,
            change=restoring.change_id,
            before=restoring.before_id,
        )
