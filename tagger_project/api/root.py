"""`/api/v1`: the pages' own JSON calls, and outside scripts' too."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja.errors import ValidationError

from datasets.api import router as datasets_router
from datasets.filter_reading import BadFilter
from datasets.grid_api import router as grid_router
from datasets.members_api import router as members_router
from sessions_app.api import router as sessions_router
from sessions_app.people_api import router as people_router
from tagger_project.api.door import ApiDoor, guarded
from tagger_project.api.openapi import DescribedApi
from tagger_project.api.problems import problem, problem_response
from tagging.api import router as tagging_router
from tagging.board_api import router as board_router
from tagging.bulk_api import router as bulk_router
from tagging.desk_api import router as tagging_desk_router
from tagging.exports_api import router as exports_router
from tagging.filter_api import router as filter_router
from tagging.history_api import router as history_router
from tagging.lint_api import router as lint_router
from tagging.versions_api import router as versions_router
from tagging.vocabulary_api import router as vocabulary_router

api = DescribedApi(
    title="Dataset tagger",
    version="1",
    description="Datasets, images, tags, imports and exports. Errors are problem details (RFC 9457). See docs/api.md.",
    auth=ApiDoor(),
    docs_url=None,
)
api.add_decorator(guarded, mode="view")
api.add_router("", datasets_router)
api.add_router("", grid_router)
api.add_router("", members_router)
api.add_router("", tagging_router)
api.add_router("", tagging_desk_router)
api.add_router("", history_router)
api.add_router("", bulk_router)
api.add_router("", board_router)
api.add_router("", exports_router)
api.add_router("", filter_router)
api.add_router("", lint_router)
api.add_router("", versions_router)
api.add_router("", vocabulary_router)
api.add_router("", sessions_router)
api.add_router("", people_router)


@api.exception_handler(ValidationError)
def explain_bad_input(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Answer 422 with a sentence that names each field and what is wrong with it, and a list of them for programs."""
    faults = [f"{_field(fault)}: {fault.get('msg', '')}" for fault in error.errors]
    detail = _("This cannot be read. %(faults)s.") % {"faults": "; ".join(faults)}
    errors = [{**_place(fault), "detail": fault.get("msg", "")} for fault in error.errors]
    return api.create_response(request, {"detail": detail, "errors": errors}, status=422)


@api.exception_handler(PermissionDenied)
def explain_refusal(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    """Answer 403 with the sentence of the check that refused."""
    return api.create_response(request, {"detail": str(error)}, status=403)


@api.exception_handler(BadFilter)
def explain_bad_filter(request: HttpRequest, error: BadFilter) -> HttpResponse:
    """Answer 422 with what is wrong with a filter, and where in it."""
    return api.create_response(request, {"detail": str(error), "start": error.start, "end": error.end}, status=422)


@api.exception_handler(RequestDataTooBig)
def explain_size(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    """Answer 413: Django itself would call it a bad request."""
    return problem_response(problem(413))


def _field(fault: dict[str, object]) -> str:
    place = fault.get("loc")
    # The first part says where in the request it stood: body, query, path.
    return ".".join(str(part) for part in place[1:]) if isinstance(place, (list, tuple)) else "?"


def _place(fault: dict[str, object]) -> dict[str, str]:
    """Return where a fault is: a JSON pointer into the body, or the name of a parameter."""
    loc = fault.get("loc")
    place = list(loc) if isinstance(loc, (list, tuple)) else []
    if place[:1] == ["body"]:
        # The second part is the name that the body has in the program.
        steps = [str(part).replace("~", "~0").replace("/", "~1") for part in place[2:]]
        return {"pointer": "#" + "".join(f"/{step}" for step in steps)}
    return {"parameter": ".".join(str(part) for part in place[1:])}
