"""A browser's connection with as little of its own as possible, so that what is measured is the server."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        status: of HTTP; 0 where the connection broke.
        headers: the last of each name, names in small letters.
        body: whole.
        seconds: from the first byte sent to the last one read.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float

    def json(self) -> Any:
        """Read the body as JSON."""
        return json.loads(self.body)


@dataclass
class Connection:
    """One connection that is kept open, as a browser keeps it; made anew where the server closed it.

    Attributes:
        port: on this machine.
        headers: sent with every request.
    """

    port: int
    headers: dict[str, str] = field(default_factory=dict)
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> Answer:
        """Send a request and read its answer whole."""
        begin = time.perf_counter()
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if method != "GET":
            lines += [f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
        try:
            if self._streams is None or self._streams[0].at_eof():
                self._streams = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)
            reader, writer = self._streams
            writer.write("\r\n".join([*lines, "", ""]).encode() + body)
            await writer.drain()
            status, headers, content = await _read(reader)
        except (OSError, asyncio.IncompleteReadError):
            self.close()
            return Answer(0, {}, b"", time.perf_counter() - begin)
        if headers.get("connection") == "close":
            self.close()
        return Answer(status, headers, content, time.perf_counter() - begin)

    def close(self) -> None:
        """Let the connection go."""
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None


async def _read(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    status, content = int(head[0].split()[1]), b""
    if headers.get("transfer-encoding") == "chunked":
        while length := int((await reader.readline()).split(b";")[0], 16):
            content += (await reader.readexactly(length + 2))[:-2]
        await reader.readline()
    elif status not in {204, 304}:
        content = await reader.readexactly(int(headers.get("content-length", 0)))
    return status, headers, content


def percentile(values: list[float], share: float) -> float:
    """Return the value below which a share of all lies; 0 of none."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0
