"""Nothing that people give is ever fetched: all processes of the program talk to its own broker and server alone.

And to a bucket, where its owner has named one.
"""

from __future__ import annotations

import ast
import io
import json
import socket
import uuid
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests import images
from tests.person import Person
from tests.program import RunningProgram
from tests.s3_server import S3Server

pytestmark = pytest.mark.flow

# Reserved for documents: nobody is there.
ADDRESS = "http://192.0.2.1"
# Each Python process reads this before its own program, and writes down what it does with the network. What cannot be
# written down is not let through.
_SITECUSTOMIZE = """
import os
import sys

_KINDS = {
    "socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname",
    "socket.gethostbyaddr", "urllib.Request", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn",
}
_FILE = os.path.join(os.environ["NETWORK_NOTES"], str(os.getpid()))


def _note(event, arguments):
    if event in _KINDS or event == "start":
        what = [value if isinstance(value, (str, bytes, int, tuple, list)) else None for value in arguments]
        handle = os.open(_FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(handle, (repr((event, what)) + "\\n").encode())
        os.close(handle)


_note("start", [sys.orig_argv])
sys.addaudithook(_note)
"""


def notes(folder: Path) -> list[tuple[str, list[Any]]]:
    """What all processes did."""
    lines = [line for path in folder.iterdir() for line in path.read_text().splitlines()]
    return [ast.literal_eval(line) for line in lines]


def foreign(
    found: list[tuple[str, list[Any]]], program: RunningProgram, bucket: int = 0
) -> list[tuple[str, list[Any]]]:
    """What goes elsewhere than to the program's own broker, its own server, and the port of a bucket that was named."""
    return [note for note in found if not _is_own(*note, program, {program.port, bucket})]


def _is_own(event: str, what: list[Any], program: RunningProgram, ports: set[int]) -> bool:
    if event == "start":
        return True
    if event in {"subprocess.Popen", "os.exec", "os.posix_spawn"}:
        # Python's own `platform` asks the system what machine this is.
        return Path(str(what[0])).name.startswith(("python", "valkey", "redis", "uname"))
    if event.startswith("socket.get"):
        # Celery asks for this machine's own name; no resolver is asked for addresses.
        return what[0] in {"127.0.0.1", "::1", "localhost", socket.gethostname(), None}
    if event.startswith("socket."):
        where = what[1]
        if isinstance(where, (str, bytes)):
            return str(where).startswith(str(program.data_dir)) or not where
        return where is None or (where[0] == "127.0.0.1" and where[1] in ports)
    return False


def write_temptations(folder: Path) -> None:
    """Pictures and texts with addresses wherever there is room for one."""
    info = PngInfo()
    for key in ("parameters", "prompt", "workflow", "XML:com.adobe.xmp", "url"):
        info.add_text(key, f"{ADDRESS}/{key}")
    folder.mkdir()
    images.draw(seed=1).save(folder / "png.png", pnginfo=info)
    exif = Image.Exif()
    exif[0x010E] = exif[0x8298] = f"{ADDRESS}/exif"
    images.draw(seed=2).save(folder / "jpeg.jpg", exif=exif, comment=f"{ADDRESS}/comment".encode())
    (folder / "png.txt").write_text(f"{ADDRESS}/tag, <img src='{ADDRESS}/x.png'>, file:///etc/passwd")
    (folder / "jpeg.caption").write_text(f"see {ADDRESS}/caption and \\\\192.0.2.1\\share\\a.png")
    (folder / "drawing.svg").write_text(
        f"<svg xmlns:x='http://www.w3.org/1999/xlink'><image x:href='{ADDRESS}/s'/></svg>"
    )
    (folder / "list.m3u").write_text(f"{ADDRESS}/list")
    rows = [
        {"file_name": name, "text": f"{ADDRESS}/row"} for name in ("png.png", f"{ADDRESS}/a.png", "//192.0.2.1/a.png")
    ]
    (folder / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))


def work(program: RunningProgram, folder: Path) -> Person:
    """The main job, from the import to what trainers read, with addresses for everything that is a text."""
    write_temptations(folder / "pictures")
    program.manage("import_folder", str(folder / "pictures"), "--dataset", f"{ADDRESS}/dataset", "--wait", "--json")
    person = Person(program)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("in.jpg", images.encoded(seed=3))
        archive.writestr("in.url", f"[InternetShortcut]\nURL={ADDRESS}/u")
    person.upload("outside.zip", packed.getvalue())
    rows = person.get("/api/v1/datasets/1/images").json()["images"]
    assert len(rows) >= 2
    for row in rows:
        person.send_tag(row["id"], f"{ADDRESS}/tag").raise_for_status()
        for kind in ("thumbnail", "preview", "original"):
            person.get(f"/files/images/{row['id']}/{kind}/")
        person.get(f"/datasets/1/tag/{row['id']}/")
    for address in ("/", "/datasets/1/", "/datasets/1/board/", "/datasets/1/export/", "/vocabulary/"):
        person.get(address)
    person.client.post(
        "/api/v1/datasets", json={"name": f"{ADDRESS}/b", "trigger_word": f"{ADDRESS}/t", "url": ADDRESS}
    )
    person.client.post("/api/v1/datasets/1/imports", json={"url": ADDRESS, "source": f"{ADDRESS}/a.zip"})
    for profile in ("plain", "kohya"):
        person.client.post(
            "/api/v1/datasets/1/exports",
            json={"key": str(uuid.uuid4()), "options": {"profile": profile, "url": ADDRESS}},
        )
    person.export()
    # A folder and a list are of this machine.
    assert program.manage("import_folder", f"{ADDRESS}/folder", check=False).returncode
    assert program.manage("load_vocabulary", f"{ADDRESS}/list.csv", check=False).returncode
    return person


def noting(folder: Path) -> tuple[Path, dict[str, str]]:
    """Where processes note what they do with the network, and the environment that lets them."""
    site, noted = folder / "site", folder / "notes"
    site.mkdir()
    noted.mkdir()
    (site / "sitecustomize.py").write_text(_SITECUSTOMIZE)
    return noted, {"PYTHONPATH": str(site), "NETWORK_NOTES": str(noted)}


@pytest.mark.heavy
def test_a_bucket_that_was_named_is_the_one_exception(tmp_path: Path) -> None:
    noted, env = noting(tmp_path)
    server = S3Server().start()
    try:
        with RunningProgram(tmp_path / "data", "--workers", "1", env={**env, **server.environment}) as program:
            work(program, tmp_path)
            assert foreign(notes(noted), program, server.port) == []
            assert foreign(notes(noted), program), "the bucket was asked"
            assert len(server.names()) >= 6
    finally:
        server.stop()


def test_no_process_opens_a_connection_but_to_the_program_itself(tmp_path: Path) -> None:
    noted, env = noting(tmp_path)
    with RunningProgram(tmp_path / "data", "--workers", "1", env=env) as program:
        work(program, tmp_path)
        found = notes(noted)
        started = "\n".join(str(what) for event, what in found if event == "start")
        assert all(word in started for word in ("daphne", "'worker'", "'beat'", "decoder_process")), started
        assert foreign(found, program) == []
        assert any(event == "socket.connect" for event, _ in found), "nothing was noted"
        # That one would have been seen.
        attempt = "import socket; s = socket.socket(); s.setblocking(False); s.connect_ex(('192.0.2.1', 80))"
        program.manage("shell", "-c", attempt)
        assert foreign(notes(noted), program) == [("socket.connect", [None, ("192.0.2.1", 80)])]
