"""Who guesses at invitation links learns nothing, and does not guess for long."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from datasets.models import Invitation, Role
from datasets.services import members
from tests import factories

pytestmark = pytest.mark.usefixtures("password_mode", "db")


@pytest.fixture
def owner() -> User:
    return factories.make_user(username="anna")


@pytest.fixture
def secrets(owner: User) -> dict[str, str]:
    """Links that are not good for anything, and why."""
    dataset = factories.make_dataset(name="Very secret", owner=owner)
    found = {}
    for why in ("over", "taken back", "of one who left"):
        link, found[why] = members.invite(dataset, Role.VIEWER, lasts=timedelta(days=1), by=owner)
        if why == "over":
            Invitation.objects.filter(pk=link.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        else:
            members.revoke(link, by=owner)
    right = found["over"]
    return found | {
        "invented": "A" * len(right),
        "short": "A",
        "long": "A" * 5000,
        "its number": str(Invitation.objects.earliest("pk").pk),
        "its digest": Invitation.objects.earliest("pk").digest,
        "other letters": right.swapcase(),
        "more": f"{right}A",
        "strange": "%00%ff🦜",
    }


def opened(client: Client, secret: str, way: str = "get") -> tuple[int, str, int]:
    """Status, words and number of statements of an invitation's page."""
    path = reverse("datasets:invitation", args=[secret])
    with CaptureQueriesContext(connection) as queries:
        answer: Any = getattr(client, way)(path)
    words = re.sub(r'value="[^"]*"', "", answer.content.decode()).replace(path, "")
    return answer.status_code, words, len(queries)


def test_what_is_no_invitation_any_more_and_what_never_was_are_one(secrets: dict[str, str]) -> None:
    stranger = Client()
    stranger.force_login(factories.make_user())
    for way in ("get", "post"):
        opened(stranger, "warm", way)
        answers = {why: opened(stranger, secret, way) for why, secret in secrets.items()}
        assert {why for why, answer in answers.items() if answer != answers["invented"]} == set()
        assert answers["invented"][0] == 404
        assert "Very secret" not in answers["invented"][1]


def test_who_is_not_signed_in_is_told_the_same_of_each(secrets: dict[str, str]) -> None:
    answers = {why: opened(Client(), secret) for why, secret in secrets.items()}
    assert {answer[0] for answer in answers.values()} == {404}
    assert len({answer[1] for answer in answers.values()}) == 1
    assert len({answer[2] for answer in answers.values()}) == 1


def test_guesses_are_few_in_a_minute(secrets: dict[str, str], settings: Settings) -> None:
    settings.ANONYMOUS_REQUESTS_A_MINUTE = settings.REQUESTS_A_MINUTE = 20
    client = Client(REMOTE_ADDR="203.0.113.77")
    statuses = [opened(client, f"guess{number}")[0] for number in range(25)]
    assert statuses == [404] * 20 + [429] * 5
