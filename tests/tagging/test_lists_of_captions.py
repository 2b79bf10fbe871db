"""One file that says of many pictures what a `.txt` says of one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from datasets.models import Dataset, Image, ImportItem, ImportJob, SidecarText
from datasets.names import stem_key
from datasets.queries.refusals import explain
from datasets.services import lists, processing, sidecars
from datasets.services.claims import LEASE
from datasets.services.processing import process_item
from datasets.services.uploads import MOST_METADATA_BYTES, TextRules, start_import
from tagging.models import TagOperation
from tests import factories, images, uploading
from tests.tagging.doing import adding, apply, names_on

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_line")]

State = ImportItem.State
PICTURES = {f"{number}.png": images.encoded("PNG", seed=number, width=64, height=48) for number in range(1, 4)}


def lines(*rows: dict[str, Any]) -> bytes:
    return "\n".join(json.dumps(row) for row in rows).encode()


def kohya(**rows: dict[str, Any]) -> bytes:
    return json.dumps(rows).encode()


def work(job: ImportJob) -> None:
    """Seal an import and do all that waits, as workers would."""
    uploading.finish(job)
    processing.process_waiting(most_seconds=60)
    uploading.finish(job)
    assert job.finished_at is not None


def tags_of(dataset: Dataset) -> dict[str, list[str]]:
    return {image.original_name: names_on(image) for image in dataset.images.in_order()}


@pytest.mark.parametrize("place", [0, 1, 3])
@pytest.mark.parametrize("name", ["metadata.jsonl", "meta_lat.json"])
def test_rows_find_their_pictures_in_every_order(dataset: Dataset, place: int, name: str) -> None:
    by_name: dict[str, dict[str, Any]] = {f"{number}.png": {"tags": f"tag {number}, b"} for number in range(1, 4)}
    as_lines = lines(*({"file_name": picture, "text": row["tags"]} for picture, row in by_name.items()))
    files = list(PICTURES.items())
    files.insert(place, (name, as_lines if name.endswith("l") else kohya(**by_name)))
    job = uploading.start(dataset)
    items = [uploading.bring(job, *file) for file in files]
    assert {item.state for item in items} == {State.READY}
    assert items[place].kind == ImportItem.Kind.METADATA
    work(job)
    assert tags_of(dataset) == {f"{number}.png": [f"tag {number}", "b"] for number in range(1, 4)}
    items[place].refresh_from_db()
    assert (items[place].state, items[place].reason) == (State.READY, "")


def test_folders_are_read_from_where_the_list_lies(dataset: Dataset) -> None:
    job = uploading.start(dataset)
    for folder in ("", "set", "set/in"):
        uploading.bring(job, "1.png", images.encoded("PNG", seed=len(folder) + 5), folder)
    rows = lines({"file_name": "1.png", "text": "a"}, {"file_name": "in/1.png", "text": "b"})
    uploading.bring(job, "metadata.jsonl", rows, "set")
    work(job)
    found = {image.relative_path: names_on(image) for image in dataset.images.all()}
    assert found == {"": [], "set": ["a"], "set/in": ["b"]}


def test_a_whole_name_is_told_from_another_extension_and_a_stem_is_not(dataset: Dataset) -> None:
    job = uploading.start(dataset)
    uploading.bring(job, "meta_a.json", kohya(**{"1.png": {"tags": "whole"}, "1": {"tags": "stem"}}))
    uploading.bring(job, "1.png", PICTURES["1.png"])
    uploading.bring(job, "1.JPG", images.encoded(seed=9))
    assert tags_of(dataset) == {"1.png": ["whole", "stem"], "1.JPG": ["stem"]}


def test_rows_without_pictures_and_rows_that_are_none_are_told(dataset: Dataset) -> None:
    job = uploading.start(dataset)
    uploading.bring(job, "1.png", PICTURES["1.png"])
    rows = lines({"file_name": "1.png", "text": "a"}, {"file_name": "x.png", "text": "b"}) + b"\n{broken\n"
    item = uploading.bring(job, "metadata.jsonl", rows)
    work(job)
    item.refresh_from_db()
    assert (item.state, item.reason) == (State.READY, "LIST_NOTES")
    assert explain(item) == ("1 of 2 rows names a picture that is not here. 1 row cannot be read (number 3).")


def test_a_list_without_any_picture_is_refused(dataset: Dataset) -> None:
    job = uploading.start(dataset)
    item = uploading.bring(job, "metadata.jsonl", lines({"file_name": "x.png", "text": "b"}))
    work(job)
    item.refresh_from_db()
    assert (item.state, item.reason) == (State.FAILED, "LIST_WITHOUT_IMAGES")
    assert "folder" in explain(item)


def test_the_encoding_of_a_list_is_told(dataset: Dataset) -> None:
    job = uploading.start(dataset)
    content = '{"1.png": {"tags": "summer, été"}}'.encode("cp1252")
    item = uploading.bring(job, "meta.json", content)
    uploading.bring(job, "1.png", PICTURES["1.png"])
    assert names_on(dataset.images.get()) == ["summer", "été"]
    assert "Windows-1252" in explain(item)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b'{"nodes": []}', "NOT_A_LIST"), (b"{", "NOT_A_LIST"), (b"[" * 100_000, "NOT_A_LIST"), (b"\x00\x01", "NOT_TEXT")],
)
def test_what_is_no_list_is_refused(dataset: Dataset, content: bytes, reason: str) -> None:
    item = uploading.bring(uploading.start(dataset), "workflow.json", content)
    assert (item.state, item.reason) == (State.FAILED, reason)
    assert explain(item)


def test_a_list_that_is_too_large_is_refused_at_the_door(dataset: Dataset) -> None:
    item = uploading.announce(uploading.start(dataset), "metadata.jsonl", MOST_METADATA_BYTES + 1)
    assert (item.state, item.reason) == (State.FAILED, "LIST_TOO_LARGE")
    assert "32" in explain(item)


def test_a_list_alone_speaks_of_the_images_that_are_here(dataset: Dataset) -> None:
    first = uploading.start(dataset)
    for name, content in PICTURES.items():
        uploading.bring(first, name, content)
    apply(dataset.images.get(original_name="2.png"), adding("mine"))
    rules = TextRules(policy=ImportJob.SidecarPolicy.APPEND)
    job = start_import(dataset, source=ImportJob.Source.UPLOAD, by=None, texts=rules)
    item = uploading.bring(job, "meta.json", kohya(**{f"{number}.png": {"tags": "a, b"} for number in range(1, 5)}))
    assert tags_of(dataset) == {"1.png": [], "2.png": ["mine"], "3.png": []}
    work(job)
    assert tags_of(dataset) == {"1.png": ["a", "b"], "2.png": ["mine", "a", "b"], "3.png": ["a", "b"]}
    item.refresh_from_db()
    assert explain(item) == "1 of 4 rows names a picture that is not here."


def test_a_list_that_comes_before_its_pictures_leaves_older_ones_of_their_name_alone(dataset: Dataset) -> None:
    uploading.bring(uploading.start(dataset), "1.png", PICTURES["2.png"])
    job = uploading.start(dataset)
    uploading.bring(job, "meta.json", kohya(**{"1.png": {"tags": "new"}}))
    uploading.bring(job, "1.png", PICTURES["1.png"])
    work(job)
    assert [names_on(image) for image in dataset.images.in_order()] == [[], ["new"]]


def test_a_list_whose_worker_dies_in_the_middle_is_read_to_its_end_once(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = uploading.start(dataset)
    for name, content in PICTURES.items():
        uploading.bring(job, name, content)
    item = uploading.send(job, "meta.json", kohya(**{name: {"tags": "a, b"} for name in PICTURES}))
    monkeypatch.setattr(lists, "_AT_ONCE", 1)
    give, calls = sidecars.give_texts, []

    def die_at_the_third(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return give(*arguments)

    monkeypatch.setattr(lists, "give_texts", die_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        process_item(item.pk)
    assert sorted(map(len, tags_of(dataset).values())) == [0, 2, 2]
    ImportItem.objects.filter(pk=item.pk).update(lease_until=item.received_at and item.received_at - LEASE)
    work(job)
    assert len(calls) == 4
    assert sorted(map(len, tags_of(dataset).values())) == [2, 2, 2]
    assert (TagOperation.objects.count(), SidecarText.objects.count()) == (6, 3)


def test_a_long_list_is_handed_on_before_its_time_is_over(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    job = uploading.start(dataset)
    for name, content in PICTURES.items():
        uploading.bring(job, name, content)
    item = uploading.send(job, "meta.json", kohya(**{name: {"tags": "a"} for name in PICTURES}))
    monkeypatch.setattr(lists, "_MOST_SECONDS", -1)
    assert process_item(item.pk) == State.RECEIVED
    monkeypatch.undo()
    work(job)
    assert [names_on(image) for image in Image.objects.all()] == [["a"]] * 3


def test_a_thousand_rows_cost_few_statements(dataset: Dataset, django_assert_max_num_queries: Any) -> None:
    older = [factories.make_image(dataset, original_name=f"{n}.png") for n in range(1000)]
    for image in older:
        image.stem_key = stem_key("", image.original_name)
    Image.objects.bulk_update(older, ["stem_key"], batch_size=100)
    job = uploading.start(dataset)
    rows = kohya(
        **{f"{n}.png": {"tags": f"tag {n}, b, c", "caption": "A cat sleeps on the red sofa."} for n in range(1000)}
    )
    with django_assert_max_num_queries(400):
        uploading.bring(job, "meta.json", rows)
        work(job)
    assert {len(names_on(image)) for image in older[::100]} == {3}
