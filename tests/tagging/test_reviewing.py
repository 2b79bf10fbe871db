"""Reviews: the steps, who may take which, and what an edit makes of them."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from datasets.models import Dataset, Image, ReviewState
from tagging.models import Review, TagOperation
from tagging.queries.state import ImageState
from tagging.services.labelling import Edit, apply_edits
from tagging.services.reviewing import DECISIONS, ReviewMovedOn, ReviewRefused, set_review
from tests import factories
from tests.tagging.doing import together

State = ReviewState


def _image(dataset: Dataset, state: ReviewState, **fields: Any) -> Image:
    image = factories.make_image(dataset, review_state=state, **fields)
    if state != State.UNTAGGED:
        factories.make_image_tag(image, "lake")
    return image


def _edit(image: Image, kind: str, tag: str, by: Any = None) -> None:
    apply_edits(image, [Edit(uuid.uuid4(), TagOperation.Kind(kind), tag=tag)], by=by)


def _steps(image: Image) -> list[tuple[str, str]]:
    return list(Review.objects.filter(image=image).order_by("pk").values_list("state", "reason"))


@pytest.mark.parametrize("now", list(State))
@pytest.mark.parametrize("state", list(State))
def test_the_table_of_steps_is_whole(dataset: Dataset, now: ReviewState, state: ReviewState) -> None:
    image = _image(dataset, now)
    if state == now or state in DECISIONS[now]:
        assert set_review(image, state, reason="why", by=None).review_state == state
        assert _steps(image) == ([] if state == now else [(state, "why")])
        return
    with pytest.raises((ReviewMovedOn, ReviewRefused)):
        set_review(image, state, reason="why", by=None)
    image.refresh_from_db()
    assert (image.review_state, _steps(image)) == (now, [])


def test_from_each_state_with_words_a_step_leads_on_and_each_can_be_reached() -> None:
    reached = {state for states in DECISIONS.values() for state in states}
    assert set(DECISIONS) == set(State)
    assert reached == set(State) - {State.UNTAGGED}
    assert all(DECISIONS[state] for state in reached)


def test_a_step_says_who_and_why_and_pages_hear_of_it(dataset: Dataset) -> None:
    person = factories.make_user()
    image = _image(dataset, State.READY)
    state = set_review(image, State.CHANGES_REQUESTED, reason="  the hat is missing\x00 ", by=person)
    image.refresh_from_db()
    dataset.refresh_from_db()
    assert (state.review_state, state.review_reason) == (State.CHANGES_REQUESTED, "the hat is missing")
    assert (image.revision, state.revision) == (1, 1)
    assert image.changed_at_revision == dataset.revision > 0
    assert Review.objects.get().done_by == person


def test_changes_are_not_asked_for_without_a_reason(dataset: Dataset) -> None:
    with pytest.raises(ReviewRefused, match="Say what should change"):
        set_review(_image(dataset, State.READY), State.CHANGES_REQUESTED, reason=" ", by=None)
    with pytest.raises(ReviewRefused, match="2001 characters"):
        set_review(_image(dataset, State.READY), State.APPROVED, reason="x" * 2001, by=None)


def test_what_has_no_words_is_not_ready(dataset: Dataset) -> None:
    with pytest.raises(ReviewRefused, match="Give it words first"):
        set_review(_image(dataset, State.UNTAGGED), State.READY, by=None)


def test_words_alone_move_between_untagged_and_in_progress(dataset: Dataset) -> None:
    image = factories.make_image(dataset)
    for kind, state in (("ADD", State.IN_PROGRESS), ("REMOVE", State.UNTAGGED), ("ADD", State.IN_PROGRESS)):
        _edit(image, kind, "lake")
        image.refresh_from_db()
        assert image.review_state == state
    assert _steps(image) == []


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (State.APPROVED, State.READY, "Edited after it was approved."),
        (State.CHANGES_REQUESTED, State.IN_PROGRESS, "Edited after changes were requested."),
    ],
)
def test_an_edit_asks_for_another_look(dataset: Dataset, before: str, after: str, reason: str) -> None:
    image, person = _image(dataset, State(before)), factories.make_user()
    _edit(image, "ADD", "hat", by=person)
    image.refresh_from_db()
    assert (image.review_state, _steps(image)) == (after, [(after, reason)])
    assert Review.objects.get().done_by == person
    _edit(image, "ADD", "boat")
    assert len(_steps(image)) == 1


def test_what_changes_nothing_leaves_an_approval(dataset: Dataset) -> None:
    image = _image(dataset, State.APPROVED)
    for kind, tag in (("ADD", "lake"), ("REMOVE", "hat"), ("MOVE", "hat")):
        _edit(image, kind, tag)
    image.refresh_from_db()
    assert (image.review_state, image.revision, _steps(image)) == (State.APPROVED, 0, [])
    assert TagOperation.objects.filter(image=image).count() == 3, "each is known by its key when it comes again"


@pytest.mark.parametrize("before", [State.READY, State.APPROVED, State.CHANGES_REQUESTED])
def test_an_image_that_loses_its_words_is_untagged_whatever_it_was(dataset: Dataset, before: str) -> None:
    image = _image(dataset, State(before))
    _edit(image, "REMOVE", "lake")
    image.refresh_from_db()
    assert image.review_state == State.UNTAGGED
    assert [state for state, _ in _steps(image)] == [State.UNTAGGED]


def test_the_key_of_a_decision_elsewhere_is_refused(dataset: Dataset) -> None:
    first, second = _image(dataset, State.IN_PROGRESS), _image(dataset, State.IN_PROGRESS)
    key = uuid.uuid4()
    set_review(first, State.READY, key=key, by=None)
    with pytest.raises(ReviewRefused, match="this key"):
        set_review(second, State.READY, key=key, by=None)
    assert _steps(second) == []


def test_the_same_decision_sent_twice_counts_once(dataset: Dataset) -> None:
    image, key = _image(dataset, State.READY), uuid.uuid4()
    set_review(image, State.CHANGES_REQUESTED, reason="hat", key=key, by=None)
    set_review(image, State.READY, by=None)
    # The answer to the first was lost, and the page sends it again.
    again = set_review(image, State.CHANGES_REQUESTED, reason="hat", key=key, by=None)
    assert again.review_state == State.READY
    assert len(_steps(image)) == 2


def test_two_reviewers_at_once_end_in_one_of_the_two(shared_database: None) -> None:
    dataset = factories.make_dataset()
    decisions = [State.APPROVED, State.CHANGES_REQUESTED]
    for _ in range(5):
        image = _image(dataset, State.READY)
        results = together(partial(_decide, image, decisions), people=2)
        done = [state for state, result in zip(decisions, results, strict=True) if isinstance(result, ImageState)]
        assert all(isinstance(result, (ImageState, ReviewMovedOn)) for result in results)
        image.refresh_from_db()
        # Approved and then sent back, or sent back and then no more to be approved: never the other way round.
        assert image.review_state == State.CHANGES_REQUESTED == _steps(image)[-1][0]
        assert sorted(state for state, _ in _steps(image)) == sorted(done)


def _decide(image: Image, decisions: list[ReviewState], person: int) -> ImageState:
    return set_review(image, decisions[person], reason="why", by=None)


def test_the_review_over_the_api(client: Client, dataset: Dataset) -> None:
    image = _image(dataset, State.IN_PROGRESS)

    def post(**body: str) -> Any:
        return client.post(f"/api/v1/images/{image.pk}/review", body, content_type="application/json")

    ready = post(state="READY").json()
    assert (ready["review_state"], ready["review_reason"]) == ("READY", "")
    assert post(state="CHANGES_REQUESTED").status_code == 422
    assert post(state="CHANGES_REQUESTED", reason="hat").json()["review_reason"] == "hat"
    late = post(state="APPROVED")
    assert late.status_code == 409
    assert late.json()["detail"] == (
        "This picture is “changes requested” by now, and from there it cannot become “approved”."
    )
    assert post(state="FINE").status_code == 422
    steps = client.get(f"/api/v1/images/{image.pk}/reviews").json()
    assert [(step["state"], step["reason"], step["by"]) for step in steps] == [
        ("CHANGES_REQUESTED", "hat", ""),
        ("READY", "", ""),
    ]


@pytest.mark.parametrize("count", [1, 20])
def test_the_steps_take_as_many_queries_for_twenty_as_for_one(
    client: Client, dataset: Dataset, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    image = _image(dataset, State.READY)
    for _ in range(count):
        Review.objects.create(image=image, state=State.READY, done_by=factories.make_user())
    with django_assert_num_queries(2):
        assert len(client.get(f"/api/v1/images/{image.pk}/reviews").json()) == count


@pytest.mark.parametrize("path", ["review", "reviews"])
def test_a_stranger_reviews_nothing(client: Client, dataset: Dataset, settings: Settings, path: str) -> None:
    settings.AUTH_MODE = "password"
    address = f"/api/v1/images/{_image(dataset, State.READY).pk}/{path}"
    call = client.get if path == "reviews" else client.post
    assert call(address).status_code == 401
    client.force_login(factories.make_user())
    missing = f"/api/v1/images/404/{path}"
    assert client.get(missing).status_code == (404 if path == "reviews" else 405)


def test_an_image_of_nowhere_is_not_reviewed(client: Client, db: None) -> None:
    answer = client.post("/api/v1/images/404/review", {"state": "READY"}, content_type="application/json")
    assert answer.status_code == 404


def test_the_admin_reads_reviews_with_the_same_queries_for_one_and_for_twenty(
    client: Client, dataset: Dataset, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(factories.make_user(is_staff=True, is_superuser=True))
    address = reverse("admin:tagging_review_changelist")
    for count in (1, 19):
        for _ in range(count):
            Review.objects.create(image=_image(dataset, State.READY), state=State.READY, done_by=factories.make_user())
        with django_assert_max_num_queries(8):
            answer = client.get(address, {"q": "picture"})
    assert answer.context["cl"].result_count == 20
    assert client.get(reverse("admin:tagging_review_add")).status_code == 403
