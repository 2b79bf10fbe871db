"""Somebody at a browser of the running program."""

from __future__ import annotations

import io
import json
import time
import uuid
import zipfile
from collections.abc import Sequence
from typing import Any

import httpx

from tests.program import RunningProgram


class Person:
    """A browser that brings the CSRF token, as pages do.

    Attributes:
        saved: the tags that were saved by `tag` and said to be.
    """

    def __init__(self, program: RunningProgram) -> None:
        self.client = httpx.Client(base_url=program.url, headers={"Referer": program.url}, timeout=30)
        self.get("/datasets/new/")
        self.client.headers["X-CSRFToken"] = self.client.cookies["csrftoken"]
        self.saved: list[str] = []

    def get(self, path: str) -> httpx.Response:
        """Look at a page, or ask the API."""
        return self.client.get(path).raise_for_status()

    def post(self, path: str, body: object = None) -> Any:
        """Do something in the API; returns the answer's content."""
        # In ASCII, as half a character can only be sent so.
        return self.client.post(f"/api/v1{path}", content=json.dumps(body)).raise_for_status().json()

    def image(self, name: str, *, dataset: int = 1) -> int:
        """The number of the first image of a name."""
        found = self.get(f"/api/v1/datasets/{dataset}/images?limit=500").json()["images"]
        return next(int(image["id"]) for image in found if image["name"] == name)

    def send_tag(self, image: int, name: str) -> httpx.Response:
        """Add a tag; returns the answer, whatever it is."""
        edit = {"key": str(uuid.uuid4()), "kind": "add", "tag": name}
        return self.client.post(f"/api/v1/images/{image}/edits", json={"operations": [edit]})

    def tag(self, image: int) -> None:
        """Save one more tag."""
        name = f"tag {len(self.saved)}"
        self.send_tag(image, name).raise_for_status()
        self.saved.append(name)

    def tags(self, image: int) -> list[str]:
        """What is stored."""
        return [tag["name"] for tag in self.get(f"/api/v1/images/{image}/tags").json()["tags"]]

    def announce(self, files: Sequence[tuple[str, int]], *, dataset: int = 1) -> tuple[int, list[int]]:
        """Start an import of files with their sizes; returns its number and theirs."""
        job = self.post(f"/datasets/{dataset}/imports")["id"]
        items = self.post(f"/imports/{job}/items", {"files": [{"name": name, "size": size} for name, size in files]})
        return job, [item["id"] for item in items["items"]]

    def send(self, job: int, item: int, content: bytes, offset: int = 0) -> httpx.Response:
        """Send bytes of a file; returns the answer, whatever it is."""
        address = f"/api/v1/imports/{job}/items/{item}/content?offset={offset}"
        return self.client.put(address, content=content)

    def upload(self, name: str, content: bytes, *, dataset: int = 1) -> int:
        """Import one file whole; returns the import's number."""
        job, [item] = self.announce([(name, len(content))], dataset=dataset)
        self.send(job, item, content).raise_for_status()
        self.post(f"/imports/{job}/seal")
        return job

    def export(self, dataset: int = 1, *, seconds: float = 90, **options: Any) -> dict[str, Any]:
        """Let a dataset be exported and wait for it; returns what it came to."""
        body = {"key": str(uuid.uuid4()), "options": {"profile": "plain", **options}}
        job = self.post(f"/datasets/{dataset}/exports", body)["id"]
        end = time.monotonic() + seconds
        while (found := self.get(f"/api/v1/exports/{job}").json())["state"] in {"WAITING", "RUNNING"}:
            assert time.monotonic() < end, found
            time.sleep(0.1)
        assert found["state"] == "DONE", found
        return dict(found)

    def unpacked(self, export: dict[str, Any]) -> dict[str, bytes]:
        """Download the archives of an export; returns their files."""
        files: dict[str, bytes] = {}
        for told in export["archives"]:
            with zipfile.ZipFile(io.BytesIO(self.get(told["address"]).content)) as archive:
                files |= {info.filename: archive.read(info) for info in archive.infolist()}
        return files

    def progress(self, job: int) -> dict[str, Any]:
        """Where an import stands."""
        found: dict[str, Any] = self.get(f"/api/v1/imports/{job}").json()
        return found

    def items(self, job: int) -> list[dict[str, Any]]:
        """The files of an import."""
        found: list[dict[str, Any]] = self.get(f"/api/v1/imports/{job}/items?limit=500").json()["items"]
        return found
