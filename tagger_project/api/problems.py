"""Everything that goes wrong below `/api/` in one shape: problem details (RFC 9457), told in docs/api.md."""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

CONTENT_TYPE = "application/problem+json"
_BELOW = "/api/"
_TYPES = "urn:dataset-tagger:problem:"

# The name of each kind, its title, and the sentence where nobody has a better one.
_KINDS: dict[int, tuple[str, Any, Any]] = {
    400: (
        "bad-request",
        gettext_lazy("Bad request"),
        gettext_lazy("The server did not understand this request. Look at the address and the headers."),
    ),
    401: (
        "signed-out",
        gettext_lazy("Not signed in"),
        gettext_lazy("Sign in, or send an API token: Authorization: Bearer dtag_…"),
    ),
    403: ("not-allowed", gettext_lazy("Not allowed"), gettext_lazy("You are not allowed to do this.")),
    404: ("not-found", gettext_lazy("Not found"), gettext_lazy("There is nothing here that you can see.")),
    405: (
        "method-not-allowed",
        gettext_lazy("Method not allowed"),
        gettext_lazy("This address does not take this method; the Allow header says which it takes."),
    ),
    409: (
        "conflict",
        gettext_lazy("Conflict"),
        gettext_lazy("This does not fit with what is there now. Read it again, then decide."),
    ),
    413: ("too-large", gettext_lazy("Too large"), gettext_lazy("This is more than the server takes in one request.")),
    415: (
        "wrong-content-type",
        gettext_lazy("Wrong content type"),
        gettext_lazy("Send JSON, and say so: Content-Type: application/json"),
    ),
    422: (
        "cannot-be-done",
        gettext_lazy("Cannot be done"),
        gettext_lazy("The server did not understand what was sent."),
    ),
    429: (
        "too-many-requests",
        gettext_lazy("Too many requests"),
        gettext_lazy("This was too often. Wait as long as the Retry-After header says, then try again."),
    ),
    500: (
        "server-error",
        gettext_lazy("Server error"),
        gettext_lazy("Something went wrong on the server. Try again in a moment."),
    ),
    503: (
        "not-available",
        gettext_lazy("Not available"),
        gettext_lazy("The server cannot do this just now. Try again in a moment."),
    ),
    507: (
        "disk-full",
        gettext_lazy("The disk is full"),
        gettext_lazy("The server’s disk is full, so this was not saved. Make room, then try again."),
    ),
}
STATUSES = tuple(_KINDS)
# The framework's bare names, which are no sentences for anybody.
_BARE = {"Not Found", "Unauthorized", "Forbidden", "Too many requests.", "Method not allowed"}
CSRF_FAILED = "CSRF check Failed"


def describe(status: int) -> tuple[str, str, str]:
    """Return the type, the title and the general sentence of a status."""
    if status in _KINDS:
        name, title, detail = _KINDS[status]
        return _TYPES + name, str(title), str(detail)
    general = _KINDS[500 if status >= 500 else 400]
    try:
        title = HTTPStatus(status).phrase
    except ValueError:
        title = str(general[1])
    return "about:blank", title, str(general[2])


def problem(status: int, detail: str = "", **extra: Any) -> dict[str, Any]:
    """Return problem details; `extra` are the members of this one kind."""
    kind, title, general = describe(status)
    return {"type": kind, "title": title, "status": status, "detail": detail or general, **extra}


def problem_of_type(name: str, title: str, status: int, detail: str, **extra: Any) -> dict[str, Any]:
    """Return problem details of a kind that a status alone does not tell."""
    return {"type": _TYPES + name, "title": title, "status": status, "detail": detail, **extra}


def problem_response(content: dict[str, Any]) -> HttpResponse:
    """Return problem details as an answer."""
    return HttpResponse(json.dumps(content), status=content["status"], content_type=CONTENT_TYPE)


class ProblemMiddleware:
    """Gives every refusal below `/api/` its one shape, whoever refused: a route, Django, or another middleware."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on, and the answer back."""
        response = self.get_response(request)
        if response.status_code >= 400 and request.path.startswith(_BELOW) and isinstance(response, HttpResponse):
            _reshape(response)
        return response


def _reshape(response: HttpResponse) -> None:
    if response.get("Content-Type", "").startswith(CONTENT_TYPE):
        return
    said = _read(response)
    detail = said.pop("detail", "")
    if detail == CSRF_FAILED:
        content = problem_of_type(
            "page-too-old",
            _("Page too old"),
            403,
            _("This request lacks the page’s CSRF token. A script sends an API token instead."),
        )
    elif not isinstance(detail, str) or detail in _BARE or (response.status_code == 404 and detail[:9] == "Not Found"):
        content = problem(response.status_code, **said)
    else:
        shape = problem(response.status_code, detail)
        content = {**shape, **{name: value for name, value in said.items() if name not in shape}}
    response.content = json.dumps(content).encode()
    response["Content-Type"] = CONTENT_TYPE
    if response.has_header("Content-Length"):
        response["Content-Length"] = str(len(response.content))


def _read(response: HttpResponse) -> dict[str, Any]:
    """Return what an answer says as JSON; of a page there is nothing to keep."""
    if not response.get("Content-Type", "").startswith("application/json"):
        return {}
    try:
        said = json.loads(response.content)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
