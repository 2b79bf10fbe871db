"""`python -m tests.with_postgres COMMAND …`: runs a command against a new PostgreSQL that is gone afterwards."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.servers import find_postgres, postgres_server


def main() -> int:
    """Run the command with `DATABASE_URL` set, and return its exit code."""
    if find_postgres() is None:
        print("SKIPPED: the suite on PostgreSQL. Install it to run this part: apt-get install postgresql")
        return 1 if os.environ.get("REQUIRE_ALL") == "1" else 0
    with postgres_server() as url:
        return subprocess.run(sys.argv[1:], env={**os.environ, "DATABASE_URL": url}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
