"""The few answers that pages and API share: stored files, with the headers that keep them harmless."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import close_old_connections
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

_BLOCK_BYTES = 256 * 1024
# What a person uploaded is shown as a picture and nothing else: no script, no style, no frame, whatever is inside.
_FILE_POLICY = "default-src 'none'; sandbox"


def stored_file_response(
    path: Path, *, content_type: str, download_name: str | None = None, immutable: bool = False
) -> HttpResponseBase:
    """Answer with a file of the data folder.

    A proxy sends it where `ACCEL_PREFIX` names its internal location; else it is streamed in blocks, because a plain
    `FileResponse` under ASGI holds the whole file in memory.

    Args:
        path: the file, below `DATA_DIR`.
        content_type: the decoder's verdict, never the name's.
        download_name: offers it as an attachment of that name.
        immutable: the address names the content, so a browser may keep it.

    Raises:
        Http404: the file is gone.
    """
    try:
        size = path.stat().st_size
    except FileNotFoundError as missing:
        raise Http404("This file is no longer stored.") from missing
    response: HttpResponseBase
    if settings.ACCEL_PREFIX:
        response = sent_by_proxy(path, content_type)
    elif size <= _BLOCK_BYTES:
        response = HttpResponse(path.read_bytes(), content_type=content_type)
    else:
        response = FileBlocks(path, 0, size, content_type=content_type)
        response["Content-Length"] = str(size)
    response["Cache-Control"] = "private, max-age=31536000, immutable" if immutable else "private, no-cache"
    return keep_harmless(response, download_name)


def sent_by_proxy(path: Path, content_type: str) -> HttpResponse:
    """Return the answer that lets the proxy send a file of the data folder."""
    response = HttpResponse(content_type=content_type)
    relative = path.relative_to(settings.DATA_DIR).as_posix()
    response["X-Accel-Redirect"] = f"{settings.ACCEL_PREFIX.rstrip('/')}/{quote(relative)}"
    return response


def keep_harmless(response: HttpResponseBase, download_name: str | None = None) -> HttpResponseBase:
    """Give an answer with a file the headers that let nothing in it run; with a name it is offered as a download."""
    response["Content-Security-Policy"] = _FILE_POLICY
    response["X-Content-Type-Options"] = "nosniff"
    if download_name is not None:
        response["Content-Disposition"] = _attachment(download_name)
    return response


def _attachment(name: str) -> str:
    """Return the header that offers a download; a line break in a name must not end the header."""
    visible = "".join(" " if unicodedata.category(character) == "Cc" else character for character in name)
    return content_disposition_header(as_attachment=True, filename=visible) or "attachment"


async def read_blocks(path: Path, start: int, length: int) -> AsyncIterator[bytes]:
    """Read a part of a file in a thread, a block whenever the last one is taken; the file may be removed meanwhile.

    The request's connection to the database is given back first: there are twenty, and a browser may read for hours.
    """
    await sync_to_async(close_old_connections)()
    file: BinaryIO = await sync_to_async(lambda: path.open("rb"), thread_sensitive=False)()
    try:
        await sync_to_async(file.seek, thread_sensitive=False)(start)
        left = length
        while left and (block := await sync_to_async(file.read, thread_sensitive=False)(min(left, _BLOCK_BYTES))):
            left -= len(block)
            yield block
    finally:
        file.close()


def read_blocks_in_place(path: Path, start: int, length: int) -> Iterator[bytes]:
    """Do the same under a server with threads: the one that asks reads."""
    close_old_connections()
    with path.open("rb") as file:
        file.seek(start)
        left = length
        while left and (block := file.read(min(left, _BLOCK_BYTES))):
            left -= len(block)
            yield block


class FileBlocks(StreamingHttpResponse):
    """A part of a file, sent in blocks as the browser takes them: from an event loop, or from a thread of its own.

    Django would gather the blocks of the one kind in memory when a server of the other kind asks for them.
    """

    def __init__(self, path: Path, start: int, length: int, **facts: Any) -> None:
        super().__init__(read_blocks(path, start, length), **facts)
        self._part = (path, start, length)

    def __iter__(self) -> Iterator[bytes]:
        """Read here, for a server with threads."""
        return read_blocks_in_place(*self._part)
