"""Names that are also markup, scripts, paths or control characters are shown as names on every page."""

from __future__ import annotations

import json
import os
import time
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests import images
from tests.person import Person
from tests.program import RunningProgram
from tests.security.routes import addresses

pytestmark = pytest.mark.browser

# Anything of these that runs opens a dialog, or names itself in `window.ran`.
SCRIPTS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "javascript:alert(1)",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<style>@import url(//evil.example)</style>",
    "<base href=//evil.example/>",
    "<form action=//evil.example><button>x",
    "<a href=javascript:alert(1)>x</a>",
    "{{ 7|add:7 }}{% debug %}",
    "${alert(1)}`${alert(1)}`",
    "--><script>alert(1)</script><!--",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\\u003cscript\\u003ealert(1)",
    "]]><script>alert(1)</script>",
]
ODD = [
    *("../../etc/passwd", "..\\..\\windows", "CON", "aux.jpg", "a/b", "C:\\x", "~", "-rf", "%00", "%2e%2e%2f"),
    *("'; DROP TABLE x; --", "=1+1", "@SUM(1)", "+1", "{}", "[]", "null", "undefined", "NaN", "true", "0", "__proto__"),
    *(
        "constructor",
        "toString",
        "猫",
        "🐈‍⬛",
        "é",
        "e\u0301",
        "ﬁ",
        "İ",
        "ß",
        "\u202eevil",
        "\u200b",
        "a\u200bb",
        "\ufeffa",
    ),
    *("مرحبا", "שלום", "Z̴a̶l̷g̸o", "a" * 200, "𝕏" * 60, "&amp;", "&", "<", ">", '"', "'", "`", "a:b", "a;b", "a#b", "a?b"),
    *(
        "a\tb",
        " lead",
        "trail ",
        "a  b",
        "1/0",
        "tag, with",
        "(weight:1.2)",
        "\\(escaped\\)",
        "*",
        "?",
        "|",
        "$HOME",
        "`id`",
    ),
]
NAMES = [*SCRIPTS, *ODD]
MORE = Path(os.environ.get("HOSTILE_NAMES", "../shared/tools/names.jsonl"))


def all_names() -> list[str]:
    """The names above, and those of a list beside the project where there is one."""
    found = list(NAMES)
    if MORE.is_file():
        for line in MORE.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            found.append(row if isinstance(row, str) else row[0])
    # What is no text cannot be sent, and has tests of its own.
    return [name for name in dict.fromkeys(found) if name]


def fill(person: Person, names: list[str]) -> tuple[int, list[int]]:
    """A dataset and pictures with every name everywhere; what is refused as a name is refused."""
    dataset = None
    for name in names:
        answer = person.client.post("/api/v1/datasets", content=json.dumps({"name": name[:200]}))
        assert answer.status_code < 500, name
        if answer.is_success and dataset is None:
            dataset = int(answer.json()["id"])
    assert dataset is not None
    files = []
    for number, name in enumerate(names):
        files.append((name[:200], images.encoded(width=64, height=64, seed=number)))
    numbers = [send_one(person, dataset, name, content) for name, content in files]
    shown = wait_for(person, dataset, [number for number in numbers if number])
    for place, image in enumerate(shown):
        add_words(person, image, names[place % len(names) :] + names[: place % len(names)], place)
    return dataset, shown


def send_one(person: Person, dataset: int, name: str, content: bytes) -> int:
    job = person.post(f"/datasets/{dataset}/imports")["id"]
    announced = person.client.post(
        f"/api/v1/imports/{job}/items", content=json.dumps({"files": [{"name": name, "size": len(content)}]})
    )
    assert announced.status_code < 500, name
    if announced.is_success:
        item = announced.json()["items"][0]
        assert person.send(job, item["id"], content).status_code < 500, name
    person.post(f"/imports/{job}/seal")
    return int(job) if announced.is_success else 0


def wait_for(person: Person, dataset: int, jobs: list[int]) -> list[int]:
    end = time.monotonic() + 120
    while any(person.progress(job)["state"] != "DONE" for job in jobs):
        assert time.monotonic() < end
        time.sleep(0.5)
    found = person.get(f"/api/v1/datasets/{dataset}/images?limit=500").json()["images"]
    return [int(image["id"]) for image in found]


def add_words(person: Person, image: int, names: list[str], place: int) -> None:
    """All the names as tags of the first picture, one of each other; and one as its caption."""
    for name in names if place == 0 else names[:1]:
        assert person.send_tag(image, name).status_code < 500, name
    caption = {"key": str(uuid.uuid4()), "kind": "caption", "text": " ".join(names[:5])}
    assert person.client.post(f"/api/v1/images/{image}/edits", json={"operations": [caption]}).status_code < 500


def crawl(page: Page, person: Person, program: RunningProgram, paths: list[str]) -> list[str]:
    """Open every address that is a page; returns those."""
    opened = []
    for path in paths:
        if path == "/readyz":
            continue
        answer = person.client.get(path)
        assert answer.status_code < 500, path
        if answer.status_code != 200 or "text/html" not in answer.headers["Content-Type"]:
            continue
        page.goto(program.url + path, wait_until="load")
        opened.append(path)
        # What scripts draw comes after the page; nothing that runs in it is late.
        page.wait_for_timeout(150)
    return opened


def test_names_are_names_everywhere(running_program: RunningProgram, page: Page, problems: object) -> None:
    dialogs: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    foreign: list[str] = []
    page.on("request", lambda request: foreign.extend([request.url] if "//evil.example" in request.url else []))
    problems.allow_failed_requests()  # type: ignore[attr-defined]
    person = Person(running_program)
    dataset, shown = fill(person, SCRIPTS[:6] + ODD[:4] if not os.environ.get("ALL_NAMES") else all_names())
    paths = addresses(
        {"dataset_id": dataset, "image_id": shown[0], "object_id": 1, "app_label": "tagging", "tag_id": 1}
    )
    opened = crawl(page, person, running_program, paths)
    assert len(opened) > 15
    page.goto(f"{running_program.url}/datasets/{dataset}/")
    expect(page.locator("main")).to_be_visible()
    assert (dialogs, foreign) == ([], [])


@pytest.mark.heavy
def test_all_names_are_names_everywhere(
    running_program: RunningProgram, page: Page, problems: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_NAMES", "1")
    test_names_are_names_everywhere(running_program, page, problems)
