"""The OpenAPI document says all that a stranger needs, and nothing that is not so."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from django.test import Client
from jsonschema import Draft202012Validator
from ninja import Schema
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tagger_project.api.root import api
from tagger_project.api.scopes import OPERATIONS, name_of
from tagger_project.models.api_token import Scope

Json = Any
UNSAFE = {"post", "put", "patch", "delete"}


@cache
def document() -> Json:
    return json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/"), default=str))


def operations() -> Iterator[tuple[str, str, Json]]:
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def refs(part: Json) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from refs(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from refs(inner)


def lookup(ref: str) -> Json:
    found = document()
    for step in ref.removeprefix("#/").split("/"):
        found = found[step]
    return found


def faults_of(schema: Json, value: Json) -> list[str]:
    """What is wrong with a value, by the document's own schemas."""
    registry = Registry().with_resource(
        "urn:document", Resource.from_contents(document(), default_specification=DRAFT202012)
    )
    absolute = json.loads(json.dumps(schema).replace('"#/', '"urn:document#/'))
    return [error.message for error in Draft202012Validator(absolute, registry=registry).iter_errors(value)]


def test_every_operation_has_a_scope_and_every_scope_an_operation() -> None:
    known = {
        name_of(operation.view_func)
        for router in api._get_bound_routers()
        for view in router.path_operations.values()
        for operation in view.operations
    }
    assert known == set(OPERATIONS)
    assert {words.scope for words in OPERATIONS.values()} == set(Scope)


def test_every_operation_has_words() -> None:
    tags = {tag["name"] for tag in document()["tags"]}
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(names) == len(set(names)) > 100
    for path, method, operation in operations():
        where = f"{method} {path}"
        assert operation["summary"].strip(), where
        assert len(operation["description"]) > 10, where
        assert operation["description"].strip().endswith((".", "?", ")")), where
        assert operation["operationId"].isidentifier(), where
        assert set(operation["tags"]) <= tags, where
        assert operation["tags"], where
    for tag in document()["tags"]:
        assert tag["description"] != tag["name"], tag


def test_every_operation_says_who_may_and_how_it_refuses() -> None:
    assert set(document()["components"]["securitySchemes"]) == {"token", "session"}
    for path, method, operation in operations():
        where = f"{method} {path}"
        assert operation["security"][0]["token"][0] in Scope.values, where
        expected = {"401", "403", "429", "500", "503"}
        expected |= {"404"} if "{" in path else set()
        expected |= {"413", "415", "422"} if "requestBody" in operation else set()
        assert expected <= set(operation["responses"]), where
        for status, answer in operation["responses"].items():
            whole = lookup(answer["$ref"]) if "$ref" in answer else answer
            assert whole["description"], where
            if int(status) >= 400:
                assert set(whole["content"]) == {"application/problem+json"}, (where, status)


def test_every_example_is_what_its_schema_says() -> None:
    wrong = []
    for path, method, operation in operations():
        parts = list(operation.get("requestBody", {}).get("content", {}).items())
        answers = {status: answer for status, answer in operation["responses"].items() if "content" in answer}
        good = [status for status in operation["responses"] if status < "300"]
        assert good, path
        assert method == "delete" or any(status in answers for status in good) or good == ["204"], (method, path)
        for answer in answers.values():
            parts += answer["content"].items()
        for kind, content in parts:
            if kind == "application/octet-stream":
                continue
            assert "example" in content, (method, path)
            wrong += [(method, path, fault) for fault in faults_of(content["schema"], content["example"])]
    assert wrong == []


def test_every_parameter_is_declared_and_every_reference_leads_somewhere() -> None:
    for ref in set(refs(document())):
        assert lookup(ref), ref
    for path, method, operation in operations():
        given = [lookup(each["$ref"]) if "$ref" in each else each for each in operation["parameters"]]
        in_path = {each["name"] for each in given if each["in"] == "path"}
        assert in_path == {part.split("}")[0] for part in path.split("{")[1:]}, path
        has_key = any(each["name"] == "Idempotency-Key" for each in given)
        assert has_key is (method in UNSAFE and operation["operationId"] != "send_chunk"), path
    for name, schema in document()["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert name


def test_no_two_schemas_share_a_name() -> None:
    by_name: dict[str, set[str]] = defaultdict(set)

    def look(parent: type[Schema]) -> None:
        for child in parent.__subclasses__():
            if child.__module__.partition(".")[0] in {"datasets", "tagging", "sessions_app", "tagger_project"}:
                by_name[child.__name__].add(json.dumps(child.model_json_schema(), sort_keys=True))
            look(child)

    look(Schema)
    assert {name for name, kinds in by_name.items() if len(kinds) > 1} == set()


@pytest.mark.django_db
def test_it_is_served(client: Client) -> None:
    served = client.get("/api/v1/openapi.json").json()
    assert served["openapi"].startswith("3.1")
    assert served["paths"].keys() == document()["paths"].keys()
