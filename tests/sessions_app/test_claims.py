"""Who is where, and whose image it is: leases by the database's clock, and races that the database decides."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from datasets.models import Dataset, Image
from sessions_app.models import Claim
from sessions_app.queries.people import get_people, get_untagged_in_turn, initials_of
from sessions_app.services.claims import HELD, SEEN, ForeignTab, be_here, leave, take_next_free, take_over
from tests import factories

ANA, BEN, CAT = (uuid.uuid4() for _ in range(3))


@pytest.fixture
def image(dataset: Dataset) -> Image:
    return factories.make_image(dataset)


def come(image: Image, tab: uuid.UUID, *, is_active: bool = True, by: Any = None) -> Claim:
    return be_here(image.dataset, tab, image=image, is_active=is_active, by=by)


def let_pass(seconds: float) -> None:
    """As if everything that is stored was said so long ago."""
    by = timedelta(seconds=seconds)
    Claim.objects.update(seen_until=F("seen_until") - by)
    Claim.objects.filter(held_until__isnull=False).update(held_until=F("held_until") - by)


def holders(dataset: Dataset) -> list[str]:
    return [one.tab for one in get_people(dataset.pk) if one.holds]


def next_free(dataset: Dataset, tab: uuid.UUID, start: Image | None = None) -> int | None:
    return take_next_free(dataset, tab, get_untagged_in_turn(dataset, start, None), by=None)


@pytest.mark.django_db
def test_the_first_who_does_something_holds_the_image(dataset: Dataset, image: Image) -> None:
    come(image, ANA, is_active=False)
    come(image, BEN)
    come(image, ANA)
    assert holders(dataset) == [str(BEN)]
    assert [one.image for one in get_people(dataset.pk)] == [image.pk, image.pk]


@pytest.mark.django_db
def test_a_hold_ends_with_moving_on_with_leaving_and_with_doing_nothing(dataset: Dataset, image: Image) -> None:
    other = factories.make_image(dataset)
    come(image, ANA)
    come(other, ANA, is_active=False)
    come(image, BEN)
    assert holders(dataset) == [str(BEN)]
    leave(BEN)
    let_pass(5)
    come(image, CAT)
    assert holders(dataset) == [str(CAT)]
    for _ in range(5):
        let_pass(HELD.total_seconds() / 4)
        come(image, CAT, is_active=False)
    assert holders(dataset) == []
    come(image, ANA)
    assert holders(dataset) == [str(ANA)]


@pytest.mark.django_db
def test_a_hold_lasts_while_something_is_done(dataset: Dataset, image: Image) -> None:
    for _ in range(10):
        come(image, ANA)
        come(image, BEN)
        let_pass(HELD.total_seconds() / 2)
    assert holders(dataset) == [str(ANA)]


@pytest.mark.django_db
@pytest.mark.parametrize("clock", [timedelta(hours=1), timedelta(hours=-1)])
def test_a_wrong_clock_takes_nobodys_image(
    dataset: Dataset, image: Image, clock: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now
    come(image, ANA)
    monkeypatch.setattr(timezone, "now", lambda: now() + clock)
    come(image, BEN)
    assert holders(dataset) == [str(ANA)]
    assert len(get_people(dataset.pk)) == 2


@pytest.mark.django_db
def test_who_is_not_heard_of_is_gone_and_leaves_no_row(dataset: Dataset, image: Image) -> None:
    come(image, ANA)
    let_pass(SEEN.total_seconds() + 0.01)
    assert get_people(dataset.pk) == []
    come(image, BEN)
    assert Claim.objects.count() == 1


@pytest.mark.django_db
def test_guests_get_the_smallest_free_number(dataset: Dataset, image: Image) -> None:
    for tab in (ANA, BEN, CAT):
        come(image, tab)
    assert [one.name for one in get_people(dataset.pk)] == ["Guest 1", "Guest 2", "Guest 3"]
    Claim.objects.filter(tab=BEN).delete()
    come(image, uuid.uuid4())
    assert sorted(one.name for one in get_people(dataset.pk)) == ["Guest 1", "Guest 2", "Guest 3"]


@pytest.mark.django_db
def test_a_second_page_of_the_same_person_is_a_second_person(dataset: Dataset, image: Image) -> None:
    ana = factories.make_user(username="ana", first_name="Ana", last_name="Lima")
    come(image, ANA, by=ana)
    come(image, BEN, by=ana)
    assert [(one.name, one.initials, one.holds) for one in get_people(dataset.pk)] == [
        ("Ana Lima", "AL", True),
        ("Ana Lima", "AL", False),
    ]


@pytest.mark.django_db
def test_nobody_speaks_for_somebody_elses_page(dataset: Dataset, image: Image) -> None:
    ana, ben = factories.make_user(), factories.make_user()
    come(image, ANA, by=ana)
    with pytest.raises(ForeignTab, match="Load it again"):
        come(image, ANA, by=ben)
    leave(ANA, by=ben)
    assert Claim.objects.get().seen_until > timezone.now() + SEEN / 2


@pytest.mark.django_db
def test_an_image_is_taken_over_with_its_hold(dataset: Dataset, image: Image) -> None:
    come(image, ANA)
    come(image, BEN)
    take_over(dataset, BEN, image, by=None)
    come(image, ANA)
    assert holders(dataset) == [str(BEN)]


@pytest.mark.django_db
def test_the_next_free_image_is_untagged_not_held_and_behind_this_one(dataset: Dataset) -> None:
    first, tagged, held, free = (factories.make_image(dataset, is_tagged=number == 1) for number in range(4))
    come(held, BEN)
    come(tagged, ANA)
    assert next_free(dataset, ANA, tagged) == free.pk
    assert next_free(dataset, ANA, free) == first.pk
    assert next_free(dataset, CAT, first) == free.pk
    assert sorted(holders(dataset)) == sorted(map(str, (ANA, BEN, CAT)))
    assert next_free(dataset, uuid.uuid4()) is None


@pytest.mark.parametrize(
    ("name", "initials"),
    [("ana", "AN"), ("Ana Lima", "AL"), ("ana.lima@example.org", "AO"), ("李小龙", "李小"), ("…", "…"), ("", "")],
)
def test_initials_are_at_most_two_letters(name: str, initials: str) -> None:
    assert initials_of(name) == initials


def at_once(work: list[Callable[[], Any]]) -> list[Any]:
    """Do things at the same moment, each in a thread and a connection of its own."""
    gate, results = threading.Barrier(len(work)), [None] * len(work)

    def run(number: int) -> None:
        try:
            gate.wait()
            results[number] = work[number]()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.usefixtures("shared_database")
def test_pages_that_ask_at_the_same_moment_never_get_the_same_image() -> None:
    dataset = factories.make_dataset()
    images = {factories.make_image(dataset).pk for _ in range(12)}
    for _round in range(4):
        Claim.objects.all().delete()
        got = at_once([lambda: next_free(dataset, uuid.uuid4()) for _ in range(8)])
        assert len(set(got)) == 8
        assert set(got) <= images
        assert len(holders(dataset)) == 8
        assert sorted(one.name for one in get_people(dataset.pk)) == [f"Guest {number}" for number in range(1, 9)]


@pytest.mark.usefixtures("shared_database")
def test_of_pages_that_come_or_take_at_the_same_moment_one_holds_the_image() -> None:
    image = factories.make_image(factories.make_dataset())
    for _round in range(4):
        Claim.objects.all().delete()
        tabs = [uuid.uuid4() for _ in range(6)]
        at_once([partial(come, image, tab) for tab in tabs])
        assert len(holders(image.dataset)) == 1
        at_once([partial(take_over, image.dataset, tab, image, by=None) for tab in tabs])
        assert len(holders(image.dataset)) == 1
        assert len(get_people(image.dataset_id)) == 6


# --- over the API ------------------------------------------------------------------------------------


def put(client: Client, dataset: Dataset, body: dict[str, Any]) -> Any:
    return client.put(f"/api/v1/datasets/{dataset.pk}/presence", body, content_type="application/json")


@pytest.mark.django_db
def test_a_page_says_where_it_is_and_hears_who_holds_the_image(client: Client, dataset: Dataset, image: Image) -> None:
    body = {"image": image.pk, "active": True}
    assert put(client, dataset, {"tab": str(ANA), **body}).json() == {"holds": True, "held_by": None}
    assert put(client, dataset, {"tab": str(BEN), **body}).json() == {"holds": False, "held_by": "Guest 1"}
    taken = client.post(
        f"/api/v1/datasets/{dataset.pk}/claims/take",
        {"tab": str(BEN), "image": image.pk},
        content_type="application/json",
    )
    assert taken.json() == {"holds": True, "held_by": None}
    people = client.get(f"/api/v1/datasets/{dataset.pk}/people?tab={ANA}").json()["people"]
    assert [(one["is_you"], one["holds"]) for one in people] == [(True, False), (False, True)]
    assert client.delete(f"/api/v1/datasets/{dataset.pk}/presence?tab={ANA}").status_code == 204


@pytest.mark.django_db
def test_the_next_free_image_and_what_was_missed_are_asked_for(client: Client, dataset: Dataset, image: Image) -> None:
    other = factories.make_image(dataset)
    asked = {"tab": str(ANA), "image": image.pk}
    address = f"/api/v1/datasets/{dataset.pk}/claims/next"
    assert client.post(address, asked, content_type="application/json").json() == {"image": other.pk}
    missed = client.get(f"/api/v1/datasets/{dataset.pk}/changes?since=0").json()
    assert (missed["revision"], missed["images"], missed["changed"], missed["is_complete"]) == (0, 2, [], True)


@pytest.mark.django_db
def test_an_image_or_a_page_of_elsewhere_is_refused(client: Client, dataset: Dataset, settings: Settings) -> None:
    elsewhere = factories.make_image(factories.make_dataset())
    body = {"tab": str(ANA), "image": elsewhere.pk, "active": True}
    assert put(client, dataset, body).status_code == 404
    be_here(dataset, ANA, image=None, is_active=False, by=factories.make_user())
    assert put(client, dataset, {"tab": str(ANA)}).status_code == 409
    settings.AUTH_MODE = "password"
    assert put(client, dataset, {"tab": str(BEN)}).status_code == 401
