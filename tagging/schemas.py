"""What the API of this app takes and gives."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from datetime import datetime
from typing import Literal

from django.utils.translation import gettext as _
from ninja import Field, Schema

from datasets.models import ImportJob, ReviewState
from datasets.queries.similar import MOST_IN_GROUP, BestBy
from datasets.schemas import ImageNumber, ImageOut
from datasets.services.held_texts import ShownText
from tagging.models import Review, TagOperation, TextNote
from tagging.queries.duplicates import Group, Member
from tagging.queries.state import ImageState
from tagging.queries.suggestions import MatchName, Suggestion
from tagging.services.doubting import TagDoubted
from tagging.services.duplicates import Kept
from tagging.services.implying import TagImplied
from tagging.services.labelling import Edit
from tagging.services.sidecars import read_all, tell_losses


class TagOut(Schema):
    """One tag in its place, and its category by word and colour; empty where it has none."""

    name: str
    source: str = Field(description="How it got there: PERSON, SIDECAR, BULK, RULE or MODEL.")
    category: str
    colour: str
    implied_by: list[str] = Field(description="The tags of the same image that it follows from.")


class CaptionOut(Schema):
    """The prose; version 0 where there is none."""

    text: str
    version: int


class ImageStateOut(Schema):
    """All words of an image."""

    image_id: int
    revision: int
    tags: list[TagOut]
    caption: CaptionOut
    tagged: bool
    review_state: ReviewState
    review_reason: str = Field(description="What was said with the newest step of its review.")

    @classmethod
    def of(cls, state: ImageState) -> ImageStateOut:
        """Build it from what was read."""
        return cls(
            image_id=state.image_id,
            revision=state.revision,
            tags=[TagOut(**asdict(tag)) for tag in state.tags],
            caption=CaptionOut(text=state.caption, version=state.caption_version),
            tagged=state.tagged,
            review_state=ReviewState(state.review_state),
            review_reason=state.review_reason,
        )


class ReviewIn(Schema):
    """A step of a review."""

    state: ReviewState
    reason: str = Field("", description="Changes are not asked for without one.")
    key: uuid.UUID | None = Field(None, description="Made by the sender: the same step sent twice counts once.")


class ReviewOut(Schema):
    """A step that was taken."""

    state: ReviewState
    reason: str
    by: str = Field(description="Empty where nobody signs in.")
    at: datetime

    @classmethod
    def of(cls, review: Review) -> ReviewOut:
        """Build it from a row."""
        by = review.done_by.get_username() if review.done_by else ""
        return cls(state=ReviewState(review.state), reason=review.reason, by=by, at=review.done_at)


class OperationIn(Schema):
    """One edit."""

    key: uuid.UUID = Field(description="Made by the sender, unique for ever: the same edit sent twice counts once.")
    kind: Literal["add", "remove", "move", "caption"]
    tag: str = ""
    before: str | None = Field(None, description="The tag to go in front of; null for the end.")
    text: str = ""
    version: int = Field(0, description="The version of the caption that was edited; 0 where there was none.")
    group: uuid.UUID | None = Field(None, description="The same for all operations of one action, undone together.")
    is_meant: bool | None = Field(
        None, description="False asks (409) where a new tag is one letter away from one that is used much."
    )
    with_impliers: bool = Field(False, description="Remove what the tag follows from, too.")
    keep_impliers: bool = Field(False, description="Remove just this tag: no rule adds it to this image again.")
    undoes: uuid.UUID | None = Field(
        None,
        description="The key, or the group, of the operation that this takes back: what the key names comes back as it "
        "was, without rules.",
    )

    def to_edit(self) -> Edit:
        """Return it as the service takes it."""
        return Edit(
            key=self.key,
            kind=TagOperation.Kind(self.kind.upper()),
            tag=self.tag,
            before=self.before,
            text=self.text,
            version=self.version,
            group=self.group,
            is_meant=self.is_meant,
            with_impliers=self.with_impliers,
            keep_impliers=self.keep_impliers,
            undoes=self.undoes,
        )


class EditsIn(Schema):
    """Edits in order, at most 200; all are applied, or none."""

    operations: list[OperationIn] = Field(max_length=200)


class StaleCaptionOut(Schema):
    """Somebody else saved the caption first."""

    detail: str
    state: ImageStateOut


class DoubtOut(Schema):
    """A new tag that is one letter away from one that is used much."""

    detail: str
    key: uuid.UUID = Field(description="Of the operation that is asked about.")
    tag: str
    meant: str


class QuestionOut(Schema):
    """An edit that a person has to say more about; none of the call was applied."""

    detail: str
    key: uuid.UUID = Field(description="Of the operation that is asked about.")
    tag: str
    meant: str = Field("", description="The tag that is one letter away; send `is_meant: true` to keep what was typed.")
    implied_by: list[str] = Field(
        [], description="What the tag follows from; send `with_impliers: true` or `keep_impliers: true`."
    )
    also: list[DoubtOut] = Field([], description="The other slips of the same call, in order.")

    @classmethod
    def of(cls, question: TagImplied | TagDoubted) -> QuestionOut:
        """Build it from what the service asks."""
        others = question.also if isinstance(question, TagDoubted) else []
        return cls(
            detail=str(question),
            key=question.key,
            tag=question.tag,
            meant="" if isinstance(question, TagImplied) else question.meant,
            implied_by=question.impliers if isinstance(question, TagImplied) else [],
            also=[DoubtOut(detail=str(each), key=each.key, tag=each.tag, meant=each.meant) for each in others],
        )


class CategoryOut(Schema):
    """A group of tags: its word, and a colour that stands beside the word."""

    name: str
    colour: str


class SuggestionOut(Schema):
    """A tag to offer."""

    name: str
    count: int = Field(description="On how many images of the dataset it is.")
    vocabulary_count: int = Field(description="How often the list it was loaded from saw it.")
    category: CategoryOut | None
    alias: str = Field(description="The alias that matched; empty where the name did.")
    match: MatchName
    together: float = Field(description="The share of pictures with the same tags that have it as well.")

    @classmethod
    def of(cls, suggestion: Suggestion) -> SuggestionOut:
        """Build it from what was found."""
        category = suggestion.category
        return cls(
            name=suggestion.name,
            count=suggestion.count,
            vocabulary_count=suggestion.vocabulary_count,
            category=CategoryOut(name=category.name, colour=category.colour) if category else None,
            alias=suggestion.alias,
            together=suggestion.together,
            match=suggestion.match,
        )


class SuggestionsIn(Schema):
    """What was typed, and for which picture."""

    q: str = Field("", description="What was typed; nothing for what goes with the picture and is used most here.")
    limit: int = 10
    image: ImageNumber | None = Field(None, description="The picture: what goes with its tags ranks higher.")
    tag: list[str] = Field([], max_length=100, description="The picture's tags, where they are not stored yet.")


class SuggestionsOut(Schema):
    """Tags to offer, best first."""

    tags: list[SuggestionOut]


class SidecarsIn(Schema):
    """What the texts of an import may do."""

    policy: ImportJob.SidecarPolicy
    reading: ImportJob.SidecarReading = ImportJob.SidecarReading.GUESS


class SidecarExampleOut(Schema):
    """A text as it is read."""

    item: int
    name: str = Field(description="The text's own, or that of a picture that a list of captions names.")
    folder: str
    reading: Literal["TAGS", "PROSE"]
    tags: list[str]
    caption: str
    encoding: str = Field(description="UTF-8, UTF-16 or Windows-1252; empty where it is no text.")
    note: str = Field(description="A sentence where there is something to look at; else empty.")

    @classmethod
    def of(cls, shown: ShownText, reading: ImportJob.SidecarReading) -> SidecarExampleOut:
        """Build it from a text; `reading` is for texts that do not say themselves what they are."""
        guess = ImportJob.SidecarReading.GUESS
        texts = [(text, str(reading if own.value == guess.value else own)) for text, own in shown.texts]
        words = read_all(texts)
        notes = [str(shown.note.label)] if shown.note else []
        return cls(
            item=shown.item_id,
            name=shown.name,
            folder=shown.folder,
            reading="PROSE" if words.caption and not words.tags else "TAGS",
            tags=words.tags,
            caption=words.caption,
            encoding=shown.encoding,
            note=" ".join([*notes, *tell_losses(texts)]),
        )


class TextNoteOut(Schema):
    """A word of the texts that is not what they say, or may not be what they mean."""

    kind: TextNote.Kind
    word: str
    other: str = Field(description="What was written instead, or what may be meant; empty where nothing was.")
    detail: str

    @classmethod
    def of(cls, note: TextNote) -> TextNoteOut:
        """Build it from a row."""
        sentences = {
            TextNote.Kind.REPLACED: _("“%(word)s” is not used any more: “%(other)s” was written."),
            TextNote.Kind.REFUSED: _("“%(word)s” is not used any more, and nothing takes its place: it was left out."),
            TextNote.Kind.DOUBTED: _("“%(word)s” is new, and one letter away from “%(other)s”: it was written."),
        }
        kind = TextNote.Kind(note.kind)
        detail = sentences[kind] % {"word": note.word, "other": note.other}
        return cls(kind=kind, word=note.word, other=note.other, detail=detail)


class SidecarsOut(Schema):
    """How the texts of an import will be read, or were."""

    held: int = Field(description="How many files of texts wait for an answer.")
    policy: ImportJob.SidecarPolicy
    reading: ImportJob.SidecarReading
    asks: bool
    examples: list[SidecarExampleOut]
    notes: list[TextNoteOut] = Field(description="What the vocabulary made of words that were read, at most 200.")


class NearDuplicateOut(ImageOut):
    """An image of a group, and what it would get if it were kept."""

    sharpness: float | None
    tags: list[str]
    caption: str
    gains_tags: list[str] = Field(description="Tags of the others that it lacks, in the order they would follow.")
    gains_caption: str = Field(description="The longest of the others', where it has none itself.")

    @classmethod
    def of_member(cls, member: Member) -> NearDuplicateOut:
        """Build it from what was read."""
        return cls(
            **ImageOut.of(member.image).dict(),
            sharpness=member.image.sharpness,
            tags=member.words.tags,
            caption=member.words.caption,
            gains_tags=member.gains.tags,
            gains_caption=member.gains.caption,
        )


class NearDuplicatesGroupOut(Schema):
    """Images that look alike, the best first."""

    reason: BestBy = Field(description="What makes the first the best.")
    images: list[NearDuplicateOut]

    @classmethod
    def of(cls, group: Group) -> NearDuplicatesGroupOut:
        """Build it from what was read."""
        return cls(reason=group.reason, images=[NearDuplicateOut.of_member(member) for member in group.members])


class NearDuplicatesOut(Schema):
    """Groups in dataset order; go on with `after=next`."""

    groups: list[NearDuplicatesGroupOut]
    next: int | None
    total: int
    not_measured: int = Field(description="Images that have no measures yet, and so are in no group.")


class KeepIn(Schema):
    """Which image of a group stays, and which go to the trash."""

    keep: ImageNumber
    trash: list[ImageNumber] = Field(max_length=MOST_IN_GROUP)
    merge_tags: bool = Field(True, description="Give the kept one the tags that only the others have.")


class KeptOut(Schema):
    """What was done to a group; sent back to `…/near-duplicates/undo` it is undone."""

    keep: ImageNumber
    trash: list[ImageNumber] = Field(max_length=MOST_IN_GROUP)
    batch: uuid.UUID
    tags: list[str] = []

    @classmethod
    def of(cls, kept: Kept) -> KeptOut:
        """Build it from what was done."""
        return cls(keep=kept.keep, trash=kept.trash, batch=kept.batch, tags=kept.tags)

    def to_kept(self) -> Kept:
        """Return it as the service takes it."""
        return Kept(self.keep, self.trash, self.batch, self.tags)


class GroupIn(Schema):
    """Images of one group."""

    images: list[ImageNumber] = Field(max_length=MOST_IN_GROUP)


class ErrorOut(Schema):
    """What went wrong, as a sentence."""

    detail: str
