"""Import, tag and export in turn for as long as one likes, through the real program: does anything grow?

    python -m bench.soak [--minutes 60] [--pictures 200] [--tags 400] [--workers 2] [--warm-up 0.2]

Prints a line a turn, and at the end for each process that lived all the time: its memory at the first and the last
turn, the slope of its memory in MB an hour (the first part of the time, the warm-up, left out), and its open files;
then the temporary files. The datasets of all turns but the last are deleted, so that the database stays as it is.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
import uuid
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.program import Program, resident_bytes, running_program
from tests.survival import write_pictures

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Sample:
    """One process at one moment: seconds since the start, memory in bytes, open files."""

    at: float
    memory: int
    files: int


def open_files(process_id: int) -> int:
    """Return how many files and sockets a process holds."""
    try:
        return sum(1 for _ in Path(f"/proc/{process_id}/fd").iterdir())
    except OSError:
        return 0


def temporary_files(data_dir: Path) -> int:
    """Return how many files are on their way: half written, or waiting to be read."""
    folders = [data_dir / name for name in ("incoming", "blobs", "exports")]
    half = sum(1 for folder in folders for _ in folder.rglob(".new-*"))
    return half + sum(1 for _ in (data_dir / "incoming").rglob("*.part"))


def slope(samples: list[Sample], warm_up: float) -> float:
    """Return how many bytes an hour the memory grows, by the line of least squares after the warm-up."""
    counted = [sample for sample in samples if sample.at >= warm_up]
    if len(counted) < 3:
        return float("nan")
    line = statistics.linear_regression([sample.at for sample in counted], [float(sample.memory) for sample in counted])
    return line.slope * 3600


def wait_until_ended(client: httpx.Client, address: str) -> None:
    """Wait until an import or export has its end."""
    while (state := client.get(address).raise_for_status().json()["state"]) in {"WAITING", "RUNNING"}:
        time.sleep(0.2)
    if state != "DONE":
        raise SystemExit(f"{address} ended as {state}.")


def take_turn(program: Program, client: httpx.Client, folder: Path, turn: int, tags: int) -> int:
    """Import, tag and export one dataset; returns it."""
    done = program.manage("import_folder", str(folder), "--dataset", f"Turn {turn}", "--wait", "--json")
    dataset = int(json.loads(done.splitlines()[-1])["dataset_id"])
    rows = client.get(f"/api/v1/datasets/{dataset}/images?limit=500").json()["images"]
    for number in range(tags):
        image = rows[number % len(rows)]["id"]
        edit = {"key": str(uuid.uuid4()), "kind": "add", "tag": f"word {number // len(rows)}"}
        client.post(f"/api/v1/images/{image}/edits", json={"operations": [edit]}).raise_for_status()
    asked = {"key": str(uuid.uuid4()), "options": {"profile": "plain"}}
    export = client.post(f"/api/v1/datasets/{dataset}/exports", json=asked).raise_for_status().json()["id"]
    wait_until_ended(client, f"/api/v1/exports/{export}")
    for archive in client.get(f"/api/v1/exports/{export}").json()["archives"]:
        with client.stream("GET", archive["address"]) as answer:
            answer.raise_for_status()
            for _ in answer.iter_bytes():
                pass
    return dataset


def clear_away(program: Program, dataset: int) -> None:
    """Delete a turn's dataset and free its pictures."""
    program.manage(
        "shell",
        "-c",
        f"from datasets.models import Dataset; Dataset.objects.filter(pk={dataset}).delete()\n"
        "from datetime import timedelta; from datasets.services.blobs import free_unneeded_blobs\n"
        "free_unneeded_blobs(older_than=timedelta(0))",
    )


def kind_of(command: str) -> str:
    """Return what people call a process."""
    for word in ("daphne", "beat", "decoder_process", "plain_copy", "worker", "manage.py up"):
        if word in command:
            return word
    return "broker" if "broker" in command or "valkey" in command else command[:30]


def weigh(program: Program, samples: dict[tuple[int, str], list[Sample]], at: float) -> int:
    """Note what each process holds; returns the memory of all of them."""
    total = 0
    for process_id, command in program.processes().items():
        if memory := resident_bytes(process_id):
            samples[process_id, kind_of(command)].append(Sample(at, memory, open_files(process_id)))
            total += memory
    return total


def tell(samples: dict[tuple[int, str], list[Sample]], turns: int, warm_up: float) -> None:
    """Print what each process came to that lived all the time."""
    for (process_id, kind), found in sorted(samples.items(), key=lambda entry: entry[0][1]):
        if len(found) == turns:
            first, last = found[0], found[-1]
            print(
                f"{kind:>16} {process_id}: {first.memory / MEGABYTE:6.1f} MB at first, "
                f"{last.memory / MEGABYTE:6.1f} MB at last, slope {slope(found, warm_up) / MEGABYTE:+.2f} MB/h; "
                f"open files {first.files} … {last.files}"
            )


def main() -> None:
    """Run, and print what grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--tags", type=int, default=400)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--warm-up", type=float, default=0.2, help="the part of the time that the slope leaves out")
    options = parser.parse_args()
    samples: dict[tuple[int, str], list[Sample]] = defaultdict(list)
    temporary: list[int] = []
    with tempfile.TemporaryDirectory() as folder, running_program(options.workers, port=8792) as program:
        pictures = write_pictures(Path(folder) / "pictures", options.pictures, width=1200, height=800)
        begin, turn = time.monotonic(), 0
        with program.client() as client:
            while (at := time.monotonic() - begin) < options.minutes * 60:
                turn += 1
                dataset = take_turn(program, client, pictures, turn, options.tags)
                total = weigh(program, samples, at)
                temporary.append(temporary_files(program.data_dir))
                print(f"{at / 60:6.1f} min, turn {turn}: {total / MEGABYTE:.0f} MB, {temporary[-1]} temporary files")
                clear_away(program, dataset)
    print(f"{turn} turns; temporary files after each: {min(temporary)} to {max(temporary)}, at last {temporary[-1]}")
    tell(samples, turn, options.minutes * 60 * options.warm_up)


if __name__ == "__main__":
    main()
