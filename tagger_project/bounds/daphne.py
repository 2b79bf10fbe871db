"""daphne's own classes with bounds; imported where daphne runs, and nowhere else. See `server_limits`."""

from __future__ import annotations

import json
from typing import Any

from daphne import http_protocol, ws_protocol
from twisted.web import http

from tagger_project.api.problems import CONTENT_TYPE, problem
from tagger_project.bounds.bodies import most_bytes

HEAD_SECONDS = 20
# 4 MiB in pieces over a line of 14 KiB/s.
BODY_SECONDS = 300
MESSAGE_BYTES = 64 * 1024

STRICT_HEADERS = (
    (b"Content-Security-Policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"X-Content-Type-Options", b"nosniff"),
    (b"Referrer-Policy", b"same-origin"),
    (b"Cross-Origin-Resource-Policy", b"same-origin"),
    (b"Cross-Origin-Opener-Policy", b"same-origin"),
    (b"Cross-Origin-Embedder-Policy", b"require-corp"),
)
ERROR_HEADERS = ((b"Content-Type", b"text/plain; charset=utf-8"), *STRICT_HEADERS)


class Request(http_protocol.WebRequest):
    """A request that is refused before its body is taken, if it is too large."""

    is_refused = False

    def gotLength(self, length: int | None) -> None:
        """Look at how much is announced, before any of it is taken."""
        channel = self.channel
        path = getattr(channel, "_path", b"/").decode("latin-1")
        if length is None:
            self._refuse(channel, b"411 Length Required")
        elif length > most_bytes(path):
            self._refuse(channel, b"413 Content Too Large")
        super().gotLength(0 if self.is_refused else length)

    def _refuse(self, channel: Any, status: bytes) -> None:
        self.is_refused = True
        kind, body = b"text/plain; charset=utf-8", b""
        if getattr(channel, "_path", b"/").startswith(b"/api/"):
            kind, body = CONTENT_TYPE.encode(), json.dumps(problem(int(status[:3]))).encode()
        lines = [b"HTTP/1.1 " + status, b"Connection: close", b"Content-Length: %d" % len(body)]
        lines += [name + b": " + value for name, value in (*STRICT_HEADERS, (b"Content-Type", kind))]
        channel.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        channel.loseConnection()

    def handleContentChunk(self, data: bytes) -> None:
        """Take a piece; of what was refused, none."""
        if not self.is_refused:
            super().handleContentChunk(data)

    def process(self) -> Any:
        """Hand it to the program."""
        if self.is_refused:
            return None
        self.channel.arrived()
        return super().process()

    def basic_error(self, status: int, status_text: bytes, body: str) -> None:
        """Answer in the server's own words, with our headers."""
        self.handle_reply({"type": "http.response.start", "status": status, "headers": list(ERROR_HEADERS)})
        self.handle_reply({"type": "http.response.body", "body": f"{body}\n".encode()})


class Channel(http.HTTPChannel):
    """A connection that has so long for each request, however it dribbles."""

    deadline: Any = None
    is_answering = False

    def connectionMade(self) -> None:
        """Begin."""
        super().connectionMade()
        self._begin(HEAD_SECONDS)

    def dataReceived(self, data: bytes) -> None:
        """Take in what comes."""
        if self.deadline is None and not self.is_answering:
            self._begin(HEAD_SECONDS)
        super().dataReceived(data)

    def allHeadersReceived(self) -> None:
        """From here on the body has its own time."""
        self._begin(BODY_SECONDS)
        super().allHeadersReceived()

    def arrived(self) -> None:
        """The request is here whole: from now on the program takes its time."""
        self.is_answering = True
        self._end()

    def requestDone(self, request: Any) -> None:
        """Wait for the next one."""
        self.is_answering = False
        super().requestDone(request)

    def connectionLost(self, reason: Any) -> None:
        """End."""
        self._end()
        super().connectionLost(reason)

    def _begin(self, seconds: float) -> None:
        self._end()
        self.deadline = self.callLater(seconds, self._too_slow)

    def _end(self) -> None:
        if self.deadline is not None and self.deadline.active():
            self.deadline.cancel()
        self.deadline = None

    def _too_slow(self) -> None:
        self.deadline = None
        self.transport.abortConnection()


class Factory(http_protocol.HTTPFactory):
    """Lets an address have so many connections."""

    protocol = Channel
    connections_an_address = 0

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self.held: dict[str, int] = {}

    def buildProtocol(self, addr: Any) -> Any:
        """Take a connection, or `None` where the address holds enough."""
        host = getattr(addr, "host", None)
        if self.connections_an_address and host is not None and self._is_full(host):
            return None
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = Request
        return protocol

    def _is_full(self, host: str) -> bool:
        # Asked of the reactor, which alone knows what is open: a connection that became a socket has another
        # protocol by then.
        self.held[host] = self.held.get(host, 0) + 1
        if self.held[host] <= self.connections_an_address:
            return False
        self.held = _open_connections()
        self.held[host] = self.held.get(host, 0) + 1
        return self.held[host] > self.connections_an_address


class Socket(ws_protocol.WebSocketProtocol):
    """A socket whose bound is for what comes: who was away for long is told much at once."""

    maxMessagePayloadSize: int

    def sendMessage(self, *message: Any, **options: Any) -> None:
        """Send a message of any size."""
        bound, self.maxMessagePayloadSize = self.maxMessagePayloadSize, 0
        try:
            super().sendMessage(*message, **options)
        finally:
            self.maxMessagePayloadSize = bound


class Sockets(ws_protocol.WebSocketFactory):
    """Takes messages of 64 KiB, and says 1009 to larger ones instead of hanging up."""

    protocol = Socket

    def setProtocolOptions(self, **options: Any) -> None:
        """Set daphne's options, and ours over them."""
        bounds = {"maxMessagePayloadSize": MESSAGE_BYTES, "maxFramePayloadSize": MESSAGE_BYTES}
        super().setProtocolOptions(**{**options, **bounds, "failByDrop": False, "closeHandshakeTimeout": 5})


def _open_connections() -> dict[str, int]:
    """Count what is open now, by address."""
    from twisted.internet import reactor
    from twisted.internet.tcp import Server

    counts: dict[str, int] = {}
    for reader in reactor.getReaders():
        if isinstance(reader, Server):
            host = reader.getPeer().host
            counts[host] = counts.get(host, 0) + 1
    return counts
