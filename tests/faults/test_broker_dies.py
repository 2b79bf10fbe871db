"""The broker dies in the middle of an import, with all that was in it, and comes back empty after five seconds."""

from __future__ import annotations

import os
import signal
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

import pytest
import redis
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from tagger_project.consumers import TRY_AGAIN
from tests import images
from tests.person import Person
from tests.program import RunningProgram
from tests.servers import find_redis, redis_server, skip_without
from tests.survival import Import, importing, write_pictures

pytestmark = pytest.mark.fault

OUTAGE_SECONDS = 5.0
# Promised: from the moment the broker is back.
SECONDS_TO_GO_ON = 60.0
MOST_SECONDS_A_REQUEST = 0.5


class NamedBroker:
    """A server of one's own behind `REDIS_URL`."""

    def __init__(self, stack: ExitStack) -> None:
        skip_without(found=find_redis(), name="Redis", package="redis-server")
        self.stack = stack
        self.url = stack.enter_context(redis_server())

    @property
    def env(self) -> dict[str, str]:
        return {"REDIS_URL": self.url}

    def kill(self, program: RunningProgram) -> None:
        client = redis.Redis.from_url(self.url)
        os.kill(int(client.info("server")["process_id"]), signal.SIGKILL)
        client.close()

    def come_back(self) -> None:
        self.stack.enter_context(redis_server(port=int(self.url.split(":")[2].split("/")[0])))


class BundledBroker:
    """The one that `up` starts, and starts again by itself."""

    def __init__(self, stack: ExitStack) -> None:
        self.env: dict[str, str] = {}

    def kill(self, program: RunningProgram) -> None:
        os.kill(program.children("broker.sock")[0], signal.SIGKILL)

    def come_back(self) -> None:
        """It does so itself, sooner."""


class Visitor:
    """Asks for something again and again beside the test, and keeps the time."""

    def __init__(self, ask: Callable[[], object], *, every: float) -> None:
        self.seconds: list[float] = []
        self.failure: BaseException | None = None
        self._ask = ask
        self._every = every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                begin = time.monotonic()
                self._ask()
                self.seconds.append(time.monotonic() - begin)
                self._stop.wait(max(0.0, self._every - self.seconds[-1]))
        except BaseException as error:
            self.failure = error

    def p95(self) -> float:
        """The time that 95 of 100 requests stayed under; raises what ended it early."""
        if self.failure is not None:
            raise self.failure
        return statistics.quantiles(self.seconds, n=20)[-1]


@contextmanager
def looking_at(program: RunningProgram) -> Iterator[Callable[[], int | None]]:
    """An open import page's socket; what is yielded tells the code it was closed with, if it was."""
    with connect(program.url.replace("http", "ws") + "/ws/imports/1/", origin=Origin(program.url)) as socket:

        def closed_with() -> int | None:
            try:
                while True:
                    socket.recv(timeout=0)
            except TimeoutError:
                return None
            except ConnectionClosed as end:
                return end.rcvd.code if end.rcvd else 0

        yield closed_with


@pytest.mark.parametrize("kind", [pytest.param(NamedBroker, marks=pytest.mark.heavy), BundledBroker])
@pytest.mark.parametrize(
    ("pictures", "killed_at", "size"),
    [
        pytest.param(60, 20, (2000, 1333), id="small"),
        pytest.param(1000, 300, (1200, 800), id="large", marks=pytest.mark.heavy),
    ],
)
def test_a_broker_that_loses_everything_costs_nothing(
    tmp_path: Path, kind: type[NamedBroker | BundledBroker], pictures: int, killed_at: int, size: tuple[int, int]
) -> None:
    folder = write_pictures(tmp_path / "pictures", pictures, width=size[0], height=size[1])
    with ExitStack() as stack:
        broker = kind(stack)
        program = stack.enter_context(RunningProgram(tmp_path / "data", "--workers", "2", env=broker.env))
        survivors = Import(program, pictures)
        with importing(program, folder):
            survivors.wait_until("ready", killed_at, seconds=SECONDS_TO_GO_ON)
            person, reader, script = Person(program), Person(program), Person(program)
            tagged = person.image("0000.jpg")
            closed_with = stack.enter_context(looking_at(program))
            broker.kill(program)
            with (
                Visitor(lambda: reader.get("/datasets/1/"), every=0.05) as page,
                Visitor(lambda: script.get("/api/v1/datasets"), every=0.05) as api,
                Visitor(lambda: person.tag(tagged), every=0.25) as tagging,
            ):
                time.sleep(OUTAGE_SECONDS - 1)
                begin = time.monotonic()
                late = Person(program).upload("late.jpg", images.encoded(seed=99))
                seconds_to_upload = time.monotonic() - begin
                time.sleep(1)
        broker.come_back()
        begin = time.monotonic()
        before = survivors.number("done")
        while before < pictures and survivors.number("done") == before:
            assert time.monotonic() - begin < SECONDS_TO_GO_ON, program.logs()
            time.sleep(0.2)
        progress = time.monotonic() - begin
        while person.progress(late)["state"] != "DONE":
            assert time.monotonic() - begin < SECONDS_TO_GO_ON, program.logs()
            time.sleep(0.2)
        closed = closed_with()
        print(
            f"p95 of the page {page.p95():.3f} s ({len(page.seconds)}), of the API {api.p95():.3f} s, of a saved tag "
            f"{tagging.p95():.3f} s; progress {progress:.1f} s after the broker was back (of {before}), the late "
            f"picture's {time.monotonic() - begin:.1f} s; its upload {seconds_to_upload:.2f} s; socket {closed}"
        )
        assert max(page.p95(), api.p95(), tagging.p95()) <= MOST_SECONDS_A_REQUEST
        assert len(tagging.seconds) >= 5
        # The new broker knows of no page: each has to come again, and does when its socket is closed.
        assert closed == TRY_AGAIN
        assert person.tags(tagged) == person.saved
        assert seconds_to_upload < 2
        survivors.wait_until("done", pictures, seconds=4 * SECONDS_TO_GO_ON)
        survivors.wait_until_finished()
        assert survivors.image_names()[-1] == "late.jpg"
        web = (program.data_dir / "logs" / "web.log").read_text()
        assert "Traceback" not in web
        assert web.count("The broker does not answer") == 1
        assert not list(program.data_dir.glob("incoming/**/*.part"))
        survivors.assert_all_there_once(besides=["late.jpg"])
