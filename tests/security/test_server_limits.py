"""The server's own bounds, against the real program over real connections."""

from __future__ import annotations

import json
import os
import socket as sockets
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.person import Person
from tests.program import RunningProgram
from tests.survival import write_pictures

pytestmark = pytest.mark.flow

MEGABYTE = 1024 * 1024


@pytest.fixture
def dataset(running_program: RunningProgram) -> int:
    return int(Person(running_program).post("/datasets", {"name": f"Bounds {time.monotonic_ns()}"})["id"])


def raw(program: RunningProgram, *parts: bytes, seconds: float = 30) -> bytes:
    """Send bytes as they are; returns all that comes back until the server hangs up or is silent."""
    with sockets.create_connection(("127.0.0.1", program.port), timeout=seconds) as connection:
        answer = b""
        with suppress(OSError):
            for part in parts:
                connection.sendall(part)
        with suppress(OSError):
            while block := connection.recv(65536):
                answer += block
        return answer


def head(method: str, path: str, *lines: str) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *lines, "", ""]).encode("latin-1")


def open_socket(program: RunningProgram, dataset: int, *, origin: str | None) -> ClientConnection:
    address = program.url.replace("http:", "ws:") + f"/ws/datasets/{dataset}/"
    return connect(address, origin=Origin(origin) if origin else None, proxy=None, open_timeout=20)


def is_origin(origin: str | None) -> bool:
    return origin is None or origin == "null" or origin.startswith("http://evil.")


def test_sockets_open_for_this_origin_alone(running_program: RunningProgram, dataset: int) -> None:
    own = running_program.url
    with open_socket(running_program, dataset, origin=own) as opened:
        assert json.loads(opened.recv(timeout=20))["type"] == "dataset.changed"
    host = own.removeprefix("http://").partition(":")[0]
    refused = [
        *(
            "https://evil.example",
            "null",
            None,
            own.replace("http:", "https:"),
            f"{own[:-1]}{(int(own[-1]) + 1) % 10}",
            "http://" + own.split(":")[1][2:],
        ),
        *(
            f"http://{host}.evil.example",
            f"http://evil{host}",
            f"http://{host}@evil.example",
            f"http://evil.example#{host}",
        ),
    ]
    for origin in refused:
        with pytest.raises(InvalidStatus) as answer:
            open_socket(running_program, dataset, origin=origin)
        # A whole other origin is refused by the program; what is none at all, by the server.
        assert answer.value.response.status_code in ({403} if is_origin(origin) else {400, 403}), origin


@pytest.mark.parametrize("byte", ["\x00", "\x01", "\x0b", "\x7f"])
def test_control_bytes_in_a_head_are_refused(running_program: RunningProgram, byte: str) -> None:
    smuggled = [f"X-A: b{byte}Origin: {running_program.url}", "Origin: https://evil.example"]
    key = [
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: " + "A" * 22 + "==",
    ]
    answer = raw(running_program, head("GET", "/ws/datasets/1/", *key, *smuggled))
    status = answer.split(b" ", 2)[1]
    assert status in {b"400", b"403"}, "the origin that was smuggled in counts for nothing"


def test_who_was_away_for_long_is_told_more_than_64_kilobytes_at_once(
    running_program: RunningProgram, tmp_path: Path
) -> None:
    person, name = Person(running_program), f"Long away {time.monotonic_ns()}"
    pictures = write_pictures(tmp_path / "pictures", 8, width=80, height=60)
    running_program.manage("import_folder", str(pictures), "--dataset", name, "--wait")
    dataset = next(row["id"] for row in person.get("/api/v1/datasets").json() if row["name"] == name)
    for row in person.get(f"/api/v1/datasets/{dataset}/images").json()["images"]:
        words = [f"{'long ' * 17}{number}" for number in range(80)]
        edits = [{"key": str(uuid.uuid4()), "kind": "add", "tag": word} for word in words]
        person.post(f"/images/{row['id']}/edits", {"operations": edits})
    address = running_program.url.replace("http:", "ws:")
    page = f"{address}/ws/datasets/{dataset}/desk/?tab={uuid.uuid4()}&since=1"
    with connect(page, origin=Origin(running_program.url), proxy=None, open_timeout=20, max_size=None) as opened:
        text = str(opened.recv(timeout=20))
    assert json.loads(text)["type"] == "desk.changed"
    assert len(text) > 64 * 1024


def test_a_message_of_64_kilobytes_and_one_closes_the_socket_with_1009(
    running_program: RunningProgram, dataset: int
) -> None:
    with open_socket(running_program, dataset, origin=running_program.url) as opened:
        opened.recv(timeout=20)
        opened.send("x" * 64 * 1024)
        opened.ping().wait(10)
    with open_socket(running_program, dataset, origin=running_program.url) as opened:
        opened.recv(timeout=20)
        opened.send("x" * (64 * 1024 + 1))
        with pytest.raises(ConnectionClosed) as closed:
            opened.recv(timeout=20)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


def say_much(opened: ClientConnection) -> None:
    for _ in range(1000):
        opened.send('{"seen": 1}')
    while True:
        opened.recv(timeout=20)


def test_a_socket_that_says_a_thousand_things_is_closed(running_program: RunningProgram, dataset: int) -> None:
    with open_socket(running_program, dataset, origin=running_program.url) as opened:
        opened.recv(timeout=20)
        with pytest.raises(ConnectionClosed) as closed:
            say_much(opened)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4429


@pytest.mark.parametrize(
    ("path", "length", "status"),
    [
        ("/api/v1/datasets", 4 * MEGABYTE + 200_000, b"413"),
        ("/datasets/new/", MEGABYTE + 1, b"413"),
        ("/admin/tagging/tag/import/", 16 * MEGABYTE + 1, b"413"),
        ("/api/v1/datasets", 10**15, b"413"),
    ],
)
def test_a_body_that_is_too_large_is_refused_before_it_comes(
    running_program: RunningProgram, path: str, length: int, status: bytes
) -> None:
    answer = raw(running_program, head("POST", path, f"Content-Length: {length}"), b"x" * 1000)
    assert answer.split(b" ", 2)[1] == status
    assert b"nosniff" in answer
    if path.startswith("/api/"):
        assert b"application/problem+json" in answer
        told = json.loads(answer.partition(b"\r\n\r\n")[2])
        assert (told["status"], told["type"]) == (413, "urn:dataset-tagger:problem:too-large")


def test_a_body_without_a_length_is_refused(running_program: RunningProgram) -> None:
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    answer = raw(running_program, head("POST", "/api/v1/datasets", "Transfer-Encoding: chunked"), *[chunk] * 20)
    assert answer.split(b" ", 2)[1] == b"411"


def test_an_understated_length_says_no_second_request(running_program: RunningProgram) -> None:
    hidden = b"x" * 10 + b"not a request at all\r\n\r\n"
    answer = raw(running_program, head("POST", "/api/v1/datasets", "Content-Length: 10"), hidden, seconds=10)
    assert answer.count(b" 200 ") == 0


def test_ten_thousand_headers_are_refused(running_program: RunningProgram) -> None:
    answer = raw(running_program, head("GET", "/healthz", *(f"X-{number}: y" for number in range(10_000))))
    assert b" 200 " not in answer.partition(b"\r\n")[0]


def test_errors_of_the_server_itself_are_strict(running_program: RunningProgram) -> None:
    answer = raw(running_program, head("GET", "/healthz", "X-A: a\x0bb", "Connection: close"))
    for part in (b" 400 ", b"default-src 'none'", b"nosniff"):
        assert part in answer


def resident_megabytes(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MEGABYTE


def slow_heads(program: RunningProgram, stack: ExitStack, count: int) -> list[sockets.socket]:
    slow = []
    for _ in range(count):
        connection = stack.enter_context(sockets.create_connection(("127.0.0.1", program.port), timeout=30))
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ")
        slow.append(connection)
    return slow


def is_open(connection: sockets.socket) -> bool:
    connection.settimeout(0.01)
    try:
        return connection.recv(1) != b""
    except TimeoutError:
        return True
    except OSError:
        return False


def wait_until(is_so: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.2)


def test_five_hundred_slow_connections_stop_nobody(tmp_path: Path) -> None:
    with RunningProgram(tmp_path / "data", "--workers", "1") as program, ExitStack() as stack:
        person = Person(program)
        [web] = program.children("daphne")
        before = resident_megabytes(web)
        slow = slow_heads(program, stack, 500)
        for _ in range(20):
            assert person.get("/api/v1/datasets").status_code == 200
        assert resident_megabytes(web) - before < 50
        # A byte now and then does not help them.
        end = time.monotonic() + 12
        while time.monotonic() < end:
            for connection in slow[:50]:
                with suppress(OSError):
                    connection.sendall(b"x")
            time.sleep(1)
        wait_until(lambda: not any(is_open(connection) for connection in slow), 40)
        assert person.get("/api/v1/datasets").status_code == 200


def test_one_address_holds_so_many_connections_and_gets_others_when_it_lets_go(tmp_path: Path) -> None:
    env = {"CONNECTIONS_AN_ADDRESS": "20"}
    with RunningProgram(tmp_path / "data", "--workers", "1", env=env) as program:
        with ExitStack() as stack:
            slow = slow_heads(program, stack, 60)
            time.sleep(1)
            assert sum(is_open(connection) for connection in slow) <= 20
            with pytest.raises(httpx.TransportError):
                httpx.get(f"{program.url}/healthz", trust_env=False)
        wait_until(lambda: _answers(program), 20)


def _answers(program: RunningProgram) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"{program.url}/healthz", trust_env=False).status_code == 200
    return False
