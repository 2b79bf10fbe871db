"""Processes of the program whose clock is wrong: each Python process reads this file's text before its own program."""

from __future__ import annotations

from pathlib import Path

# The database's clock stays right, as that of another machine. What is compiled reads the real one, too: such
# processes keep Python's own.
_SITECUSTOMIZE = """
import datetime
import os
import sys
import time

if os.environ["CLOCK_OF"] in sys.orig_argv:
    _real, _time, _time_ns = datetime.datetime, time.time, time.time_ns
    _wrong = float(os.environ["CLOCK_WRONG_BY"])

    class _Kind(type):
        def __instancecheck__(cls, instance):
            return isinstance(instance, _real)

        def __subclasscheck__(cls, other):
            return issubclass(other, _real)

    class datetime_(_real, metaclass=_Kind):
        @classmethod
        def now(cls, tz=None):
            return _real.now(tz) + datetime.timedelta(seconds=_wrong)

        @classmethod
        def utcnow(cls):
            return _real.utcnow() + datetime.timedelta(seconds=_wrong)

        @classmethod
        def today(cls):
            return cls.now()

    datetime_.__name__ = datetime_.__qualname__ = "datetime"
    datetime.datetime = datetime_
    time.time = lambda: _time() + _wrong
    time.time_ns = lambda: _time_ns() + int(_wrong * 10**9)
"""


def wrong_clock(folder: Path, of: str, *, seconds: float) -> dict[str, str]:
    """Write what sets the clock of some processes wrong; returns the environment in which it holds.

    Args:
        folder: a new folder for it.
        of: a word of their command line.
        seconds: how far they are ahead; negative: behind.
    """
    folder.mkdir(parents=True)
    (folder / "sitecustomize.py").write_text(_SITECUSTOMIZE, encoding="utf-8")
    return {"PYTHONPATH": str(folder), "CLOCK_OF": of, "CLOCK_WRONG_BY": str(seconds)}
