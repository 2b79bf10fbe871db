"""What went wrong in a page, as its console tells it."""

from __future__ import annotations

# How Chromium notes a request that was refused or got no answer. The note comes when it comes, often after the page
# has long dealt with the answer.
_FAILED_REQUESTS = ("Failed to load resource", "WebSocket connection to")


class Problems(list[str]):
    """Errors of the console, of scripts and of the content policy; a test that ends with any of them fails."""

    _provoked: tuple[str, ...] = ()

    def allow_failed_requests(self) -> None:
        """Take the notes of failed requests for what the test provoked, whenever they come."""
        self.allow(*_FAILED_REQUESTS)

    def allow(self, *parts: str) -> None:
        """Take problems that contain one of `parts` for what the test provoked, whenever they come."""
        self._provoked += parts
        self[:] = [problem for problem in self if not self._is_provoked(problem)]

    def note(self, problem: str) -> None:
        """Add a problem, if it is one in this test."""
        if not self._is_provoked(problem):
            self.append(problem)

    def _is_provoked(self, problem: str) -> bool:
        return any(part in problem for part in self._provoked)
