"""Pages and API under a server with threads; sockets are `asgi.py`'s. Behind the proxy only.

The proxy says who asks: it writes `X-Forwarded-For` itself and lets nobody else's through.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tagger_project.settings")
django_application = get_wsgi_application()

from tagger_project.database_pool import pool_connections  # noqa: E402
from tagger_project.kept_loop import keep_loop  # noqa: E402

pool_connections()
keep_loop()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer a request as from the browser's address, which the proxy names."""
    asking = environ.get("HTTP_X_FORWARDED_FOR", "")
    if asking:
        environ["REMOTE_ADDR"] = asking
    return django_application(environ, start_response)
