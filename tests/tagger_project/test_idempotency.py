"""Idempotency keys: asked twice, done once, answered alike."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from django.utils import timezone

from datasets.models import Dataset, Invitation
from tagger_project.api import idempotency
from tagger_project.models import KeptAnswer
from tagger_project.tasks import sweep_kept_answers
from tests import factories

DATASETS = "/api/v1/datasets"


def create(client: Client, key: str = "k1", name: str = "Cats") -> Any:
    return client.post(DATASETS, {"name": name}, content_type="application/json", headers={"Idempotency-Key": key})


@pytest.mark.django_db
def test_the_first_answer_is_given_again(client: Client) -> None:
    first, second = create(client), create(client)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert second["Idempotency-Replayed"] == "true"
    assert not first.has_header("Idempotency-Replayed")
    assert Dataset.objects.count() == 1


@pytest.mark.django_db
def test_a_refusal_is_given_again_too(client: Client) -> None:
    factories.make_dataset(name="Cats")
    first = create(client)
    Dataset.objects.all().delete()
    assert (first.status_code, create(client).status_code) == (409, 409)
    assert create(client).json() == first.json()
    assert create(client, key="k2").status_code == 201


@pytest.mark.django_db
def test_a_key_with_another_body_is_refused(client: Client) -> None:
    create(client)
    answer = create(client, name="Dogs")
    assert answer.status_code == 422
    assert answer.json()["type"].endswith(":key-used")
    assert Dataset.objects.count() == 1


@pytest.mark.django_db
def test_a_key_is_of_one_route(client: Client, dataset: Dataset) -> None:
    create(client)
    answer = client.patch(
        f"{DATASETS}/{dataset.pk}",
        {"trigger_word": "ohwx"},
        content_type="application/json",
        headers={"Idempotency-Key": "k1"},
    )
    assert answer.status_code == 200


@pytest.mark.django_db
@pytest.mark.usefixtures("password_mode")
def test_a_key_is_of_one_person_and_no_answer_goes_to_strangers(client: Client) -> None:
    one, other = factories.make_user(is_superuser=True), factories.make_user(is_superuser=True)
    client.force_login(one)
    assert create(client).status_code == 201
    client.force_login(other)
    assert create(client).status_code == 409, "the name is taken: this was asked anew"
    client.logout()
    assert create(client).status_code == 401
    assert KeptAnswer.objects.count() == 2


@pytest.mark.django_db
def test_a_failure_of_the_server_is_tried_again(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.raise_request_exception = False
    from datasets.services import datasets as service

    with monkeypatch.context() as broken:
        broken.setattr(service, "create_dataset", lambda **_: 1 / 0)
        assert create(client).status_code == 500
    assert create(client).status_code == 201


@pytest.mark.django_db
def test_a_long_answer_is_not_kept_but_known_to_be_given(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "LONGEST_CONTENT", 10)
    assert create(client).status_code == 201
    answer = create(client)
    assert (answer.status_code, answer.json()["first_status"]) == (409, 201)
    assert KeptAnswer.objects.get().content == ""
    assert Dataset.objects.count() == 1


@pytest.mark.django_db
def test_the_secret_of_a_link_is_kept_in_no_answer(client: Client, password_mode: None) -> None:
    owner = factories.make_user()
    client.force_login(owner)
    address = f"{DATASETS}/{factories.make_dataset(owner=owner).pk}/invitations"

    def invite(days: int, key: str) -> Any:
        body = {"role": "OWNER", "days": days}
        return client.post(address, body, content_type="application/json", headers={"Idempotency-Key": key})

    first, second = invite(1, "k1"), invite(1, "k1")
    secret = first.json()["link"].rstrip("/").rpartition("/")[2]
    assert secret not in KeptAnswer.objects.get().content
    assert (second.status_code, second.json()["first_status"]) == (409, 201)
    assert second.json()["type"].endswith(":answer-not-kept")
    assert Invitation.objects.count() == 1
    assert invite(1000, "k2").json() == invite(1000, "k2").json(), "a refusal tells none"


@pytest.mark.django_db
def test_reading_needs_no_key_and_keeps_nothing(client: Client) -> None:
    assert client.get(DATASETS, headers={"Idempotency-Key": "k1"}).status_code == 200
    assert create(client, key="k" * 256).status_code == 422
    assert not KeptAnswer.objects.exists()


@pytest.mark.django_db
def test_an_edit_counts_once_by_its_own_key_where_the_header_is_new(client: Client, dataset: Dataset) -> None:
    image = factories.make_image(dataset)
    body = {"operations": [{"key": "0190f3d2-6a51-7c1e-9f7b-3d0c5a1e8b42", "kind": "add", "tag": "sofa"}]}
    for key in ("k1", "k2"):
        answer = client.post(
            f"/api/v1/images/{image.pk}/edits", body, content_type="application/json", headers={"Idempotency-Key": key}
        )
        assert [tag["name"] for tag in answer.json()["tags"]] == ["sofa"]


@pytest.mark.django_db
def test_a_day_later_it_is_swept_and_asked_anew(client: Client) -> None:
    create(client)
    KeptAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert create(client).status_code == 409, "an old answer is none, swept or not"
    create(client, key="k2")
    KeptAnswer.objects.filter(status=409).update(created_at=timezone.now() - timedelta(hours=25))
    sweep_kept_answers()
    assert KeptAnswer.objects.count() == 0


@pytest.mark.django_db
def test_what_died_in_between_is_given_up_after_two_minutes(client: Client) -> None:
    begun = idempotency.begin(None, key="k1", route=f"POST {DATASETS}", body=b'{"name": "Cats"}')
    assert isinstance(begun, idempotency.Turn)
    answer = create(client)
    assert answer.status_code == 409
    assert answer.json()["type"].endswith(":still-working")
    assert answer["Retry-After"] == "1"
    KeptAnswer.objects.update(created_at=timezone.now() - timedelta(minutes=3))
    assert create(client).status_code == 201
    # The one that was given up comes back late: its answer is not written over the other.
    idempotency.finish(begun, status=500, content_type="", content=b"")
    assert KeptAnswer.objects.get().status == 201


@pytest.mark.skipif(
    settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"),
    reason="threads share one database in memory here; test_api_docs.py asks the running program",
)
@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_does_it() -> None:
    answers: list[Any] = []
    together = threading.Barrier(6)

    def ask() -> None:
        together.wait(20)
        answers.append(create(Client()))
        connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(answers) == 6
    assert {answer.status_code for answer in answers} <= {201, 409}
    done = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.content for answer in done}) == 1
    assert all(answer.json()["type"].endswith(":still-working") for answer in answers if answer.status_code == 409)
    assert Dataset.objects.count() == 1
