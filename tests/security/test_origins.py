"""A socket opens for a page of the same host, port and scheme, and for no other."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from tagger_project.bounds.origins import is_own


def asked(origin: str | None, host: str = "tagger.example:8000", *more: tuple[bytes, bytes]) -> bool:
    headers = [(b"host", host.encode()), *more]
    return is_own([*headers, (b"origin", origin.encode())] if origin is not None else headers)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://tagger.example:8000", "tagger.example:8000"),
        ("http://tagger.example", "tagger.example"),
        ("http://tagger.example", "tagger.example:80"),
        ("http://[::1]:8000", "[::1]:8000"),
        ("http://TAGGER.example:8000", "tagger.EXAMPLE:8000"),
    ],
)
def test_the_own_page_comes_in(origin: str, host: str) -> None:
    assert asked(origin, host)


@pytest.mark.parametrize(
    "origin",
    [
        *(None, "", "null", "http://", "file://", "*", "not an origin"),
        *("http://evil.example", "http://tagger.example", "http://tagger.example:8001", "https://tagger.example:8000"),
        *("http://tagger.example.evil.example:8000", "http://eviltagger.example:8000", "http://tagger.example.:8000"),
        *("http://tagger.example:8000@evil.example", "http://evil@tagger.example:8000", "http://tagger.example:8000/"),
        *("http://evil.example#tagger.example:8000", "http://tagger.example:8000,http://evil.example"),
        *("ftp://tagger.example:8000", "ws://tagger.example:8000", "http://tagger.example:99999", "http://[::1"),
        "http://tagger.example:8000 http://evil.example",
    ],
)
def test_another_page_does_not(origin: str | None) -> None:
    assert not asked(origin)


def test_two_origins_are_none() -> None:
    assert not asked("http://tagger.example:8000", "tagger.example:8000", (b"origin", b"http://tagger.example:8000"))


def test_behind_tls_plain_http_is_another_origin(settings: Settings) -> None:
    settings.SESSION_COOKIE_SECURE = True
    assert not asked("http://tagger.example", "tagger.example")
    assert asked("https://tagger.example", "tagger.example")


def test_a_trusted_origin_comes_in(settings: Settings) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://tagger.example"]
    assert asked("https://tagger.example", "inner:8000")
    assert not asked("https://tagger.example.evil.example", "inner:8000")
