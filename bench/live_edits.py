"""How soon others see an edit: from the moment it is sent until a page's socket has it.

    python -m bench.live_edits [--watchers 1,2,50,500 --seconds 20 --rate 4 --pictures 200]

For each number of watchers the same program is edited by people at `rate` edits a second; each open desk answers what
it hears, as pages do. Printed are p50 and p95 over all pages and edits, with their ratio to a single watcher, which is
what the way costs where nobody shares it. The watchers live in this process, on the same cores as the program.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import tempfile
import time
from pathlib import Path

from bench.pictures import make_pictures
from bench.program import Program, resident_bytes, running_program
from tests.watching import Editors, Watchers, new_client, revision_of


def measure(
    program: Program, dataset: int, images: list[int], count: int, *, rate: float, seconds: float
) -> list[float]:
    """Return the seconds that each page waited for each edit of the picture it shows."""
    # Few pictures, each looked at by somebody: an edit of another picture has nothing to appear on.
    images = images[: min(count, 10)]
    with Watchers(program.address, dataset, images, count) as watchers, new_client(program.address) as client:
        watchers.wait_for(revision_of(client, dataset), seconds=60)
        with Editors(watchers, images, rate=rate):
            time.sleep(seconds)
        watchers.wait_for(revision_of(client, dataset), seconds=60)
        return watchers.latencies


def web_bytes(program: Program) -> int:
    """Return the memory of the web process."""
    return sum(resident_bytes(pid) for pid, command in program.processes().items() if "daphne" in command)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--watchers", default="1,2,50,500")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rate", type=float, default=4)
    parser.add_argument("--pictures", type=int, default=200)
    arguments = parser.parse_args()
    logging.disable(logging.INFO)
    with tempfile.TemporaryDirectory(prefix="bench-pictures-") as made, running_program(1) as program:
        make_pictures(Path(made), arguments.pictures, megapixels=(0.1, 0.1))
        program.manage("import_folder", made, "--dataset", "Watched", "--wait")
        with new_client(program.address) as client:
            rows = client.get("/api/v1/datasets/1/images?limit=500").json()["images"]
        images = [row["id"] for row in rows]
        alone = 0.0
        for count in map(int, arguments.watchers.split(",")):
            waited = measure(program, 1, images, count, rate=arguments.rate, seconds=arguments.seconds)
            p95 = statistics.quantiles(waited, n=20)[-1]
            alone = alone or p95
            said = f"p50 {statistics.median(waited) * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms ({p95 / alone:.2f} of one)"
            print(f"{count} watchers: {said}; web {web_bytes(program) / 1e6:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
