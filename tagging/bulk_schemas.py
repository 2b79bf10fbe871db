"""What the API of actions on many images takes and gives."""

from __future__ import annotations

import uuid
from typing import Literal

from ninja import Field, Schema
from pydantic import ConfigDict

from datasets.queries.images import file_address
from tagging.models import BulkJob
from tagging.queries.bulk_jobs import get_bulk_progress
from tagging.queries.tag_counts import TagCount
from tagging.services.bulk.actions import MOST_TAGS, Action
from tagging.services.bulk.patterns import LONGEST_PATTERN, LONGEST_REPLACEMENT
from tagging.services.bulk.previewing import Example, Preview, WordsTold
from tagging.services.bulk.targets import MOST_SELECTED, Target

_LONGEST_FILTER = 10_000
_LONGEST_NAME = 2_000


class TargetIn(Schema):
    """Which images: `images` by number, or what a `filter` finds, the empty one all; one of the two."""

    model_config = ConfigDict(extra="forbid")

    images: list[int] | None = Field(None, max_length=MOST_SELECTED)
    filter: str | None = Field(None, max_length=_LONGEST_FILTER)
    except_images: list[int] = Field([], max_length=MOST_SELECTED, description="Without these.")

    def to_target(self) -> Target:
        """Return it as services take it; numbers that no image can have are left out."""
        named = None if self.images is None else _possible(self.images)
        return Target(named, None if self.filter is None else _storable(self.filter), _possible(self.except_images))


def _possible(numbers: list[int]) -> list[int]:
    return [number for number in numbers if 0 < number < 2**63]


def _storable(text: str) -> str:
    # NUL and half an emoji can be typed into JSON, but no database takes them.
    return text.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8")


class ActionIn(Schema):
    """What is done.

    `add`, `remove`: `tags`. `replace`: `with` in the place of `tags`. `copy`: the tags of `from_image`. `caption`:
    `pattern` and `replacement`, a regular expression. `sort`: by `categories`, an empty name for tags without one.
    `deduplicate`: tags that differ in case and underscores only, the first stays.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    kind: Literal["add", "remove", "replace", "caption", "sort", "deduplicate", "copy"]
    tags: list[str] = Field([], max_length=MOST_TAGS)
    into: list[str] = Field([], max_length=MOST_TAGS, alias="with")
    place: Literal["front", "end", "after"] = "end"
    after: str = Field("", max_length=_LONGEST_NAME, description="The tag behind which they come.")
    pattern: str = Field("", max_length=LONGEST_PATTERN)
    replacement: str = Field("", max_length=LONGEST_REPLACEMENT)
    from_image: int | None = Field(None, gt=0, lt=2**63)
    categories: list[str] = Field([], max_length=100)

    def to_action(self) -> Action:
        """Return it as services take it."""
        return Action(
            kind=self.kind,
            tags=tuple(self.tags),
            into=tuple(self.into),
            place=self.place,
            after=self.after,
            pattern=_storable(self.pattern),
            replacement=_storable(self.replacement),
            from_image=self.from_image,
            categories=tuple(map(_storable, self.categories)),
        )


class BulkPreviewIn(Schema):
    """An action that is looked at before it is done."""

    target: TargetIn
    action: ActionIn


class BulkIn(BulkPreviewIn):
    """An action that is done."""

    key: uuid.UUID = Field(description="Made by the sender, unique for ever: sent twice it counts once.")


class BulkWordsOut(Schema):
    """The words of an image: tags in order, and the caption."""

    tags: list[str]
    caption: str

    @classmethod
    def of(cls, words: WordsTold) -> BulkWordsOut:
        """Build it from what was worked out."""
        return cls(tags=words.tags, caption=words.caption)


class ExampleOut(Schema):
    """What would become of one image."""

    image_id: int
    name: str
    thumbnail: str
    before: BulkWordsOut
    after: BulkWordsOut

    @classmethod
    def of(cls, example: Example) -> ExampleOut:
        """Build it from what was worked out."""
        return cls(
            image_id=example.image.pk,
            name=example.image.original_name,
            thumbnail=file_address(example.image, "thumbnail"),
            before=BulkWordsOut.of(example.before),
            after=BulkWordsOut.of(example.after),
        )


class BulkPreviewOut(Schema):
    """How many images are meant, how many would change, and the first five of these."""

    images: int
    changed: int
    sample: list[ExampleOut]

    @classmethod
    def of(cls, preview: Preview) -> BulkPreviewOut:
        """Build it from what was worked out."""
        sample = [ExampleOut.of(example) for example in preview.sample]
        return cls(images=preview.images, changed=preview.changed, sample=sample)


class StayedOut(Schema):
    """A word that stays as it is now; `tag` is empty for the caption."""

    image_id: int
    image_name: str
    tag: str
    why: str


class BulkUndoneOut(Schema):
    """What became of taking back an entry, so far."""

    images: int
    reverted: int
    left: int = Field(description="How many words stay as they are now.")
    left_images: int
    kept: list[StayedOut] = Field(description="The first 200 of them.")


class BulkJobOut(Schema):
    """Where an action on many images stands."""

    id: int
    dataset_id: int
    kind: str = Field(description="As the action's; `undo` where an entry of the history is taken back.")
    state: str = Field(description="`WAITING`, `RUNNING`, or its end: `DONE`, `CANCELLED`, `FAILED`.")
    total: int
    done: int
    changed: int
    rate: float = Field(description="Images a second.")
    seconds_left: int | None
    change: int | None = Field(description="Its entry in the history, to be taken back; null while nothing changed.")
    error: str = Field(description="A sentence, where it was stopped.")
    undone: BulkUndoneOut | None = Field(description="Where an entry is taken back: what came of it.")

    @classmethod
    def of(cls, job: BulkJob) -> BulkJobOut:
        """Build it from what is stored."""
        now = get_bulk_progress(job)
        return cls(
            id=now.job_id,
            dataset_id=now.dataset_id,
            kind=now.kind,
            state=job.state,
            total=now.total,
            done=now.done,
            changed=now.changed,
            rate=now.rate,
            seconds_left=now.seconds_left,
            change=now.change,
            error=now.error,
            undone=BulkUndoneOut(**job.undone) if job.undone else None,
        )


class BulkOut(Schema):
    """What was done at once (`job` is null), or the job that does it."""

    job: BulkJobOut | None
    change: int | None
    images: int
    changed: int

    @classmethod
    def of(cls, job: BulkJob) -> BulkOut:
        """Build it from what is stored."""
        return cls(
            job=None if job.state in BulkJob.ENDED else BulkJobOut.of(job),
            change=job.change_id,
            images=job.total,
            changed=job.changed,
        )


class UndoJobIn(Schema):
    """What takes back an entry of the history."""

    key: uuid.UUID = Field(description="Made by the sender, unique for ever: sent twice it counts once.")


class TagsOfIn(Schema):
    """The images whose tags are asked for."""

    target: TargetIn


class TagOfOut(Schema):
    """A tag, its category by word and by colour (empty where it has none), and on how many of the images it is."""

    name: str
    category: str
    colour: str
    count: int


class TagsOfOut(Schema):
    """The tags on some images: on all where `count` is `images`, on some where it is less."""

    images: int
    tags: list[TagOfOut]

    @classmethod
    def of(cls, images: int, tags: list[TagCount]) -> TagsOfOut:
        """Build it from what was counted."""
        told = [TagOfOut(name=t.name, category=t.category, colour=t.colour, count=t.count) for t in tags]
        return cls(images=images, tags=told)
