"""The door from the server to open pages: it tells, and a broker that is away stops nothing."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from asgiref.sync import async_to_sync
from channels.layers import channel_layers, get_channel_layer
from pytest_django.fixtures import Settings

from datasets.messages import DatasetChanged, DatasetTouched, ImportProgress, ImportTouched
from tagger_project.broker import private_socket_path
from tagger_project.consumers import LiveConsumer
from tagger_project.live import GATHER_SECONDS, SECONDS_TO_SEND, Message, broker_may_run, gathered, publish
from tagger_project.outage import outage


@dataclass(frozen=True)
class Greeting(Message):
    type: ClassVar[str] = "test.greeting"

    text: str


class RefusingLayer:
    """A broker that does not answer."""

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        raise ConnectionRefusedError("nobody listens")


class SilentLayer:
    """A broker whose answer never comes."""

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        await asyncio.sleep(60)


class BusyLayer:
    """A broker whose answer is not looked at, because something else holds the loop."""

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        time.sleep(SECONDS_TO_SEND * 1.2)
        await asyncio.sleep(60)


@pytest.fixture
def refusing_layer() -> Iterator[None]:
    before = channel_layers.set("default", RefusingLayer())
    yield
    channel_layers.set("default", before)


async def joined(group: str) -> str:
    layer = get_channel_layer()
    assert layer is not None
    channel: str = await layer.new_channel()
    await layer.group_add(group, channel)
    return channel


def received(channel: str) -> Any:
    layer = get_channel_layer()
    assert layer is not None
    return async_to_sync(layer.receive)(channel)


def nothing_more(channel: str) -> bool:
    async def waits() -> bool:
        try:
            await asyncio.wait_for(get_channel_layer().receive(channel), 0.05)
        except TimeoutError:
            return True
        return False

    return bool(async_to_sync(waits)())


def test_a_message_reaches_who_joined_the_group() -> None:
    channel = async_to_sync(joined)("group.1")
    publish("group.1", Greeting(text="hello"))
    assert received(channel) == {
        "type": "relay",
        "message": {"type": "test.greeting", "data": {"text": "hello"}},
    }


def test_a_broker_that_is_away_is_logged_and_nothing_else(
    refusing_layer: None, caplog: pytest.LogCaptureFixture
) -> None:
    publish("group.1", Greeting(text="hello"))
    assert "test.greeting" in caplog.text
    assert "nobody listens" in caplog.text


def test_an_outage_is_told_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture, refusing_layer: None) -> None:
    for _ in range(3):
        publish("group.1", Greeting(text="hello"))
    outage.note_answer()
    outage.note_answer()
    assert [record.message.partition(" (")[0] for record in caplog.records] == [
        "The broker does not answer",
        "The broker answers again.",
    ]
    assert "Traceback" not in caplog.text


def test_a_broker_that_came_back_is_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    channel = async_to_sync(joined)("group.1")
    outage.note(ConnectionRefusedError(), "")
    publish("group.1", Greeting(text="while it is away"))
    monkeypatch.setattr(outage, "_quiet_until", time.monotonic())
    publish("group.1", Greeting(text="afterwards"))
    assert received(channel)["message"]["data"]["text"] == "afterwards"
    assert not outage.lasts()


def test_a_broker_that_hears_and_says_nothing_holds_nobody_up() -> None:
    before = channel_layers.set("default", SilentLayer())
    begin = time.monotonic()
    publish("group.1", Greeting(text="hello"))
    publish("group.1", Greeting(text="hello"))
    assert SECONDS_TO_SEND <= time.monotonic() - begin < 2 * SECONDS_TO_SEND
    assert outage.lasts()
    channel_layers.set("default", before)


def test_a_process_that_is_busy_takes_that_for_no_outage() -> None:
    before = channel_layers.set("default", BusyLayer())
    publish("group.1", Greeting(text="hello"))
    assert not outage.lasts()
    channel_layers.set("default", before)


def test_without_the_bundled_broker_nothing_is_tried(
    refusing_layer: None, caplog: pytest.LogCaptureFixture, settings: Settings
) -> None:
    settings.BROKER_IS_PRIVATE = True
    publish("group.1", Greeting(text="hello"))
    assert caplog.text == ""


def test_the_bundled_broker_may_run_where_its_socket_is(settings: Settings, data_dir: Path) -> None:
    settings.BROKER_IS_PRIVATE = True
    assert not broker_may_run()
    socket = private_socket_path(data_dir)
    socket.parent.mkdir(parents=True, exist_ok=True)
    socket.touch()
    assert broker_may_run()


def test_a_broker_of_someone_elses_may_always_run(settings: Settings) -> None:
    settings.BROKER_IS_PRIVATE = False
    assert broker_may_run()


def test_what_is_said_again_and_again_is_gathered_and_its_last_word_is_heard() -> None:
    channel = async_to_sync(joined)("group.1")
    with gathered():
        for number in range(100):
            publish("group.1", Greeting(text=str(number)))
        publish("group.2", Greeting(text="for others"))
    heard = [received(channel)["message"]["data"]["text"] for _ in range(2)]
    assert heard == ["0", "99"]
    assert nothing_more(channel)


def test_gathered_messages_of_a_long_work_are_heard_while_it_goes_on() -> None:
    channel = async_to_sync(joined)("group.1")
    with gathered():
        publish("group.1", Greeting(text="first"))
        publish("group.1", Greeting(text="second"))
        time.sleep(GATHER_SECONDS)
        publish("group.1", Greeting(text="third"))
        assert [received(channel)["message"]["data"]["text"] for _ in range(2)] == ["first", "third"]
    assert nothing_more(channel)


def test_what_was_gathered_before_an_error_is_sent() -> None:
    channel = async_to_sync(joined)("group.1")

    def work() -> None:
        with gathered():
            publish("group.1", Greeting(text="first"))
            publish("group.1", Greeting(text="second"))
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        work()
    assert [received(channel)["message"]["data"]["text"] for _ in range(2)] == ["first", "second"]


def test_every_message_is_json() -> None:
    progress = ImportProgress(1, 2, "OPEN", 3, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0.5, None, [])
    for message in (progress, DatasetChanged(1, 2, 3, 4, 5), ImportTouched(1), DatasetTouched(1)):
        wire = json.loads(json.dumps(message.to_wire()))
        assert set(wire) == {"type", "data"}
        assert wire["type"] == message.type
    assert json.loads(json.dumps(progress.to_wire()))["data"]["seconds_left"] is None


def test_a_socket_sends_the_newest_notice_of_each_type() -> None:
    notices = [{"type": "a", "data": 1}, {"type": "b", "data": 2}, {"type": "a", "data": 3}]
    rendered = async_to_sync(LiveConsumer().render)(notices)
    assert rendered == [{"type": "a", "data": 3}, {"type": "b", "data": 2}]
