"""`tokens:` compares what an export writes: true at once, and quick once it was counted."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from celery import current_app
from django.core.cache import cache
from django.db import connection
from django.test import Client

from datasets.filter_reading import BadFilter
from datasets.models import Dataset, Image
from datasets.queries.moments import forget_moments
from datasets.services.datasets import change_dataset, touch_dataset
from datasets.services.trash import move_to_trash, restore
from tagging import tasks, tokens
from tagging.models import Change, TextLength
from tagging.queries import filter_tokens
from tagging.queries.filtering import read_filter
from tagging.queries.text_lengths import count_histogram, count_stale, get_texts
from tagging.services import text_lengths
from tagging.services.bulk.actions import Action
from tagging.services.bulk.jobs import start_action
from tagging.services.bulk.running import run_job
from tagging.services.bulk.targets import Target
from tagging.services.exports.planning import ExportPlan, PlannedImage
from tagging.services.rewording import Kind, Rewording, carry_out, forecast
from tagging.services.text_lengths import count_lengths
from tagging.services.undoing import undo_change
from tagging.tokens import count_clip_tokens
from tests import factories
from tests.tagging.doing import adding, apply, moving, removing, writing
from tests.tagging.exporting import start

pytest.importorskip("instant_clip_tokenizer")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_mark() -> None:
    cache.clear()


@pytest.fixture
def dataset() -> Dataset:
    """Five pictures: `cat, sky`, `cat, sky, sun`, `cat, sky, sun, sea`, a caption, and nothing but the trigger word."""
    dataset = factories.make_dataset(trigger_word="cat")
    for number in range(1, 4):
        image = factories.make_image(dataset, original_name=f"{number}.jpg")
        for tag in ["sky", "sun", "sea"][:number]:
            apply(image, adding(tag))
    apply(factories.make_image(dataset, original_name="4.jpg"), writing("A boat on a blue lake."))
    factories.make_image(dataset, original_name="5.jpg")
    return dataset


def found(dataset: Dataset, text: str) -> list[str]:
    dataset = Dataset.objects.get(pk=dataset.pk)
    images = Image.objects.filter(read_filter(text, dataset), dataset=dataset)
    return list(images.in_order().values_list("original_name", flat=True))


def messages() -> int:
    with current_app.connection_for_write() as broker:
        channel: Any = broker.default_channel
        return int(channel.queue_declare("celery").message_count)


EXPECTED = [
    # `cat, sky` has 3 tokens, `cat, sky, sun` 5, `cat, sky, sun, sea` 7, `cat, A boat on a blue lake.` 9, `cat` 1.
    ("tokens:3", "1"),
    ("tokens:>5", "3 4"),
    ("tokens:>=5", "2 3 4"),
    ("tokens:<=5", "1 2 5"),
    ("tokens:<3", "5"),
    ("tokens:3..7", "1 2 3"),
    ("tokens:..3", "1 5"),
    ("tokens:!=3", "2 3 4 5"),
    ("-tokens:>5", "1 2 5"),
    ("NOT (tokens:>5 OR tokens:1)", "1 2"),
    ("tokens:>5 has:caption", "4"),
    ("tokens:>999999999999999", ""),
    ("tokens:<999999999999999", "1 2 3 4 5"),
    ("tokens:>3 -tokens:>=3000000000", "2 3 4"),
]


@pytest.mark.parametrize("few", [0, 2_000])
@pytest.mark.parametrize("counted", ["none", "some", "all"])
def test_tokens_are_compared_whether_they_were_counted_or_not(
    dataset: Dataset, counted: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filter_tokens, "_FEW_IMAGES", few)
    if counted != "none":
        count_lengths(dataset.pk)
    if counted == "some":
        TextLength.objects.filter(image__original_name__in=["1.jpg", "4.jpg"]).delete()
    rows = TextLength.objects.count()
    for text, names in EXPECTED:
        assert " ".join(name[0] for name in found(dataset, text)) == names, text
    assert TextLength.objects.count() == rows  # a question writes nothing


def test_what_was_counted_is_not_counted_again(dataset: Dataset) -> None:
    assert count_lengths(dataset.pk) == text_lengths.Counted(images=5, left=0)
    TextLength.objects.filter(image__original_name="1.jpg").update(clip=99)
    assert found(dataset, "tokens:99") == ["1.jpg"]
    assert count_lengths(dataset.pk) == text_lengths.Counted(images=0, left=0)


def test_the_text_of_an_export_is_what_is_counted(dataset: Dataset) -> None:
    pks = dict(dataset.images.values_list("position", "pk"))
    written = {pks[each.image.position]: each.text for each in _exported(dataset)}
    assert get_texts(dataset, list(written)) == written != {}
    count_lengths(dataset.pk)
    kept = dict(TextLength.objects.values_list("image_id", "clip"))
    assert kept == {pk: count_clip_tokens(text) for pk, text in written.items()}


def _bulk(dataset: Dataset) -> None:
    action = Action("add", tags=("many words more",))
    job = start_action(dataset, Target(filter="sky"), action, key=uuid.uuid4(), by=None)
    run_job(job.pk)


def _reword(dataset: Dataset, kind: Kind, *into: str) -> None:
    apply(Image.objects.get(dataset=dataset, original_name="5.jpg"), adding("sun"))
    carry_out(Rewording(kind, "sky", into, dataset), by=None, key=uuid.uuid4())


def _first(dataset: Dataset) -> Image:
    return Image.objects.get(dataset=dataset, original_name="2.jpg")


CHANGES: dict[str, Callable[[Dataset], object]] = {
    "a tag comes": lambda dataset: apply(_first(dataset), adding("more words")),
    "a tag goes": lambda dataset: apply(_first(dataset), removing("sky")),
    "a tag moves": lambda dataset: apply(_first(dataset), moving("sun", "sky")),
    "a caption": lambda dataset: apply(_first(dataset), writing("It rains.")),
    "an undo": lambda dataset: undo_change(
        Change.objects.filter(operations__image=_first(dataset)).latest("pk"), by=None, key=uuid.uuid4()
    ),
    "an action on many": _bulk,
    "a merge": lambda dataset: _reword(dataset, Kind.MERGE, "sun"),
    "a rename": lambda dataset: _reword(dataset, Kind.RENAME, "a wide sky"),
    "a split": lambda dataset: _reword(dataset, Kind.SPLIT, "a wide sky", "clouds"),
    "the trigger word": lambda dataset: change_dataset(
        dataset, name=dataset.name, file_prefix=dataset.file_prefix, trigger_word="a longer word", by=None
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_a_text_its_count_follows(dataset: Dataset, change: str) -> None:
    count_lengths(dataset.pk)
    CHANGES[change](dataset)
    dataset.refresh_from_db()
    assert count_stale(dataset) > 0
    _check_all(dataset)
    count_lengths(dataset.pk)
    assert count_stale(dataset) == 0
    _check_all(dataset)


def _exported(dataset: Dataset) -> list[PlannedImage]:
    return list(ExportPlan.of_job(start(dataset, untagged="include")).images(1))


def _check_all(dataset: Dataset) -> None:
    entries = _exported(dataset)
    for count in range(12):
        names = [entry.image.original_name for entry in entries if count_clip_tokens(entry.text) == count]
        assert found(dataset, f"tokens:{count}") == names


def test_what_was_in_the_trash_is_counted_when_it_is_back(dataset: Dataset) -> None:
    image = _first(dataset)
    move_to_trash(dataset, [image.pk], by=None)
    count_lengths(dataset.pk)
    assert not TextLength.objects.filter(image=image).exists()
    assert found(dataset, "tokens:5") == []
    restore(dataset, [image.pk], by=None)
    assert found(dataset, "tokens:5") == ["2.jpg"]


def test_a_worker_that_was_slow_writes_nothing_over_a_later_count(dataset: Dataset) -> None:
    image = _first(dataset)
    late = TextLength(image=image, clip=77, counted_at_revision=image.changed_at_revision, trigger_word="cat")
    apply(image, adding("sea"))
    count_lengths(dataset.pk)
    assert text_lengths._keep(dataset, [late]) == 0
    assert TextLength.objects.get(image=image).clip == 7
    # The same for one that read another trigger word, and for an image that was deleted for ever.
    late.counted_at_revision = Image.objects.get(pk=image.pk).changed_at_revision
    Dataset.objects.filter(pk=dataset.pk).update(trigger_word="dog")
    assert text_lengths._keep(dataset, [late]) == 0
    Dataset.objects.filter(pk=dataset.pk).update(trigger_word="cat")
    Image.objects.filter(pk=image.pk).delete()
    assert text_lengths._keep(dataset, [late]) == 0


def test_too_much_to_count_at_once_is_said_and_begun(
    dataset: Dataset,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    empty_line: None,
    django_capture_on_commit_callbacks: Any,
) -> None:
    monkeypatch.setattr(filter_tokens, "MOST_COUNTED_AT_ONCE", 4)
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(BadFilter) as refused:
        found(dataset, "sky tokens:>5")
    assert str(refused.value) == "The tokens of 5 pictures are being counted just now. Try again in a moment."
    assert messages() == 1
    api = f"/api/v1/datasets/{dataset.pk}"
    asked: dict[str, str | int] = {"filter": "tokens:>5", "start": 0, "end": 9}
    places = ("images", "images/landmarks", "images/ids", "tag-counts", "matching")
    for place in places:
        answer = client.get(f"{api}/{place}", asked)
        assert answer.status_code == 422, place
        assert "being counted" in answer.json()["detail"], place
    walk = client.post(f"{api}/walks", {"filter": "tokens:>5"}, content_type="application/json")
    assert walk.status_code == 422
    assert "being counted" in walk.json()["detail"]
    assert "being counted" in client.get(f"/datasets/{dataset.pk}/", asked).content.decode()
    count_lengths(dataset.pk)
    for place in places:
        assert client.get(f"{api}/{place}", asked).status_code == 200, place
    assert client.get(f"{api}/images", asked).json()["total"] == 2
    assert client.get(f"{api}/tag-counts", asked).json()["images"] == 2
    assert client.get(f"{api}/matching", asked).json()["images"] == 2


def test_in_a_large_dataset_what_was_looked_for_is_known_until_something_changes(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    Dataset.objects.filter(pk=dataset.pk).update(next_position=20_001)
    monkeypatch.setattr(filter_tokens, "MOST_COUNTED_AT_ONCE", 4)
    with pytest.raises(BadFilter, match="being counted"):
        found(dataset, "tokens:3")
    count_lengths(dataset.pk)
    assert found(dataset, "tokens:3") == ["1.jpg"]
    TextLength.objects.filter(image=_first(dataset)).delete()
    forget_moments()
    assert found(dataset, "tokens:5") == ["2.jpg"]
    count_lengths(dataset.pk)
    assert found(dataset, "tokens:5") == ["2.jpg"]
    apply(_first(dataset), adding("sea"))
    assert (found(dataset, "tokens:5"), found(dataset, "tokens:7")) == ([], ["2.jpg", "3.jpg"])
    factories.make_image(dataset, original_name="6.jpg")
    touch_dataset(dataset.pk)
    assert found(dataset, "tokens:1") == ["5.jpg", "6.jpg"]


def test_a_split_may_be_for_the_pictures_of_a_length(dataset: Dataset) -> None:
    asked = Rewording(Kind.SPLIT, "sky", ("clouds", "blue"), dataset, filter="tokens:<6")
    assert forecast(asked).images == 2
    assert carry_out(asked, by=None, key=uuid.uuid4()).images == 2
    assert found(dataset, "sky") == ["3.jpg"]


def test_a_session_whose_tokens_are_being_counted_says_so(
    dataset: Dataset, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = client.post(
        f"/api/v1/datasets/{dataset.pk}/walks", {"filter": "tokens:>1"}, content_type="application/json"
    ).json()
    page = f"/datasets/{dataset.pk}/tag/?walk={made['id']}"
    first = client.get(page)
    assert first.status_code == 302
    monkeypatch.setattr(filter_tokens, "MOST_COUNTED_AT_ONCE", 2)
    for address in (page, first["Location"]):
        answer = client.get(address)
        assert answer.status_code == 503
        assert "being counted" in answer.content.decode()
    count_lengths(dataset.pk)
    assert client.get(first["Location"]).status_code == 200


def test_a_message_is_sent_once_until_it_is_done_and_goes_on_with_itself(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch, empty_line: None
) -> None:
    monkeypatch.setattr(text_lengths, "_AT_ONCE", 2)
    monkeypatch.setattr(tasks, "_SECONDS_A_MESSAGE", -1.0)
    assert [tasks.ask_for_lengths(dataset.pk) for _ in range(3)] == [True, False, False]
    assert messages() == 1
    for left, waiting in ((3, 2), (1, 3), (0, 3)):
        tasks.count_text_lengths(dataset_id=dataset.pk)
        assert (count_stale(dataset), messages()) == (left, waiting)
    assert tasks.ask_for_lengths(dataset.pk)


def test_what_ended_has_its_tokens_counted(
    dataset: Dataset, empty_line: None, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        _bulk(dataset)
    assert messages() == 1


def test_without_what_counts_tokens_the_key_is_refused(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_load_clip", lambda: None)
    with pytest.raises(BadFilter, match="make tokens"):
        found(dataset, "tokens:>75")
    assert count_lengths(dataset.pk) == text_lengths.Counted(0, 0)
    assert not TextLength.objects.exists()


def test_tokens_are_told_within_one_dataset(db: None) -> None:
    with pytest.raises(BadFilter, match="within one dataset"):
        read_filter("tokens:>75")


def test_a_count_that_was_not_possible_is_made_up_for(dataset: Dataset) -> None:
    count_lengths(dataset.pk)
    TextLength.objects.update(clip=None)
    assert found(dataset, "tokens:3") == ["1.jpg"]
    assert count_lengths(dataset.pk).images == 5


def test_a_histogram_tells_how_many_texts_are_how_long(dataset: Dataset) -> None:
    assert count_histogram(dataset, "clip", [3, 6]) == [(0, 3, 0), (4, 6, 0), (7, None, 0)]
    count_lengths(dataset.pk)
    other = factories.make_dataset()
    factories.make_image(other)
    count_lengths(other.pk)
    assert count_histogram(dataset, "clip", [6, 3]) == [(0, 3, 2), (4, 6, 1), (7, None, 2)]
    assert count_histogram(dataset, "clip", []) == [(0, None, 5)]
    apply(_first(dataset), adding("sea"))
    assert count_stale(dataset) == 1
    assert count_histogram(dataset, "clip", [3, 6]) == [(0, 3, 2), (4, 6, 0), (7, None, 2)]


@pytest.mark.parametrize("few", [0, 2_000])
def test_an_index_leads_to_long_texts(dataset: Dataset, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    count_lengths(dataset.pk)
    monkeypatch.setattr(filter_tokens, "_FEW_IMAGES", few)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # A table of some rows is read from end to end by a planner that knows their number.
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
    matching = Image.objects.filter(read_filter("tokens:>5", dataset), dataset=dataset)
    plan = matching.in_order()[:100].explain()
    assert not _reads_everything(plan), plan
    assert "textlength" in plan or "text_length_clip" in plan, plan
    long = TextLength.objects.filter(clip__gt=5).order_by("clip").values("pk").explain()
    assert "text_length_clip" in long, long
    if few and connection.vendor == "sqlite":  # PostgreSQL's planner goes the other way while there are so few
        assert "text_length_clip" in plan, plan


def _reads_everything(plan: str) -> bool:
    return any("Seq Scan" in line or " SCAN " in f" {line}" for line in plan.splitlines())
