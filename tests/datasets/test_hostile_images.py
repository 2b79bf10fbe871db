"""Hundreds of hostile pictures, where the tool that makes them lies beside this project: each taken or refused."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from datasets.imaging import FORMATS, ImageRefused, measure
from datasets.reasons import Reason
from tagger_project.env import BASE_DIR

MAKER = BASE_DIR.parent / "shared" / "tools" / "make_hostile.py"
MOST_SECONDS = 5.0


def outcome(path: Path) -> str:
    """Return the format or the reason; anything else a picture does to us is told as it is."""
    try:
        measured = measure(path, 80_000_000)
    except ImageRefused as refused:
        return refused.code
    except BaseException as error:
        return f"raised {error!r}"
    return measured.format


@pytest.mark.skipif(not MAKER.is_file(), reason="the tool that makes hostile pictures is not beside this project")
def test_every_hostile_picture_is_taken_or_refused_within_five_seconds(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(MAKER), "images", str(tmp_path)], check=True, capture_output=True, timeout=120)
    expected, wrong = {*FORMATS, *Reason.values}, []
    paths = sorted(tmp_path.iterdir())
    for path in paths:
        begin = time.process_time()
        end = outcome(path)
        seconds = time.process_time() - begin
        if end not in expected or seconds > MOST_SECONDS:
            wrong.append(f"{path.name}: {end} after {seconds:.1f} s")
    assert len(paths) > 500
    assert wrong == []
