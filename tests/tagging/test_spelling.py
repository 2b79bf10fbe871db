"""The setting of a dataset that says how its tags are spelled, and what suggestions make of the rules."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from datasets.models import Dataset, Image
from datasets.services.datasets import touch_dataset
from tagging.models import ImageTag, Source, Spelling, Tag, TagAlias, TagImplication, TagScope
from tagging.queries.history import get_log
from tagging.queries.suggestions import get_suggestions
from tagging.queries.vocabulary import forget_vocabulary
from tagging.replaying import replay
from tagging.services.putting import WordsOfImage, put_words
from tagging.services.spelling import get_spelling, set_spelling
from tagging.services.vocabulary import bump_vocabulary, get_tags
from tests import factories
from tests.tagging.doing import adding, apply, names_on, removing

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh() -> None:
    """Nothing is remembered of another test's vocabulary."""
    forget_vocabulary()
    bump_vocabulary()


def test_the_page_of_settings_offers_it_and_takes_the_choice(client: Client, image: Image) -> None:
    page = reverse("datasets:settings", args=[image.dataset_id])
    assert 'value="AS_TYPED" checked' in client.get(page).content.decode()
    apply(image, adding("old_word"))
    answer = client.post(reverse("tagging:spelling", args=[image.dataset_id]), {"spelling": "SPACES"}, follow=True)
    assert answer.redirect_chain == [(page, 302)]
    assert 'value="SPACES" checked' in answer.content.decode()
    apply(image, adding("red_dress"))
    assert names_on(image) == ["old_word", "red dress"]


def test_what_is_no_spelling_is_refused(client: Client, dataset: Dataset) -> None:
    address = reverse("tagging:spelling", args=[dataset.pk])
    assert client.post(address, {"spelling": "SHOUTED"}).status_code == 400
    assert client.get(address).status_code == 405
    assert client.post(reverse("tagging:spelling", args=[dataset.pk + 1]), {"spelling": "SPACES"}).status_code == 404
    assert get_spelling(dataset) == Spelling.AS_TYPED


def test_the_api_reads_and_changes_it(client: Client, dataset: Dataset) -> None:
    address = f"/api/v1/datasets/{dataset.pk}/vocabulary"
    assert client.get(address).json() == {"spelling": "AS_TYPED"}
    assert client.put(address, {"spelling": "UNDERSCORES"}, content_type="application/json").status_code == 200
    assert client.get(address).json() == {"spelling": "UNDERSCORES"}
    assert client.put(address, {"spelling": "no"}, content_type="application/json").status_code == 422


def offered(dataset: Dataset, text: str) -> list[tuple[str, str]]:
    return [(found.name, found.alias) for found in get_suggestions(dataset, text)]


def test_the_successor_is_offered_for_a_tag_that_is_not_used_any_more(dataset: Dataset) -> None:
    clothes = Tag.objects.create(name="clothes", vocabulary_count=9)
    Tag.objects.create(name="garments", deprecated_at=timezone.now(), successor=clothes)
    Tag.objects.create(name="garage", deprecated_at=timezone.now())
    assert offered(dataset, "gar") == [("clothes", "garments")]


def test_what_is_meant_for_another_dataset_is_not_offered(dataset: Dataset) -> None:
    alice = Tag.objects.create(name="alice (ours)")
    TagScope.objects.create(tag=alice, dataset=dataset)
    TagAlias.objects.create(name="wonderland girl", tag=alice)
    other = factories.make_dataset()
    for text in ("alice", "wonder"):
        assert [name for name, _alias in offered(dataset, text)] == ["alice (ours)"]
        assert offered(other, text) == []


SPELLED = [(Spelling.SPACES, "red dress", "red_dress"), (Spelling.UNDERSCORES, "red_dress", "red dress")]


def put(image: Image, *names: str) -> None:
    """Give an image tags as a text does, with those that it has."""
    with transaction.atomic():
        touch_dataset(image.dataset_id)
        rows = list(ImageTag.objects.filter(image=image).select_related("tag").order_by("position", "pk"))
        tags = list(dict.fromkeys([*(row.tag.name for row in rows), *names]))
        put_words([WordsOfImage(image, tags, "", rows)], by=None, source=Source.SIDECAR)


def edit(image: Image, *names: str) -> None:
    apply(image, *map(adding, names))


@pytest.mark.parametrize("way", [edit, put])
@pytest.mark.parametrize(("spelling", "own", "other"), SPELLED)
def test_two_spellings_of_one_word_are_one_tag(
    image: Image, spelling: Spelling, own: str, other: str, way: Callable[..., None]
) -> None:
    set_spelling(image.dataset, spelling)
    way(image, other, own)
    assert names_on(image) == [own]


@pytest.mark.parametrize("way", [edit, put])
@pytest.mark.parametrize(("spelling", "own", "other"), SPELLED)
def test_a_word_that_is_there_in_another_spelling_does_not_come_again(
    image: Image, spelling: Spelling, own: str, other: str, way: Callable[..., None]
) -> None:
    dress, kimono = get_tags([own, "kimono"])
    TagImplication.objects.create(tag=kimono, implies=dress)
    apply(image, adding(other), adding("lake"))
    set_spelling(image.dataset, spelling)
    way(image, own, other)
    assert names_on(image) == [other, "lake"]
    way(image, "kimono")
    assert names_on(image) == [other, "lake", "kimono"]
    assert replay(get_log(image)).tags == names_on(image)


def test_one_spelling_can_be_put_in_the_place_of_the_other(image: Image) -> None:
    apply(image, adding("red_dress"))
    set_spelling(image.dataset, Spelling.SPACES)
    apply(image, adding("red dress"), removing("red_dress"))
    assert names_on(image) == ["red dress"]


def test_where_tags_are_taken_as_typed_both_spellings_stand(image: Image) -> None:
    edit(image, "red dress", "red_dress")
    put(image, "red dress", "red_dress")
    assert names_on(image) == ["red dress", "red_dress"]


def test_names_are_offered_as_the_dataset_spells_them(image: Image) -> None:
    Tag.objects.create(name="red_dress", vocabulary_count=9)
    set_spelling(image.dataset, Spelling.SPACES)
    assert offered(image.dataset, "red") == [("red dress", "")]
    apply(image, adding("red dress"))
    [found] = get_suggestions(Dataset.objects.get(pk=image.dataset_id), "red")
    assert (found.name, found.count) == ("red dress", 1)
