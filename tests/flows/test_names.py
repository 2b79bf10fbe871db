"""Names that break programs, as the name of everything here, there and back."""

from __future__ import annotations

import html
import io
import json
import os
import re
import time
import unicodedata
import uuid
import zipfile
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client

from tagger_project.env import BASE_DIR
from tagging.text import BadTagName, normalise_tag_name
from tests import images
from tests.person import Person
from tests.program import RunningProgram
from tests.survival import numbered

pytestmark = pytest.mark.flow

SHARED = BASE_DIR.parent / "shared" / "tools" / "names.jsonl"
OWN = [
    "café",  # composed
    "cafe\u0301",  # decomposed
    "\u0130stanbul ß ﬁ Ａ",  # grow and shrink with their case
    "\u202egnp.exe",  # turns the direction around
    "שלום مرحبا",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f\u200d\U0001f308",
    "\U00013000",  # outside the basic plane
    "Z\u0351\u036b\u0313\u036aA",
    "\u200b",  # invisible
    "\ufeffmark",
    "a\x00b",
    "half \ud83d emoji",
    "a\nb\tc\rd",
    "a\x1b[31mb\x7f\x85\u2028",
    "CON",
    "nul.tar",
    "ends in a dot.",
    " blanks around ",
    "..",
    "-rf --help",
    'a:b*c?"d|e<f>g',
    "../../etc/a\\b/c",
    "$(touch x) `id` %s%n {{7*7}} {% debug %}",
    "<img src=x onerror=alert(1)>",
    "\"'><script>alert(1)</script>&amp;#x",
    "' OR 1=1 --; =1+1",
    "a, b (c:1.2)",
    "a\r\nX-Injected: 1",
    "長" * 60,
    "null",
    "__proto__",
    "",
]
# What Windows gives to devices, whatever follows the first dot.
DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
SECONDS = 60.0


def shared_names() -> list[str]:
    if not SHARED.is_file():
        pytest.skip("the list of hostile names is not beside this project")
    return [json.loads(line)[0] for line in SHARED.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(params=["own", pytest.param("shared", marks=pytest.mark.heavy)])
def names(request: pytest.FixtureRequest) -> list[str]:
    """Names of this project's own, and where they lie beside it, those that others collected."""
    return OWN if request.param == "own" else shared_names()


@pytest.fixture
def person(running_program: RunningProgram) -> Person:
    return Person(running_program)


def kept(name: str) -> str:
    """What the program promises to keep of a name: all but what no database stores, of a length that can be shown."""
    return name.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()[:1000]


def last_part(name: str) -> str:
    return kept(re.split(r"[/\\]", name)[-1]) or "?"


def new_dataset(person: Person, name: str = "") -> int:
    return int(person.post("/datasets", {"name": name or f"Names {uuid.uuid4()}"})["id"])


def picture(seed: int) -> bytes:
    return numbered(images.encoded(width=64, height=48, seed=seed % 7), seed)


def bring(person: Person, dataset: int, files: list[tuple[str, bytes]], **texts: str) -> int:
    """Import files whatever their names announce; returns the import's number when it is done."""
    job = person.post(f"/datasets/{dataset}/imports", texts)["id"]
    announced = {"files": [{"name": name, "size": len(content)} for name, content in files]}
    items = person.post(f"/imports/{job}/items", announced)["items"]
    for item, (_, content) in zip(items, files, strict=True):
        person.send(job, item["id"], content).raise_for_status()
    person.post(f"/imports/{job}/seal")
    end = time.monotonic() + SECONDS
    while person.progress(job)["state"] != "DONE":
        assert time.monotonic() < end, person.progress(job)
        time.sleep(0.1)
    return int(job)


def images_of(person: Person, dataset: int) -> list[dict[str, object]]:
    found: list[dict[str, object]] = person.get(f"/api/v1/datasets/{dataset}/images?limit=500").json()["images"]
    return found


def exported(person: Person, dataset: int) -> dict[str, bytes]:
    made = person.export(dataset)
    assert "\n" not in person.get(made["archives"][0]["address"]).headers["content-disposition"]
    files = {name: content for name, content in person.unpacked(made).items() if "/" in name}
    folders = {name.partition("/")[0] for name in files}
    assert len(folders) == 1
    assert_opens_on_windows(dict.fromkeys(folders, b""))
    return {name.partition("/")[2]: content for name, content in files.items()}


def assert_opens_on_windows(files: dict[str, bytes]) -> None:
    for name in files:
        assert not DEVICES.fullmatch(name)
        assert not re.search(r'[<>:"/\\|?*\x00-\x1f]|[. ]$', name)
        assert len(name.encode()) <= 255
    folded = {unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold()) for name in files}
    assert len(folded) == len(files)


def test_as_file_names(person: Person, names: list[str]) -> None:
    dataset = new_dataset(person)
    # Endings that announce texts and zips are for others to test: here every file is a picture.
    files = [(name, picture(number)) for number, name in enumerate(names)]
    bring(person, dataset, files)
    found = images_of(person, dataset)
    assert [image["name"] for image in found] == [last_part(name) for name in names]
    for image in found:
        answer = person.get(f"/files/images/{image['id']}/original/")
        assert "X-Injected" not in answer.headers
        assert answer.content in [content for _, content in files]
    files_out = exported(person, dataset)
    assert_opens_on_windows(files_out)
    assert len(files_out) == len(names)


def test_as_folders_inside_a_zip(person: Person, names: list[str]) -> None:
    dataset = new_dataset(person)
    packed = io.BytesIO()
    # What a zip itself cannot hold is left out: half characters, NUL, and folders without a name.
    whole = [name for name in names if name and "\x00" not in name and kept(name) == name]
    with zipfile.ZipFile(packed, "w") as archive:
        for number, name in enumerate(whole):
            info = zipfile.ZipInfo("placeholder")
            info.filename = f"{name}/p{number}.jpg"
            archive.writestr(info, picture(number))
    job = bring(person, dataset, [("names.zip", packed.getvalue())])
    items = {item["name"]: item for item in person.items(job) if item["kind"] == "IMAGE"}
    assert len(items) == len(whole)
    for number, name in enumerate(whole):
        item = items[f"p{number}.jpg"]
        parts = [part for part in re.split(r"[/\\]", name) if part not in {"", ".", ".."}]
        hidden = any(part.startswith(".") and not part.startswith("..") for part in parts)
        assert item["state"] == ("SKIPPED" if hidden else "READY"), item
        assert hidden or item["folder"] == "/".join(parts)


def test_as_dataset_names(person: Person, names: list[str]) -> None:
    mark = f" {uuid.uuid4().hex[:8]}"
    for name in names:
        content = json.dumps({"name": name + mark})
        answer = person.client.post("/api/v1/datasets", content=content)
        if answer.status_code != httpx.codes.CREATED:
            assert (answer.status_code, bool(answer.json()["detail"])) in {(422, True), (409, True)}, name
            continue
        stored = answer.json()["name"]
        plain = not any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in name)
        if plain:
            assert stored == unicodedata.normalize("NFC", " ".join((name + mark).split()))
        page = person.get(f"/datasets/{answer.json()['id']}/").text
        assert stored in html.unescape(page)
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def edit(person: Person, image: object, **operation: object) -> httpx.Response:
    body = json.dumps({"operations": [{"key": str(uuid.uuid4()), **operation}]})
    return person.client.post(f"/api/v1/images/{image}/edits", content=body)


def test_as_tags_there_and_back(person: Person, names: list[str]) -> None:
    dataset = new_dataset(person)
    bring(person, dataset, [("one.jpg", picture(1))])
    image = images_of(person, dataset)[0]["id"]
    expected: dict[str, None] = {}
    for name in names:
        answer = edit(person, image, kind="add", tag=name)
        try:
            stored = normalise_tag_name(name)
        except BadTagName:
            assert answer.status_code == 422, name
            assert answer.json()["detail"]
            continue
        answer.raise_for_status()
        assert stored == unicodedata.normalize("NFC", stored)
        expected.setdefault(stored)
        search = person.client.get(f"/api/v1/datasets/{dataset}/tag-suggestions", params={"q": stored, "limit": 50})
        assert stored in [tag["name"] for tag in search.json()["tags"]]
    assert [tag["name"] for tag in person.get(f"/api/v1/images/{image}/tags").json()["tags"]] == list(expected)

    files = exported(person, dataset)
    assert_opens_on_windows(files)
    [text] = [content for name, content in files.items() if name.endswith("-0001.txt")]
    assert text.decode().split(", ") == list(expected)
    again = new_dataset(person)
    bring(person, again, [*files.items()][:2], sidecar_reading="TAGS")
    back = images_of(person, again)[0]["id"]
    assert [tag["name"] for tag in person.get(f"/api/v1/images/{back}/tags").json()["tags"]] == list(expected)


def test_as_captions_there_and_back(person: Person, names: list[str]) -> None:
    dataset = new_dataset(person)
    bring(person, dataset, [(f"{number}.jpg", picture(number)) for number in range(len(names))])
    for name, image in zip(names, images_of(person, dataset), strict=True):
        answer = edit(person, image["id"], kind="caption", text=name).raise_for_status()
        stored = name.replace("\x00", "").encode("utf-8", "ignore").decode().strip()
        if any(unicodedata.category(c)[0] not in "CZ" for c in stored):
            assert answer.json()["caption"]["text"] == stored
    files = exported(person, dataset)
    assert_opens_on_windows(files)
    texts = {name: content.decode() for name, content in files.items() if name.endswith(".txt")}
    assert all(text and "\n" not in text and "\r" not in text for text in texts.values())
    again = new_dataset(person)
    bring(person, again, list(files.items()), sidecar_reading="PROSE")
    pictures = [name for name in files if name not in texts]
    for name, image in zip(pictures, images_of(person, again), strict=True):
        words = person.get(f"/api/v1/images/{image['id']}/tags").json()
        assert words["caption"]["text"] == texts.get(name.removesuffix(".jpg") + ".txt", "")


@pytest.mark.django_db
def test_as_user_names(client: Client, names: list[str], password_mode: None) -> None:
    """Django refuses most of them where people are made; the pages bear those too that got in another way."""
    accepted = 0
    for number, name in enumerate(names):
        username = f"{number}-{name.replace(chr(0), '')}".encode("utf-8", "ignore").decode()[:150]
        user = User(username=User.normalize_username(username))
        with suppress(ValidationError):
            user.clean_fields(exclude=["password"])
            accepted += 1
        user.save()
        client.force_login(user)
        page = client.get("/").content.decode()
        assert user.username in html.unescape(page)
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    assert accepted


def test_as_files_of_a_folder_on_this_machine(
    running_program: RunningProgram, person: Person, names: list[str], tmp_path: Path
) -> None:
    """A file system holds what it can: all but slashes, NUL, and names of more than 255 bytes."""
    folder = tmp_path / "folder"
    folder.mkdir()
    written = set()
    for number, name in enumerate(names):
        if name in {"", ".", ".."} or "/" in name or "\x00" in name or name.startswith("."):
            continue
        raw = os.fsencode(name) if kept(name) == name else b"half \xff character"
        try:
            (folder / os.fsdecode(raw)).write_bytes(picture(number))
        except OSError:
            continue
        written.add(raw.decode("utf-8", "replace"))
    title = f"Folder {uuid.uuid4()}"
    done = running_program.manage("import_folder", str(folder), "--dataset", title, "--wait", "--json")
    facts = json.loads(done.stdout)
    assert (facts["ready"], facts["failed"]) == (len(written), 0)
    found = {image["name"] for image in images_of(person, facts["dataset_id"])}
    assert found == {last_part(name) for name in written}
