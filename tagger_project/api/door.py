"""What stands before every operation of the API: who may come in, with what, and what was asked before."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from ninja.operation import Operation

from tagger_project.api import idempotency
from tagger_project.api.problems import problem, problem_of_type, problem_response
from tagger_project.api.scopes import OPERATIONS, name_of
from tagger_project.api.token_door import has_token, missing_scope, token_of
from tagger_project.auth import LOCAL_OWNER, SessionOrOpen, is_open, person

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
KEY_HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"
# Bytes of a file say by their offset what was sent before; they are not summed up once more here.
WITHOUT_KEYS = {"send_chunk"}
# What these answer is told once and stored nowhere, neither here.
TELL_SECRETS = {"datasets.members_api.invite"}


class Run(Protocol):
    """What does an operation."""

    def __call__(self, request: HttpRequest, **arguments: Any) -> HttpResponseBase:
        """Answer a request."""


class ApiDoor(SessionOrOpen):
    """Lets in a session (with its CSRF token), an API token (without), and in open mode anyone."""

    def __call__(self, request: HttpRequest) -> Any | None:
        """Return something true for who may come in."""
        if has_token(request):
            if is_open():
                return LOCAL_OWNER
            return request.user if token_of(request) is not None else None
        return super().__call__(request)


def guarded(run: Run) -> Run:
    """Return an operation's `run` with the questions before it: scope, content type, idempotency key."""
    operation: Operation = run.__self__  # type: ignore[attr-defined]
    # Read once, at the start: an operation without words here is one that no token opens.
    words = OPERATIONS.get(name_of(operation.view_func))
    takes_json = any(model.__ninja_param_source__ == "body" for model in operation.models)

    @wraps(run)
    def answer(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
        token = token_of(request)
        if token is not None and (words is None or words.scope not in token.scopes):
            return problem_response(missing_scope(words.scope if words else "?"))
        if takes_json and not _is_json(request):
            return operation._run_checks(request) or problem_response(problem(415))
        key = request.headers.get(KEY_HEADER, "")
        if not key or request.method not in UNSAFE or operation.view_func.__name__ in WITHOUT_KEYS:
            return run(request, **arguments)
        refusal = operation._run_checks(request)
        if refusal is not None:
            return refusal
        tells_secret = name_of(operation.view_func) in TELL_SECRETS
        return _once(request, key, lambda: run(request, **arguments), tells_secret=tells_secret)

    return answer


def _is_json(request: HttpRequest) -> bool:
    """Whether a body is said to be JSON; one that says nothing, or is none, is taken as it is."""
    kind = request.content_type or ""
    has_body = request.META.get("CONTENT_LENGTH") not in {None, "", "0"}
    return not has_body or not kind or kind == "application/json" or kind.endswith("+json")


def _once(
    request: HttpRequest, key: str, run: Callable[[], HttpResponseBase], *, tells_secret: bool
) -> HttpResponseBase:
    """Do what a key stands for, or give the answer of when it was done."""
    if len(key) > idempotency.LONGEST_KEY:
        most = {"most": idempotency.LONGEST_KEY}
        return problem_response(problem(422, _("An Idempotency-Key has at most %(most)d characters.") % most))
    try:
        body = request.body
    except RequestDataTooBig:
        return run()  # which says so
    route = f"{request.method} {request.get_full_path()}"
    try:
        turn = idempotency.begin(person(request), key=key, route=route, body=body)
    except idempotency.KeyUsedOtherwise:
        return _key_used()
    except idempotency.StillWorking:
        return _still_working()
    except idempotency.AnswerTooLong as error:
        return _answer_gone(error.status)
    if isinstance(turn, idempotency.Answer):
        again = HttpResponse(turn.content, status=turn.status, content_type=turn.content_type)
        again[REPLAYED_HEADER] = "true"
        return again
    return _kept(turn, run, tells_secret=tells_secret)


def _kept(turn: idempotency.Turn, run: Callable[[], HttpResponseBase], *, tells_secret: bool) -> HttpResponseBase:
    try:
        response = run()
    except BaseException:
        idempotency.release(turn)
        raise
    if isinstance(response, HttpResponse):
        kind = response.get("Content-Type", "")
        status, content = response.status_code, response.content
        idempotency.finish(turn, status=status, content_type=kind, content=content, tells_secret=tells_secret)
    else:
        idempotency.release(turn)
    return response


def _key_used() -> HttpResponse:
    detail = _("This Idempotency-Key came with another body before. Make a new key for a new request.")
    return problem_response(problem_of_type("key-used", _("Key used otherwise"), 422, detail))


def _still_working() -> HttpResponse:
    detail = _("The first request with this Idempotency-Key is still being worked on. Ask again in a moment.")
    answer = problem_response(problem_of_type("still-working", _("Still working"), 409, detail))
    answer["Retry-After"] = "1"
    return answer


def _answer_gone(status: int) -> HttpResponse:
    detail = _("This was done, and its answer could not be kept. Read what became of it.")
    kind = problem_of_type("answer-not-kept", _("Answer not kept"), 409, detail, first_status=status)
    return problem_response(kind)
