"""How long the doors take for whoever has an account, and for whoever has none.

    python -m bench.sign_in_timing [--pairs 200] [--rounds N] [--json FILE]

Each pair asks one right after the other, in turn this one or that one first, so that what else the machine does is done
to both. Compared is the time of the processor in this thread, which is small where others work, and the time of the
clock beside it. Printed is the ratio of the medians; reliability asks for less than ten per cent of difference.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

LESS_THAN = 0.10


def main() -> None:
    """Set up a data folder of its own, measure every door, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=0, help="Rounds of the password's hash (0: Django's own).")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(ENV_FILE="none", DATA_DIR=folder, AUTH_MODE="password", EMAIL_URL="smtp://localhost")
        os.environ.update(DJANGO_SETTINGS_MODULE="tagger_project.settings", SECRET_KEY="bench-" + "x" * 50)
        os.environ["LOG_LEVEL"] = "ERROR"
        facts = measure_all(options.pairs, options.rounds)
    print(f"{'door':<44}{'processor':>10}{'clock':>8}{'median':>11}")
    for door, fact in facts.items():
        print(f"{door:<44}{fact['processor']:>10.3f}{fact['clock']:>8.3f}{fact['median_ms']:>8.2f} ms")
    if options.json:
        options.json.write_text(json.dumps({"pairs": options.pairs, "doors": facts}, indent=1) + "\n")
    raise SystemExit(any(abs(fact["processor"] - 1) >= LESS_THAN for fact in facts.values()))


def measure_all(pairs: int, rounds: int) -> dict[str, dict[str, float]]:
    """Every door with who is there against who is not."""
    import django
    from django.conf import settings

    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.CELERY_BROKER_URL = "memory://"
    settings.ALLOWED_HOSTS = ["testserver"]
    django.setup()
    from django.contrib.auth.hashers import PBKDF2PasswordHasher
    from django.contrib.auth.models import User
    from django.core.management import call_command

    if rounds:
        PBKDF2PasswordHasher.iterations = rounds
    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    User.objects.create_user("known", "known@example.org", "correct horse")
    User.objects.create_user("off", "off@example.org", "correct horse", is_active=False)
    User.objects.create_user("never", "never@example.org", None)
    doors: dict[str, tuple[Callable[[int], Any], Callable[[int], Any]]] = {
        f"sign-in: {about}": (partial(guess, name), partial(guess, "ghost"))
        for name, about in {
            "known": "a wrong password, or no account",
            "off": "switched off, or no account",
            "never": "without a password, or no account",
            "ghost": "no account, twice (the noise)",
        }.items()
    }
    ask = ask_for_letter
    doors["lost password: an address, or none"] = (partial(ask, "known@example.org"), partial(ask, "ghost@example.org"))
    return {door: measure(*ways, pairs) for door, ways in doors.items()}


def guess(name: str, number: int) -> Any:
    """A wrong password, from an address that has not guessed before."""
    return _post("/login/", {"login": name, "password": "a wrong one"}, number)


def ask_for_letter(email: str, number: int) -> Any:
    """The page of lost passwords."""
    return _post("/account/password/reset/", {"email": email}, number)


def _post(path: str, form: dict[str, str], number: int) -> Any:
    from django.core.cache import cache
    from django.test import Client

    cache.clear()
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    client = Client(REMOTE_ADDR=address)
    begin = (time.thread_time_ns(), time.perf_counter_ns())
    answer = client.post(path, form)
    taken = (time.thread_time_ns() - begin[0], time.perf_counter_ns() - begin[1])
    if answer.status_code not in {200, 302}:
        raise SystemExit(f"{path} answered {answer.status_code}")
    return taken


def measure(this: Callable[[int], Any], that: Callable[[int], Any], pairs: int) -> dict[str, float]:
    """Ratios of the medians of both ways, and what one takes."""
    for number in range(3):  # the first ones load templates and modules
        this(number), that(number)
    taken: tuple[list[Any], list[Any]] = ([], [])
    for number in range(pairs):
        order = ((0, this), (1, that)) if number % 2 else ((1, that), (0, this))
        for which, way in order:
            taken[which].append(way(number))
    processor, clock = ([statistics.median(each[kind] for each in taken[which]) for which in (0, 1)] for kind in (0, 1))
    return {
        "processor": processor[0] / processor[1],
        "clock": clock[0] / clock[1],
        "median_ms": processor[0] / 1e6,
    }


if __name__ == "__main__":
    main()
