"""The web process keeps its connections to PostgreSQL.

Each request runs in a thread of its own, and Django's connections belong to threads: without a pool every request opens
one anew, which takes longer than most of what it then asks. Workers keep to one connection a task, and SQLite opens in
no time.
"""

from __future__ import annotations

from django.db import connections

_POOL = {"min_size": 2, "max_size": 20, "timeout": 20.0}


def pool_connections() -> None:
    """Share connections between requests from now on, if this is PostgreSQL; one that broke is replaced unseen."""
    # Each thread's connection reads the same mapping when it is made.
    database = connections.settings["default"]
    if database["ENGINE"] == "django.db.backends.postgresql":
        database["OPTIONS"]["pool"] = dict(_POOL)
        database["CONN_HEALTH_CHECKS"] = True
