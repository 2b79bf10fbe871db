"""The text that arrived beside an image becomes its words."""

from __future__ import annotations

import pytest
from django.db import transaction

from datasets.models import Dataset, Image, ImportItem, ImportJob
from datasets.services.arrivals import Arrival, IncomingText, Reading, Texts, tell_ready
from tagging.models import Caption, ImageTag, Source, TagOperation
from tagging.queries.state import get_image_state
from tests import factories, images
from tests.tagging.doing import adding, apply, bring_in, names_on, picture_of, removing, writing

pytestmark = pytest.mark.django_db


def ready(image: Image) -> None:
    """Send the news as an import does."""
    job, _ = ImportJob.objects.get_or_create(dataset=image.dataset, source=ImportJob.Source.UPLOAD)
    image.refresh_from_db()
    with transaction.atomic():
        tell_ready(job, [Arrival(image, Texts([IncomingText(image.sidecar_text, Reading.GUESS)]))])


def with_text(dataset: Dataset, text: str) -> Image:
    return factories.make_image(dataset, sidecar_text=text)


def test_a_list_becomes_tags(dataset: Dataset) -> None:
    image = with_text(dataset, "zebra, 1girl, miku_(vocaloid),\n")
    ready(image)
    state = get_image_state(image)
    assert [(tag.name, tag.source) for tag in state.tags] == [
        ("zebra", Source.SIDECAR),
        ("1girl", Source.SIDECAR),
        ("miku_(vocaloid)", Source.SIDECAR),
    ]
    assert (state.caption, state.caption_version, state.tagged) == ("", 0, True)


def test_prose_becomes_the_caption(dataset: Dataset) -> None:
    image = with_text(dataset, "A woman in a red dress, standing in a garden.\nShe smiles.\n")
    ready(image)
    state = get_image_state(image)
    assert state.tags == []
    assert state.caption == "A woman in a red dress, standing in a garden. She smiles."
    assert (state.caption_version, state.tagged) == (1, True)


@pytest.mark.parametrize("text", ["", " \n", ", ,", "\u200b"])
def test_a_text_that_says_nothing_leaves_the_image_untagged(dataset: Dataset, text: str) -> None:
    image = with_text(dataset, text)
    ready(image)
    state = get_image_state(image)
    assert (state.tagged, state.revision, state.caption_version) == (False, 0, 0)


@pytest.mark.parametrize("text", ["b, a", "A cat sleeps on the red sofa."])
def test_the_news_twice_changes_nothing(dataset: Dataset, text: str) -> None:
    image = with_text(dataset, text)
    ready(image)
    state = get_image_state(image)
    ready(image)
    assert get_image_state(image) == state
    assert TagOperation.objects.count() == len(state.tags) + bool(state.caption)


def test_words_that_a_person_took_away_do_not_come_back(dataset: Dataset) -> None:
    image = with_text(dataset, "a, b")
    ready(image)
    apply(image, removing("a"), removing("b"))
    ready(image)
    assert names_on(image) == []


def test_a_caption_that_a_person_emptied_does_not_come_back(dataset: Dataset) -> None:
    image = with_text(dataset, "A cat sleeps on the red sofa.")
    ready(image)
    apply(image, writing("", 1))
    ready(image)
    assert get_image_state(image).caption == ""


def test_words_that_are_there_are_left_alone(dataset: Dataset) -> None:
    tagged, captioned = with_text(dataset, "a, b"), with_text(dataset, "a, b")
    apply(tagged, adding("mine"))
    apply(captioned, writing("Mine."))
    for image in (tagged, captioned):
        before = get_image_state(image)
        ready(image)
        assert get_image_state(image) == before


def test_a_sidecar_is_read_onto_an_image_whose_own_words_were_all_taken_back(dataset: Dataset) -> None:
    image = with_text(dataset, "a, b")
    apply(image, adding("typo"), removing("typo"))
    ready(image)
    assert names_on(image) == ["a", "b"]


def test_the_raw_text_stays_as_it_arrived(dataset: Dataset) -> None:
    image = with_text(dataset, "\ta ,  b\r\n")
    ready(image)
    image.refresh_from_db()
    assert image.sidecar_text == "\ta ,  b\r\n"


@pytest.mark.parametrize("text_first", [True, False])
def test_it_does_not_matter_which_file_a_worker_reads_first(dataset: Dataset, text_first: bool) -> None:
    files = [("cat.jpg", images.encoded(seed=1)), ("cat.txt", b"\xef\xbb\xbfred sofa, cat\r\n")]
    items = bring_in(dataset, list(reversed(files)) if text_first else files)
    assert {item.state for item in items} == {ImportItem.State.READY}
    image = dataset.images.get()
    assert names_on(image) == ["red sofa", "cat"]
    image.refresh_from_db()
    assert image.is_tagged


def test_words_of_an_image_go_with_its_dataset(dataset: Dataset) -> None:
    items = bring_in(dataset, [("cat.jpg", images.encoded(seed=1)), ("cat.txt", b"a, b")])
    assert names_on(picture_of(items[0])) == ["a", "b"]
    dataset.delete()
    assert not ImageTag.objects.exists()
    assert not Caption.objects.exists()
