"""The OpenAPI document in full: what each operation is called, who may use it, examples, and how it says no."""

from __future__ import annotations

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from tagger_project.api.door import KEY_HEADER, REPLAYED_HEADER, UNSAFE, WITHOUT_KEYS
from tagger_project.api.openapi_samples import REQUESTS, sample
from tagger_project.api.problems import CONTENT_TYPE, STATUSES, describe, problem
from tagger_project.api.scopes import EXPLANATIONS, OPERATIONS, name_of

Json = Any
_EVERYWHERE = (401, 403, 429, 500, 503)
_OCTETS = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_TAGS = {
    "datasets": "Datasets and their settings.",
    "images": "Pictures of a dataset, by filter and in order.",
    "imports": "Bringing pictures and texts in: announce, send, seal.",
    "tags": "The words on pictures.",
    "reviews": "How far the review of a picture is.",
    "trash": "Pictures that were thrown away, and can come back.",
    "near-duplicates": "Pictures that look alike.",
    "history": "Who changed what, and taking it back.",
    "bulk": "One action on many pictures.",
    "board": "Numbers and goals of a dataset.",
    "versions": "What a dataset was at a moment.",
    "exports": "Archives for trainers.",
    "vocabulary": "What tags mean.",
    "tagging sessions": "Walks past pictures, and where each person stopped.",
    "members": "Who belongs to a dataset and what they may, and links that invite.",
    "people": "Who is here.",
}


class DescribedApi(NinjaAPI):
    """The API with a document that says all."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """Return the name of an operation, which is part of the contract."""
        words = OPERATIONS.get(name_of(operation.view_func))
        return (words and words.operation_id) or operation.view_func.__name__

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """Return the document."""
        document = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        scopes = {
            self.get_openapi_operation_id(operation): OPERATIONS[name_of(operation.view_func)].scope.value
            for router in self._get_bound_routers()
            for view in router.path_operations.values()
            for operation in view.operations
            if name_of(operation.view_func) in OPERATIONS
        }
        _add_components(document)
        used = set()
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                _complete(operation, path, method.upper(), scopes, document["components"]["schemas"])
                used.update(operation.get("tags", []))
        document["tags"] = [{"name": tag, "description": _TAGS.get(tag, tag)} for tag in sorted(used)]
        return document


def _add_components(document: Json) -> None:
    components = document["components"]
    components["schemas"]["Problem"] = _PROBLEM
    components["responses"] = {f"Problem{status}": _problem_answer(status) for status in STATUSES}
    components["parameters"] = {"IdempotencyKey": _KEY_PARAMETER}
    scopes = " ".join(f"`{scope.value}`: {text}" for scope, text in EXPLANATIONS.items())
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": f"An API token (`dtag_…`). Scopes: {scopes}"},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "The pages’ own way in; writing also needs the header `X-CSRFToken`.",
        },
    }


_PROBLEM = {
    "title": "Problem",
    "type": "object",
    "description": "Problem details (RFC 9457); some kinds have members of their own.",
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "The kind; docs/api.md tells of each."},
        "title": {"type": "string", "description": "The kind in words, always the same."},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened this time, a sentence for a person."},
        "errors": {
            "type": "array",
            "description": "Of what cannot be read: each fault with its place.",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string", "description": "A JSON pointer into the body, such as `#/name`."},
                    "parameter": {"type": "string", "description": "A parameter of the address."},
                    "detail": {"type": "string"},
                },
                "required": ["detail"],
            },
        },
    },
    "required": ["type", "title", "status", "detail"],
}
_KEY_PARAMETER = {
    "name": KEY_HEADER,
    "in": "header",
    "required": False,
    "description": "Any text of yours, at most 255 characters, new for each new request. Sent again within 24 hours, "
    f"the request is not done again; its first answer comes with `{REPLAYED_HEADER}: true`.",
    "schema": {"type": "string", "maxLength": 255},
    "example": "0190f3d2-6a51-7c1e-9f7b-3d0c5a1e8b42",
}


def _problem_answer(status: int) -> Json:
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": problem(status)}}
    return {"description": describe(status)[1], "content": content}


def _complete(operation: Json, path: str, method: str, scopes: dict[str, str], schemas: dict[str, Json]) -> None:
    name = operation["operationId"]
    if operation["summary"].istitle() or operation["summary"] == operation["summary"].title():
        operation["summary"] = operation["summary"].capitalize()
    operation["security"] = [{"token": [scopes[name]] if name in scopes else []}, {"session": []}]
    if name == "send_chunk":
        operation["requestBody"] = {"content": dict(_OCTETS), "required": True}
    elif method in UNSAFE:
        operation["parameters"].append({"$ref": "#/components/parameters/IdempotencyKey"})
    for content in operation.get("requestBody", {}).get("content", {}).values():
        content["example"] = REQUESTS[name] if name in REQUESTS else sample(content["schema"], schemas)
    operation["responses"] = _answers(operation, path, method, schemas)


def _answers(operation: Json, path: str, method: str, schemas: dict[str, Json]) -> Json:
    """Return the answers of an operation: its own with examples, and the refusals that all have."""
    answers: dict[str, Json] = {}
    for status, answer in operation["responses"].items():
        answers[str(status)] = _refusal(int(status), answer, schemas) if int(status) >= 400 else answer
        if int(status) < 400:
            for content in answer.get("content", {}).values():
                content["example"] = sample(content["schema"], schemas)
    also = set(_EVERYWHERE)
    also |= {404} if "{" in path else set()
    also |= {422} if operation["parameters"] or "requestBody" in operation else set()
    also |= {409} if method in UNSAFE and operation["operationId"] not in WITHOUT_KEYS else set()
    also |= {413, 415} if "requestBody" in operation else set()
    also |= {507} if method in UNSAFE else set()
    for status in also:
        answers.setdefault(str(status), {"$ref": f"#/components/responses/Problem{status}"})
    return dict(sorted(answers.items()))


def _refusal(status: int, answer: Json, schemas: dict[str, Json]) -> Json:
    """Return a refusal of an operation's own: problem details with the members that it adds."""
    content = next(iter(answer.get("content", {}).values()), None)
    if content is None:
        return {"$ref": f"#/components/responses/Problem{status}"}
    whole = {"allOf": [{"$ref": "#/components/schemas/Problem"}, content["schema"]]}
    # Its members, but with a sentence that this status has.
    example = {**sample(content["schema"], schemas), **problem(status)}
    return {"description": describe(status)[1], "content": {CONTENT_TYPE: {"schema": whole, "example": example}}}


__all__ = ["DescribedApi"]
