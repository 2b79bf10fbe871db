"""Waiting for what a page says of itself, under its own content security policy."""

from __future__ import annotations

import time

from playwright.sync_api import Page


def wait_until(page: Page, expression: str, seconds: float = 10) -> None:
    """Wait until `expression` is true in the page.

    Playwright's own `wait_for_function` looks again by `eval` inside the page, which the policy of the program's
    pages forbids: it works only where the first look already finds it true. Here each look is a call of its own.

    Raises:
        AssertionError: It is still not true after `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, f"not true after {seconds:g} seconds: {expression}"
        page.wait_for_timeout(30)
