"""`/api/v1`: datasets, images and imports."""

from __future__ import annotations

from typing import Annotated, NoReturn

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from ninja import Query, Router, Status
from ninja.errors import HttpError

from datasets.asking import editable_dataset
from datasets.batches import batches
from datasets.jobs import start_freeing, start_processing
from datasets.models import Dataset, ImportItem, ImportJob
from datasets.permissions import check_can_edit, check_can_manage, visible_datasets, visible_images, visible_imports
from datasets.queries.progress import get_import_progress
from datasets.queries.trash import get_trash_page
from datasets.schemas import (
    ChecksumsIn,
    ChunkOut,
    DatasetIn,
    DatasetOut,
    DatasetPatch,
    ErrorOut,
    FilesIn,
    ImageOut,
    ImagesIn,
    ImportIn,
    ImportOut,
    ItemOut,
    ItemsFilter,
    ItemsOut,
    LackOut,
    LacksOut,
    MovedOut,
    ProgressOut,
    RetryIn,
    TrashIn,
    TrashOut,
    WrongOffsetOut,
)
from datasets.services import checksums, import_control, uploads
from datasets.services import datasets as datasets_service
from datasets.services import trash as trash_service
from tagger_project.auth import person

router = Router()

MOST_ITEMS_A_PAGE = 500
MOST_NUMBERS_A_CALL = 200


def _manageable(request: HttpRequest, dataset_id: int) -> Dataset:
    user = person(request)
    dataset = get_object_or_404(visible_datasets(user), pk=dataset_id)
    check_can_manage(dataset, user)
    return dataset


def _editable_import(request: HttpRequest, job_id: int) -> ImportJob:
    user = person(request)
    job = get_object_or_404(visible_imports(user), pk=job_id)
    check_can_edit(job.dataset, user)
    return job


def _with_counts(datasets: QuerySet[Dataset]) -> QuerySet[Dataset]:
    return datasets.annotate(
        image_count=Count("images", filter=Q(images__trashed_at=None)),
        tagged_count=Count("images", filter=Q(images__trashed_at=None, images__is_tagged=True)),
    )


def _dataset_out(request: HttpRequest, dataset_id: int) -> DatasetOut:
    dataset = get_object_or_404(_with_counts(visible_datasets(person(request))), pk=dataset_id)
    return DatasetOut.of(dataset, dataset.image_count, dataset.tagged_count)  # type: ignore[attr-defined]


def _refuse(error: datasets_service.DatasetError) -> NoReturn:
    status = 409 if isinstance(error, datasets_service.DatasetNameTaken) else 422
    raise HttpError(status, str(error)) from error


@router.get("/datasets", response=list[DatasetOut], tags=["datasets"])
def list_datasets(request: HttpRequest) -> list[DatasetOut]:
    """Every dataset you may see, newest first."""
    rows = _with_counts(visible_datasets(person(request))).order_by("-created_at", "-pk")
    return [DatasetOut.of(row, row.image_count, row.tagged_count) for row in rows]  # type: ignore[attr-defined]


@router.post("/datasets", response={201: DatasetOut, 409: ErrorOut, 422: ErrorOut}, tags=["datasets"])
def create_dataset(request: HttpRequest, body: DatasetIn) -> Status[DatasetOut]:
    """Make an empty dataset; an empty file prefix is made from the name."""
    try:
        dataset = datasets_service.create_dataset(
            name=body.name, file_prefix=body.file_prefix, trigger_word=body.trigger_word, by=person(request)
        )
    except datasets_service.DatasetError as error:
        _refuse(error)
    return Status(201, DatasetOut.of(dataset, 0, 0))


@router.get("/datasets/{int:dataset_id}", response=DatasetOut, tags=["datasets"])
def get_dataset(request: HttpRequest, dataset_id: int) -> DatasetOut:
    """One dataset with its numbers."""
    return _dataset_out(request, dataset_id)


@router.patch("/datasets/{int:dataset_id}", response={200: DatasetOut, 409: ErrorOut, 422: ErrorOut}, tags=["datasets"])
def change_dataset(request: HttpRequest, dataset_id: int, body: DatasetPatch) -> DatasetOut:
    """Change the name, the file prefix or the trigger word."""
    dataset = _manageable(request, dataset_id)
    try:
        datasets_service.change_dataset(
            dataset,
            name=dataset.name if body.name is None else body.name,
            file_prefix=dataset.file_prefix if body.file_prefix is None else body.file_prefix,
            trigger_word=dataset.trigger_word if body.trigger_word is None else body.trigger_word,
            by=person(request),
        )
    except datasets_service.DatasetError as error:
        _refuse(error)
    return _dataset_out(request, dataset_id)


@router.get("/images/{int:image_id}", response=ImageOut, tags=["images"])
def get_image(request: HttpRequest, image_id: int) -> ImageOut:
    """One image, but for its words."""
    return ImageOut.of(get_object_or_404(visible_images(person(request)), pk=image_id))


@router.post("/datasets/{int:dataset_id}/trash", response=MovedOut, tags=["trash"])
def move_to_trash(request: HttpRequest, dataset_id: int, body: ImagesIn) -> MovedOut:
    """Move at most 1,000 images to the trash, all or none; they keep their words and place, and can come back."""
    dataset = editable_dataset(request, dataset_id)
    return MovedOut(images=trash_service.move_to_trash(dataset, body.images, by=person(request)))


@router.get("/datasets/{int:dataset_id}/trash", response=TrashOut, tags=["trash"])
def list_trash(request: HttpRequest, dataset_id: int, after: str = "", limit: int = 100) -> TrashOut:
    """What is in the trash, the newest first, at most 500 at once; go on with `after=next`."""
    dataset = get_object_or_404(visible_datasets(person(request)), pk=dataset_id)
    return TrashOut.of(get_trash_page(dataset, after=after, limit=limit))


@router.post("/datasets/{int:dataset_id}/trash/restore", response=MovedOut, tags=["trash"])
def restore_images(request: HttpRequest, dataset_id: int, body: ImagesIn) -> MovedOut:
    """Take at most 1,000 images out of the trash, to their places and with their words."""
    dataset = editable_dataset(request, dataset_id)
    return MovedOut(images=trash_service.restore(dataset, body.images, by=person(request)))


@router.post("/datasets/{int:dataset_id}/trash/empty", response=MovedOut, tags=["trash"])
def empty_trash(request: HttpRequest, dataset_id: int, body: TrashIn) -> MovedOut:
    """Delete images of the trash for ever; this cannot be undone."""
    dataset = _manageable(request, dataset_id)
    deleted = trash_service.empty_trash(dataset, body.images, by=person(request), until=timezone.now())
    start_freeing()
    return MovedOut(images=deleted)


@router.post("/datasets/{int:dataset_id}/imports", response={201: ImportOut}, tags=["imports"])
def start_import(request: HttpRequest, dataset_id: int, body: ImportIn | None = None) -> Status[ImportOut]:
    """Start an import: announce its files next, send their bytes, then seal it.

    Where `asks_about_sidecars` is set, texts wait until `POST /imports/{id}/sidecars` says how to read them.
    """
    dataset = editable_dataset(request, dataset_id)
    texts = body.to_rules() if body is not None else None
    job = uploads.start_import(dataset, source=ImportJob.Source.UPLOAD, by=person(request), texts=texts)
    page = reverse("datasets:import_job", args=[job.pk])
    return Status(201, ImportOut(id=job.pk, page=page, max_file_bytes=settings.MAX_FILE_BYTES))


@router.get("/imports/{int:job_id}", response=ProgressOut, tags=["imports"])
def get_import(request: HttpRequest, job_id: int) -> ProgressOut:
    """Where an import stands: what the socket tells, for who cannot use sockets."""
    job = get_object_or_404(visible_imports(person(request)), pk=job_id)
    return ProgressOut.of(get_import_progress(job.pk))


@router.post("/imports/{int:job_id}/items", response={200: ItemsOut, 409: ErrorOut, 422: ErrorOut}, tags=["imports"])
def announce_files(request: HttpRequest, job_id: int, body: FilesIn) -> ItemsOut:
    """Announce at most 1,000 files; a file that breaks a limit is refused here and now."""
    job = _editable_import(request, job_id)
    announced = [uploads.AnnouncedFile(file.name, file.folder, file.size, file.key) for file in body.files]
    try:
        known = [checksums.checked_sum(file.sha256) if file.sha256 else "" for file in body.files]
        items = uploads.announce_files(job, announced)
    except uploads.UploadError as error:
        raise HttpError(409 if isinstance(error, uploads.ImportCancelled) else 422, str(error)) from error
    sums = {item.pk: sha256 for item, sha256 in zip(items, known, strict=True) if sha256}
    now = {item.pk: item for item in _declare(request, job, sums)}
    return ItemsOut(items=[ItemOut.of(now.get(item.pk, item)) for item in items], total=None)


def _declare(request: HttpRequest, job: ImportJob, sums: dict[int, str]) -> list[ImportItem]:
    """Note checksums, as many as are given, and let workers read what needs no sending."""
    items: list[ImportItem] = []
    for some in batches(list(sums.items()), checksums.MOST_CHECKSUMS_A_CALL):
        items += checksums.declare_checksums(job, dict(some), visible=visible_images(person(request)))
    start_processing([item.pk for item in items if item.state == ImportItem.State.RECEIVED])
    return items


@router.post("/imports/{int:job_id}/checksums", response={200: LacksOut, 422: ErrorOut}, tags=["imports"])
def declare_checksums(request: HttpRequest, job_id: int, body: ChecksumsIn) -> LacksOut:
    """Say what the bytes of at most 500 waiting files sum up to; the answer says which bytes the server lacks.

    A picture that a dataset of yours holds already needs no sending. Of the others, what arrives is compared with the
    checksum before it becomes an image.
    """
    job = _editable_import(request, job_id)
    try:
        sums = checksums.checked_sums([(one.id, one.sha256) for one in body.items])
        items = _declare(request, job, sums)
    except uploads.UploadError as error:
        raise HttpError(422, str(error)) from error
    return LacksOut(items=[LackOut.of(item) for item in items])


@router.post("/imports/{int:job_id}/retry", response=LacksOut, tags=["imports"])
def retry_items(request: HttpRequest, job_id: int, body: RetryIn) -> LacksOut:
    """Try files again that were refused for a reason that can pass; the answer says which bytes the server lacks."""
    job = _editable_import(request, job_id)
    items = import_control.retry_items(job, body.items)
    start_processing([item.pk for item in items if item.state == ImportItem.State.RECEIVED])
    return LacksOut(items=[LackOut.of(item) for item in items])


@router.post("/imports/{int:job_id}/cancel", response=ProgressOut, tags=["imports"])
def cancel_import(request: HttpRequest, job_id: int) -> ProgressOut:
    """End an import with what is in; the files that no worker has begun are left out."""
    job = _editable_import(request, job_id)
    import_control.cancel_import(job)
    return ProgressOut.of(get_import_progress(job.pk))


@router.get("/imports/{int:job_id}/items", response=ItemsOut, tags=["imports"])
def list_items(
    request: HttpRequest,
    job_id: int,
    filters: Query[ItemsFilter],
    after: int = 0,
    offset: Annotated[int | None, Query(ge=0, lt=2**32)] = None,
    limit: Annotated[int, Query(ge=1)] = 100,
) -> ItemsOut:
    """Files of an import by number, at most 500 at once; go on with `after=next`, or enter a window by `offset`."""
    job = get_object_or_404(visible_imports(person(request)), pk=job_id)
    limit = min(limit, MOST_ITEMS_A_PAGE)
    items = ImportItem.objects.filter(job=job)
    if filters.state:
        items = items.filter(state__in=filters.state)
    if filters.kind:
        items = items.filter(kind__in=filters.kind)
    if filters.ids:
        items = items.filter(pk__in=filters.ids[:MOST_NUMBERS_A_CALL])
    total = None if offset is None else items.count()
    first = offset or 0
    rows = list(items.filter(pk__gt=after).order_by("pk")[first : first + limit + 1])
    shown = rows[:limit]
    following = shown[-1].pk if len(rows) > limit else None
    return ItemsOut(items=[ItemOut.of(item) for item in shown], next=following, total=total)


@router.put(
    "/imports/{int:job_id}/items/{int:item_id}/content",
    response={200: ChunkOut, 409: WrongOffsetOut, 413: ErrorOut, 507: ErrorOut},
    tags=["imports"],
)
def send_chunk(
    request: HttpRequest, job_id: int, item_id: int, offset: Annotated[int, Query(ge=0)] = 0
) -> ChunkOut | Status[WrongOffsetOut] | Status[ErrorOut]:
    """Send bytes of a file: a raw body of at most 4 MiB that starts where the stored bytes end."""
    job = _editable_import(request, job_id)
    item = get_object_or_404(ImportItem, pk=item_id, job=job)
    try:
        content = request.read(uploads.CHUNK_BYTES + 1)
        received = uploads.write_chunk(item, offset=offset, content=content)
    except uploads.WrongOffset as error:
        return Status(409, WrongOffsetOut(detail=str(error), received=error.received))
    except uploads.NotWaiting as error:
        return Status(409, WrongOffsetOut(detail=str(error), received=item.byte_size))
    except uploads.ChunkTooLarge as error:
        return Status(413, ErrorOut(detail=str(error)))
    except uploads.DiskFull as error:
        return Status(507, ErrorOut(detail=str(error)))
    complete = received == item.byte_size
    if not complete:
        return ChunkOut(received=received, size=item.byte_size, state=ImportItem.State.WAITING)
    item.refresh_from_db(fields=["state"])
    if item.state == ImportItem.State.HELD:
        return ChunkOut(received=received, size=item.byte_size, state=ImportItem.State.HELD)
    start_processing([item.pk])
    return ChunkOut(received=received, size=item.byte_size, state=ImportItem.State.RECEIVED)


@router.post("/imports/{int:job_id}/seal", response=ProgressOut, tags=["imports"])
def seal_import(request: HttpRequest, job_id: int) -> ProgressOut:
    """Say that no more files will be announced; the import is done when every file has its end."""
    job = _editable_import(request, job_id)
    uploads.seal_import(job)
    progress = get_import_progress(job.pk)
    start_processing([job.pk] if progress.in_line else [])
    return ProgressOut.of(progress)


@router.post("/imports/{int:job_id}/finish", response=ProgressOut, tags=["imports"])
def finish_import(request: HttpRequest, job_id: int) -> ProgressOut:
    """End an import without the files whose bytes never came; what has arrived is read to its end."""
    job = _editable_import(request, job_id)
    uploads.give_up_missing_files(job)
    return ProgressOut.of(get_import_progress(job.pk))
