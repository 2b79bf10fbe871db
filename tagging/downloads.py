"""An export on its way to a browser."""

from __future__ import annotations

import enum
import logging
from collections.abc import AsyncIterator, Iterator

from channels.db import database_sync_to_async
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from datasets.models import Dataset
from tagging.services.archive import check_exportable, stream_zip
from tagging.services.exporting import OriginalMissing, archive_name

logger = logging.getLogger(__name__)


class Untagged(enum.StrEnum):
    """What becomes of images without tags and caption."""

    INCLUDE = "include"
    LEAVE_OUT = "leave-out"


def zip_response(dataset: Dataset, *, with_untagged: bool) -> StreamingHttpResponse:
    """Answer with the zip as a stream.

    Raises:
        NothingToExport: there is no image to put in.
    """
    check_exportable(dataset, with_untagged=with_untagged)
    response = StreamingHttpResponse(
        _in_threads(dataset, stream_zip(dataset, with_untagged=with_untagged)), content_type="application/zip"
    )
    response["Content-Disposition"] = content_disposition_header(True, archive_name(dataset)) or ""
    response["Cache-Control"] = "no-store"
    return response


async def _in_threads(dataset: Dataset, blocks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Read and convert in a thread, so that the event loop keeps serving others.

    The thread's database connection is given back after each step: no request's end would ever do it.
    """
    step = database_sync_to_async(next, thread_sensitive=False)
    try:
        # `None` is the end: an empty block is not.
        while (block := await step(blocks, None)) is not None:
            yield block
    except OriginalMissing:
        # The answer has begun: only breaking off tells the browser that the zip is not whole.
        logger.exception("The export of dataset %s broke off.", dataset.pk)
        raise
