"""A passkey in a real browser: made on the account's page, used to sign in without a name or a password."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.axe import Axe
from tests.program import RunningProgram

PASSWORD = "a long enough one 7"


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[RunningProgram]:
    """The program in password mode, by a name: passkeys belong to names, not to addresses of numbers."""
    with RunningProgram(tmp_path / "data", "--host", "localhost", env={"AUTH_MODE": "password"}) as program:
        program.wait_for_output("/first/?key=")
        yield program


def check_accessibility(page: Page) -> None:
    """axe-core finds nothing."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def first_account(page: Page, program: RunningProgram) -> None:
    found = re.search(r"http\S+/first/\?key=\S+", program.output)
    assert found is not None
    page.goto(found[0])
    assert "key=" not in page.url
    page.get_by_label("Name", exact=True).fill("ada")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    check_accessibility(page)
    page.get_by_role("button", name="Make the account").click()
    expect(page.get_by_role("link", name="Your account")).to_be_visible()


def test_a_passkey_is_made_and_signs_in(page: Page, context: BrowserContext, guarded: RunningProgram) -> None:
    tools = context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    authenticator = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": authenticator})
    first_account(page, guarded)

    page.get_by_role("link", name="Your account").click()
    check_accessibility(page)
    page.goto(f"{guarded.url}/account/second-factor/webauthn/add/")
    page.get_by_label("Password").fill(PASSWORD)
    check_accessibility(page)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Sign in with it alone").check()
    check_accessibility(page)
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("Unused codes")).to_be_visible()
    check_accessibility(page)

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    check_accessibility(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("link", name="Your account")).to_be_visible()
    assert page.url == f"{guarded.url}/"
