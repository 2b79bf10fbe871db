"""The defects of the program that this one replaces, each reproduced there; each is shut out here by name."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import uuid
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client

from datasets import paths
from datasets.messages import dataset_group
from datasets.models import Dataset, Image, ImportItem
from datasets.services.importing import find_files, take_files
from datasets.tasks import process_items
from tagging.models import ImageTag, Tag
from tagging.queries.state import get_image_state
from tagging.queries.suggestions import get_suggestions
from tagging.services.labelling import StaleCaption
from tests import factories, images, uploading
from tests.tagging import exporting
from tests.tagging.doing import adding, apply, bring_in, moving, names_on, picture_of, removing, together, writing

pytestmark = pytest.mark.django_db


def exported(dataset: Dataset) -> dict[str, bytes]:
    """The files of the zip, without their folder."""
    return {name.rpartition("/")[2]: content for name, content in exporting.files_of(exporting.export(dataset)).items()}


def everything_stored(data_dir: Path) -> dict[str, Any]:
    """Every row of every table, and every file with its content and its time."""
    with connection.cursor() as cursor:
        rows = {}
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            rows[table] = sorted(map(repr, cursor.fetchall()))
    files = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in data_dir.rglob("*") if path.is_file()}
    return {**rows, **{str(path): facts for path, facts in files.items()}}


def readable(image: Image) -> list[str]:
    """Every address of an image and its dataset that reads."""
    one, api = f"/files/images/{image.pk}", f"/api/v1/datasets/{image.dataset_id}"
    return [
        f"/api/v1/images/{image.pk}",
        f"/api/v1/images/{image.pk}/tags",
        f"{one}/thumbnail/",
        f"{one}/preview/",
        f"{one}/original/",
        api,
        f"{api}/images",
        f"{api}/tag-suggestions?q=a",
        f"{api}/exports",
        f"{api}/caption-preview?options=%7B%22profile%22%3A%22plain%22%7D",
        f"/datasets/{image.dataset_id}/",
        f"/datasets/{image.dataset_id}/export/",
    ]


def test_reading_changes_nothing(client: Client, dataset: Dataset, data_dir: Path) -> None:
    """Defect: a GET rewrote the vocabulary file."""
    image = picture_of(bring_in(dataset, [("cat.jpg", images.encoded()), ("cat.txt", b"b, a")])[0])
    before = everything_stored(data_dir)
    for address in readable(image):
        assert client.get(address).status_code == 200, address
    assert everything_stored(data_dir) == before


@pytest.mark.usefixtures("shared_database")
def test_the_vocabulary_is_never_empty_under_a_reader() -> None:
    """Defect: while one request rewrote the vocabulary, another read an empty one."""
    dataset = factories.make_dataset()
    shared, image = factories.make_image(dataset), factories.make_image(dataset)
    apply(shared, adding("always"), adding("also"))
    done = threading.Event()

    def work(person: int) -> int:
        if person == 0:
            for number in range(20):
                apply(image, adding(f"new {number}"), adding("always"))
                apply(image, removing("always"))
            done.set()
            return 1
        reads = 0
        while not done.is_set():
            found = {tag.name for tag in get_suggestions(dataset, "al")}
            assert found == {"always", "also"}
            reads += 1
        return reads

    results = together(work, people=4)
    assert all(isinstance(result, int) and result > 0 for result in results), results


@pytest.mark.usefixtures("shared_database")
def test_saves_at_the_same_moment_do_not_mix_pictures() -> None:
    """Defect: 44 of 200 saves by 8 clients gave one picture another's file and caption."""
    dataset = factories.make_dataset(file_prefix="mix")
    contents = [images.encoded(seed=n, width=80, height=80) for n in range(1, 9)]
    rows = [picture_of(item) for item in bring_in(dataset, [(f"{n}.jpg", c) for n, c in enumerate(contents)])]

    def work(person: int) -> None:
        client = Client()
        for number in range(5):
            operations = [
                {"key": str(uuid.uuid4()), "kind": "add", "tag": f"{person}-{number}"},
                {"key": str(uuid.uuid4()), "kind": "caption", "text": f"Picture {person}.", "version": number},
            ]
            response = client.post(
                f"/api/v1/images/{rows[person].pk}/edits", {"operations": operations}, content_type="application/json"
            )
            assert response.status_code == 200, response.content
            assert response.json()["image_id"] == rows[person].pk

    assert together(work) == [None] * 8
    files = exported(dataset)
    for person, content in enumerate(contents):
        stem = f"mix-{person + 1:04d}"
        assert files[f"{stem}.jpg"] == content
        tags = ", ".join(f"{person}-{number}" for number in range(5))
        assert files[f"{stem}.txt"].decode() == f"{tags}, Picture {person}."


@pytest.mark.usefixtures("shared_database")
def test_what_was_answered_as_saved_is_there_after_a_kill(tmp_path: Path) -> None:
    """Defect: after kill -9 within the first minute, 0 of 100 saves were known."""
    image = factories.make_image(factories.make_dataset())
    database = connection.settings_dict
    url = f"sqlite:///{database['NAME']}"
    if connection.vendor != "sqlite":
        url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)
    env = {**os.environ, "ENV_FILE": "none", "DATA_DIR": str(tmp_path / "other"), "DATABASE_URL": url}
    env |= {"DJANGO_SETTINGS_MODULE": "tagger_project.settings", "REDIS_URL": ""}
    command = [sys.executable, "-m", "tests.tagging.saver_process", str(image.pk)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=env, cwd=settings.BASE_DIR, text=True) as process:
        assert process.stdout is not None
        said = -1
        while said < 30:
            said = int(process.stdout.readline())
        process.kill()
        rest = process.stdout.read().split()
    saved = int(rest[-1]) if rest else said
    names = names_on(image)
    assert names[: saved + 1] == [str(number) for number in range(saved + 1)]
    assert len(names) <= saved + 2  # one more may have been saved and not yet said
    state = get_image_state(image)
    assert (state.revision, state.tagged) == (len(names), True)


def test_a_broken_off_export_leaves_no_half_file(dataset: Dataset, tmp_path: Path) -> None:
    """Defect: a kill left half-written files behind that looked whole."""
    rows = [picture_of(item) for item in bring_in(dataset, [(f"{n}.jpg", images.encoded(seed=n)) for n in (1, 2)])]
    paths.original_path(settings.DATA_DIR, rows[1].sha256, "JPEG").unlink()
    output = tmp_path / "here" / "out.zip"
    with pytest.raises(Exception, match=r"2\.jpg"):
        call_command("export_dataset", dataset.name, output=output)
    assert list(output.parent.iterdir()) == []


@pytest.mark.usefixtures("shared_database")
def test_the_second_writer_does_not_win_in_silence() -> None:
    """Defect: of two people who wrote at once the second won, 50 of 50."""
    image = factories.make_image(factories.make_dataset())
    for round_ in range(10):
        version = get_image_state(image).caption_version

        def work(person: int, version: int = version, round_: int = round_) -> str:
            apply(image, writing(f"{round_} by {person}", version), adding(f"{round_}-{person}"))
            return f"{round_} by {person}"

        results = together(work, people=2)
        [kept] = [result for result in results if isinstance(result, str)]
        [refusal] = [result for result in results if isinstance(result, StaleCaption)]
        assert get_image_state(image).caption == refusal.state.caption == kept


def test_numbers_stay_when_a_file_is_added(client: Client, dataset: Dataset) -> None:
    """Defect: ids were places in a sorted list and shifted when a file was added."""
    middle = picture_of(bring_in(dataset, [("m.jpg", images.encoded(seed=1))])[0])
    apply(middle, adding("mine"))
    before = client.get(f"/api/v1/images/{middle.pk}").json()
    bring_in(dataset, [("a.jpg", images.encoded(seed=2)), ("z.jpg", images.encoded(seed=3))])
    assert client.get(f"/api/v1/images/{middle.pk}").json() == before
    assert names_on(middle) == ["mine"]
    names = [row["name"] for row in client.get(f"/api/v1/datasets/{dataset.pk}/images").json()["images"]]
    assert names == ["m.jpg", "a.jpg", "z.jpg"]


def test_the_order_of_tags_is_kept_and_the_trigger_word_stands_first() -> None:
    """Defect: tags were sorted on save, so the trigger word was lost from the front."""
    dataset = factories.make_dataset(file_prefix="set", trigger_word="zzword")
    image = picture_of(bring_in(dataset, [("a.jpg", images.encoded()), ("a.txt", b"zebra, 1girl, zzword, apple")])[0])
    assert names_on(image) == ["zebra", "1girl", "zzword", "apple"]
    apply(image, adding("aardvark"), moving("apple", "1girl"))
    assert names_on(image) == ["zebra", "apple", "1girl", "zzword", "aardvark"]
    assert exported(dataset)["set-0001.txt"] == b"zzword, zebra, apple, 1girl, aardvark"


def test_a_comma_does_not_split_a_tag_in_silence(client: Client, image: Image) -> None:
    """Defect: a comma inside a tag split it into two."""
    operations = [{"key": str(uuid.uuid4()), "kind": "add", "tag": "red, blue"}]
    address = f"/api/v1/images/{image.pk}/edits"
    response = client.post(address, {"operations": operations}, content_type="application/json")
    assert response.status_code == 422
    assert response.json()["detail"].startswith("“red, blue” holds a comma")
    assert names_on(image) == []
    assert not Tag.objects.exists()


@pytest.mark.parametrize("tag", ["miku_(vocaloid)", "saber (fate)", ":)", "100% real", "a/b", "..", "<i>", "初音ミク"])
def test_a_tag_with_signs_in_it_is_saved_shown_and_exported(client: Client, tag: str) -> None:
    """Defect: `miku_(vocaloid)` entered the list, and then every save with it failed without a word."""
    dataset = factories.make_dataset(file_prefix="set")
    image = picture_of(bring_in(dataset, [("a.jpg", images.encoded())])[0])
    for name in (tag, "after"):
        operations = [{"key": str(uuid.uuid4()), "kind": "add", "tag": name}]
        address = f"/api/v1/images/{image.pk}/edits"
        assert client.post(address, {"operations": operations}, content_type="application/json").status_code == 200
    shown = client.get(f"/api/v1/images/{image.pk}/tags").json()["tags"]
    assert [row["name"] for row in shown] == [tag, "after"]
    found = client.get(f"/api/v1/datasets/{dataset.pk}/tag-suggestions", {"q": tag}).json()["tags"]
    assert [(each["name"], each["count"]) for each in found] == [(tag, 1)]
    assert exported(dataset)["set-0001.txt"].decode() == f"{tag}, after"


@pytest.mark.parametrize(
    "name",
    [
        "my cat (1).jpg",
        "猫 写真.jpg",
        "ünï cödé.jpg",
        "a'b\"c.jpg",
        "100%.jpg",
        "#1?.jpg",
        "😀.jpg",
        "a.b.jpg",
        "a b  c .jpg",
    ],
)
def test_odd_file_names_are_names_like_others(client: Client, dataset: Dataset, name: str) -> None:
    """Defect: spaces, parentheses or letters beyond ASCII in a file name gave HTTP 500."""
    folder = "Ordner (ä) & 写真"
    items = bring_in(dataset, [(f"{folder}/{name}", images.encoded()), (f"{folder}/{name[:-4]}.txt", b"a, b")])
    image = picture_of(items[0])
    assert items[1].state == ImportItem.State.READY
    for address in readable(image):
        assert client.get(address).status_code == 200, address
    shown = client.get(f"/api/v1/images/{image.pk}").json()
    assert (shown["name"], shown["folder"]) == (name, folder)
    assert names_on(image) == ["a", "b"]
    assert all(file.isascii() for file in exported(dataset))


def test_a_truncated_picture_is_refused_and_never_exported(dataset: Dataset) -> None:
    """Defect: a truncated JPEG was accepted."""
    whole = images.encoded(seed=1)
    items = bring_in(dataset, [("cut.jpg", whole[: len(whole) // 2]), ("whole.jpg", whole)])
    assert [(item.state, item.reason) for item in items] == [("FAILED", "DAMAGED"), ("READY", "")]
    assert [content for name, content in exported(dataset).items() if name.endswith(".jpg")] == [whole]


def test_captions_that_were_there_are_respected(dataset: Dataset, tmp_path: Path) -> None:
    """Defect: existing captions were ignored."""
    texts = {"one": "zebra, apple", "two": "A dog runs over the wide green field.", "three": " \n"}
    for seed, name in enumerate([*texts, "four"]):
        images.write(tmp_path, f"{name}.png", "PNG", seed=seed)
    for name, text in texts.items():
        (tmp_path / f"{name}.txt").write_text(text)
    job = uploading.start(dataset)
    for item_ids in take_files(job, find_files(tmp_path)):
        process_items(item_ids=item_ids)
    uploading.finish(job)
    states = {image.original_name: get_image_state(image) for image in dataset.images.all()}
    assert [tag.name for tag in states["one.png"].tags] == ["zebra", "apple"]
    assert states["two.png"].caption == "A dog runs over the wide green field."
    assert [states[name].tagged for name in ("three.png", "four.png")] == [False, False]


def test_sub_folders_are_respected(dataset: Dataset) -> None:
    """Defect: sub-folders were ignored; and the same name in two of them is two pictures with a text each."""
    files = [
        ("a/x.jpg", images.encoded(seed=1)),
        ("b/x.jpg", images.encoded(seed=2)),
        ("x.jpg", images.encoded(seed=3)),
        ("b/x.txt", b"of b"),
        ("a/x.txt", b"of a"),
    ]
    rows = [picture_of(item) for item in bring_in(dataset, files)[:3]]
    assert [row.relative_path for row in rows] == ["a", "b", ""]
    assert [names_on(row) for row in rows] == [["of a"], ["of b"], []]


@pytest.mark.usefixtures("shared_database")
def test_a_page_that_does_not_listen_stops_nobody() -> None:
    """Defect: one stalled socket stopped everybody's saves."""
    image = factories.make_image(factories.make_dataset())
    layer = get_channel_layer()
    assert layer is not None
    deaf = async_to_sync(layer.new_channel)()
    async_to_sync(layer.group_add)(dataset_group(image.dataset_id), deaf)
    for number in range(150):  # more than a channel holds
        apply(image, adding(str(number)))
    assert len(names_on(image)) == 150


@pytest.mark.usefixtures("shared_database")
def test_a_broker_that_is_gone_stops_nobody(monkeypatch: pytest.MonkeyPatch, image: Image) -> None:
    """Defect: what pages hear and what is saved hung together."""

    async def refuse(*_: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(get_channel_layer(), "group_send", refuse)
    apply(image, adding("a"))
    assert names_on(image) == ["a"]


def test_another_site_cannot_save(strict_client: Client, image: Image) -> None:
    """Defect: no origin was checked."""
    strict_client.get("/datasets/new/")
    token = strict_client.cookies["csrftoken"].value
    operations = [{"key": str(uuid.uuid4()), "kind": "add", "tag": "evil"}]
    for headers in (
        {"HTTP_ORIGIN": "https://evil.example"},
        {"HTTP_ORIGIN": "https://evil.example", "HTTP_X_CSRFTOKEN": token},
        {"HTTP_ORIGIN": "null", "HTTP_X_CSRFTOKEN": token},
    ):
        for content_type in ("application/json", "text/plain"):
            response = strict_client.generic(
                "POST",
                f"/api/v1/images/{image.pk}/edits",
                str({"operations": operations}).replace("'", '"'),
                content_type=content_type,
                **headers,
            )
            # Refused for the origin alone: without a login no token is a proof of anything.
            assert response.status_code == 400
    assert not ImageTag.objects.exists()
