"""What is secret is nowhere to be read: not in logs, pages, answers, exports or command lines, whatever goes wrong."""

from __future__ import annotations

import io
import re
import subprocess
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests import images
from tests.program import RunningProgram
from tests.servers import find_postgres, find_redis, free_port, postgres_server, redis_server, skip_without

pytestmark = pytest.mark.flow

SECRET_KEY = "planted-secret-key-" + "k" * 40
DATABASE = "planted-database-secret"
BROKER = "planted-broker-secret"
PASSWORD = "planted-person-secret"
MISTYPED = "planted-mistyped-secret"

# As a browser is signed in; the session's key is the fifth secret.
_SIGN_IN = f"""
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
user = User.objects.create_superuser("ada", "ada@example.org", "{PASSWORD}")
session = import_module(settings.SESSION_ENGINE).SessionStore()
session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session.save()
print("SESSION" + session.session_key)
"""


class Visitor:
    """A browser that keeps every answer.

    Attributes:
        read: all that it was told, the headers too, but for the cookies that are its own.
    """

    def __init__(self, program: RunningProgram, session: str) -> None:
        self.read: list[str] = []
        self.client = httpx.Client(base_url=program.url, headers={"Referer": program.url}, timeout=60)
        self.client.cookies.set("sessionid", session)
        self.ask("GET", "/datasets/new/")
        self.client.headers["X-CSRFToken"] = self.client.cookies["csrftoken"]

    def ask(self, method: str, address: str, **more: object) -> httpx.Response:
        """Ask for something; whatever the answer is, it is kept."""
        answer = self.client.request(method, address, **more)  # type: ignore[arg-type]
        told = [f"{name}: {value}" for name, value in answer.headers.multi_items() if name.lower() != "set-cookie"]
        self.read.append("\n".join([f"{method} {address} {answer.status_code}", *told, readable(answer.content)]))
        return answer


def readable(content: bytes) -> str:
    """A text, or what lies in an archive."""
    if content.startswith(b"PK"):
        with suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "\n".join(f"{info.filename}\n{readable(archive.read(info))}" for info in archive.infolist())
    return content.decode("latin-1")


def provoke(visitor: Visitor, database_url: str) -> set[int]:
    """Ask for what is wrong, not there, not allowed, and while a table is away; returns the kinds of answers."""
    wrong: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", "/", {"headers": {"Host": "evil.example"}}),
        ("GET", "/datasets/999/", {}),
        ("GET", "/nowhere/?token=x", {}),
        ("GET", "/api/v1/datasets/999", {}),
        ("POST", "/api/v1/datasets", {"content": b"{not json"}),
        ("POST", "/api/v1/datasets", {"json": {"name": ["wrong"]}}),
        ("POST", "/api/v1/datasets", {"json": {"name": "x"}, "headers": {"X-CSRFToken": "wrong" * 8}}),
        ("POST", "/datasets/new/", {"data": {}, "headers": {"X-CSRFToken": "", "Referer": "http://evil.example"}}),
    ]
    seen = {visitor.ask(method, address, **more).status_code for method, address, more in wrong}
    with psycopg.connect(database_url, autocommit=True) as link:
        link.execute("ALTER TABLE datasets_dataset RENAME TO away")
        for method, address in (("GET", "/"), ("GET", "/datasets/1/"), ("GET", "/api/v1/datasets"), ("GET", "/readyz")):
            seen.add(visitor.ask(method, address).status_code)
        link.execute("ALTER TABLE away RENAME TO datasets_dataset")
    return seen


def sign_in_wrongly(program: RunningProgram) -> str:
    """Type a wrong password into the login page, wherever that is; returns the answer."""
    with httpx.Client(base_url=program.url, follow_redirects=True, headers={"Referer": program.url}) as stranger:
        page = stranger.get("/")
        form = {"csrfmiddlewaretoken": stranger.cookies["csrftoken"], "username": "ada", "login": "ada"}
        answer = stranger.post(page.url, data={**form, "password": MISTYPED})
        return answer.text


def import_and_export(visitor: Visitor) -> None:
    """One picture in, an export and a version out."""
    dataset = visitor.ask("POST", "/api/v1/datasets", json={"name": "Things"}).json()["id"]
    job = visitor.ask("POST", f"/api/v1/datasets/{dataset}/imports").json()["id"]
    content = images.encoded(seed=1)
    files = {"files": [{"name": "a.jpg", "size": len(content)}]}
    [item] = visitor.ask("POST", f"/api/v1/imports/{job}/items", json=files).json()["items"]
    visitor.ask("PUT", f"/api/v1/imports/{job}/items/{item['id']}/content?offset=0", content=content)
    visitor.ask("POST", f"/api/v1/imports/{job}/seal")
    wait_until(lambda: visitor.ask("GET", f"/api/v1/imports/{job}").json()["state"] == "DONE")
    asked = {"key": str(uuid.uuid4()), "options": {"profile": "plain"}}
    export = visitor.ask("POST", f"/api/v1/datasets/{dataset}/exports", json=asked).json()["id"]
    wait_until(lambda: visitor.ask("GET", f"/api/v1/exports/{export}").json()["state"] == "DONE")
    for archive in visitor.ask("GET", f"/api/v1/exports/{export}").json()["archives"]:
        assert "a.jpg" in readable(visitor.ask("GET", archive["address"]).content)
    for address in (
        f"/datasets/{dataset}/",
        f"/datasets/{dataset}/versions/",
        f"/datasets/{dataset}/history/",
        "/admin/",
    ):
        visitor.ask("GET", address)


def wait_until(holds: Callable[[], bool], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.2)


def places(program: RunningProgram) -> Iterator[tuple[str, str]]:
    """Every text that the program leaves behind or shows to others on this machine."""
    yield "what `up` printed", program.output
    for path in program.data_dir.rglob("*"):
        if path.is_file():
            yield str(path), readable(path.read_bytes())
    for process in program.processes():
        with suppress(OSError):
            yield "a command line", Path(f"/proc/{process}/cmdline").read_bytes().decode("latin-1")


def hits(texts: list[tuple[str, str]], secrets: list[str]) -> list[tuple[str, str]]:
    """Where a secret is to be read, with what stands around it."""
    found = []
    for name, text in texts:
        for secret in secrets:
            if at := re.search(re.escape(secret), text):
                found.append((name, text[max(0, at.start() - 80) : at.end() + 20]))
    return found


def test_no_secret_is_to_be_read_anywhere(tmp_path: Path) -> None:
    skip_without(found=find_postgres(), name="PostgreSQL", package="postgresql")
    skip_without(found=find_redis(), name="Redis", package="redis-server")
    with ExitStack() as stack:
        database_url = stack.enter_context(postgres_server())
        port = free_port()
        broker = ExitStack()
        stack.enter_context(broker)
        broker_url = broker.enter_context(redis_server(port=port, password=BROKER))
        env = {
            "AUTH_MODE": "password",
            "SECRET_KEY": SECRET_KEY,
            "DATABASE_URL": database_url.replace("tagger@", f"tagger:{DATABASE}@"),
            "REDIS_URL": broker_url,
            "LOG_LEVEL": "DEBUG",
        }
        program = stack.enter_context(RunningProgram(tmp_path / "data", "--workers", "1", env=env))
        session = program.manage("shell", "-c", _SIGN_IN).stdout.partition("SESSION")[2].strip()
        visitor = Visitor(program, session)
        import_and_export(visitor)
        assert {400, 403, 404, 500} <= provoke(visitor, database_url)
        told = sign_in_wrongly(program)
        broker.close()
        visitor.ask("GET", "/readyz")
        visitor.ask("POST", "/api/v1/datasets", json={"name": "Without a broker"})
        with redis_server(port=port, password=BROKER):
            visitor.ask("GET", "/readyz")
            told += refusals(env, tmp_path)
        texts = [*places(program), *(("an answer", text) for text in visitor.read), ("the login page", told)]
        assert hits(texts, [SECRET_KEY, DATABASE, BROKER, PASSWORD, MISTYPED, session]) == []
        # What is looked for would be found.
        assert hits(texts, ["Things"])
        assert any("Traceback" in text for name, text in texts if name.endswith(".log")), "nothing went wrong"


def refusals(env: dict[str, str], folder: Path) -> str:
    """What the program says where it cannot start: nobody is at its addresses."""
    said = []
    nowhere = free_port()
    for name in ("DATABASE_URL", "REDIS_URL"):
        changed = re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{nowhere}", env[name])
        program = RunningProgram(folder / name, env={**env, name: changed}, is_new=True)
        with suppress(subprocess.TimeoutExpired):
            program.launch().wait(20)
        program.stop()
        said += [program.output, program.logs()]
        assert "Ready" not in program.output
    return "\n".join(said)
