"""A server that speaks as much S3 as the program asks for: signatures checked, objects in memory, faults on demand.

Written after AWS's documents, not after the client: it computes each signature anew from the request as it came.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

KEY, SECRET, BUCKET = "key-of-tests", "secret-of-tests/+=", "pictures"


@dataclass
class Stored:
    """An object."""

    content: bytes
    metadata: dict[str, str]
    changed: float = field(default_factory=time.time)


class S3Server:
    """One server with one bucket.

    Attributes:
        objects: what is stored, by key.
        asked: method and key of each request.
        before: called with method and key before anything is done; may wait, or raise to close the connection.
        fault: a status that every request is answered with, if any.
    """

    def __init__(self) -> None:
        self.objects: dict[str, Stored] = {}
        self.asked: list[tuple[str, str]] = []
        self.before: Callable[[str, str], object] = lambda method, key: None
        self.fault = 0
        self._server: _Server | None = None
        self.port = 0

    @property
    def endpoint(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What the program is to be told of it."""
        return {
            "S3_BUCKET": BUCKET,
            "S3_ENDPOINT": self.endpoint,
            "S3_ACCESS_KEY": KEY,
            "S3_SECRET_KEY": SECRET,
            "S3_PREFIX": "team/one",
        }

    @property
    def listens(self) -> bool:
        """Whether it can be asked."""
        return self._server is not None

    def names(self) -> set[str]:
        """The names of pictures that are stored, without the prefix."""
        return {key.removeprefix("team/one/") for key in self.objects if "/blobs/" in key}

    def start(self) -> Self:
        """Listen, at the port of before if there was one."""
        handler = type("Handler", (_Handler,), {"s3": self})
        self._server = _Server(("127.0.0.1", self.port), handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def stop(self) -> None:
        """Listen no more; what is stored stays."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            for handler in list(self._server.open):
                with suppress(OSError):
                    handler.connection.shutdown(socket.SHUT_RDWR)
            self._server = None

    @contextmanager
    def away(self) -> Iterator[None]:
        """Nobody listens."""
        self.stop()
        try:
            yield
        finally:
            self.start()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, *arguments: Any) -> None:
        self.open: set[_Handler] = set()
        super().__init__(*arguments)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients may go away."""


class _Handler(BaseHTTPRequestHandler):
    s3: S3Server
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self)  # type: ignore[attr-defined]

    def finish(self) -> None:
        self.server.open.discard(self)  # type: ignore[attr-defined]
        super().finish()

    def do_PUT(self) -> None:
        self._serve()

    do_GET = do_HEAD = do_DELETE = do_PUT

    def _serve(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        address = urlsplit(self.path)
        bucket, _, key = unquote(address.path).lstrip("/").partition("/")
        self.s3.asked.append((self.command, key))
        try:
            self.s3.before(self.command, key)
        except ConnectionError:
            self.close_connection = True
            return
        if self.s3.fault:
            self._refuse(self.s3.fault, "ServiceUnavailable")
        elif refusal := self._unsigned(address.query, content):
            self._refuse(403, refusal)
        elif bucket != BUCKET:
            self._refuse(404, "NoSuchBucket")
        else:
            getattr(self, f"_{self.command.lower()}")(key, content, dict(parse_qsl(address.query)))

    # --- What is asked ----------------------------------------------------------------------------------

    def _put(self, key: str, content: bytes, query: dict[str, str]) -> None:
        said = self.headers.get("Content-MD5")
        if said and base64.b64decode(said) != hashlib.md5(content).digest():
            self._refuse(400, "BadDigest")
            return
        given = {name.lower(): value for name, value in self.headers.items()}
        metadata = {name: value for name, value in given.items() if name.startswith("x-amz-meta-")}
        self.s3.objects[key] = Stored(content, metadata)
        self._answer(200, b"", {"ETag": f'"{hashlib.md5(content).hexdigest()}"'})

    def _get(self, key: str, content: bytes, query: dict[str, str]) -> None:
        if not key:
            self._list(query)
        elif (stored := self.s3.objects.get(key)) is None:
            self._refuse(404, "NoSuchKey")
        else:
            self._answer(
                200, stored.content, {**stored.metadata, "Last-Modified": formatdate(stored.changed, usegmt=True)}
            )

    _head = _get

    def _delete(self, key: str, content: bytes, query: dict[str, str]) -> None:
        self.s3.objects.pop(key, None)
        self._answer(204, b"")

    def _list(self, query: dict[str, str]) -> None:
        most, prefix = int(query.get("max-keys", 1000)), query.get("prefix", "")
        after = query.get("continuation-token", "") or query.get("start-after", "")
        keys = sorted(key for key in self.s3.objects if key.startswith(prefix) and key > after)
        page = keys[:most]
        items = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(stored.content)}</Size><LastModified>"
            f"{time.strftime('%Y-%m-%dT%H:%M:%S.000Z', time.gmtime(stored.changed))}</LastModified></Contents>"
            for key, stored in ((key, self.s3.objects[key]) for key in page)
        )
        more = len(keys) > most
        token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else ""
        text = (
            '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}{items}</ListBucketResult>"
        )
        self._answer(200, text.encode(), {"Content-Type": "application/xml"})

    # --- How it is answered -----------------------------------------------------------------------------

    def _refuse(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code><Message>No.</Message></Error>".encode())

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    # --- Who asks ---------------------------------------------------------------------------------------

    def _unsigned(self, query: str, content: bytes) -> str:
        """Why a request is not believed; empty where its signature (AWS Signature Version 4) is right."""
        found = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, "
            r"SignedHeaders=([^,]+), Signature=(\w+)",
            self.headers.get("Authorization", ""),
        )
        if found is None:
            return "AccessDenied"
        key, day, region, signed, signature = found.groups()
        if key != KEY:
            return "InvalidAccessKeyId"
        body = self.headers["x-amz-content-sha256"]
        if body not in {"UNSIGNED-PAYLOAD", hashlib.sha256(content).hexdigest()}:
            return "XAmzContentSHA256Mismatch"
        pairs = sorted(
            (quote(n, safe="-_.~"), quote(v, safe="-_.~")) for n, v in parse_qsl(query, keep_blank_values=True)
        )
        canonical = "\n".join(
            [
                self.command,
                quote(unquote(urlsplit(self.path).path), safe="/-_.~"),
                "&".join(f"{name}={value}" for name, value in pairs),
                *(f"{name}:{' '.join(self.headers.get(name, '').split())}" for name in signed.split(";")),
                "",
                signed,
                body,
            ]
        )
        scope = f"{day}/{region}/s3/aws4_request"
        text = (
            f"AWS4-HMAC-SHA256\n{self.headers['x-amz-date']}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        )
        secret = f"AWS4{SECRET}".encode()
        for part in (day, region, "s3", "aws4_request"):
            secret = hmac.digest(secret, part.encode(), "sha256")
        expected = hmac.digest(secret, text.encode(), "sha256").hex()
        return "" if hmac.compare_digest(expected, signature) else "SignatureDoesNotMatch"
