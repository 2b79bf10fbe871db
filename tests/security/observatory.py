"""How an answer scores by the table of the HTTP Observatory.

100 to begin with, less for what is missing, more for what is strict.
Extras count only where nothing large is missing (90 and more). What
asks other servers is left out (whether a name is in browsers' preload lists, where http leads to).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http.cookies import Morsel

HALF_A_YEAR = 15_768_000
EXTRAS_FROM = 90
PRIVATE_REFERRERS = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
_UNSAFE = {"'unsafe-inline'", "'unsafe-eval'", "'unsafe-hashes'", "data:", "http:", "https:", "*", "ftp:"}


def directives(policy: str) -> dict[str, set[str]]:
    """A content policy by its directives; the first of a name counts."""
    found: dict[str, set[str]] = {}
    for part in policy.split(";"):
        words = part.split()
        if words:
            found.setdefault(words[0].lower(), set(words[1:]))
    return found


def of_policy(policy: str) -> int:
    """The content policy."""
    if not policy:
        return -25
    rules = directives(policy)
    default = rules.get("default-src", {"*"})
    # A sandbox without allow-scripts runs none, whatever else the policy says.
    scripts = set() if rules.get("sandbox") == set() else rules.get("script-src", default)
    if (scripts | rules.get("object-src", default)) & (_UNSAFE - {"'unsafe-eval'"}):
        return -20
    if "'unsafe-eval'" in scripts:
        return -10
    if rules.get("style-src", default) & _UNSAFE:
        return 0
    return 10 if default == {"'none'"} else 5


def of_cookies(cookies: Iterable[Morsel[str]], *, has_hsts: bool) -> int:
    """The cookies: the worst counts; all of them strict is an extra."""
    worst, strict, none = 0, True, True
    for cookie in cookies:
        none = False
        is_session = any(word in cookie.key.lower() for word in ("sess", "login"))
        if not cookie["secure"]:
            worst = min(worst, -5 if has_hsts else -40 if is_session else -20)
        if is_session and not cookie["httponly"]:
            worst = min(worst, -30)
        if "csrf" in cookie.key.lower() and not cookie["samesite"]:
            worst = min(worst, -20)
        strict = strict and bool(cookie["secure"]) and cookie["samesite"].lower() in {"lax", "strict"}
    return worst if worst or none or not strict else 5


def of_hsts(value: str) -> int:
    """Strict-Transport-Security."""
    ages = [part.partition("=")[2] for part in value.replace(" ", "").split(";") if part.startswith("max-age=")]
    if not ages or not ages[0].isdigit():
        return -20
    return 0 if int(ages[0]) >= HALF_A_YEAR else -10


def of_frames(headers: Mapping[str, str]) -> int:
    """Who may put it into a frame."""
    ancestors = directives(headers.get("Content-Security-Policy", "")).get("frame-ancestors")
    if ancestors is not None and ancestors <= {"'none'", "'self'"}:
        return 5
    return 0 if headers.get("X-Frame-Options", "").upper() in {"DENY", "SAMEORIGIN"} else -20


def of_referrer(value: str) -> int:
    """Referrer-Policy; the last of a list counts."""
    if not value:
        return 0
    return 5 if value.split(",")[-1].strip().lower() in PRIVATE_REFERRERS else -5


def parts(headers: Mapping[str, str], cookies: Iterable[Morsel[str]] = ()) -> dict[str, int]:
    """What each test gives or takes."""
    hsts = of_hsts(headers.get("Strict-Transport-Security", ""))
    isolation = {"Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin"}
    isolation["Cross-Origin-Embedder-Policy"] = "require-corp"
    return {
        "content policy": of_policy(headers.get("Content-Security-Policy", "")),
        "cookies": of_cookies(cookies, has_hsts=hsts == 0),
        "sharing": -50 if headers.get("Access-Control-Allow-Origin") == "*" else 0,
        "https": hsts,
        "referrer": of_referrer(headers.get("Referrer-Policy", "")),
        "sniffing": 0 if headers.get("X-Content-Type-Options") == "nosniff" else -5,
        "frames": of_frames(headers),
        **{name: 10 if headers.get(name) == value else 0 for name, value in isolation.items()},
    }


def score(headers: Mapping[str, str], cookies: Iterable[Morsel[str]] = ()) -> int:
    """The score."""
    given = parts(headers, cookies)
    base = 100 + sum(points for points in given.values() if points < 0)
    return base + (sum(points for points in given.values() if points > 0) if base >= EXTRAS_FROM else 0)
