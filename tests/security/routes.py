"""Every address of the program, from the URL resolver, with something in the place of each argument."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

_ARGUMENT = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>")
_KINDS = {"int": "1", "uuid": str(uuid.UUID(int=7)), "slug": "a" * 64, "str": "word", "path": "word", None: "word"}


def addresses(values: Mapping[str, Any] | None = None) -> list[str]:
    """Every address once; `values` go by the argument's name."""
    return sorted({_fill(route, values or {}) for route in _routes(get_resolver().url_patterns, "")})


def _routes(patterns: Any, prefix: str) -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield "/" + route


def _fill(route: str, values: Mapping[str, Any]) -> str:
    filled = _ARGUMENT.sub(lambda found: str(values.get(found["name"], _KINDS.get(found["kind"], "1"))), route)
    # What the admin writes as a regular expression.
    filled = re.sub(r"\(\?P<\w+>[^)]*\)", "datasets", filled)
    return re.sub(r"[\^$]|\\(?=\.)", "", filled)
