"""Who may ask about a dataset finds out no name of an account that has nothing to do with it."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from datasets.models import Dataset, Role
from tagging.services.labelling import apply_edits
from tests import factories
from tests.tagging.doing import adding

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("password_mode", "elsewhere")]

# An account that worked elsewhere, and none.
STRANGERS = ["zoe", "yan"]


@pytest.fixture
def anna() -> User:
    return factories.make_user(username="anna")


@pytest.fixture
def cats(anna: User) -> Dataset:
    dataset = factories.make_dataset(owner=anna)
    apply_edits(factories.make_image(dataset), [adding("hat")], by=anna)
    factories.make_member(dataset, factories.make_user(username="ben"), role=Role.VIEWER)
    return dataset


@pytest.fixture
def elsewhere(db: None) -> None:
    zoe = factories.make_user(username="zoe")
    apply_edits(factories.make_image(factories.make_dataset(owner=zoe)), [adding("hat")], by=zoe)


@pytest.fixture
def browser(cats: Dataset) -> Client:
    """Ben's, who may look at Anna's dataset."""
    browser = Client()
    browser.force_login(User.objects.get(username="ben"))
    return browser


def told(browser: Client, address: str, name: str) -> tuple[int, str]:
    """What is answered, without the name that was asked for."""
    answer = browser.get(address.replace("NAME", name))
    text = re.sub(r'(nonce|value|id)="[^"]*"', "", answer.content.decode())
    return answer.status_code, text.replace(name, "…")


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/datasets/{}/history?by=NAME",
        "/datasets/{}/history/?by=NAME",
        "/api/v1/datasets/{}/images?filter=by:NAME",
        "/api/v1/datasets/{}/images?filter=-by:NAME",
        "/datasets/{}/?filter=by:NAME",
        "/api/v1/datasets/{}/filter-completions?text=by:NAME",
    ],
)
def test_a_name_of_elsewhere_is_a_name_of_nobody(browser: Client, cats: Dataset, address: str) -> None:
    zoe, nobody = [told(browser, address.format(cats.pk), name) for name in STRANGERS]
    assert zoe == nobody


def test_colleagues_are_found_by_name(browser: Client, cats: Dataset) -> None:
    address = f"/api/v1/datasets/{cats.pk}/history?by="
    assert len(browser.get(address + "anna").json()["entries"]) == 1
    assert browser.get(address + "ben").json()["entries"] == [], "a member who did nothing yet"
    assert len(browser.get(f"/api/v1/datasets/{cats.pk}/images?filter=by:anna").json()["images"]) == 1


def test_the_history_offers_its_own_people(browser: Client, cats: Dataset) -> None:
    page = browser.get(reverse("tagging:history", args=[cats.pk])).content.decode()
    assert "anna" in page
    assert "zoe" not in page
