"""`/api/v1`: the words on an image, suggestions, duplicates, and the texts of imports."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Status
from ninja.errors import HttpError

from datasets.asking import editable_dataset
from datasets.jobs import start_processing
from datasets.models import Image, ImportJob, ReviewState
from datasets.permissions import check_can_edit, check_can_review, visible_datasets, visible_images, visible_imports
from datasets.queries.progress import get_import_progress
from datasets.schemas import MovedOut, ProgressOut
from datasets.services.held_texts import count_held, decide_about_sidecars, show_texts
from datasets.services.keeping_apart import forget_apart, keep_apart
from tagger_project.auth import person
from tagging.queries.duplicates import get_duplicates_page
from tagging.queries.reviews import get_reviews
from tagging.queries.state import get_image_state
from tagging.queries.suggestions import get_suggestions
from tagging.queries.text_notes import get_text_notes
from tagging.schemas import (
    EditsIn,
    ErrorOut,
    GroupIn,
    ImageStateOut,
    KeepIn,
    KeptOut,
    NearDuplicatesGroupOut,
    NearDuplicatesOut,
    QuestionOut,
    ReviewIn,
    ReviewOut,
    SidecarExampleOut,
    SidecarsIn,
    SidecarsOut,
    StaleCaptionOut,
    SuggestionOut,
    SuggestionsIn,
    SuggestionsOut,
    TextNoteOut,
)
from tagging.services.doubting import TagDoubted
from tagging.services.duplicates import GroupChanged, keep_one, undo_keep
from tagging.services.implying import TagImplied
from tagging.services.labelling import CaptionTooLong, StaleCaption, apply_edits
from tagging.services.reviewing import ReviewMovedOn, ReviewRefused, set_review
from tagging.services.vocabulary import TagRefused

router = Router()


@router.get("/images/{int:image_id}/tags", response=ImageStateOut, tags=["tags"])
def get_tags(request: HttpRequest, image_id: int) -> ImageStateOut:
    """All words of an image: tags in order, and the caption."""
    image = get_object_or_404(visible_images(person(request)), pk=image_id)
    return ImageStateOut.of(get_image_state(image))


@router.post(
    "/images/{int:image_id}/edits",
    response={200: ImageStateOut, 409: StaleCaptionOut | QuestionOut, 422: ErrorOut},
    tags=["tags"],
)
def edit_image(
    request: HttpRequest, image_id: int, body: EditsIn
) -> ImageStateOut | Status[StaleCaptionOut] | Status[QuestionOut]:
    """Add, remove and move tags, or set the caption: operations in order, all or none; a repeated key counts once.

    409 where the caption was changed meanwhile, or where it takes a person to say what is meant.
    """
    user = person(request)
    image = get_object_or_404(visible_images(user), pk=image_id)
    check_can_edit(image.dataset, user)
    try:
        state = apply_edits(image, [operation.to_edit() for operation in body.operations], by=user)
    except StaleCaption as error:
        return Status(409, StaleCaptionOut(detail=str(error), state=ImageStateOut.of(error.state)))
    except (TagImplied, TagDoubted) as error:
        return Status(409, QuestionOut.of(error))
    except (TagRefused, CaptionTooLong) as error:
        raise HttpError(422, str(error)) from error
    except Image.DoesNotExist as error:
        raise Http404 from error
    return ImageStateOut.of(state)


@router.post(
    "/images/{int:image_id}/review", response={200: ImageStateOut, 409: ErrorOut, 422: ErrorOut}, tags=["reviews"]
)
def review_image(request: HttpRequest, image_id: int, body: ReviewIn) -> ImageStateOut:
    """Take an image a step on: ready, approved, or changes requested with a reason; 409 where no step leads there."""
    user = person(request)
    image = get_object_or_404(visible_images(user), pk=image_id)
    is_judgement = body.state in {ReviewState.APPROVED, ReviewState.CHANGES_REQUESTED}
    (check_can_review if is_judgement else check_can_edit)(image.dataset, user)
    try:
        return ImageStateOut.of(set_review(image, body.state, reason=body.reason, key=body.key, by=user))
    except ReviewMovedOn as error:
        raise HttpError(409, str(error)) from error
    except ReviewRefused as error:
        raise HttpError(422, str(error)) from error
    except Image.DoesNotExist as error:
        raise Http404 from error


@router.get("/images/{int:image_id}/reviews", response=list[ReviewOut], tags=["reviews"])
def list_reviews(request: HttpRequest, image_id: int) -> list[ReviewOut]:
    """The steps of an image's review, the newest first, at most 50."""
    image = get_object_or_404(visible_images(person(request)), pk=image_id)
    return [ReviewOut.of(review) for review in get_reviews(image)]


@router.get("/datasets/{int:dataset_id}/tag-suggestions", response=SuggestionsOut, tags=["tags"])
def suggest_tags(request: HttpRequest, dataset_id: int, asked: Query[SuggestionsIn]) -> SuggestionsOut:
    """Tags of the vocabulary that match, best first; without text what goes with the picture and is used most here."""
    user = person(request)
    dataset = get_object_or_404(visible_datasets(user), pk=dataset_id)
    present = asked.tag
    if asked.image is not None:
        image = get_object_or_404(visible_images(user).filter(dataset=dataset), pk=asked.image)
        present = [*[tag.name for tag in get_image_state(image).tags], *present]
    found = get_suggestions(dataset, asked.q, asked.limit, with_tags=present)
    return SuggestionsOut(tags=[SuggestionOut.of(tag) for tag in found])


@router.get("/imports/{int:job_id}/sidecars", response=SidecarsOut, tags=["imports"])
def get_sidecars(request: HttpRequest, job_id: int, reading: ImportJob.SidecarReading | None = None) -> SidecarsOut:
    """The first texts of an import as they will be read, or were; another `reading` shows what it makes of them."""
    job = get_object_or_404(visible_imports(person(request)), pk=job_id)
    wanted = ImportJob.SidecarReading(job.sidecar_reading) if reading is None else reading
    return SidecarsOut(
        held=count_held(job),
        policy=ImportJob.SidecarPolicy(job.sidecar_policy),
        reading=wanted,
        asks=job.asks_about_sidecars,
        examples=[SidecarExampleOut.of(shown, wanted) for shown in show_texts(job)],
        notes=[TextNoteOut.of(note) for note in get_text_notes(job)],
    )


@router.post("/imports/{int:job_id}/sidecars", response=ProgressOut, tags=["imports"])
def decide_sidecars(request: HttpRequest, job_id: int, body: SidecarsIn) -> ProgressOut:
    """Say what the texts of an import may do; those that waited for it are read now."""
    user = person(request)
    job = get_object_or_404(visible_imports(user), pk=job_id)
    check_can_edit(job.dataset, user)
    start_processing(decide_about_sidecars(job, policy=body.policy, reading=body.reading))
    return ProgressOut.of(get_import_progress(job.pk))


@router.get("/datasets/{int:dataset_id}/near-duplicates", response=NearDuplicatesOut, tags=["near-duplicates"])
def list_near_duplicates(request: HttpRequest, dataset_id: int, after: int = 0, limit: int = 12) -> NearDuplicatesOut:
    """Groups of images that look alike, at most 12 at once, the best image of each first; go on with `after=next`."""
    dataset = get_object_or_404(visible_datasets(person(request)), pk=dataset_id)
    page = get_duplicates_page(dataset, after=after, limit=limit)
    groups = [NearDuplicatesGroupOut.of(group) for group in page.groups]
    return NearDuplicatesOut(groups=groups, next=page.next, total=page.total, not_measured=page.not_measured)


@router.post(
    "/datasets/{int:dataset_id}/near-duplicates/keep",
    response={200: KeptOut, 409: ErrorOut, 422: ErrorOut},
    tags=["near-duplicates"],
)
def keep_near_duplicate(request: HttpRequest, dataset_id: int, body: KeepIn) -> KeptOut:
    """Keep one image of a group and move the others to the trash, all or none; the answer is what undoes it."""
    dataset = editable_dataset(request, dataset_id)
    try:
        kept = keep_one(dataset, body.keep, body.trash, merge_tags=body.merge_tags, by=person(request))
    except GroupChanged as error:
        raise HttpError(409, str(error)) from error
    return KeptOut.of(kept)


@router.post("/datasets/{int:dataset_id}/near-duplicates/undo", response=MovedOut, tags=["near-duplicates"])
def undo_near_duplicate(request: HttpRequest, dataset_id: int, body: KeptOut) -> MovedOut:
    """Undo one `keep`: the images come back, and the words that were given for them and not touched since go."""
    return MovedOut(images=undo_keep(editable_dataset(request, dataset_id), body.to_kept(), by=person(request)))


@router.post("/datasets/{int:dataset_id}/near-duplicates/distinct", response=MovedOut, tags=["near-duplicates"])
def keep_all_near_duplicates(request: HttpRequest, dataset_id: int, body: GroupIn) -> MovedOut:
    """Keep all images of a group: no two of them are ever shown as near-duplicates again."""
    return MovedOut(images=keep_apart(editable_dataset(request, dataset_id), body.images))


@router.post("/datasets/{int:dataset_id}/near-duplicates/distinct/undo", response={204: None}, tags=["near-duplicates"])
def undo_keep_all(request: HttpRequest, dataset_id: int, body: GroupIn) -> Status[None]:
    """Take back that all images of a group are wanted."""
    forget_apart(editable_dataset(request, dataset_id), body.images)
    return Status(204, None)
