"""What the texts of an import may do is asked before they are read, with a look at the first of them."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from datasets.models import Dataset, ImportItem, ImportJob
from datasets.services.held_texts import decide_about_sidecars
from datasets.services.processing import process_item
from datasets.services.sweeping import give_up_abandoned_imports
from datasets.services.uploads import TextRules, mark_received, start_import
from tests import images, uploading
from tests.tagging.doing import names_on

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_line")]

State = ImportItem.State
Policy = ImportJob.SidecarPolicy
Reading = ImportJob.SidecarReading


@pytest.fixture
def job(dataset: Dataset) -> ImportJob:
    return start_import(dataset, source=ImportJob.Source.UPLOAD, by=None, texts=TextRules(asks=True))


def again(item: ImportItem) -> ImportItem:
    item.refresh_from_db()
    return item


def look(client: Client, job: ImportJob, reading: str = "") -> dict[str, Any]:
    answer = client.get(f"/api/v1/imports/{job.pk}/sidecars", {"reading": reading} if reading else {})
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def decide(client: Client, job: ImportJob, **body: str) -> Any:
    return client.post(f"/api/v1/imports/{job.pk}/sidecars", body, content_type="application/json")


def test_an_import_is_started_with_rules_for_its_texts(client: Client, dataset: Dataset) -> None:
    body = {"asks_about_sidecars": True, "sidecar_policy": "APPEND", "sidecar_reading": "TAGS"}
    address = f"/api/v1/datasets/{dataset.pk}/imports"
    started = client.post(address, body, content_type="application/json")
    assert started.status_code == 201, started.content
    job = ImportJob.objects.get(pk=started.json()["id"])
    assert (job.asks_about_sidecars, job.sidecar_policy, job.sidecar_reading) == (True, "APPEND", "TAGS")
    job = ImportJob.objects.get(pk=client.generic("POST", address).json()["id"])
    assert (job.asks_about_sidecars, job.sidecar_policy, job.sidecar_reading) == (False, "ONLY_UNTAGGED", "GUESS")
    assert client.post(address, {"sidecar_policy": "BURN"}, content_type="application/json").status_code == 422


def test_texts_wait_for_the_answer_and_pictures_do_not(client: Client, job: ImportJob) -> None:
    picture = uploading.bring(job, "cat.jpg", images.encoded())
    texts = [uploading.bring(job, "cat.txt", b"a, b"), uploading.bring(job, "metadata.jsonl", b'{"file_name":"x"}')]
    uploading.finish(job)
    assert [picture.state, *(text.state for text in texts)] == [State.READY, State.HELD, State.HELD]
    assert look(client, job)["held"] == 2
    job.refresh_from_db()
    assert job.finished_at is None

    answer = decide(client, job, policy="ONLY_UNTAGGED", reading="GUESS")
    assert (answer.status_code, answer.json()["held"], answer.json()["in_line"]) == (200, 0, 2)
    for text in texts:
        process_item(text.pk)
    assert names_on(job.dataset.images.get()) == ["a", "b"]


def test_the_answer_to_the_last_chunk_says_that_a_text_is_held(client: Client, job: ImportJob) -> None:
    item = uploading.announce(job, "cat.txt", 4)
    address = f"/api/v1/imports/{job.pk}/items/{item.pk}/content?offset=0"
    answer = client.put(address, b"a, b", content_type="application/octet-stream")
    assert answer.json() == {"received": 4, "size": 4, "state": "HELD"}


def test_the_look_shows_tags_and_prose_and_what_another_reading_makes_of_them(client: Client, job: ImportJob) -> None:
    uploading.send(job, "1.txt", b"1girl, solo", folder="set")
    uploading.send(job, "2.txt", b"A cat sleeps on the red sofa, quietly.")
    seen = look(client, job)
    assert (seen["policy"], seen["reading"], seen["asks"]) == ("ONLY_UNTAGGED", "GUESS", True)
    first, second = seen["examples"]
    assert (first["name"], first["folder"], first["reading"]) == ("1.txt", "set", "TAGS")
    assert (first["tags"], first["caption"], first["encoding"], first["note"]) == (["1girl", "solo"], "", "UTF-8", "")
    assert (second["reading"], second["tags"]) == ("PROSE", [])
    assert second["caption"] == "A cat sleeps on the red sofa, quietly."
    as_tags = look(client, job, "TAGS")["examples"]
    assert [each["tags"] for each in as_tags] == [["1girl", "solo"], ["A cat sleeps on the red sofa", "quietly."]]
    as_prose = look(client, job, "PROSE")["examples"]
    assert [each["caption"] for each in as_prose] == ["1girl, solo", "A cat sleeps on the red sofa, quietly."]


@pytest.mark.parametrize(
    ("content", "encoding", "note"),
    [
        ("été".encode("utf-8-sig"), "UTF-8", ""),
        ("été".encode("utf-16"), "UTF-16", ""),
        ("summer, été".encode("cp1252"), "Windows-1252", "Windows-1252"),
        ("summer, ete".encode("utf-16-le"), "UTF-16", "does not say so"),
        ("猫, 女孩, 狗".encode("gbk"), "", "UTF-8"),
        (b"a\x00b", "", "UTF-8"),
        (("x" * 201 + ", y").encode(), "UTF-8", "1 part is too long"),
    ],
)
def test_the_look_tells_how_bytes_were_read(
    client: Client, job: ImportJob, content: bytes, encoding: str, note: str
) -> None:
    uploading.send(job, "1.txt", content)
    (seen,) = look(client, job, "TAGS")["examples"]
    assert seen["encoding"] == encoding
    assert bool(seen["note"]) == bool(note)
    assert note in seen["note"]


def test_the_look_shows_the_first_rows_of_lists_of_any_length(client: Client, job: ImportJob) -> None:
    rows = {f"{number}.png": {"tags": f"tag {number}, b", "caption": "One. " * 20} for number in range(9000)}
    uploading.send(job, "meta_lat.json", json.dumps(rows).encode())
    lines = [json.dumps({"file_name": f"in/{n}.png", "text": "A cat sleeps on the sofa."}) for n in range(9000)]
    uploading.send(job, "metadata.jsonl", "\n".join(lines).encode(), folder="train")
    seen = look(client, job)["examples"]
    assert [(each["name"], each["folder"], each["reading"]) for each in seen] == [
        *((f"{number}.png", "", "TAGS") for number in range(3)),
        *((f"{number}.png", "train/in", "PROSE") for number in range(3)),
    ]
    assert (seen[2]["tags"], seen[2]["caption"][:9]) == (["tag 2", "b"], "One. One.")


def test_the_look_says_of_another_json_that_it_is_no_list(client: Client, job: ImportJob) -> None:
    uploading.send(job, "workflow.json", b'{"nodes": [1, 2]}')
    (seen,) = look(client, job)["examples"]
    assert (seen["tags"], seen["caption"]) == ([], "")
    assert "no list of captions" in seen["note"]


def test_the_look_opens_texts_inside_a_zip(client: Client, job: ImportJob) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("cat.jpg", images.encoded())
        archive.writestr("cat.txt", "whiskers, paws")
    uploading.bring(job, "set.zip", packed.getvalue())
    seen = look(client, job)
    assert (seen["held"], [each["tags"] for each in seen["examples"]]) == (1, [["whiskers", "paws"]])


def test_what_was_read_can_still_be_looked_at(client: Client, job: ImportJob) -> None:
    text = uploading.send(job, "cat.txt", "été, neige".encode("utf-16"))
    process_item(decide_about_sidecars(job, policy=Policy.APPEND, reading=Reading.GUESS)[0])
    assert again(text).state == State.READY
    seen = look(client, job)
    assert (seen["held"], seen["policy"], seen["asks"]) == (0, "APPEND", False)
    assert (seen["examples"][0]["tags"], seen["examples"][0]["encoding"]) == (["été", "neige"], "UTF-16")


def test_the_reading_that_was_chosen_counts(job: ImportJob) -> None:
    uploading.bring(job, "cat.jpg", images.encoded())
    uploading.send(job, "cat.txt", b"A cat sleeps on the red sofa.")
    for item in decide_about_sidecars(job, policy=Policy.ONLY_UNTAGGED, reading=Reading.TAGS):
        process_item(item)
    assert names_on(job.dataset.images.get()) == ["A cat sleeps on the red sofa."]


def test_an_answer_reaches_a_picture_that_a_worker_claimed_before_it(job: ImportJob) -> None:
    """The worker knows the import as it was when it took the picture."""
    picture = uploading.send(job, "cat.jpg", images.encoded())
    text = uploading.send(job, "cat.txt", b"A cat sleeps on the red sofa.")
    decide_about_sidecars(job, policy=Policy.ONLY_UNTAGGED, reading=Reading.TAGS)
    process_item(text.pk)
    process_item(picture.pk)
    assert names_on(job.dataset.images.get()) == ["A cat sleeps on the red sofa."]


def test_texts_that_come_after_the_answer_do_not_wait(job: ImportJob) -> None:
    decide_about_sidecars(job, policy=Policy.ONLY_UNTAGGED, reading=Reading.GUESS)
    assert uploading.send(job, "cat.txt", b"a, b").state == State.RECEIVED
    late = uploading.announce(job, "dog.txt", 4)
    assert mark_received([late.pk]) == 1
    assert again(late).state == State.RECEIVED


@pytest.mark.parametrize(("hours", "state"), [(23, State.HELD), (25, State.RECEIVED)])
def test_texts_that_nobody_answers_for_are_read_with_care_after_a_day(
    job: ImportJob, hours: int, state: ImportItem.State
) -> None:
    text = uploading.send(job, "cat.txt", b"a, b")
    uploading.finish(job)
    before = timezone.now() - timedelta(hours=hours)
    ImportJob.objects.filter(pk=job.pk).update(created_at=before)
    ImportItem.objects.filter(pk=text.pk).update(received_at=before)
    give_up_abandoned_imports()
    assert again(text).state == state
    process_item(text.pk)


def test_an_unknown_word_or_import_is_refused(client: Client, job: ImportJob) -> None:
    assert decide(client, job, policy="BURN").status_code == 422
    assert client.get(f"/api/v1/imports/{job.pk + 1}/sidecars").status_code == 404
    assert decide(client, ImportJob(pk=job.pk + 1), policy="SKIP").status_code == 404
