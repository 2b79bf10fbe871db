"""Large files that a browser may fetch in parts, and go on with after a break: ranges, as RFC 9110 has them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date, parse_http_date_safe, quote_etag

from tagger_project.http import FileBlocks, keep_harmless, sent_by_proxy

_ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)
_NOTHING_THERE = 416


@dataclass(frozen=True)
class Part:
    """Bytes of a file: `length` of them from `start` on."""

    start: int
    length: int


class NothingThere(Exception):
    """A range that begins behind the file's end."""


def read_range(header: str, size: int) -> Part | None:
    """Return what a `Range` header asks for; `None` for the whole: it asks for nothing, or for several parts at once.

    Raises:
        NothingThere: the file ends before it.
    """
    found = _ONE_RANGE.fullmatch(header.strip().lower())
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        length = min(int(found[2]), size)
        if not length:
            raise NothingThere
        return Part(size - length, length)
    start, last = int(found[1]), int(found[2]) if found[2] else size - 1
    if found[2] and last < start:
        return None
    if start >= size:
        raise NothingThere
    return Part(start, min(last, size - 1) - start + 1)


def ranged_file_response(
    request: HttpRequest, path: Path, *, etag: str, content_type: str, download_name: str
) -> HttpResponseBase:
    """Answer with a file of the data folder as a download, whole or in the part that is asked for.

    It is never in memory as a whole, and a reader that takes its time holds nobody up. A proxy sends it where
    `ACCEL_PREFIX` names its internal location, ranges included.

    Args:
        request: of the browser.
        path: the file, below `DATA_DIR`; it does not change.
        etag: what its content is known by.
        content_type: of the content.
        download_name: offers it as an attachment of that name.

    Raises:
        Http404: the file is gone.
    """
    try:
        status = path.stat()
    except FileNotFoundError as missing:
        raise Http404("This file is no longer stored.") from missing
    modified = int(status.st_mtime)
    tag = quote_etag(etag)
    response: HttpResponseBase
    if settings.ACCEL_PREFIX:
        response = sent_by_proxy(path, content_type)
    else:
        response = _answer(request, path, status.st_size, tag, modified)
        if response.status_code in {200, 206}:
            response["Content-Type"] = content_type
        response["ETag"], response["Last-Modified"] = tag, http_date(modified)
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, no-cache"
    return keep_harmless(response, download_name)


def _answer(request: HttpRequest, path: Path, size: int, tag: str, modified: int) -> HttpResponseBase:
    unchanged = get_conditional_response(request, tag, modified)
    if unchanged is not None:
        return unchanged
    part = None
    if request.method == "GET" and _may_have_part(request, tag, modified):
        try:
            part = read_range(request.headers.get("Range", ""), size)
        except NothingThere:
            return HttpResponse(status=_NOTHING_THERE, headers={"Content-Range": f"bytes */{size}"})
    wanted = part or Part(0, size)
    response: HttpResponseBase
    if request.method == "HEAD":
        response = HttpResponse()
    else:
        response = FileBlocks(path, wanted.start, wanted.length, status=200 if part is None else 206)
    response["Content-Length"] = str(wanted.length)
    if part is not None:
        response["Content-Range"] = f"bytes {part.start}-{part.start + part.length - 1}/{size}"
    return response


def _may_have_part(request: HttpRequest, tag: str, modified: int) -> bool:
    """Whether what the browser has already is of this very file."""
    known = request.headers.get("If-Range", "").strip()
    return not known or known == tag or parse_http_date_safe(known) == modified
