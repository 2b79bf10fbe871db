"""One number for each request, in every line that comes of it and in the answer: from the proxy, or made here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponseBase
from django_structlog.middlewares import RequestMiddleware

from tagger_project.watching.logs import REQUEST_ID_HEADER, request_id_of, without_secrets

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


class RequestLines(RequestMiddleware):
    """Writes a line for each answer, without its query and without the secret of a link; reads no session for it."""

    # Under daphne each turn between its loop and a thread costs; everything below is for threads anyway.
    async_capable = False

    def __call__(self, request: HttpRequest) -> Any:
        """Number the request first: a log of somebody else's making is no place for what a browser sent."""
        request.META["HTTP_X_REQUEST_ID"] = request_id_of(request.META.get("HTTP_X_REQUEST_ID"))
        request.__dict__.pop("headers", None)
        return super().__call__(request)

    def handle_response(self, request: HttpRequest, response: HttpResponseBase) -> None:
        """Name the number in the answer, so that who reports something can say which request it was."""
        response[REQUEST_ID_HEADER] = request.META["HTTP_X_REQUEST_ID"]
        super().handle_response(request, response)  # type: ignore[arg-type]

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Return method and path as they may stand in a log."""
        return f"{request.method} {without_secrets(request.path)}"


def numbered(application: Application) -> Application:
    """Return a socket's application that writes the number of its first request into all its lines."""

    async def run(scope: dict[str, Any], receive: Any, send: Any) -> None:
        told = dict(scope.get("headers", [])).get(REQUEST_ID_HEADER.lower().encode(), b"").decode("latin-1")
        with structlog.contextvars.bound_contextvars(
            request_id=request_id_of(told), socket=without_secrets(scope.get("path", ""))
        ):
            await application(scope, receive, send)

    return run
