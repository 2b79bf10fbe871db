"""Bounds of the server itself (daphne), for where no proxy stands in front. No Django.

daphne takes a request whole, to its disk and then to its memory, before the program sees it, and lets a connection be
as slow as it likes. The program names its own classes to it here, when daphne loads it (tagger_project/asgi.py):

- a body longer than its address may bring is refused by its Content-Length, a body without one at once;
- a request's head has `HEAD_SECONDS` in all, a body `BODY_SECONDS`: a byte a minute keeps no connection;
- one address holds `connections_an_address` connections at most, where no proxy stands in front (`TRUSTED_PROXIES`);
- a socket's message has at most 64 KiB, and is answered with the close code 1009;
- daphne's own errors carry the headers of every other answer.

Another server is left as it is: then its own settings, or deploy/nginx.conf, bound these.
"""

from __future__ import annotations

import sys


def limit_daphne(*, connections_an_address: int) -> bool:
    """Bound daphne, if it is what loads the program; returns whether it is.

    Args:
        connections_an_address: how many connections one address may hold; 0 for any number.
    """
    server = sys.modules.get("daphne.server")
    if server is None:
        return False
    from tagger_project.bounds import daphne as daphne_bounds

    daphne_bounds.Factory.connections_an_address = connections_an_address
    # daphne takes both by these names when it begins to listen, after it has loaded the program.
    vars(server).update(HTTPFactory=daphne_bounds.Factory, WebSocketFactory=daphne_bounds.Sockets)
    return True
