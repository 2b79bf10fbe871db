"""The setting of a dataset that says how its tags are spelled, and what suggestions make of the rules."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from datasets.models import Dataset, Image
from tagging.models import Spelling, Tag, TagAlias, TagScope
from tagging.queries.suggestions import get_suggestions
from tagging.queries.vocabulary import forget_vocabulary
from tagging.services.spelling import get_spelling, set_spelling
from tagging.services.vocabulary import bump_vocabulary
from tests import factories
from tests.tagging.doing import adding, apply, names_on

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


def test_names_are_offered_as_the_dataset_spells_them(image: Image) -> None:
    Tag.objects.create(name="red_dress", vocabulary_count=9)
    set_spelling(image.dataset, Spelling.SPACES)
    assert offered(image.dataset, "red") == [("red dress", "")]
    apply(image, adding("red dress"))
    [found] = get_suggestions(Dataset.objects.get(pk=image.dataset_id), "red")
    assert (found.name, found.count) == ("red dress", 1)
