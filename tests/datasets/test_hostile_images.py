"""Hundreds of hostile pictures, where the tool that makes them lies beside this project: each taken or refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from datasets.decoder import Decoder, DecoderDied
from datasets.imaging import FORMATS, ImageRefused
from datasets.reasons import Reason
from tagger_project.env import BASE_DIR

MAKER = BASE_DIR.parent / "shared" / "tools" / "make_hostile.py"
MOST_SECONDS = 5.0


def outcome(decoder: Decoder, path: Path) -> str:
    """Return the format or the reason, or how the picture ended the process."""
    try:
        decoder.start(path)
        return decoder.result().format
    except ImageRefused as refused:
        return refused.code
    except DecoderDied as died:
        return f"died: {died}"


@pytest.mark.skipif(not MAKER.is_file(), reason="the tool that makes hostile pictures is not beside this project")
def test_every_hostile_picture_is_taken_or_refused_in_little_time_and_memory(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(MAKER), "images", str(tmp_path)], check=True, capture_output=True, timeout=120)
    expected, wrong = {*FORMATS, *Reason.values} - {Reason.TOO_SLOW, Reason.OUT_OF_MEMORY}, []
    paths = sorted(tmp_path.iterdir())
    # What would take longer is ended, and shows as TOO_SLOW; what would take more memory, as OUT_OF_MEMORY.
    decoder = Decoder(memory_bytes=512 * 1024**2, most_seconds=MOST_SECONDS, max_pixels=80_000_000)
    for path in paths:
        end = outcome(decoder, path)
        if end not in expected:
            wrong.append(f"{path.name}: {end}")
    decoder.close()
    assert len(paths) > 500
    assert wrong == []
