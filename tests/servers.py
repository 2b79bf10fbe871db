"""Throw-away PostgreSQL and Redis servers, on this machine only and gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
import redis

from tagger_project.supervisor.children import tie_to

SECONDS_TO_START = 30


def find_postgres() -> Path | None:
    """Return the folder of PostgreSQL's programs, or `None` where it is not installed."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    return debian[-1] if debian else None


def find_redis() -> Path | None:
    """Return Valkey's or Redis's server, or `None` where neither is installed."""
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    return Path(found) if found else None


def skip_without(*, found: object, name: str, package: str) -> None:
    """Skip a test where something is not installed; where nothing may be skipped (`REQUIRE_ALL=1`), fail it."""
    if found:
        return
    sentence = f"{name} is not installed: apt-get install {package}"
    if os.environ.get("REQUIRE_ALL") == "1":
        pytest.fail(sentence)
    pytest.skip(sentence)


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _other_user() -> int | None:
    # PostgreSQL refuses to run as root.
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name).pw_uid
    return None


@contextmanager
def postgres_server() -> Iterator[str]:
    """Run a new, empty PostgreSQL and yield its `DATABASE_URL`."""
    programs = find_postgres()
    if programs is None:
        raise RuntimeError("PostgreSQL is not installed.")
    folder = Path(tempfile.mkdtemp(prefix="tagger-postgres-"))
    user = _other_user()
    if user is not None:
        os.chown(folder, user, -1)
    cluster, port = folder / "cluster", free_port()
    try:
        subprocess.run(
            [programs / "initdb", "--pgdata", cluster, "--auth", "trust", "--username", "tagger", "-E", "UTF8", "-N"],
            user=user,
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        command: list[str | Path] = [
            programs / "postgres",
            "-D",
            cluster,
            "-h",
            "127.0.0.1",
            "-p",
            str(port),
            "-k",
            folder,
            "-F",
        ]
        with _server(command, user=user, folder=folder) as process:
            _wait_for_postgres(port, process)
            yield f"postgres://tagger@127.0.0.1:{port}/tagger"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for_postgres(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            with psycopg.connect(f"host=127.0.0.1 port={port} user=tagger dbname=postgres", autocommit=True) as link:
                link.execute("CREATE DATABASE tagger")
                return
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.1)


@contextmanager
def redis_server(*options: str, port: int | None = None, password: str = "") -> Iterator[str]:
    """Run a new, empty Redis or Valkey and yield its `REDIS_URL`; on a free port, or where an earlier one was."""
    program = find_redis()
    if program is None:
        raise RuntimeError("Neither Valkey nor Redis is installed.")
    folder, port = Path(tempfile.mkdtemp(prefix="tagger-redis-")), port or free_port()
    url = f"redis://:{password}@127.0.0.1:{port}/0" if password else f"redis://127.0.0.1:{port}/0"
    command: list[str | Path] = [
        program,
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--dir",
        folder,
        *(("--requirepass", password) if password else ()),
        *options,
    ]
    try:
        with _server(command, user=None, folder=folder) as process:
            client, end = redis.Redis.from_url(url), time.monotonic() + SECONDS_TO_START
            while True:
                try:
                    client.ping()
                    break
                except redis.ConnectionError:
                    if process.poll() is not None or time.monotonic() > end:
                        raise
                    time.sleep(0.05)
            client.close()
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _server(command: list[str | Path], *, user: int | None, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            user=user,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=tie_to(os.getpid()) if sys.platform == "linux" else None,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
