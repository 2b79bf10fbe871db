"""axe-core in the page as it comes to rest: colours on their way have too little contrast for a moment."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe as BareAxe
from playwright.sync_api import Page

from tests.browser.waiting import wait_until

_AT_REST = """
() => document.getAnimations().every((each) =>
  each.playState === "finished" || each.effect?.getComputedTiming().endTime === Infinity)
"""


class Axe:
    """Checks a page when nothing in it moves any more."""

    def run(self, page: Page, **options: Any) -> Any:
        """Wait for the page to come to rest, then check it."""
        page.wait_for_timeout(50)
        wait_until(page, _AT_REST)
        return BareAxe().run(page, **options)
