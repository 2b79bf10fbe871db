"""Under a server with threads: files in blocks, and the browser's own address."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse

from tagger_project.http import FileBlocks


def test_a_file_is_read_block_by_block_where_threads_serve(tmp_path: Path, db: None) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 4096)
    answer = FileBlocks(path, 100, 700_000)
    blocks = iter(answer)
    first = next(blocks)
    assert len(first) == 256 * 1024, "not the whole"
    assert first + b"".join(blocks) == path.read_bytes()[100 : 100 + 700_000]
    answer.close()


def test_the_proxy_says_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    from tagger_project import wsgi

    seen: list[str] = []

    def answer(environ: dict[str, Any], start_response: Any) -> HttpResponse:
        seen.append(WSGIRequest(environ).META["REMOTE_ADDR"])
        return HttpResponse()

    monkeypatch.setattr(wsgi, "django_application", answer)
    base = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "REMOTE_ADDR": "172.18.0.2", "wsgi.input": io.BytesIO()}
    wsgi.application({**base, "HTTP_X_FORWARDED_FOR": "192.0.2.7"}, lambda *_: None)
    wsgi.application(base, lambda *_: None)
    assert seen == ["192.0.2.7", "172.18.0.2"]
