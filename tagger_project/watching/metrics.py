"""Numbers for Prometheus where `METRICS` is set: of the processes of this container, and of the program as a whole.

`/metrics` tells what the processes beside this one counted, however many they are; every container is asked. What the
database and the broker know is the same wherever one asks, so `/metrics/state` tells that, and one container is asked.

Neither is a page: they are answered before the check of the host's name, which Prometheus cannot choose, to nobody who
comes through a proxy, and not at all where `METRICS` is unset.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import ResolverMatch

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
# Every header by which a proxy says that it is one.
_PROXIED = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via")
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


def folder() -> Path:
    """Return where the processes of this container leave their numbers for each other, readable by nobody else.

    Raises:
        ImproperlyConfigured: the folder is somebody else's.
    """
    name = hashlib.sha256(os.fsencode(settings.DATA_DIR)).hexdigest()[:12]
    path = Path(tempfile.gettempdir()) / f"tagger-metrics-{os.getuid()}-{name}"
    path.mkdir(mode=0o700, exist_ok=True)
    status = path.lstat()
    if path.is_symlink() or status.st_uid != os.getuid():
        raise ImproperlyConfigured(f"{path} belongs to somebody else. Remove it and start again.")
    return path


class _Numbers:
    """What this process counts; prometheus_client asks for the folder while it is imported."""

    def __init__(self) -> None:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder())
        from prometheus_client import Counter, Gauge, Histogram

        self.requests = Counter("tagger_requests", "Requests answered.", ["method", "route", "code"], registry=None)
        self.seconds = Histogram(
            "tagger_request_seconds", "Seconds until the answer.", ["route"], buckets=_SECONDS, registry=None
        )
        self.sockets = Gauge("tagger_sockets", "Open sockets.", ["kind"], multiprocess_mode="livesum", registry=None)


_numbers: _Numbers | None = None


def numbers() -> _Numbers:
    """Return what this process counts with."""
    global _numbers
    if _numbers is None:
        _numbers = _Numbers()
    return _numbers


def told_by_processes() -> bytes:
    """Return what all processes of this container counted, of those that ended too; open sockets of the living only."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    numbers()
    for file in folder().glob("gauge_live*_*.db"):
        if not Path(f"/proc/{file.stem.rpartition('_')[2]}").exists():
            with suppress(FileNotFoundError):
                file.unlink()
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder()))  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def written(families: Iterable[Any]) -> bytes:
    """Return families of numbers as Prometheus reads them."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.registry import Collector

    class Told(Collector):
        def collect(self) -> Iterable[Any]:
            return families

    registry = CollectorRegistry()
    registry.register(Told())
    return generate_latest(registry)


def route_of(match: ResolverMatch | None) -> str:
    """Return what an address counts as: never empty, which Prometheus takes for no label at all."""
    return (match.route or "/") if match is not None else "none"


class MetricsMiddleware:
    """Counts what is answered, and tells Prometheus."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.METRICS:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and count by the address's pattern: what people type is no label."""
        if request.path in _TOLD and not any(request.headers.get(name) for name in _PROXIED):
            return HttpResponse(_TOLD[request.path](), content_type="text/plain; version=0.0.4; charset=utf-8")
        begin = time.perf_counter()
        response = self.get_response(request)
        route = route_of(request.resolver_match)
        counted = numbers()
        method = request.method if request.method in _METHODS else "other"
        counted.requests.labels(method, route, str(response.status_code)).inc()
        counted.seconds.labels(route).observe(time.perf_counter() - begin)
        return response


def _told_by_state() -> bytes:
    from tagger_project.watching.state_metrics import families

    return written(families())


_METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
_TOLD: dict[str, Callable[[], bytes]] = {"/metrics": told_by_processes, "/metrics/state": _told_by_state}


def counted(application: Application) -> Application:
    """Return the sockets' application, its open ones counted where `METRICS` is set."""
    if not settings.METRICS:
        return application

    async def run(scope: dict[str, Any], receive: Any, send: Any) -> None:
        kind = scope.get("path", "").removeprefix("/ws/").partition("/")[0]
        gauge = numbers().sockets.labels(kind if kind.isalpha() and len(kind) < 20 else "other")
        is_open = False

        async def send_and_count(message: dict[str, Any]) -> None:
            nonlocal is_open
            await send(message)
            if message["type"] == "websocket.accept" and not is_open:
                is_open = True
                gauge.inc()

        try:
            await application(scope, receive, send_and_count)
        finally:
            if is_open:
                gauge.dec()

    return run
