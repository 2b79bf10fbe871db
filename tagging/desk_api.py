"""`/api/v1`: the desk's quick ways: tags at hand, the text that a trainer reads, and one question a picture."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router
from ninja.errors import HttpError

from datasets.asking import editable_dataset, visible_dataset
from datasets.permissions import check_can_manage
from tagger_project.auth import person
from tagging.desk_schemas import (
    PicturesToAskOut,
    PinIn,
    QuickTagsOut,
    ReadingOut,
    RecentTagsOut,
    TagAtHandOut,
    VocabularySettings,
    WordsIn,
)
from tagging.queries.asking import get_pictures_to_ask
from tagging.queries.quick_tags import get_quick_tags, get_recent_tags
from tagging.queries.reading import read_as_trainer
from tagging.schemas import ErrorOut
from tagging.services.quick_tags import NoSlotLeft, NoSuchSlot, pin_tag, unpin_tag
from tagging.services.spelling import get_spelling, set_spelling
from tagging.services.vocabulary import TagRefused

router = Router()


@router.get("/datasets/{int:dataset_id}/quick-tags", response=QuickTagsOut, tags=["tags"])
def list_quick_tags(request: HttpRequest, dataset_id: int) -> QuickTagsOut:
    """The tags on the keys 1 to 9, the same for everybody in this dataset."""
    return QuickTagsOut.of(get_quick_tags(visible_dataset(request, dataset_id)))


@router.post(
    "/datasets/{int:dataset_id}/quick-tags", response={200: QuickTagsOut, 409: ErrorOut, 422: ErrorOut}, tags=["tags"]
)
def pin_to_free_key(request: HttpRequest, dataset_id: int, body: PinIn) -> QuickTagsOut:
    """Put a tag on the first free key; 409 where all nine are taken."""
    return _pin(request, dataset_id, body, None)


@router.put(
    "/datasets/{int:dataset_id}/quick-tags/{int:slot}",
    response={200: QuickTagsOut, 422: ErrorOut},
    tags=["tags"],
)
def pin_to_key(request: HttpRequest, dataset_id: int, slot: int, body: PinIn) -> QuickTagsOut:
    """Put a tag on a key; one that has a key already changes places with what is there."""
    return _pin(request, dataset_id, body, slot)


@router.delete(
    "/datasets/{int:dataset_id}/quick-tags/{int:slot}",
    response={200: QuickTagsOut, 422: ErrorOut},
    tags=["tags"],
)
def unpin_key(request: HttpRequest, dataset_id: int, slot: int) -> QuickTagsOut:
    """Free a key."""
    dataset = editable_dataset(request, dataset_id)
    try:
        unpin_tag(dataset, slot)
    except NoSuchSlot as error:
        raise HttpError(422, str(error)) from error
    return QuickTagsOut.of(get_quick_tags(dataset))


@router.get("/datasets/{int:dataset_id}/recent-tags", response=RecentTagsOut, tags=["tags"])
def list_recent_tags(request: HttpRequest, dataset_id: int) -> RecentTagsOut:
    """The last different tags that this person added here by hand, at most 12."""
    user = person(request)
    dataset = visible_dataset(request, dataset_id)
    return RecentTagsOut(tags=[TagAtHandOut.of(tag) for tag in get_recent_tags(dataset, user)])


@router.post("/datasets/{int:dataset_id}/caption-text", response=ReadingOut, tags=["exports"])
def compose_text(request: HttpRequest, dataset_id: int, body: WordsIn) -> ReadingOut:
    """The text that an export would write for these words, and its tokens; nothing is stored."""
    return ReadingOut.of(read_as_trainer(visible_dataset(request, dataset_id), tags=body.tags, caption=body.caption))


@router.get("/datasets/{int:dataset_id}/vocabulary", response=VocabularySettings, tags=["tags"])
def read_vocabulary_settings(request: HttpRequest, dataset_id: int) -> VocabularySettings:
    """How the dataset spells its tags."""
    return VocabularySettings(spelling=get_spelling(visible_dataset(request, dataset_id)))


@router.put("/datasets/{int:dataset_id}/vocabulary", response=VocabularySettings, tags=["tags"])
def change_vocabulary_settings(request: HttpRequest, dataset_id: int, body: VocabularySettings) -> VocabularySettings:
    """Say how tags that come in from now on are spelled; those that are there stay as they are."""
    dataset = visible_dataset(request, dataset_id)
    check_can_manage(dataset, person(request))
    set_spelling(dataset, body.spelling)
    return body


@router.get("/datasets/{int:dataset_id}/asking", response=PicturesToAskOut, tags=["tags"])
def list_pictures_to_ask(
    request: HttpRequest, dataset_id: int, tag: str, after: int = 0, limit: int = 200, tagged: bool = False
) -> PicturesToAskOut:
    """The images without a tag, in dataset order; with `tagged` those that have it as well."""
    page = get_pictures_to_ask(
        visible_dataset(request, dataset_id), person(request), tag=tag, with_tagged=tagged, after=after, limit=limit
    )
    return PicturesToAskOut.of(page)


def _pin(request: HttpRequest, dataset_id: int, body: PinIn, slot: int | None) -> QuickTagsOut:
    dataset = editable_dataset(request, dataset_id)
    try:
        pin_tag(dataset, body.tag, slot=slot)
    except NoSlotLeft as error:
        raise HttpError(409, str(error)) from error
    except (NoSuchSlot, TagRefused) as error:
        raise HttpError(422, str(error)) from error
    return QuickTagsOut.of(get_quick_tags(dataset))
