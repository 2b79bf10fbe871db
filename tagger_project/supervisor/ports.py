"""Where the pages are served: the socket, and the address that people type."""

from __future__ import annotations

import errno
import ipaddress
import socket

from django.utils.translation import gettext as _

from tagger_project.supervisor.refusal import CannotStart

PORTS_TO_TRY = 100


def is_loopback(host: str) -> bool:
    """Whether a host name or address is reached from this machine only."""
    try:
        found = socket.getaddrinfo(host or "0.0.0.0", None, type=socket.SOCK_STREAM)  # noqa: S104 (asked, not bound)
    except OSError:
        return False
    return all(ipaddress.ip_address(str(address[0]).split("%")[0]).is_loopback for *_rest, address in found)


def refuse_open_mode_for_all(host: str, auth_mode: str, *, allowed: bool = False) -> None:
    """Refuse to serve pages without a login to other machines, unless that is `allowed`.

    Raises:
        CannotStart: it would.
    """
    if auth_mode == "open" and not allowed and not is_loopback(host):
        raise CannotStart(
            _(
                "Without logins the pages are for this machine only, and %(host)s is open to others. "
                "Set AUTH_MODE=password, or leave HOST at 127.0.0.1. If whoever reaches it may read and change "
                "everything, say --open-to-network."
            )
            % {"host": host}
        )


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket on the first free port from `port` on.

    The socket is handed to the web server, so nobody can take the port between the look and the start, and a browser
    that comes while the web server restarts waits instead of being refused.

    Raises:
        CannotStart: the host is not this machine's, or no port is free.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    except OSError as error:
        raise CannotStart(_("HOST is '%(host)s', which is no address of this machine.") % {"host": host}) from error
    for candidate in [0] if port == 0 else range(port, min(port + PORTS_TO_TRY, 65536)):
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, candidate))
            listener.listen(128)
        except OSError as error:
            listener.close()
            # A port below 1024 is refused to ordinary people: the next may be had just as a taken port's neighbour.
            if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
                raise CannotStart(
                    _("%(host)s cannot be listened on: %(reason)s. Set HOST to an address of this machine.")
                    % {"host": host, "reason": error.strerror}
                ) from error
        else:
            return listener
    raise CannotStart(_("No port from %(port)s on is free. Name another with --port.") % {"port": port})


def reachable_host(host: str) -> str:
    """The host that a browser on this machine types for a listening address, bracketed where it is IPv6."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "[::1]"
    return f"[{host}]" if address.version == 6 else host
