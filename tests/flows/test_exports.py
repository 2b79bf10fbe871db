"""An export of the running program, from the request to what a trainer reads, over HTTP and with its real workers."""

from __future__ import annotations

import hashlib
import io
import json
import time
import uuid
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests import images
from tests.person import Person
from tests.program import RunningProgram
from tests.readers.of_profiles import BY_CONFIGURATION, by_name

pytestmark = pytest.mark.flow

SECONDS = 90.0
PICTURES = 6


@pytest.fixture
def person(running_program: RunningProgram) -> Person:
    return Person(running_program)


def wait_for(person: Person, address: str, state: str, until: str) -> dict[str, Any]:
    """Ask until something is where it should be."""
    end = time.monotonic() + SECONDS
    while (found := person.get(address).json())[state] != until:
        assert time.monotonic() < end, found
        assert found[state] != "FAILED", found
        time.sleep(0.1)
    return dict(found)


def bring(person: Person, dataset: int, files: list[tuple[str, bytes]]) -> None:
    """Import files, and wait."""
    job, items = person.announce([(name, len(content)) for name, content in files], dataset=dataset)
    for item, (_, content) in zip(items, files, strict=True):
        person.send(job, item, content).raise_for_status()
    person.post(f"/imports/{job}/seal")
    wait_for(person, f"/api/v1/imports/{job}", "state", "DONE")


def images_of(person: Person, dataset: int) -> list[dict[str, Any]]:
    return list(person.get(f"/api/v1/datasets/{dataset}/images?limit=500").json()["images"])


def words_of(person: Person, dataset: int) -> list[tuple[list[str], str]]:
    """Tags and caption of each picture, in order."""
    found = []
    for image in images_of(person, dataset):
        words = person.get(f"/api/v1/images/{image['id']}/tags").json()
        found.append(([tag["name"] for tag in words["tags"]], words["caption"]["text"]))
    return found


def new_dataset(person: Person, **facts: str) -> int:
    name = f"Exports {uuid.uuid4()}"
    return int(person.post("/datasets", {"name": name, "file_prefix": "ohwx", **facts})["id"])


@pytest.fixture
def dataset(person: Person) -> int:
    """Pictures, of which some have to be converted, with words."""
    number = new_dataset(person, trigger_word="ohwx")
    plain = [(f"{n}.jpg", images.encoded(width=160, height=96, seed=n)) for n in range(PICTURES - 2)]
    bring(person, number, [*plain, ("moving.gif", images.encoded("GIF")), ("scan.tiff", images.encoded("TIFF"))])
    for place, image in enumerate(images_of(person, number)):
        tags = ["1girl", f"tag {place}"][place % 3 :]
        edits = [{"key": str(uuid.uuid4()), "kind": "add", "tag": tag} for tag in tags]
        edits.append({"key": str(uuid.uuid4()), "kind": "caption", "text": f"Line {place}.\nAnother, with a comma."})
        body = json.dumps({"operations": edits})
        person.client.post(f"/api/v1/images/{image['id']}/edits", content=body).raise_for_status()
    return number


def ask(person: Person, dataset: int, profile: str, **options: Any) -> int:
    body = {"key": str(uuid.uuid4()), "options": {"profile": profile, **options}}
    return int(person.post(f"/datasets/{dataset}/exports", body)["id"])


def download_in_pieces(person: Person, archive: dict[str, Any], size: int = 10_000) -> bytes:
    """Fetch an archive as somebody whose connection breaks again and again."""
    content, tag = b"", ""
    while len(content) < archive["size"]:
        headers = {"Range": f"bytes={len(content)}-{len(content) + size - 1}"} | ({"If-Range": tag} if tag else {})
        answer = person.client.get(archive["address"], headers=headers)
        assert answer.status_code == 206, answer.status_code
        tag = answer.headers["etag"]
        content += answer.content
    return content


def test_from_the_request_to_what_the_trainer_reads(person: Person, dataset: int, tmp_path: Path) -> None:
    job = ask(person, dataset, "kohya", variant="metadata", repeats=2)
    done = wait_for(person, f"/api/v1/exports/{job}", "state", "DONE")
    assert (done["done"], done["total"], len(done["archives"])) == (PICTURES, PICTURES, 1)
    [archive] = done["archives"]
    content = download_in_pieces(person, archive)
    assert hashlib.sha256(content).hexdigest() == archive["sha256"]
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        assert opened.testzip() is None
        opened.extractall(tmp_path)
    words = words_of(person, dataset)
    expected = [", ".join(["ohwx", *tags, " ".join(caption.split())]) for tags, caption in words]
    found = by_name(BY_CONFIGURATION["kohya", "metadata"](tmp_path))
    assert list(found.values()) == expected
    # The archive comes in again as it went out.
    again = new_dataset(person)
    bring(person, again, [("export.zip", content)])
    assert words_of(person, again) == words
    assert person.get(f"/api/v1/datasets/{again}").json()["trigger_word"] == "ohwx"


def test_two_workers_and_a_third_process_write_the_same_bytes(
    running_program: RunningProgram, person: Person, dataset: int, tmp_path: Path
) -> None:
    """Processes differ in what no program may show: their clocks, their order of sets, their folders."""
    jobs = [ask(person, dataset, "onetrainer") for _ in range(2)]  # both wait: each worker takes one
    sums = {}
    for job in jobs:
        [archive] = wait_for(person, f"/api/v1/exports/{job}", "state", "DONE")["archives"]
        sums[job] = archive["sha256"]
        assert hashlib.sha256(person.get(archive["address"]).content).hexdigest() == sums[job]
    path = tmp_path / "third.zip"
    running_program.manage("export_dataset", str(dataset), "--profile", "onetrainer", "--output", str(path))
    assert {*sums.values(), hashlib.sha256(path.read_bytes()).hexdigest()} == {sums[jobs[0]]}
