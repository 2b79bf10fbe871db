"""The desk's socket: what was missed comes by revision, and who is here is told."""

from __future__ import annotations

import asyncio
import uuid
from datetime import datetime
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from channels.testing import WebsocketCommunicator
from django.test import Client
from pytest_django.fixtures import Settings

from datasets.messages import dataset_group
from datasets.models import Dataset, Image
from datasets.services.trash import move_to_trash
from sessions_app import rooms
from sessions_app.messages import DeskChanged, DeskPeople, desk_group
from sessions_app.models import Claim
from sessions_app.services.claims import be_here, take_over
from tagging.models import TagOperation
from tagging.queries import missed
from tagging.services.labelling import Edit, apply_edits
from tests import factories
from tests.sockets import hear, is_refused, socket

pytestmark = pytest.mark.django_db(transaction=True)

ANA, BEN = uuid.uuid4(), uuid.uuid4()


@pytest.fixture
def stored() -> Dataset:
    return factories.make_dataset()


def add_tag(image: Image, name: str) -> None:
    apply_edits(image, [Edit(uuid.uuid4(), TagOperation.Kind.ADD, tag=name)], by=None)


def address(dataset: Dataset, *, tab: uuid.UUID | None = ANA, since: int | None = None) -> str:
    query = [f"tab={tab}" if tab else "", f"since={since}" if since is not None else ""]
    return f"/ws/datasets/{dataset.pk}/desk/?{'&'.join(filter(None, query))}"


async def changes(page: WebsocketCommunicator, seconds: float = 0.6) -> list[dict[str, Any]]:
    """What changed, as heard in the next moment; the page says that it has seen it."""
    heard = await hear(page, seconds)
    seen = page.scope["heard"] = page.scope.get("heard", 0) + len(heard)
    await page.send_json_to({"seen": seen})
    return [message["data"] for message in heard if message["type"] == DeskChanged.type]


def in_background(work: Any, *arguments: Any, **named: Any) -> Any:
    return database_sync_to_async(work)(*arguments, **named)


def revision_of(dataset: Dataset) -> int:
    return Dataset.objects.values_list("revision", flat=True).get(pk=dataset.pk)


def test_a_page_that_comes_back_hears_of_what_it_missed_and_of_nothing_else(stored: Dataset) -> None:
    before, during, gone = (factories.make_image(stored) for _ in range(3))
    add_tag(before, "lake")
    known = revision_of(stored)
    add_tag(during, "snow")
    add_tag(during, "owl")
    move_to_trash(stored, [gone.pk], by=None)

    async def scenario() -> list[dict[str, Any]]:
        async with socket(address(stored, since=known)) as page:
            return await changes(page)

    [told] = async_to_sync(scenario)()
    assert told["revision"] == revision_of(stored)
    assert (told["images"], told["tagged"], told["is_complete"]) == (2, 2, True)
    assert {row["id"]: row["is_gone"] for row in told["changed"]} == {during.pk: False, gone.pk: True}
    assert [tag["name"] for tag in told["states"][str(during.pk)]["tags"]] == ["snow", "owl"]


def test_a_page_that_missed_nothing_is_told_where_it_stands(stored: Dataset) -> None:
    add_tag(factories.make_image(stored), "lake")

    async def scenario() -> list[dict[str, Any]]:
        async with socket(address(stored, since=1)) as knowing, socket(address(stored)) as new:
            return [*await changes(knowing), *await changes(new)]

    for told in async_to_sync(scenario)():
        assert (told["revision"], told["changed"], told["states"]) == (1, [], {})


def test_edits_are_told_with_their_words_and_none_is_left_out(stored: Dataset) -> None:
    images = [factories.make_image(stored) for _ in range(3)]

    async def scenario() -> list[dict[str, Any]]:
        async with socket(address(stored, since=0)) as page:
            await changes(page)
            for number in range(12):
                await in_background(add_tag, images[number % 3], f"tag {number}")
            return await changes(page, 1.0)

    heard = async_to_sync(scenario)()
    assert heard[-1]["revision"] == 12
    latest = {key: state for told in heard for key, state in told["states"].items()}
    assert {key: len(state["tags"]) for key, state in latest.items()} == {str(image.pk): 4 for image in images}


def test_a_notice_that_got_lost_is_made_up_for(stored: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    image = factories.make_image(stored)
    monkeypatch.setattr(rooms, "PULSE_SECONDS", 0.3)
    monkeypatch.setattr("tagger_project.live.broker_may_run", lambda: False)

    async def scenario() -> list[dict[str, Any]]:
        async with socket(address(stored, since=0)) as page:
            await changes(page)
            await in_background(add_tag, image, "lake")
            return await changes(page, 1.0)

    [told] = async_to_sync(scenario)()
    assert told["revision"] == 1
    assert str(image.pk) in told["states"]


@pytest.mark.parametrize("again", [0.1, 60.0])
def test_a_room_that_the_broker_forgot_is_heard_again(
    stored: Dataset, monkeypatch: pytest.MonkeyPatch, again: float
) -> None:
    monkeypatch.setattr(rooms, "PULSE_SECONDS", 0.1)
    monkeypatch.setattr(rooms, "JOIN_AGAIN_SECONDS", again)
    layer = get_channel_layer()

    async def scenario() -> set[str]:
        async with socket(address(stored)) as page:
            await hear(page, 0.2)
            layer.groups.clear()
            await hear(page, 0.5)
            return set(layer.groups)

    both = {dataset_group(stored.pk), desk_group(stored.pk)}
    assert async_to_sync(scenario)() == (both if again < 1 else set())


def test_many_changes_come_without_their_words_and_too_many_without_a_list(
    stored: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        add_tag(factories.make_image(stored), f"tag {number}")
    monkeypatch.setattr(missed, "MOST_STATES", 2)
    monkeypatch.setattr(missed, "MOST_CHANGED", 3)

    async def scenario() -> list[dict[str, Any]]:
        async with socket(address(stored, since=1)) as few, socket(address(stored, since=0, tab=BEN)) as many:
            return [*await changes(few), *await changes(many)]

    few, many = async_to_sync(scenario)()
    assert (len(few["changed"]), few["states"], few["is_complete"]) == (3, {}, True)
    assert (many["changed"], many["states"], many["is_complete"], many["revision"]) == ([], {}, False, 4)


def test_a_page_that_is_ahead_of_a_restored_database_asks_again_for_everything(stored: Dataset) -> None:
    async def scenario() -> list[dict[str, Any]]:
        async with socket(address(stored, since=99)) as page:
            return await changes(page)

    [told] = async_to_sync(scenario)()
    assert (told["revision"], told["is_complete"]) == (0, False)


def test_a_grid_hears_which_images_changed_but_not_their_words(stored: Dataset) -> None:
    image = factories.make_image(stored)
    add_tag(image, "lake")

    async def scenario() -> list[dict[str, Any]]:
        async with socket(address(stored, tab=None, since=0)) as page:
            return await changes(page)

    [told] = async_to_sync(scenario)()
    assert [row["id"] for row in told["changed"]] == [image.pk]
    assert told["states"] == {}


def test_who_does_not_answer_hears_no_more_until_they_do_and_then_all_of_it(stored: Dataset) -> None:
    image = factories.make_image(stored)

    async def scenario() -> tuple[int, list[dict[str, Any]]]:
        async with socket(address(stored, since=0)) as page:
            heard = 0
            for number in range(12):
                await in_background(add_tag, image, f"tag {number}")
                heard += len(await hear(page, 0.15))
            await page.send_json_to({"seen": heard})
            return heard, await changes(page, 0.6)

    heard, later = async_to_sync(scenario)()
    assert heard == rooms.MOST_UNSEEN
    assert later[-1]["revision"] == 12
    assert len(later[-1]["states"][str(image.pk)]["tags"]) == 12


def test_who_stays_silent_is_closed(stored: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "PULSE_SECONDS", 0.1)
    monkeypatch.setattr(rooms, "SILENT_SECONDS", 0.3)

    async def scenario() -> int:
        async with socket(address(stored, since=0)) as page:
            while True:
                message = await page.receive_output(timeout=5)
                if message["type"] == "websocket.close":
                    return int(message["code"])

    assert async_to_sync(scenario)() == 4503


@pytest.mark.parametrize("text", ["[", "7", '{"seen": "all"}', '{"seen": -1}', '{"seen": 99}', "x" * 1000])
def test_what_else_a_page_says_is_dropped(stored: Dataset, text: str) -> None:
    image = factories.make_image(stored)

    async def scenario() -> list[dict[str, Any]]:
        async with socket(address(stored, since=0)) as page:
            await hear(page, 0.2)
            await page.send_to(text_data=text)
            await in_background(add_tag, image, "lake")
            return await changes(page)

    assert async_to_sync(scenario)()[-1]["revision"] == 1


def test_people_are_told_with_their_names_and_images(stored: Dataset) -> None:
    image = factories.make_image(stored)

    async def scenario() -> list[Any]:
        async with socket(address(stored, since=0)) as page:
            await hear(page, 0.2)
            await in_background(be_here, stored, ANA, image=image, is_active=True, by=None)
            await in_background(be_here, stored, BEN, image=image, is_active=True, by=None)
            return [m["data"] for m in await hear(page, 1.3) if m["type"] == DeskPeople.type]

    people = async_to_sync(scenario)()[-1]["people"]
    assert [(one["name"], one["image"], one["holds"], one["is_you"]) for one in people] == [
        ("Guest 1", image.pk, True, True),
        ("Guest 2", image.pk, False, False),
    ]


def test_who_loses_an_image_is_told_by_whom(stored: Dataset) -> None:
    image = factories.make_image(stored)
    be_here(stored, ANA, image=image, is_active=True, by=None)
    be_here(stored, BEN, image=image, is_active=True, by=None)

    async def scenario() -> tuple[list[Any], list[Any]]:
        async with socket(address(stored)) as loser, socket(address(stored, tab=BEN)) as taker:
            await in_background(take_over, stored, BEN, image, by=None)
            return await hear(loser, 0.6), await hear(taker, 0.1)

    lost, took = async_to_sync(scenario)()
    [told] = [message["data"] for message in lost if message["type"] == "desk.taken"]
    assert told == {"dataset_id": stored.pk, "image": image.pk, "name": "Guest 2"}
    assert not [message for message in took if message["type"] == "desk.taken"]


def test_a_page_that_is_closed_is_gone_in_a_few_seconds_unless_it_comes_again(stored: Dataset) -> None:
    be_here(stored, ANA, image=None, is_active=False, by=None)
    before = Claim.objects.get().seen_until

    async def scenario() -> None:
        async with socket(address(stored)) as page:
            await hear(page, 0.1)
        await asyncio.sleep(3 * rooms.LEAVE_SECONDS)

    async_to_sync(scenario)()
    after = Claim.objects.get().seen_until
    assert (before - after).total_seconds() > 30
    assert be_here(stored, ANA, image=None, is_active=False, by=None).seen_until > after


def test_a_page_that_came_again_stays_when_its_old_socket_ends_later(stored: Dataset) -> None:
    be_here(stored, ANA, image=None, is_active=False, by=None)
    before = Claim.objects.get().seen_until

    async def scenario() -> datetime:
        async with socket(address(stored)):
            async with socket(address(stored)) as old:
                await hear(old, 0.1)
            await asyncio.sleep(3 * rooms.LEAVE_SECONDS)
            return (await Claim.objects.aget()).seen_until

    assert async_to_sync(scenario)() == before


def test_nobody_ends_the_stay_of_somebody_elses_page(stored: Dataset) -> None:
    be_here(stored, ANA, image=None, is_active=False, by=factories.make_user())
    before = Claim.objects.get().seen_until

    async def scenario() -> None:
        async with socket(address(stored)) as guest:
            await hear(guest, 0.1)
        await asyncio.sleep(3 * rooms.LEAVE_SECONDS)

    async_to_sync(scenario)()
    assert Claim.objects.get().seen_until == before


def test_strangers_and_unknown_datasets_are_refused(stored: Dataset, settings: Settings) -> None:
    async def scenario() -> list[bool]:
        refused = [await is_refused("/ws/datasets/999/desk/"), await is_refused(address(stored), origin="http://evil")]
        settings.AUTH_MODE = "password"
        return [*refused, await is_refused(address(stored), client=Client())]

    assert async_to_sync(scenario)() == [True, True, True]


def test_a_deleted_dataset_closes_its_sockets(stored: Dataset) -> None:
    async def scenario() -> int:
        async with socket(address(stored, since=0)) as page:
            await hear(page, 0.2)
            await in_background(Dataset.objects.filter(pk=stored.pk).delete)
            (await rooms.join_room(stored.pk)).touch()
            while True:
                message = await page.receive_output(timeout=5)
                if message["type"] == "websocket.close":
                    return int(message["code"])

    assert async_to_sync(scenario)() == 4404
