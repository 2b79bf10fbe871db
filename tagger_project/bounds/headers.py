"""The headers that every answer carries, whoever made it: pages, API, files, static files, errors."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

# What no page of the program asks a browser for, and nothing that got into one shall either.
_NOT_USED = (
    "accelerometer",
    "autoplay",
    "bluetooth",
    "browsing-topics",
    "camera",
    "display-capture",
    "encrypted-media",
    "gamepad",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
# Tags are copied and pasted by the person's own key.
_OWN = ("clipboard-read", "clipboard-write", "fullscreen")
PERMISSIONS_POLICY = ", ".join([*(f"{name}=()" for name in _NOT_USED), *(f"{name}=(self)" for name in _OWN)])

# A page shares its process with no other site, shows nothing of one, and is shown by none. CSP, Referrer-Policy,
# COOP, `nosniff` and HSTS come from django-csp and Django's own middleware, which stand right behind this one.
ALWAYS = {
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": PERMISSIONS_POLICY,
    "X-Permitted-Cross-Domain-Policies": "none",
}


class HeadersMiddleware:
    """Sets `ALWAYS`; has to stand first, so that refusals of the others carry it too."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, with the headers."""
        response = self.get_response(request)
        for name, value in ALWAYS.items():
            response.headers.setdefault(name, value)
        if settings.AUTH_MODE != "open" and _is_page(response):
            # After signing out nobody reads it from the browser's memory, and no proxy shows it to somebody else.
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


def _is_page(response: HttpResponseBase) -> bool:
    return response.headers.get("Content-Type", "").startswith("text/html")
