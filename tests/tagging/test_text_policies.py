"""What the texts of an import may do to words that are there: leave, add, replace; never over a later edit."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from django.db import transaction

from datasets.models import Dataset, Image, ImportItem, ImportJob, SidecarText
from datasets.queries.refusals import explain
from datasets.services.arrivals import Arrival, IncomingText, TextEnd, Texts, tell_ready
from datasets.services.processing import process_item
from datasets.services.uploads import TextRules, start_import
from tagging.models import Source, Tag, TagAlias, TagOperation
from tagging.queries.state import get_image_state
from tests import images, uploading
from tests.tagging.doing import adding, apply, names_on, removing, writing

pytestmark = pytest.mark.django_db

State = ImportItem.State
Policy = ImportJob.SidecarPolicy
Reading = ImportJob.SidecarReading
PROSE = "A cat sleeps on the red sofa."


def begin(dataset: Dataset, policy: Policy, reading: Reading = Reading.GUESS) -> ImportJob:
    rules = TextRules(policy=policy, reading=reading)
    return start_import(dataset, source=ImportJob.Source.UPLOAD, by=None, texts=rules)


@pytest.fixture
def cat(dataset: Dataset) -> Image:
    """A picture that was here before, with words of a person."""
    uploading.bring(uploading.start(dataset), "cat.jpg", images.encoded())
    image = dataset.images.get()
    apply(image, adding("mine"), adding("cat"), writing("My caption."))
    return image


def caption_of(image: Image) -> str:
    return get_image_state(image).caption


def words_of(image: Image) -> tuple[list[str], str]:
    return names_on(image), caption_of(image)


def bring(job: ImportJob, **files: bytes | str) -> list[ImportItem]:
    """Bring files in this order; `cat_txt` is `cat.txt`."""
    items = []
    for name, content in files.items():
        content = content.encode() if isinstance(content, str) else content
        items.append(uploading.bring(job, name.replace("_", "."), content))
    return items


@pytest.mark.parametrize("with_picture", ["no", "first", "last"])
@pytest.mark.parametrize(
    ("policy", "text", "words", "end"),
    [
        ("ONLY_UNTAGGED", "cat, sofa", (["mine", "cat"], "My caption."), (State.FAILED, "ALREADY_TAGGED")),
        ("APPEND", "cat, sofa", (["mine", "cat", "sofa"], "My caption."), (State.READY, "")),
        ("APPEND", PROSE, (["mine", "cat"], f"My caption. {PROSE}"), (State.READY, "")),
        ("APPEND", "cat, mine", (["mine", "cat"], "My caption."), (State.DUPLICATE, "")),
        ("OVERWRITE", "sofa, cat", (["sofa", "cat"], "My caption."), (State.READY, "")),
        ("OVERWRITE", PROSE, (["mine", "cat"], PROSE), (State.READY, "")),
        ("OVERWRITE", "mine, cat", (["mine", "cat"], "My caption."), (State.DUPLICATE, "")),
        ("SKIP", "cat, sofa", (["mine", "cat"], "My caption."), (State.SKIPPED, "TEXT_LEFT_OUT")),
    ],
)
def test_what_a_text_does_to_a_picture_with_words(
    cat: Image, policy: str, text: str, words: Any, end: Any, with_picture: str
) -> None:
    files: dict[str, bytes | str] = {"cat_txt": text, "cat_jpg": images.encoded()}
    if with_picture == "no":
        del files["cat_jpg"]
    elif with_picture == "first":
        files = dict(reversed(files.items()))
    job = begin(cat.dataset, Policy(policy))
    bring(job, **files)
    uploading.finish(job)
    assert words_of(cat) == words
    item = ImportItem.objects.get(job=job, name="cat.txt")
    assert (item.state, item.reason) == end


@pytest.mark.parametrize("policy", list(Policy))
def test_a_new_picture_gets_its_text_unless_texts_are_left_out(dataset: Dataset, policy: Policy) -> None:
    bring(begin(dataset, policy), cat_jpg=images.encoded(), cat_txt="a, b")
    image = dataset.images.get()
    assert names_on(image) == ([] if policy == Policy.SKIP else ["a", "b"])
    assert image.sidecar_text == ("" if policy == Policy.SKIP else "a, b")


def test_what_was_left_out_can_be_read_later(dataset: Dataset) -> None:
    bring(begin(dataset, Policy.SKIP), cat_jpg=images.encoded(), cat_txt="a, b")
    (text,) = bring(begin(dataset, Policy.ONLY_UNTAGGED), cat_txt="a, b")
    assert (text.state, names_on(dataset.images.get())) == (State.READY, ["a", "b"])


@pytest.mark.parametrize("policy", [Policy.ONLY_UNTAGGED, Policy.APPEND, Policy.OVERWRITE])
@pytest.mark.parametrize("order", list(itertools.permutations(["cat_jpg", "cat_txt", "cat_caption", "metadata_jsonl"])))
def test_all_texts_of_a_picture_count_in_every_order(dataset: Dataset, order: tuple[str, ...], policy: Policy) -> None:
    files: dict[str, bytes | str] = {
        "cat_jpg": images.encoded(),
        "cat_txt": "1girl, solo",
        "cat_caption": PROSE,
        "metadata_jsonl": json.dumps({"file_name": "cat.jpg", "text": "sofa, solo"}),
    }
    job = begin(dataset, policy)
    items = bring(job, **{name: files[name] for name in order})
    uploading.finish(job)
    image = dataset.images.get()
    tags, caption = words_of(image)
    assert caption == PROSE
    assert sorted(tags) == ["1girl", "sofa", "solo"]
    if policy != Policy.APPEND:
        assert tags == ["1girl", "solo", "sofa"]
    assert {item.state for item in items} == {State.READY}


@pytest.mark.parametrize("policy", [Policy.ONLY_UNTAGGED, Policy.APPEND, Policy.OVERWRITE])
def test_the_news_again_changes_nothing(cat: Image, policy: Policy) -> None:
    job = begin(cat.dataset, policy)
    arrivals = [Arrival(cat, Texts([IncomingText(text, SidecarText.Reading.GUESS) for text in ("sofa, cat", PROSE)]))]
    seen = []
    for _ in range(2):
        cat.refresh_from_db()
        with transaction.atomic():
            ends = tell_ready(job, arrivals)
        seen.append((ends, get_image_state(cat), TagOperation.objects.count()))
    assert seen[0] == seen[1]
    assert seen[0][0] == [TextEnd.LEFT if policy == Policy.ONLY_UNTAGGED else TextEnd.APPLIED]


def test_another_spelling_of_a_tag_is_that_tag(cat: Image) -> None:
    for alias in ("kitty", "own"):
        TagAlias.objects.create(name=alias, tag=Tag.objects.get(name="cat"))
    Tag.objects.create(name="own")
    (text,) = bring(begin(cat.dataset, Policy.APPEND), cat_txt="kitty, mine")
    assert text.state == State.DUPLICATE
    job = begin(cat.dataset, Policy.APPEND)
    apply(cat, removing("cat"))
    bring(job, cat_txt="kitty, sofa, own")
    assert names_on(cat) == ["mine", "sofa", "own"], "what a person took away came back"


def test_every_change_is_an_operation_of_a_sidecar_with_what_it_takes_to_undo_it(cat: Image) -> None:
    last = TagOperation.objects.order_by("pk").last()
    assert last is not None
    bring(begin(cat.dataset, Policy.OVERWRITE), cat_txt="sofa, cat", cat_caption=PROSE)
    Kind = TagOperation.Kind
    operations = TagOperation.objects.filter(pk__gt=last.pk).order_by("pk")
    assert {operation.change.source for operation in operations} == {Source.SIDECAR}
    found = [(operation.kind, operation.tag_name, operation.before, operation.after) for operation in operations]
    assert found == [
        (Kind.REMOVE, "mine", 1024.0, None),
        (Kind.ADD, "sofa", None, 1024.0),
        (Kind.CAPTION, "", "My caption.", PROSE),
    ]
    assert get_image_state(cat).caption_version == 2
    apply(cat, adding("first", "sofa"))
    assert names_on(cat) == ["first", "sofa", "cat"]


@pytest.mark.parametrize("policy", [Policy.APPEND, Policy.OVERWRITE])
def test_what_a_person_does_while_the_import_runs_stays(cat: Image, policy: Policy) -> None:
    job = begin(cat.dataset, policy)
    text, caption = uploading.send(job, "cat.txt", b"cat, sofa"), uploading.send(job, "cat.caption", PROSE.encode())
    apply(cat, removing("cat"), adding("later"), writing("Written meanwhile.", 1))
    process_item(text.pk)
    process_item(caption.pk)
    assert words_of(cat) == (["mine", "later", "sofa"], "Written meanwhile.")


def test_a_text_that_comes_later_does_not_replace_what_a_person_did_with_the_first(dataset: Dataset) -> None:
    for policy in (Policy.ONLY_UNTAGGED, Policy.OVERWRITE):
        job = begin(dataset, policy)
        name = f"{policy}.jpg".lower()
        uploading.bring(job, name, images.encoded(seed=len(policy)))
        uploading.bring(job, name.replace("jpg", "txt"), b"a, b, c")
        image = dataset.images.get(original_name=name)
        apply(image, removing("b"), adding("own"))
        uploading.bring(job, name.replace("jpg", "caption"), b"b, d")
        assert names_on(image) == ["a", "c", "own", *(["d"] if policy == Policy.OVERWRITE else [])]


def test_words_that_were_read_and_taken_away_come_back_only_when_asked_for(dataset: Dataset) -> None:
    bring(begin(dataset, Policy.ONLY_UNTAGGED), cat_jpg=images.encoded(), cat_txt="a, b")
    image = dataset.images.get()
    apply(image, removing("a"), removing("b"))
    (again,) = bring(begin(dataset, Policy.ONLY_UNTAGGED), cat_txt="a, b")
    assert (again.state, names_on(image)) == (State.DUPLICATE, [])
    bring(begin(dataset, Policy.APPEND), cat_txt="a, b")
    assert names_on(image) == ["a", "b"]


def test_two_imports_do_not_take_each_others_words_for_their_own(dataset: Dataset) -> None:
    """Both began before either read its text."""
    first, second = begin(dataset, Policy.ONLY_UNTAGGED), begin(dataset, Policy.ONLY_UNTAGGED)
    bring(first, cat_jpg=images.encoded(), cat_txt="a, b")
    bring(second, cat_jpg=images.encoded(), cat_txt="c, d")
    assert names_on(dataset.images.get()) == ["a", "b"]
    assert ImportItem.objects.get(job=second, name="cat.txt").reason == "ALREADY_TAGGED"


def test_a_reading_that_was_chosen_does_not_touch_what_a_list_calls_tags(dataset: Dataset) -> None:
    job = begin(dataset, Policy.ONLY_UNTAGGED, Reading.PROSE)
    meta = json.dumps({"cat.jpg": {"tags": "a, b", "caption": "c, d"}})
    bring(job, cat_jpg=images.encoded(), meta_json=meta)
    assert words_of(dataset.images.get()) == (["a", "b"], "c, d")


def test_a_caption_is_not_said_twice_and_not_made_longer_than_is_kept(cat: Image) -> None:
    apply(cat, writing("x" * 19_990, 1))
    before = words_of(cat)
    (text,) = bring(begin(cat.dataset, Policy.APPEND), cat_txt=PROSE)
    assert (text.state, text.reason, words_of(cat)) == (State.FAILED, "ALREADY_TAGGED", before)


@pytest.mark.parametrize("text_first", [True, False])
def test_a_text_in_windows_letters_is_read_and_told(dataset: Dataset, text_first: bool) -> None:
    files = {"cat_jpg": images.encoded(), "cat_txt": "summer, été".encode("cp1252")}
    job = begin(dataset, Policy.ONLY_UNTAGGED)
    bring(job, **dict(reversed(files.items())) if text_first else files)
    uploading.finish(job)
    text = ImportItem.objects.get(job=job, name="cat.txt")
    assert (text.state, text.reason) == (State.READY, "WINDOWS_TEXT")
    assert "Windows-1252" in explain(text)
    assert names_on(dataset.images.get()) == ["summer", "été"]


def test_pictures_that_are_the_same_share_their_texts(dataset: Dataset) -> None:
    job = begin(dataset, Policy.ONLY_UNTAGGED)
    bring(job, one_txt="a, b", one_jpg=images.encoded(), two_jpg=images.encoded(), two_txt="b, c")
    assert names_on(dataset.images.get()) == ["a", "b", "c"]
