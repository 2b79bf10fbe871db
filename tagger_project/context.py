"""What every template may know."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

THEMES = ("auto", "light", "dark")


def page(request: HttpRequest) -> dict[str, Any]:
    """The theme a person chose (a cookie, so that the first paint is right) and whether there are logins."""
    theme = request.COOKIES.get("theme", "auto")
    return {"theme": theme if theme in THEMES else "auto", "auth_mode": settings.AUTH_MODE}
