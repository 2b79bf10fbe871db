"""Every refusal of the API has one shape, whoever refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from datasets.models import Dataset
from tagger_project.api.problems import STATUSES, describe
from tagger_project.api.token_door import MOST_WRONG
from tagger_project.bounds.headers import ALWAYS
from tagger_project.bounds.requests import forget_counts
from tagger_project.env import BASE_DIR

pytestmark = pytest.mark.django_db

JSON = "application/json"


def check(answer: Any, status: int, name: str) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["type"] == f"urn:dataset-tagger:problem:{name}"
    assert told["status"] == status
    assert told["title"]
    assert told["detail"].rstrip("…")[-1:].isalnum() or told["detail"].endswith((".", "json", "…"))
    return told


def test_what_is_not_there(client: Client) -> None:
    bodies = [
        check(client.get(address), 404, "not-found")
        for address in ("/api/v1/datasets/99", "/api/v1/nothing", "/api/nothing", "/api/v1/")
    ]
    assert all(body == bodies[0] for body in bodies)


def test_a_method_that_is_not_taken_keeps_its_header(client: Client) -> None:
    answer = client.delete("/api/v1/datasets")
    check(answer, 405, "method-not-allowed")
    assert set(answer["Allow"].split(", ")) == {"GET", "POST"}


@pytest.mark.usefixtures("password_mode")
def test_who_is_not_signed_in(client: Client) -> None:
    check(client.get("/api/v1/datasets"), 401, "signed-out")
    check(client.post("/api/v1/datasets", "name=a", content_type="text/plain"), 401, "signed-out")


def test_a_name_that_is_taken(client: Client, dataset: Dataset) -> None:
    told = check(client.post("/api/v1/datasets", {"name": dataset.name}, content_type=JSON), 409, "conflict")
    assert dataset.name in told["detail"]


def test_a_body_that_is_too_large(client: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    check(client.post("/api/v1/datasets", {"name": "a" * 50}, content_type=JSON), 413, "too-large")
    keyed = client.post("/api/v1/datasets", {"name": "a" * 50}, content_type=JSON, headers={"Idempotency-Key": "k"})
    check(keyed, 413, "too-large")


def test_what_a_middleware_refuses_has_the_shape_and_the_headers_too(
    client: Client, settings: Any, password_mode: None
) -> None:
    large = client.post("/api/v1/datasets", "x", content_type=JSON, headers={"Content-Length": str(10**9)})
    check(large, 413, "too-large")
    wrong = {"Authorization": "Bearer dtag_wrong"}
    for _ in range(MOST_WRONG):
        client.get("/api/v1/datasets", headers=wrong)
    token = client.get("/api/v1/datasets", headers=wrong)
    settings.REQUESTS_A_MINUTE = 1
    forget_counts()
    hasty = [client.get("/api/v1/datasets") for _ in range(2)][-1]
    forget_counts()
    for answer in (token, hasty):
        check(answer, 429, "too-many-requests")
        assert int(answer["Retry-After"]) >= 1
    for answer in (large, token, hasty):
        assert {name: answer[name] for name in ALWAYS} == ALWAYS
        assert "default-src 'none'" in answer["Content-Security-Policy"]


def test_a_body_that_is_no_json(client: Client) -> None:
    check(client.post("/api/v1/datasets", {"name": "a"}), 415, "wrong-content-type")
    check(client.post("/api/v1/datasets", "{", content_type=JSON), 400, "bad-request")


def test_half_an_emoji_in_what_was_sent_is_told_too(client: Client, dataset: Dataset) -> None:
    answer = client.get(f"/api/v1/datasets/{dataset.pk}/images", {"order": "a\ud83db".encode("utf-8", "surrogatepass")})
    check(answer, 422, "cannot-be-done")
    body = '{"name": "a\\ud83d", "file_prefix": "\\ud83d/"}'
    answer = client.post("/api/v1/datasets", body, content_type=JSON)
    assert answer.status_code in {400, 422}
    assert answer["Content-Type"] == "application/problem+json"


def test_each_fault_with_its_place(client: Client, dataset: Dataset) -> None:
    body = {"operations": [{"key": "no", "kind": "add"}, {"kind": "add"}]}
    told = check(client.post("/api/v1/images/1/edits", body, content_type=JSON), 422, "cannot-be-done")
    assert [fault["pointer"] for fault in told["errors"]] == ["#/operations/0/key", "#/operations/1/key"]
    assert all(fault["detail"] for fault in told["errors"])
    told = check(client.get(f"/api/v1/datasets/{dataset.pk}/images", {"limit": "x"}), 422, "cannot-be-done")
    assert told["errors"][0]["parameter"] == "limit"
    told = check(client.get(f"/api/v1/datasets/{dataset.pk}/images", {"filter": "("}), 422, "cannot-be-done")
    assert {"start", "end"} <= set(told)


def test_a_failure_of_the_server_tells_nothing_of_itself(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from datasets.services import datasets as service

    monkeypatch.setattr(service, "create_dataset", lambda **_: 1 / 0)
    client.raise_request_exception = False
    answer = client.post("/api/v1/datasets", {"name": "a"}, content_type=JSON)
    check(answer, 500, "server-error")
    assert "division" not in answer.content.decode()


def test_pages_are_left_alone(client: Client) -> None:
    assert client.get("/nothing/")["Content-Type"].startswith("text/html")


def test_the_guide_tells_of_every_kind() -> None:
    program = "".join(path.read_text() for path in Path(BASE_DIR, "tagger_project").rglob("*.py"))
    kinds = {describe(status)[0].rpartition(":")[2] for status in STATUSES}
    kinds |= set(re.findall(r'problem_of_type\(\s*"([a-z-]+)"', program))
    told = set(re.findall(r"^### `([a-z-]+)`", Path(BASE_DIR, "docs/api.md").read_text(), re.M))
    assert kinds == told
