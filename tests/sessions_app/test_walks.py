"""Walks: starting, finishing, forgetting one, and what becomes of each image on the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects
from pytest_django.fixtures import Settings

from datasets.models import Dataset, Image
from sessions_app.models import ImageVisit, TaggingSession
from sessions_app.queries.walks import get_open_cards, get_walk_card, get_walk_cards
from sessions_app.services.sessions import keep_place
from sessions_app.services.walks import (
    Visit,
    WalkRefused,
    delete_walk,
    finish_walk,
    record_visits,
    rename_walk,
    start_walk,
)
from sessions_app.templatetags.sessions import duration
from tagging.queries.filtering import BadFilter
from tests import factories


def _start(dataset: Dataset, filter_text: str = "", *, by: Any = None, name: str = "") -> TaggingSession:
    return start_walk(dataset, name=name, filter_text=filter_text, order="POSITION", by=by)


@pytest.fixture
def images(dataset: Dataset) -> list[Image]:
    """Four images; the first is tagged."""
    made = [factories.make_image(dataset) for _ in range(4)]
    factories.make_image_tag(made[0], "lake")
    return made


# --- starting and ending ---------------------------------------------------------------------------------------------


def test_a_walk_is_named_by_its_filter_where_nobody_names_it(dataset: Dataset, images: list[Image]) -> None:
    assert _start(dataset, " is:untagged ").name == "is:untagged"
    assert _start(dataset).name == "All pictures"
    named = _start(dataset, "lake", name="  Water\n birds ")
    assert (named.name, named.filter_text, named.total, named.is_default) == ("Water birds", "lake", 1, False)


def test_one_person_has_many_walks_and_still_one_default_place(dataset: Dataset, images: list[Image]) -> None:
    person = factories.make_user()
    keep_place(dataset, images[3], by=person)
    walks = [_start(dataset, text, by=person) for text in ("", "is:untagged", "is:untagged")]
    keep_place(dataset, images[1], by=person, walk=walks[1])
    assert TaggingSession.objects.get(person=person, is_default=True).current_image == images[3]
    assert TaggingSession.objects.get(pk=walks[1].pk).current_image == images[1]
    assert TaggingSession.objects.get(pk=walks[2].pk).current_image is None


@pytest.mark.parametrize(
    ("facts", "error", "words"),
    [
        ({"filter_text": "state:done"}, BadFilter, "state: knows"),
        ({"filter_text": "nowhere"}, WalkRefused, "No picture matches “nowhere”"),
        ({"filter_text": "x" * 4_001}, WalkRefused, "4000 characters"),
        ({"name": "x" * 121}, WalkRefused, "120 characters"),
    ],
)
def test_what_makes_no_walk_is_refused_with_a_sentence(
    dataset: Dataset, images: list[Image], facts: dict[str, str], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        start_walk(dataset, **{"name": "", "filter_text": "", "order": "POSITION", **facts}, by=None)
    assert not TaggingSession.objects.exists()


def test_the_filter_of_a_walk_may_be_as_long_as_any(dataset: Dataset, images: list[Image]) -> None:
    longest = " OR ".join(["is:untagged", *(f"{number}" + "x" * 190 for number in range(20))])
    longest += " OR " + "y" * (4_000 - len(longest) - 4)
    assert len(longest) == 4_000
    walk = _start(dataset, longest)
    walk.refresh_from_db()
    assert walk.filter_text == longest


def test_a_walk_through_an_empty_dataset_is_refused(dataset: Dataset) -> None:
    with pytest.raises(WalkRefused, match="no pictures yet"):
        _start(dataset)


def test_a_finished_walk_keeps_its_end_and_its_place(dataset: Dataset, images: list[Image]) -> None:
    walk = _start(dataset)
    keep_place(dataset, images[0], by=None, walk=walk)
    finish_walk(walk)
    ended = walk.finished_at
    assert ended is not None
    finish_walk(walk)
    keep_place(dataset, images[1], by=None, walk=walk, visits=[Visit(images[0].pk, 5, is_edited=True)])
    walk.refresh_from_db()
    assert (walk.finished_at, walk.current_image, walk.visits.count()) == (ended, images[0], 0)


@pytest.mark.parametrize("end", [finish_walk, delete_walk])
def test_a_walk_that_ended_in_another_tab_a_moment_ago_takes_no_more_visits(
    dataset: Dataset, images: list[Image], end: Callable[[TaggingSession], None]
) -> None:
    walk = _start(dataset)
    end(TaggingSession.objects.get(pk=walk.pk))
    keep_place(dataset, images[1], by=None, walk=walk, visits=[Visit(images[0].pk, 5, is_edited=True)])
    assert not TaggingSession.objects.filter(current_image=images[1]).exists()
    assert not ImageVisit.objects.exists()


def test_a_walk_gets_another_name_but_never_none(dataset: Dataset, images: list[Image]) -> None:
    walk = _start(dataset)
    rename_walk(walk, "Herons")
    with pytest.raises(WalkRefused, match="Give the session a name"):
        rename_walk(walk, " ")
    assert TaggingSession.objects.get().name == "Herons"


# --- visits ----------------------------------------------------------------------------------------------------------


def test_visits_add_their_time_and_an_edit_is_never_forgotten(dataset: Dataset, images: list[Image]) -> None:
    walk = _start(dataset)
    first, second = images[0].pk, images[1].pk
    record_visits(walk, [Visit(first, 5, is_edited=False), Visit(second, 1, is_edited=False)])
    record_visits(walk, [Visit(first, 2.5, is_edited=True), Visit(first, 1, is_edited=False)])
    record_visits(walk, [Visit(first, 1, is_edited=False), Visit(second, 99_999, is_edited=False)])
    found = {visit.image_id: (visit.outcome, visit.seconds) for visit in ImageVisit.objects.all()}
    assert found == {first: ("TAGGED", 9.5), second: ("SKIPPED", 3601)}


def test_images_of_elsewhere_leave_no_visit(dataset: Dataset, images: list[Image]) -> None:
    walk = _start(dataset)
    stranger = factories.make_image(factories.make_dataset())
    record_visits(walk, [Visit(stranger.pk, 5, is_edited=False), Visit(404_404, 5, is_edited=False)])
    assert not ImageVisit.objects.exists()


def test_the_numbers_of_a_walk(dataset: Dataset, images: list[Image]) -> None:
    walk = _start(dataset)
    record_visits(walk, [Visit(image.pk, 10, is_edited=number == 0) for number, image in enumerate(images[:3])])
    card = get_walk_card(walk)
    assert (card.visited, card.tagged, card.skipped, card.seconds, card.pace) == (3, 1, 2, 30, 360)
    assert get_walk_card(_start(dataset)).pace == 0


def test_the_place_is_kept_with_its_number_and_with_what_was_left(
    client: Client, dataset: Dataset, images: list[Image]
) -> None:
    walk = _start(dataset, "is:untagged")
    body = {
        "image_id": images[2].pk,
        "walk": walk.pk,
        "number": 2,
        "total": 3,
        "visits": [{"image_id": images[1].pk, "seconds": 4.2, "edited": True}],
    }
    address = reverse("api-1:write_place", args=[dataset.pk])
    assert client.put(address, body, content_type="application/json").status_code == 200
    walk.refresh_from_db()
    assert (walk.current_image, walk.number, walk.total) == (images[2], 2, 3)
    assert walk.visits.get().outcome == "TAGGED"
    # A place that is sent without numbers keeps them.
    keep_place(dataset, images[3], by=None, walk=walk)
    walk.refresh_from_db()
    assert (walk.number, walk.total) == (2, 3)


@pytest.mark.parametrize("count", [1, 20])
def test_twenty_new_visits_are_made_at_once(
    dataset: Dataset, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    made = [factories.make_image(dataset) for _ in range(count)]
    walk = _start(dataset)
    # savepoint, images, known, new rows, one update each, savepoint
    with django_assert_num_queries(5 + count):
        record_visits(walk, [Visit(image.pk, 1, is_edited=False) for image in made])


# --- the lists -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 20])
def test_lists_cost_the_same_for_one_walk_and_for_twenty(
    client: Client, dataset: Dataset, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    made = [factories.make_image(dataset) for _ in range(3)]
    for number in range(count):
        walk = _start(dataset)
        keep_place(dataset, made[0], by=None, walk=walk, visits=[Visit(image.pk, 1, is_edited=True) for image in made])
        if number % 2:
            finish_walk(walk)
    with django_assert_num_queries(1):
        get_open_cards(None)
    with django_assert_num_queries(2):
        client.get(reverse("sessions_app:sessions"))
    with django_assert_num_queries(2):
        client.get("/api/v1/walks")


def test_the_last_one_worked_on_comes_first_and_finished_ones_apart(dataset: Dataset, images: list[Image]) -> None:
    walks = [_start(dataset, name=name) for name in ("a", "b", "c")]
    keep_place(dataset, images[0], by=None, walk=walks[0])
    finish_walk(walks[1])
    assert [card.walk.name for card in get_walk_cards(None, finished=False)] == ["a", "c"]
    assert [card.walk.name for card in get_walk_cards(None, finished=True)] == ["b"]


def test_the_first_page_leads_to_open_walks_and_to_places(client: Client, dataset: Dataset) -> None:
    images = [factories.make_image(dataset) for _ in range(2)]
    assertNotContains(client.get("/"), "Go on")
    keep_place(dataset, images[1], by=None)
    walk = _start(dataset, name="<b>Herons</b>")
    page = client.get("/")
    assertContains(page, "&lt;b&gt;Herons&lt;/b&gt;")
    assertContains(page, f'href="/datasets/{dataset.pk}/tag/?walk={walk.pk}"')
    assertContains(page, f'class="go-on__card" href="/datasets/{dataset.pk}/tag/"')
    assertContains(page, reverse("datasets:thumbnail", args=[images[1].pk]))
    Image.objects.filter(pk=images[1].pk).update(trashed_at="2026-01-01T00:00Z")
    finish_walk(walk)
    assertNotContains(client.get("/"), "Go on")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59.6, "60 s"), (90, "2 min"), (3600, "1 h 0 min"), (5000, "1 h 23 min")]
)
def test_durations_are_told_in_words(seconds: float, text: str) -> None:
    assert duration(seconds) == text


# --- pages and the API -----------------------------------------------------------------------------------------------


def test_a_walk_is_started_by_its_page_and_leads_to_its_first_image(
    client: Client, dataset: Dataset, images: list[Image]
) -> None:
    address = reverse("sessions_app:start_session", args=[dataset.pk])
    assert client.get(address).status_code == 200
    answer = client.post(address, {"filter": "is:untagged", "order": "NEWEST", "name": "Rest"})
    walk = TaggingSession.objects.get()
    desk = reverse("sessions_app:tag", args=[dataset.pk]) + f"?walk={walk.pk}"
    assertRedirects(answer, desk, fetch_redirect_response=False)
    first = reverse("sessions_app:tag_image", args=[dataset.pk, images[3].pk]) + f"?walk={walk.pk}"
    assertRedirects(client.get(desk), first, fetch_redirect_response=False)
    page = client.get(first)
    assertContains(page, f"/tag/{images[2].pk}/?walk={walk.pk}")
    assertContains(page, "1 of 3")
    refused = client.post(address, {"filter": "state:done", "order": "NAME"})
    assert refused.status_code == 422
    assertContains(refused, "state: knows", status_code=422)


def test_a_walk_that_matches_nothing_any_more_shows_a_way_out(client: Client, dataset: Dataset) -> None:
    image = factories.make_image(dataset)
    walk = _start(dataset, "is:untagged")
    factories.make_image_tag(image, "lake")
    answer = client.get(reverse("sessions_app:tag", args=[dataset.pk]), {"walk": walk.pk})
    assertContains(answer, "No picture matches any more")


def test_the_desk_along_a_walk_and_without_counting(client: Client, dataset: Dataset, images: list[Image]) -> None:
    walk = _start(dataset, "is:untagged")
    desk = client.get(f"/api/v1/images/{images[2].pk}/desk", {"walk": walk.pk}).json()
    assert (desk["previous_id"], desk["next_id"], desk["next_untagged_id"]) == (
        images[1].pk,
        images[3].pk,
        images[3].pk,
    )
    assert (desk["image"]["number"], desk["image"]["total"], desk["tagged"]) == (2, 3, 0)
    for query in ({"walk": str(walk.pk), "counts": "false"}, {"counts": "false"}):
        bare = client.get(f"/api/v1/images/{images[2].pk}/desk", query).json()
        assert (bare["image"]["number"], bare["image"]["total"], bare["tagged"]) == (None, None, None)
        assert bare["next_id"] == images[3].pk


def test_a_walk_of_the_same_filter_and_order_is_gone_on_with(
    client: Client, dataset: Dataset, images: list[Image]
) -> None:
    address = f"/api/v1/datasets/{dataset.pk}/walks"

    def ask(**more: Any) -> Any:
        body = {"filter": "is:untagged", "order": "NAME", "goes_on": True, **more}
        return client.post(address, body, content_type="application/json")

    first = ask()
    assert first.status_code == 201
    again = ask(filter=" is:untagged ")
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    others = [ask(order="NEWEST"), ask(filter="lake"), ask(goes_on=False)]
    assert [answer.status_code for answer in others] == [201, 201, 201]
    finish_walk(TaggingSession.objects.get(pk=first.json()["id"]))
    finish_walk(TaggingSession.objects.get(pk=others[2].json()["id"]))
    assert ask().status_code == 201
    somebody = _start(dataset, "-lake", by=factories.make_user())
    assert ask(filter="-lake").json()["id"] != somebody.pk


@pytest.mark.parametrize("nothing", ["\0", "\ud800"])
def test_what_no_database_takes_is_left_out_of_a_filter(
    client: Client, dataset: Dataset, images: list[Image], nothing: str
) -> None:
    address = f"/api/v1/datasets/{dataset.pk}/walks"
    # In ASCII, as half a character can only be sent so.
    bodies = [json.dumps({"filter": f"-la{nothing}ke", "goes_on": goes_on}) for goes_on in (False, True)]
    answers = [client.post(address, body, content_type="application/json") for body in bodies]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json()["id"] == answers[1].json()["id"]


def test_walks_over_the_api(client: Client, dataset: Dataset, images: list[Image]) -> None:
    address = f"/api/v1/datasets/{dataset.pk}"
    counted = client.get(f"{address}/matching", {"filter": "-lake"})
    assert counted.json() == {"images": 3}
    assert client.get(f"{address}/matching", {"filter": "is:x"}).status_code == 422
    made = client.post(f"{address}/walks", {"filter": "-lake", "order": "NAME"}, content_type="application/json")
    assert made.status_code == 201
    walk = made.json()
    assert (walk["name"], walk["order"], walk["total"], walk["finished_at"]) == ("-lake", "NAME", 3, None)
    refused = client.post(f"{address}/walks", {"filter": "nowhere"}, content_type="application/json")
    assert refused.status_code == 422
    one = f"/api/v1/walks/{walk['id']}"
    renamed = client.patch(one, {"name": "Herons"}, content_type="application/json")
    assert renamed.json()["name"] == "Herons"
    assert client.patch(one, {"name": ""}, content_type="application/json").status_code == 422
    assert client.post(f"{one}/finish").json()["finished_at"] is not None
    assert [row["name"] for row in client.get("/api/v1/walks").json()] == ["Herons"]
    assert client.delete(one).status_code == 204
    assert client.get(one).status_code == 404
    assert Image.objects.filter(dataset=dataset).count() == 4


def test_buttons_of_the_page_rename_finish_and_delete(client: Client, dataset: Dataset, images: list[Image]) -> None:
    walk = _start(dataset)
    address = reverse("sessions_app:change_session", args=[walk.pk])
    client.post(address, {"do": "rename", "name": "Herons"})
    assert client.post(address, {"do": "rename", "name": ""}).status_code == 422
    client.post(address, {"do": "finish"})
    walk.refresh_from_db()
    assert (walk.name, walk.finished_at is not None) == ("Herons", True)
    assertContains(client.get(reverse("sessions_app:sessions")), "Herons")
    client.post(address, {"do": "delete"})
    assert not TaggingSession.objects.exists()
    assert client.get(address).status_code == 405


@pytest.mark.usefixtures("password_mode")
class TestAnotherPersonsWalk:
    """It is not there, whatever one asks of it."""

    @pytest.fixture
    def walk(self, client: Client, dataset: Dataset, images: list[Image]) -> TaggingSession:
        client.force_login(factories.make_member(dataset))
        return _start(dataset, by=factories.make_member(dataset))

    def test_its_pages_are_not_there(self, client: Client, walk: TaggingSession, images: list[Image]) -> None:
        assert client.get(reverse("sessions_app:tag", args=[walk.dataset_id]), {"walk": walk.pk}).status_code == 404
        desk = reverse("sessions_app:tag_image", args=[walk.dataset_id, images[0].pk])
        assert client.get(desk, {"walk": walk.pk}).status_code == 404
        assert client.post(reverse("sessions_app:change_session", args=[walk.pk]), {"do": "delete"}).status_code == 404
        assertNotContains(client.get(reverse("sessions_app:sessions")), walk.name)
        assertNotContains(client.get("/"), "Go on")

    def test_the_api_does_not_know_it(self, client: Client, walk: TaggingSession, images: list[Image]) -> None:
        one = f"/api/v1/walks/{walk.pk}"
        calls = [
            client.get(one),
            client.patch(one, {"name": "mine"}, content_type="application/json"),
            client.post(f"{one}/finish"),
            client.delete(one),
            client.get(f"/api/v1/images/{images[0].pk}/desk", {"walk": walk.pk}),
            client.put(
                reverse("api-1:write_place", args=[walk.dataset_id]),
                {"image_id": images[0].pk, "walk": walk.pk},
                content_type="application/json",
            ),
        ]
        assert [answer.status_code for answer in calls] == [404] * len(calls)
        assert client.get("/api/v1/walks").json() == []


def test_a_walk_of_another_dataset_leads_nowhere_here(client: Client, dataset: Dataset, images: list[Image]) -> None:
    other = factories.make_dataset()
    stranger = factories.make_image(other)
    walk = _start(other)
    for query in (walk.pk, "x", "9" * 30):
        assert client.get(reverse("sessions_app:tag", args=[dataset.pk]), {"walk": query}).status_code == 404
    assert client.get(f"/api/v1/images/{images[0].pk}/desk", {"walk": walk.pk}).status_code == 404
    place = {"image_id": images[0].pk, "walk": walk.pk}
    answer = client.put(reverse("api-1:write_place", args=[dataset.pk]), place, content_type="application/json")
    assert answer.status_code == 422
    assert stranger.dataset_id == walk.dataset_id


@pytest.mark.parametrize("path", ["/sessions/", "/datasets/1/sessions/new/"])
def test_a_stranger_signs_in_first(client: Client, dataset: Dataset, settings: Settings, path: str) -> None:
    settings.AUTH_MODE = "password"
    assert client.get(path).status_code == 302
    assert client.get("/api/v1/walks").status_code == 401
