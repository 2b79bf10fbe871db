"""The account pages speak the program's words: none is left to what the library says."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.template.engine import Engine
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from tagger_project.accounts import urls
from tagger_project.accounts.browsers import name_of
from tagger_project.env import BASE_DIR
from tests import factories

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"


def templates_of(patterns: list[URLPattern | URLResolver]) -> set[str]:
    """The templates of the views below these addresses."""
    found: set[str] = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found |= templates_of(pattern.url_patterns)
        else:
            name = getattr(getattr(pattern.callback, "view_class", None), "template_name", None)
            found |= {name} if name else set()
    return found


def test_every_account_page_is_the_programs_own() -> None:
    names = templates_of(urls.urlpatterns)
    assert len(names) > 15
    own = BASE_DIR / "templates"
    # A file with codes alone, to be kept.
    names -= {"mfa/recovery_codes/download.txt"}
    foreign = {name for name in names if own not in _path(name).parents}
    assert not foreign, "these would come in the library's words"


def _path(name: str) -> Path:
    return Path(Engine.get_default().get_template(name).origin.name)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (f"{WINDOWS} AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36 Edg/130.0", "Edge on Windows"),
        (f"{WINDOWS} Gecko/20100101 Firefox/133.0", "Firefox on Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5.0 " + "x" * 90, "curl/8.5.0 " + "x" * 49),
        ("", "Unknown"),
    ],
)
def test_a_browser_is_called_by_its_name(line: str, name: str) -> None:
    assert name_of(line) == name


@pytest.mark.usefixtures("password_mode", "db")
def test_a_form_says_what_a_password_needs_before_it_refuses_one(client: Client) -> None:
    factories.make_user(username="anna")
    client.post("/login/", {"login": "anna", "password": "correct horse"})
    page = client.get(reverse("account_change_password")).content.decode()
    assert "10 characters or more" in page
