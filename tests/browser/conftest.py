"""A real Chromium, and a page that fails its test on any error it meets."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.browser.desk import desk, make_desk
from tests.browser.problems import Problems
from tests.program import running_program
from tests.servers import skip_without

# A busy machine may need more than Playwright's five seconds; who waits for what comes waits no longer for it.
expect.set_options(timeout=20_000)

__all__ = ["desk", "make_desk", "running_program"]

# What Chromium would ask the network for, were it not told to leave it alone.
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

_REPORT_POLICY_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""


def find_chromium() -> str | None:
    """Return the browser's program, or `None` where it is not installed."""
    return next(
        (
            found
            for name in ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
            if (found := shutil.which(name))
        ),
        None,
    )


# A browser a folder of tests, not a browser a run: while Playwright is open its event loop counts as running, and
# Django refuses the database to the tests that follow in the same process.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium, started once; a machine without it skips the tests that need it, and says so."""
    program = find_chromium()
    skip_without(found=program, name="Chromium", package="chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def problems() -> Problems:
    """What went wrong in the page; a test that provokes failed requests allows them."""
    return Problems()


@pytest.fixture
def context(browser: Browser, problems: Problems) -> Iterator[BrowserContext]:
    """A browser profile of this test's own."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB", accept_downloads=True)
    context.set_default_timeout(15_000)
    context.add_init_script(_REPORT_POLICY_VIOLATIONS)
    context.on("console", lambda message: _note_console(message, problems))
    context.on("weberror", lambda error: problems.note(f"script: {error.error}"))
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, problems: Problems) -> Iterator[Page]:
    """An empty page. An error in its console, in its scripts or against the content policy fails the test."""
    page = context.new_page()
    yield page
    assert problems == []


def _note_console(message: ConsoleMessage, problems: Problems) -> None:
    place = message.location.get("url", "")
    # An address that is no page of ours (a picture, JSON) names no icon, and the browser goes looking for one.
    if message.type == "error" and not place.endswith("/favicon.ico"):
        problems.note(f"console: {message.text} ({place})")
