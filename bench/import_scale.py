"""Whether a picture costs the same among many as among few, and whether workers grow while they read many.

    python -m bench.import_scale [--few 1000 --many 20000 --megapixels 0.3 --workers 2]

Imports `few` and then `many` pictures by command, each into a fresh program, and prints the seconds a picture, their
ratio, and what the workers and their decoders held in memory over the long run: the slope is a straight line's through
all samples after the first tenth. Small pictures on purpose: what grows with the number of files would hide behind
minutes of decoding.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import threading
import time
from pathlib import Path

from bench.pictures import make_pictures
from bench.program import Program, resident_bytes, running_program

_SAMPLE_SECONDS = 2.0


class MemoryWatch(threading.Thread):
    """Samples the resident memory of the workers and their decoders together."""

    def __init__(self, program: Program) -> None:
        super().__init__(daemon=True)
        self.program = program
        self.samples: list[tuple[float, float]] = []
        self.ended = threading.Event()

    def run(self) -> None:
        """Sample until told to end."""
        began = time.monotonic()
        while not self.ended.wait(_SAMPLE_SECONDS):
            words = (" worker ", "decoder_process")
            held = [
                resident_bytes(pid) for pid, line in self.program.processes().items() if any(w in line for w in words)
            ]
            self.samples.append((time.monotonic() - began, sum(held) / 1e6))

    def describe(self) -> str:
        """Say how much was held and how it grew."""
        steady = self.samples[len(self.samples) // 10 :]
        if len(steady) < 3:
            return "too short to tell"
        slope, _start = statistics.linear_regression([at for at, _ in steady], [held for _, held in steady])
        held = [held for _, held in steady]
        return f"{min(held):.0f} to {max(held):.0f} MB, slope {slope * 60:+.2f} MB a minute"


def seconds_a_picture(folder: Path, count: int, workers: int) -> tuple[float, str]:
    """Import a folder into a fresh program; returns the seconds a picture and what the workers held."""
    with running_program(workers) as program:
        watch = MemoryWatch(program)
        watch.start()
        facts = json.loads(program.manage("import_folder", str(folder), "--dataset", "Many", "--wait", "--json"))
        watch.ended.set()
        watch.join()
        assert facts["ready"] == count, facts
        return program.seconds_of_import(facts["import_id"]) / count, watch.describe()


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--few", type=int, default=1000)
    parser.add_argument("--many", type=int, default=20_000)
    parser.add_argument("--megapixels", type=float, default=0.3)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-pictures-") as made:
        costs = {}
        size = (arguments.megapixels, arguments.megapixels)
        for count in (arguments.few, arguments.many):
            folder = Path(made) / str(count)
            make_pictures(folder, count, megapixels=size)
            costs[count], memory = seconds_a_picture(folder, count, arguments.workers)
            print(f"{count} pictures: {costs[count] * 1000:.1f} ms each; workers and decoders {memory}", flush=True)
    print(f"ratio {costs[arguments.many] / costs[arguments.few]:.3f}")


if __name__ == "__main__":
    main()
