"""A worker's clock is an hour wrong: nothing is done twice, nothing is given up, and what a death leaves is found."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.clocks import wrong_clock
from tests.person import Person
from tests.program import RunningProgram
from tests.survival import Import, importing, write_pictures

pytestmark = pytest.mark.fault

HOUR = 3600.0
SECONDS = 90.0
# With their margin for a machine at work: the sweep comes every ten seconds.
SECONDS_TO_SWEEP = 45.0

_ATTEMPTS = """
import json
from datasets.models import ImportItem
print("ATTEMPTS" + json.dumps(sorted(ImportItem.objects.values_list("attempts", flat=True))))
"""


def attempts(program: RunningProgram) -> list[int]:
    """How often each file was taken by a worker."""
    found: list[int] = json.loads(program.manage("shell", "-c", _ATTEMPTS).stdout.partition("ATTEMPTS")[2])
    return found


def worker_log(program: RunningProgram) -> str:
    return (program.data_dir / "logs" / "worker.log").read_text()


@pytest.mark.parametrize(
    ("seconds", "pictures"),
    [
        pytest.param(HOUR, 16, id="ahead"),
        pytest.param(-HOUR, 16, id="behind", marks=pytest.mark.heavy),
        pytest.param(HOUR, 400, id="ahead-large", marks=pytest.mark.heavy),
        pytest.param(-HOUR, 400, id="behind-large", marks=pytest.mark.heavy),
    ],
)
def test_an_hour_makes_no_difference(tmp_path: Path, seconds: float, pictures: int) -> None:
    folder = write_pictures(tmp_path / "pictures", pictures, width=640, height=480)
    clock = wrong_clock(tmp_path / "site", "worker", seconds=seconds)
    with RunningProgram(tmp_path / "data", "--workers", "2", env=clock) as program:
        survivors = Import(program, pictures)
        with importing(program, folder):
            pass
        survivors.wait_until("done", pictures, seconds=SECONDS)
        survivors.wait_until_finished()
        assert attempts(program) == [1] * pictures
        person = Person(program)
        person.tag(person.image("0000.jpg"))
        export = person.export()
        assert len([name for name in person.unpacked(export) if name.endswith(".jpg")]) == pictures
        # The sweep is heard: an hour ahead, its messages look old.
        end = time.monotonic() + SECONDS_TO_SWEEP
        while "requeue_stale_items" not in (log := worker_log(program)):
            assert time.monotonic() < end, log
            time.sleep(0.2)
        time.sleep(0.5)
        log = worker_log(program)
        # What the clock says itself shows that it is wrong.
        assert "Discarding" not in log
        assert "Traceback" not in log
        survivors.assert_all_there_once()


@pytest.mark.heavy
@pytest.mark.parametrize("seconds", [HOUR, -HOUR], ids=["ahead", "behind"])
def test_what_a_killed_worker_held_is_found_by_the_sweep(tmp_path: Path, seconds: float) -> None:
    folder = write_pictures(tmp_path / "pictures", 60, width=1600, height=1067)
    clock = wrong_clock(tmp_path / "site", "worker", seconds=seconds)
    with RunningProgram(tmp_path / "data", "--workers", "2", env=clock) as program:
        survivors = Import(program, 60)
        with importing(program, folder):
            survivors.wait_until("ready", 10, seconds=SECONDS)
            os.kill(program.children("\0worker\0")[1], signal.SIGKILL)
        survivors.wait_until("done", 60, seconds=SECONDS)
        survivors.wait_until_finished()
        survivors.assert_all_there_once()
        # Taken again is what the killed one held, and nothing else.
        assert sum(attempts(program)) <= 60 + 2
