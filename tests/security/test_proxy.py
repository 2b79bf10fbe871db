"""The proxy alone and gunicorn alone, configured as in the containers."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tagger_project.supervisor.children import start_tied
from tests.compose_file import PROJECT
from tests.servers import free_port, skip_without
from tests.topology import Topology, find_nginx

SECRET = "Zq7" * 12
ASKED = "private"


@pytest.fixture
def proxy() -> Iterator[Topology]:
    """nginx, with nobody behind it."""
    skip_without(found=find_nginx(), name="nginx", package="nginx-light")
    # Not below pytest's own folder, which only its owner may enter: nginx may run as somebody else.
    folder = Path(tempfile.mkdtemp(prefix="tagger-proxy-"))
    alone = Topology(folder, "postgres://nobody@127.0.0.1:1/none")
    try:
        alone.start_proxy()
        yield alone
    finally:
        alone.stop()
        shutil.rmtree(folder, ignore_errors=True)


def test_the_proxy_writes_no_secret_of_a_link_and_no_query_also_when_nobody_answers(proxy: Topology) -> None:
    link = f"{proxy.address}/invitations/{SECRET}/?next={ASKED}"
    with httpx.Client() as browser:
        assert browser.get(link).status_code == 503
        assert browser.get(f"{proxy.address}/api/v1/datasets?q={ASKED}").status_code == 503
        # The page behind the link asks for its parts, and says where it was asked from.
        assert browser.get(f"{proxy.address}/static/none.css", headers={"Referer": link}).status_code == 404
        assert {browser.get(link).status_code for _ in range(80)} == {503, 429}
    log = (proxy.folder / "logs" / "proxy.log").read_text(encoding="utf-8")
    assert '"code": 503' in log, "one is told of it all the same"
    assert '"upstream_code": "502, 502"' in log
    assert '"code": 429' in log
    assert SECRET not in log
    assert ASKED not in log


def test_the_website_takes_an_address_as_long_as_the_proxy_does(tmp_path: Path) -> None:
    (tmp_path / "hello.py").write_text("def application(_, start):\n    start('200 OK', [])\n    return [b'hello']\n")
    port = free_port()
    command = ["gunicorn", "--config", str(PROJECT / "deploy" / "gunicorn_conf.py"), "--bind", f"127.0.0.1:{port}"]
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "PYTHONPATH": str(tmp_path)}
    with (tmp_path / "log").open("wb") as log:
        server = start_tied([*command, "hello:application"], env=environment, cwd=tmp_path, stdout=log.fileno())
    try:
        answer = asked(f"http://127.0.0.1:{port}/?q={'a' * 8100}")
    finally:
        server.terminate()
        server.wait(30)
    assert (answer.status_code, answer.text) == (200, "hello")


def asked(address: str) -> httpx.Response:
    """The answer of a server that is about to listen."""
    end = time.monotonic() + 60
    while True:
        try:
            return httpx.get(address)
        except httpx.ConnectError:
            assert time.monotonic() < end
            time.sleep(0.1)
