"""A decoder inside the test's own process, for tests that watch or trip what it does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from datasets import imaging
from datasets.decoder import DecoderDied

Measure = Callable[[Path], imaging.Measured]


def measure_here(path: Path) -> imaging.Measured:
    """What the decoder does, here."""
    return imaging.measure(path, settings.MAX_IMAGE_PIXELS)


class DecoderHere:
    """Answers with what a function says of the file."""

    def __init__(self, measure: Measure = measure_here) -> None:
        self.measure = measure
        self.path: Path | None = None

    def prepare(self) -> None:
        """Nothing to do."""

    def start(self, path: Path) -> None:
        """Remember the file."""
        assert self.path is None, "one picture at a time"
        self.path = path

    def result(self) -> imaging.Measured:
        """Read it now."""
        path, self.path = self.path, None
        assert path is not None
        return self.measure(path)

    def close(self) -> None:
        """Forget the file."""
        self.path = None


def decode_with(monkeypatch: pytest.MonkeyPatch, measure: Measure) -> None:
    """Let a function read the pictures of this test."""
    decoder = DecoderHere(measure)
    monkeypatch.setattr("datasets.services.processing.get_decoder", lambda: decoder)


def die(path: Path) -> imaging.Measured:
    """End as a decoder that the picture killed."""
    raise DecoderDied(f"signal 11 at {path.name}")
