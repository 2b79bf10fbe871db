"""Many open desks without browsers: sockets that hear, answer and come again as pages do, and people who edit."""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Self

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

# As in static/js/live/socket.js.
FIRST_WAIT, LONGEST_WAIT = 1.0, 8.0


@dataclass
class Watcher:
    """One open desk.

    Attributes:
        image: the image it shows.
        revision: of the dataset, as the page holds it.
        tags: of the image it shows.
    """

    image: int
    revision: int = 0
    image_revision: int = -1
    tags: list[str] = field(default_factory=list)
    words: set[str] = field(default_factory=set)
    tab: str = field(default_factory=lambda: str(uuid.uuid4()))
    away_until: float = 0.0
    opened: int = 0
    link: Any = None


class Watchers:
    """Open desks of one dataset, in an event loop and a thread of their own.

    Attributes:
        latencies: seconds from the moment an edit was sent until a page heard of its tag, for each page and edit.
    """

    def __init__(self, url: str, dataset: int, images: list[int], count: int) -> None:
        self.url, self.dataset = url, dataset
        self.pages = [Watcher(images[number % len(images)]) for number in range(count)]
        self.sent_at: dict[str, float] = {}
        self.latencies: list[float] = []
        self.is_timing = True
        self.failure: BaseException | None = None
        self._texts: dict[str, dict[str, Any]] = {}
        self._ended = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(30)
        self._check()

    def _check(self) -> None:
        if self.failure is not None:
            raise AssertionError("A page ended by itself.") from self.failure

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._watch_all())

    async def _watch_all(self) -> None:
        async with httpx.AsyncClient(base_url=self.url, timeout=30, limits=httpx.Limits(max_connections=20)) as client:
            tasks = [asyncio.create_task(self._stay(page, client)) for page in self.pages]
            while not self._ended.is_set():
                await asyncio.sleep(0.05)
                # None of them ends by itself.
                self.failure = next((task.exception() for task in tasks if task.done()), None)
                if self.failure is not None:
                    break
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _stay(self, page: Watcher, client: httpx.AsyncClient) -> None:
        attempt = 0
        while True:
            await asyncio.sleep(max(0.0, page.away_until - time.monotonic()))
            opened = page.opened
            # A page comes again, whatever it could not read.
            with suppress(OSError, WebSocketException, httpx.HTTPError, ValueError, KeyError):
                await self._hear(page, client)
            attempt = 0 if page.opened > opened else attempt + 1
            wait = min(LONGEST_WAIT, FIRST_WAIT * 2**attempt)
            await asyncio.sleep(wait / 2 + random.random() * wait / 2)

    async def _hear(self, page: Watcher, client: httpx.AsyncClient) -> None:
        address = self.url.replace("http", "ws", 1)
        path = f"/ws/datasets/{self.dataset}/desk/?tab={page.tab}&since={page.revision}"
        origin: Any = self.url
        async with connect(address + path, origin=origin, compression=None, open_timeout=20) as page.link:
            page.opened += 1
            seen = answered = 0
            while True:
                try:
                    text = await asyncio.wait_for(page.link.recv(), 1)
                except TimeoutError:
                    text = None
                else:
                    await self._take(page, client, self._parsed(str(text)))
                    seen += 1
                if seen - answered >= (1 if text is None else 4):
                    answered = seen
                    await page.link.send(f'{{"seen": {seen}}}')

    def _parsed(self, text: str) -> dict[str, Any]:
        # All of them hear the same: it is read once.
        if text not in self._texts:
            if len(self._texts) > 50:
                self._texts.clear()
            message = json.loads(text)
            states = message["data"].get("states", {})
            message["words"] = {tag["name"] for state in states.values() for tag in state["tags"]}
            self._texts[text] = message
        return self._texts[text]

    def _time(self, page: Watcher, words: set[str]) -> None:
        now = time.monotonic()
        fresh = words - page.words
        page.words |= fresh
        if self.is_timing:
            self.latencies.extend(now - self.sent_at[word] for word in fresh if word in self.sent_at)

    async def _take(self, page: Watcher, client: httpx.AsyncClient, message: dict[str, Any]) -> None:
        if message["type"] != "desk.changed":
            return
        self._time(page, message["words"])
        data = message["data"]
        state = data["states"].get(str(page.image))
        is_asked = not data["is_complete"] or any(row["id"] == page.image for row in data["changed"])
        if state is None and is_asked:
            answer = await client.get(f"/api/v1/images/{page.image}/tags")
            answer.raise_for_status()
            state = answer.json()
        if state is not None and state["revision"] >= page.image_revision:
            page.image_revision, page.tags = state["revision"], [tag["name"] for tag in state["tags"]]
        # Last: a page that could not take all of it is behind still, and comes again for it.
        page.revision = data["revision"]

    # --- What tests ask and do -------------------------------------------------------------------------

    def wait_for(self, revision: int, *, seconds: float) -> float:
        """Wait until every page is on a revision; returns how long that took."""
        begin = time.monotonic()
        while behind := [page.revision for page in self.pages if page.revision < revision]:
            self._check()
            if time.monotonic() - begin > seconds:
                lost = [page for page in self.pages if page.revision < revision][:10]
                told = ", ".join(f"{page.revision} ({page.link and page.link.state.name})" for page in lost)
                raise AssertionError(f"{len(behind)} pages are not on revision {revision}: {told}")
            time.sleep(0.02)
        return time.monotonic() - begin

    def cut(self, share: float, seconds: float) -> None:
        """Cut the lines of some pages; they are away for so long."""
        cut = self.pages[: max(1, round(len(self.pages) * share))]
        for page in cut:
            page.away_until = time.monotonic() + seconds
            if page.link is not None:
                self._loop.call_soon_threadsafe(page.link.transport.abort)

    def diverged(self, client: httpx.Client) -> list[int]:
        """Return the images that some page shows otherwise than they are stored."""
        stored = {}
        for image in {page.image for page in self.pages}:
            stored[image] = [tag["name"] for tag in client.get(f"/api/v1/images/{image}/tags").json()["tags"]]
        return [page.image for page in self.pages if page.tags != stored[page.image]]


class Editors:
    """Edits at a rate, each sent again under its key until it is answered."""

    def __init__(self, watchers: Watchers, images: list[int], *, rate: float) -> None:
        self.watchers, self.images, self.rate = watchers, images, rate
        self.saved: dict[str, int] = {}
        self.failure: BaseException | None = None
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._edit, args=(number, 4)) for number in range(4)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(60)
        if self.failure is not None:
            raise self.failure

    def _edit(self, number: int, of: int) -> None:
        try:
            with new_client(self.watchers.url) as client:
                time.sleep(number / self.rate)
                count = number
                while not self._ended.is_set():
                    begin = time.monotonic()
                    self._save(client, self.images[count % len(self.images)], f"word {count}")
                    count += of
                    self._ended.wait(max(0.0, begin + of / self.rate - time.monotonic()))
        except BaseException as error:
            self.failure = error

    def _save(self, client: httpx.Client, image: int, word: str) -> None:
        edit = {"key": str(uuid.uuid4()), "kind": "add", "tag": word}
        self.watchers.sent_at[word] = time.monotonic()
        while True:
            with suppress(httpx.TransportError):
                answer = client.post(f"/api/v1/images/{image}/edits", json={"operations": [edit]})
                if answer.status_code < 500:
                    answer.raise_for_status()
                    self.saved[word] = image
                    return
            time.sleep(0.3)


@contextmanager
def new_client(url: str) -> Iterator[httpx.Client]:
    """A client that may write."""
    with httpx.Client(base_url=url, timeout=30, headers={"Referer": url}) as client:
        client.get("/datasets/new/")
        client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
        yield client


def revision_of(client: httpx.Client, dataset: int) -> int:
    """The dataset's revision now."""
    return int(client.get(f"/api/v1/datasets/{dataset}/changes?since=0").json()["revision"])
