"""`/healthz` asks nothing; `/readyz` names each part that does not answer."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

import pytest
from channels.layers import channel_layers
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from tagger_project.watching import health


def parts(client: Client) -> dict[str, str]:
    answer = client.get("/readyz")
    told: dict[str, str] = answer.json()
    assert answer.status_code == (200 if set(told.values()) == {"ok"} else 503)
    return told


@pytest.mark.django_db
def test_everything_but_a_worker_is_here(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(health.CHECKS, "workers", lambda: None)
    assert parts(client) == dict.fromkeys(["database", "migrations", "broker", "layer", "storage", "workers"], "ok")


@pytest.mark.django_db
def test_tables_of_another_version_are_told(client: Client) -> None:
    MigrationRecorder.Migration.objects.filter(app="tagging").order_by("-pk")[:1].get().delete()
    told = parts(client)
    assert (told["migrations"], told["database"]) == ("no answer", "ok")


class Deaf:
    """A layer that takes messages and brings none."""

    async def new_channel(self, prefix: str) -> str:
        return f"{prefix}!1"

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        return

    async def receive(self, channel: str) -> dict[str, Any]:
        raise ConnectionError("nobody is there")


@pytest.mark.django_db
def test_a_layer_that_brings_no_message_is_told(client: Client) -> None:
    before = channel_layers.set("default", Deaf())
    try:
        assert parts(client)["layer"] == "no answer"
    finally:
        channel_layers.set("default", before)


class Frozen(Deaf):
    """A layer whose broker takes what it is sent and never says so."""

    def __init__(self) -> None:
        self.is_through = False

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        await asyncio.sleep(2)
        self.is_through = True


@pytest.mark.django_db
def test_a_layer_that_takes_no_message_is_waited_for_no_longer_than_one_that_brings_none(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "LAYER_SECONDS", 0.05)
    frozen = Frozen()
    before = channel_layers.set("default", frozen)
    try:
        assert parts(client)["layer"] == "no answer"
    finally:
        channel_layers.set("default", before)
    assert not frozen.is_through


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("silent", "behind_it"), [("database", {"migrations"}), ("broker", {"layer", "workers"}), ("storage", set())]
)
def test_what_goes_through_a_silent_part_is_not_asked(
    client: Client, monkeypatch: pytest.MonkeyPatch, silent: str, behind_it: set[str]
) -> None:
    asked: list[str] = []

    def ask(name: str) -> None:
        asked.append(name)
        if name == silent:
            raise ConnectionError("nobody is there")

    for name in health.CHECKS:
        monkeypatch.setitem(health.CHECKS, name, functools.partial(ask, name))
    told = parts(client)
    assert {name for name, answer in told.items() if answer != "ok"} == {silent, *behind_it}
    assert set(asked) == set(health.CHECKS) - behind_it


def test_alive_is_said_without_asking_anybody(client: Client) -> None:
    assert client.get("/healthz").content == b"ok"
