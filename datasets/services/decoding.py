"""The decoder of this process: one child that reads pictures, started when the first one comes."""

from __future__ import annotations

import atexit
import os
from pathlib import Path
from typing import Protocol

from django.conf import settings

from datasets.decoder import Decoder
from datasets.imaging import Measured

# Well under the lease: while one picture is decoded another waits for it, and its claim is renewed only then.
MOST_SECONDS = 15.0


class ReadsPictures(Protocol):
    """What the import needs of a decoder; see `datasets.decoder.Decoder`."""

    def prepare(self) -> None:
        """Make ready, so that the first picture need not wait."""

    def start(self, path: Path) -> None:
        """Hand it a file and return at once."""

    def result(self) -> Measured:
        """Wait for what it makes of the file."""

    def close(self) -> None:
        """End it."""


_decoders: dict[tuple[int, int, int], ReadsPictures] = {}


def get_decoder() -> ReadsPictures:
    """Return this process's decoder, with the limits of the settings.

    A forked process has one of its own: two cannot talk to one child.
    """
    key = (os.getpid(), settings.DECODER_MEMORY_BYTES, settings.MAX_IMAGE_PIXELS)
    if key not in _decoders:
        _decoders[key] = Decoder(
            memory_bytes=settings.DECODER_MEMORY_BYTES, most_seconds=MOST_SECONDS, max_pixels=settings.MAX_IMAGE_PIXELS
        )
        atexit.register(_decoders[key].close)
    return _decoders[key]
