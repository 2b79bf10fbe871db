"""The rules of the vocabulary for what arrives in numbers: texts beside pictures, lists, jobs and models."""

from __future__ import annotations

import uuid

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from datasets.models import Dataset, Image, ImportJob
from datasets.services.arrivals import Arrival, IncomingText, Reading, TextEnd, Texts, tell_ready
from datasets.services.datasets import touch_dataset
from tagging.models import (
    Change,
    DatasetVocabulary,
    ImageTag,
    Source,
    Spelling,
    Tag,
    TagAlias,
    TagImplication,
    TagOperation,
    TextNote,
)
from tagging.queries.history import get_log
from tagging.queries.state import get_image_state
from tagging.queries.vocabulary import forget_vocabulary
from tagging.replaying import replay
from tagging.services.labelling import Edit
from tagging.services.putting import WordsOfImage, put_words
from tagging.services.rules import Settled
from tagging.services.undoing import undo_change
from tests import factories
from tests.tagging.doing import Kind, adding, apply, names_on, removing

pytestmark = pytest.mark.django_db
Policy = ImportJob.SidecarPolicy


@pytest.fixture(autouse=True)
def vocabulary() -> None:
    """`kimono` is clothes, `garb` is called clothes now, `rag` is not used any more, `kimonos` is an alias."""
    forget_vocabulary()
    kimono, clothes = Tag.objects.create(name="kimono"), Tag.objects.create(name="clothes")
    TagImplication.objects.create(tag=kimono, implies=clothes)
    TagAlias.objects.create(name="kimonos", tag=kimono)
    Tag.objects.create(name="garb", deprecated_at=timezone.now(), successor=clothes)
    Tag.objects.create(name="rag", deprecated_at=timezone.now())
    Tag.objects.create(name="blue eyes", vocabulary_count=500)


def read(image: Image, text: str, policy: Policy = Policy.APPEND) -> TextEnd:
    """Read a text as an import does, always the same one."""
    job, _ = ImportJob.objects.get_or_create(dataset=image.dataset, source=ImportJob.Source.UPLOAD)
    job.sidecar_policy = policy
    job.save(update_fields=["sidecar_policy"])
    image.refresh_from_db()
    with transaction.atomic():
        touch_dataset(image.dataset_id)
        [end] = tell_ready(job, [Arrival(image, Texts([IncomingText(text, Reading.TAGS)]))])
    return end


def sources(image: Image) -> dict[str, str]:
    return {tag.name: tag.source for tag in get_image_state(image).tags}


def notes() -> list[tuple[str, str, str]]:
    return list(TextNote.objects.order_by("word").values_list("kind", "word", "other"))


@pytest.mark.parametrize("policy", [Policy.ONLY_UNTAGGED, Policy.APPEND, Policy.OVERWRITE])
def test_the_words_of_a_text_follow_the_rules(image: Image, policy: Policy) -> None:
    assert read(image, "first, kimonos, garb, rag, last", policy) is TextEnd.APPLIED
    assert names_on(image) == ["first", "kimono", "clothes", "last"]
    assert sources(image)["clothes"] == Source.SIDECAR, "the text named it by its old name"
    assert notes() == [("REPLACED", "garb", "clothes"), ("REFUSED", "rag", "")]
    assert not Tag.objects.filter(name="kimonos").exists()
    assert replay(get_log(image)).tags == names_on(image)


@pytest.mark.parametrize("policy", [Policy.ONLY_UNTAGGED, Policy.APPEND, Policy.OVERWRITE])
def test_what_follows_is_marked_and_reading_again_changes_nothing(image: Image, policy: Policy) -> None:
    read(image, "kimono, last", policy)
    assert sources(image) == {"kimono": Source.SIDECAR, "clothes": Source.RULE, "last": Source.SIDECAR}
    before = TagOperation.objects.count()
    for _ in range(2):
        read(image, "kimono, last", policy)
    assert (names_on(image), TagOperation.objects.count()) == (["kimono", "clothes", "last"], before)
    undo_change(Change.objects.get(), by=None, key=uuid.uuid4())
    assert names_on(image) == []


def test_what_a_person_took_away_for_good_does_not_come_with_a_text(image: Image) -> None:
    apply(image, adding("kimono"))
    apply(image, Edit(uuid.uuid4(), Kind.REMOVE, "clothes", keep_impliers=True))
    TagImplication.objects.create(tag=Tag.objects.create(name="yukata"), implies=Tag.objects.get(name="clothes"))
    read(image, "yukata")
    assert names_on(image) == ["kimono", "yukata"]
    other = factories.make_image(image.dataset)
    read(other, "yukata")
    assert names_on(other) == ["yukata", "clothes"]


def test_words_are_spelled_as_the_dataset_says_and_those_that_are_there_stay(image: Image) -> None:
    apply(image, adding("old_word"))
    DatasetVocabulary.objects.create(dataset=image.dataset, spelling=Spelling.SPACES)
    read(image, "red_dress, miku_(vocaloid), o_o")
    assert names_on(image) == ["old_word", "red dress", "miku (vocaloid)", "o_o"]


def test_a_slip_is_told_and_kept(image: Image) -> None:
    read(image, "blue eys, plain")
    read(image, "blue eys, plain")
    assert names_on(image) == ["blue eys", "plain"]
    assert notes() == [("DOUBTED", "blue eys", "blue eyes")]


def test_the_report_of_the_import_tells_it(client: Client, image: Image) -> None:
    read(image, "garb, rag, blue eys")
    answer = client.get(f"/api/v1/imports/{ImportJob.objects.get().pk}/sidecars").json()
    assert [(note["word"], note["kind"]) for note in answer["notes"]] == [
        ("blue eys", "DOUBTED"),
        ("garb", "REPLACED"),
        ("rag", "REFUSED"),
    ]
    assert answer["notes"][1]["detail"] == "“garb” is not used any more: “clothes” was written."


def put(image: Image, tags: list[str], **more: object) -> Settled:
    rows = list(ImageTag.objects.filter(image=image).select_related("tag").order_by("position", "pk"))
    with transaction.atomic():
        touch_dataset(image.dataset_id)
        wanted = WordsOfImage(image, tags, "", rows, **more)  # type: ignore[arg-type]
        return put_words([wanted], by=None, source=Source.MODEL)[image.dataset_id]


def test_a_model_follows_the_rules_and_is_told(image: Image) -> None:
    told = put(image, ["first", "kimonos", "rag", "garb"])
    assert names_on(image) == ["first", "kimono", "clothes"]
    assert sources(image)["first"] == Source.MODEL
    assert list(told.replaced) == ["garb"]
    assert list(told.refused) == ["rag"]
    assert replay(get_log(image)).tags == names_on(image)


def test_what_follows_from_a_models_word_is_marked(image: Image) -> None:
    put(image, ["kimono", "last"])
    assert sources(image) == {"kimono": Source.MODEL, "clothes": Source.RULE, "last": Source.MODEL}


def test_words_that_are_there_are_left_as_they_are(image: Image) -> None:
    """They may be older than the rules."""
    apply(image, adding("red_dress"), adding("plain"))
    ImageTag.objects.create(image=image, tag=Tag.objects.get(name="rag"), position=9e4, source=Source.PERSON)
    DatasetVocabulary.objects.create(dataset=image.dataset, spelling=Spelling.SPACES)
    TagImplication.objects.create(tag=Tag.objects.get(name="plain"), implies=Tag.objects.get(name="clothes"))
    put(image, ["red_dress", "plain", "rag", "new_word"])
    assert names_on(image) == ["red_dress", "plain", "rag", "new word"]


def test_a_job_that_read_long_ago_keeps_what_a_person_did_since(image: Image) -> None:
    image.refresh_from_db()
    read_at = image.revision
    apply(image, adding("kimono"))
    apply(image, Edit(uuid.uuid4(), Kind.REMOVE, "clothes", keep_impliers=True))
    with transaction.atomic():
        touch_dataset(image.dataset_id)
        TagImplication.objects.create(tag=Tag.objects.create(name="yukata"), implies=Tag.objects.get(name="clothes"))
        wanted = WordsOfImage(image, ["yukata"], "", [], read_at_revision=read_at)
        put_words([wanted], by=None, source=Source.MODEL)
    assert names_on(image) == ["kimono", "yukata"]


def test_putting_what_is_there_changes_nothing(dataset: Dataset) -> None:
    image = factories.make_image(dataset)
    put(image, ["kimono"])
    apply(image, removing("kimono"))
    before = TagOperation.objects.count()
    put(image, ["clothes"])
    assert TagOperation.objects.count() == before
