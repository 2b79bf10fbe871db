"""`python -m deploy.flower`: flower, behind a password; without one it does not start."""

from __future__ import annotations

import os
import sys

PORT = "5555"
LEAST = 12


def main() -> None:
    """Become flower, its password in the environment, where a list of processes does not show it."""
    password = os.environ.get("FLOWER_PASSWORD", "")
    if len(password) < LEAST:
        sys.exit(f"Set FLOWER_PASSWORD in .env, {LEAST} characters or more, for example from: openssl rand -hex 16")
    environment = {**os.environ, "FLOWER_BASIC_AUTH": f"flower:{password}"}
    command = ["celery", "--app", "tagger_project", "flower", "--address=0.0.0.0", f"--port={PORT}"]
    os.execvpe(command[0], command, environment)  # noqa: S606 — no shell is wanted here


if __name__ == "__main__":
    main()
