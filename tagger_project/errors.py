"""What can go wrong on every page and in every call alike, said in a sentence."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from tagger_project.bucket import BucketAway
from tagger_project.full_disk import is_disk_full

logger = logging.getLogger(__name__)

INSUFFICIENT_STORAGE = 507
UNAVAILABLE = 503
_SECONDS_TO_RETRY = "10"


class FullDiskMiddleware:
    """Answers 507 with what to do where something could not be saved for want of room; nothing of it was then.

    And 503 where the bucket that keeps the pictures does not answer.
    """

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass it on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer in place of a view that met a full disk."""
        if isinstance(error, BucketAway):
            return _bucket_away(request)
        if not is_disk_full(error):
            return None
        logger.error("The disk is full: %s %s was not done.", request.method, request.path)
        if request.path.startswith("/api/"):
            detail = _("The server’s disk is full, so this was not saved. Make room, then try again.")
            return JsonResponse({"detail": detail}, status=INSUFFICIENT_STORAGE)
        return render(request, "507.html", status=INSUFFICIENT_STORAGE)


def _bucket_away(request: HttpRequest) -> HttpResponse:
    # Why is in the log already, where the bucket was asked.
    if request.path.startswith("/api/"):
        detail = _("The store of the pictures does not answer at the moment. Nothing is lost; try again in a while.")
        answer: HttpResponse = JsonResponse({"detail": detail}, status=UNAVAILABLE)
    else:
        answer = render(request, "503.html", status=UNAVAILABLE)
    answer["Retry-After"] = _SECONDS_TO_RETRY
    answer["Cache-Control"] = "no-store"
    return answer
