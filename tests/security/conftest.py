"""The program as it stands behind a proxy that speaks TLS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from tagger_project.bounds.requests import forget_counts
from tests import factories
from tests.program import running_program

__all__ = ["running_program"]

TWO_YEARS = 2 * 365 * 24 * 3600


@pytest.fixture(autouse=True)
def no_counts() -> None:
    """What one test asked is nothing to the next."""
    forget_counts()


@pytest.fixture
def behind_tls(settings: Settings, password_mode: None, tmp_path: Path) -> None:
    """As tagger_project/settings.py has it with BEHIND_TLS."""
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = TWO_YEARS
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STATIC_ROOT.mkdir()
    (settings.STATIC_ROOT / "icon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (settings.STATIC_ROOT / "page.js").write_text("export {};")


@pytest.fixture
def signed_in(db: None) -> Client:
    """An admin's browser, over TLS; errors are answered as they are to people."""
    client = Client(raise_request_exception=False)
    client.force_login(factories.make_user(is_staff=True, is_superuser=True))
    client.defaults.update({"wsgi.url_scheme": "https"})
    return client


def cookies_of(answer: Any) -> list[Any]:
    """The cookies that an answer sets."""
    return list(answer.cookies.values())
