"""A team's first day over HTTP, with nothing but addresses that somebody was given: the real program with passwords."""

from __future__ import annotations

import html
import json
import re
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tagger_project.consumers import GONE
from tests import images
from tests.program import RunningProgram

pytestmark = pytest.mark.flow

PASSWORD = "a long enough one 7"


class Browser:
    """Somebody's browser: it follows links, and fills in the forms of the page before it."""

    def __init__(self, program: RunningProgram) -> None:
        self.program = program
        self.client = httpx.Client(base_url=program.url, trust_env=False, timeout=30, follow_redirects=True)
        self.page = ""
        self.at = ""

    def open(self, address: str) -> int:
        """Open an address."""
        return self._take(self.client.get(address))

    def send(self, address: str, **fields: str) -> int:
        """Send a form of this page, with what it holds unseen."""
        hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', self.page)
        form = {name: html.unescape(value) for name, value in hidden} | fields
        return self._take(self.client.post(address, data=form, headers={"Referer": self.program.url}))

    def found(self, pattern: str) -> str:
        """What the page shows."""
        match = re.search(pattern, self.page)
        assert match is not None, self.page
        return html.unescape(match[1])

    def call(self, method: str, path: str, **more: Any) -> Any:
        """Ask the API as the page's scripts do."""
        headers = {"X-CSRFToken": self.client.cookies["csrftoken"], "Referer": self.program.url}
        answer = self.client.request(method, f"/api/v1{path}", headers=headers, **more)
        return answer.raise_for_status().json()

    def socket(self, path: str) -> ClientConnection:
        """Listen, as an open page does."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())
        return connect(
            self.program.url.replace("http:", "ws:") + path,
            origin=Origin(self.program.url),
            additional_headers={"Cookie": cookies},
            proxy=None,
            open_timeout=20,
        )

    def _take(self, answer: httpx.Response) -> int:
        self.page, self.at = answer.text, answer.url.path
        return answer.status_code


class Script:
    """A program that holds a token and nothing else."""

    def __init__(self, program: RunningProgram, secret: str) -> None:
        headers = {"Authorization": f"Bearer {secret}"}
        self.client = httpx.Client(base_url=f"{program.url}/api/v1", headers=headers, trust_env=False, timeout=30)

    def tag(self, image: int, name: str) -> int:
        edit = {"operations": [{"key": str(uuid.uuid4()), "kind": "add", "tag": name}]}
        return self.client.post(f"/images/{image}/edits", json=edit).status_code


@pytest.fixture
def program(tmp_path: Path) -> Iterator[RunningProgram]:
    with RunningProgram(tmp_path / "data", "--workers", "1", env={"AUTH_MODE": "password"}) as running:
        running.wait_for_output("/first/?key=")
        yield running


def bring_picture(owner: Browser, dataset: int) -> int:
    """Upload one picture and wait for it; returns its number."""
    content = images.encoded("PNG", seed=1)
    job = owner.call("POST", f"/datasets/{dataset}/imports")["id"]
    files = [{"name": "lamp.png", "folder": "", "size": len(content)}]
    [item] = owner.call("POST", f"/imports/{job}/items", json={"files": files})["items"]
    owner.call("PUT", f"/imports/{job}/items/{item['id']}/content?offset=0", content=content)
    owner.call("POST", f"/imports/{job}/seal")
    end = time.monotonic() + 60
    while not (found := owner.call("GET", f"/datasets/{dataset}/images")["images"]):
        assert time.monotonic() < end, owner.call("GET", f"/imports/{job}")
        time.sleep(0.2)
    return int(found[0]["id"])


def closed_with(socket: ClientConnection) -> int | None:
    """Hear all there is until the program hangs up; returns the code it says then."""
    try:
        while True:
            socket.recv(timeout=30)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


def test_a_team_begins_works_and_parts(program: RunningProgram) -> None:
    owner = Browser(program)
    link = re.search(r"http\S+(/first/\?key=\S+)", program.output)
    assert link is not None
    owner.open(link[1])
    owner.send("/first/", username="anna", password1=PASSWORD, password2=PASSWORD)
    assert owner.at == "/"
    owner.open("/datasets/new/")
    owner.send("/datasets/new/", name="Lamps", file_prefix="lamp")
    dataset = int(re.findall(r"/datasets/(\d+)/", owner.at)[0])
    image = bring_picture(owner, dataset)
    owner.open(f"/datasets/{dataset}/members/")
    owner.send(f"/datasets/{dataset}/members/invite/", role="TAGGER", days="7")
    invitation = owner.found(r"http://[^/]+(/invitations/[\w-]{43}/)")

    bert = Browser(program)
    bert.open(f"/datasets/{dataset}/")
    assert bert.at == "/login/"
    assert bert.open("/account/signup/") == 200
    assert "by invitation" in bert.page
    bert.open(invitation)
    assert bert.at == "/login/"
    bert.open(bert.found(r'href="(/account/signup/[^"]*)"'))
    bert.send("/account/signup/", username="bert", password1=PASSWORD, password2=PASSWORD)
    assert bert.at == invitation
    assert "anna invites you as tagger" in bert.page
    bert.send(invitation)
    assert bert.at == f"/datasets/{dataset}/"

    bert.open("/tokens/")
    bert.send("/tokens/", name="script", scopes="tag", days="30")
    script = Script(program, bert.found(r"(dtag_[\w-]{40,})"))
    with bert.socket(f"/ws/datasets/{dataset}/desk/") as desk:
        first = json.loads(desk.recv(timeout=20))
        assert first["type"].startswith("desk.")
        assert script.tag(image, "red lamp") == 200
        assert [tag["name"] for tag in owner.call("GET", f"/images/{image}/tags")["tags"]] == ["red lamp"]
        assert script.client.get(f"/datasets/{dataset}/members").status_code == 403, "it was made for tagging alone"

        members = owner.call("GET", f"/datasets/{dataset}/members")
        member = str(next(each["id"] for each in members if each["name"] == "bert"))
        owner.open(f"/datasets/{dataset}/members/")
        owner.send(f"/datasets/{dataset}/members/change/", member=member, role="VIEWER")
        assert script.tag(image, "viewers write nothing") == 403
        owner.send(f"/datasets/{dataset}/members/remove/", member=member)
        assert closed_with(desk) == GONE
    assert script.tag(image, "nobody writes") == 404
    assert bert.open(f"/datasets/{dataset}/") == 404
    assert bert.open(f"/files/images/{image}/original/") == 404
    assert [tag["name"] for tag in owner.call("GET", f"/images/{image}/tags")["tags"]] == ["red lamp"]
    bert.open(invitation)
    assert "Come in" in bert.page, "the link holds until its owner takes it back"
