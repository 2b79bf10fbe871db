"""Sixteen people save tags while pictures come in, all in one SQLite file, through the real program.

    python -m bench.writers [--writers 16] [--saves 150] [--pictures 1500] [--workers 2]

Prints how long saves took (p50, p95, p99, longest), with the import beside them and without, and what was refused.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
import uuid
from pathlib import Path

import httpx

from bench.program import Program, running_program
from tests.survival import write_pictures


def save_tags(program: Program, image: int, name: str, saves: int, seconds: list[float], refused: list[str]) -> None:
    """Save so many tags on an image, one after the other."""
    with program.client() as client:
        for turn in range(saves):
            edit = {"key": str(uuid.uuid4()), "kind": "add", "tag": f"{name} save {turn}"}
            begin = time.perf_counter()
            answer = client.post(f"/api/v1/images/{image}/edits", json={"operations": [edit]})
            seconds.append(time.perf_counter() - begin)
            if answer.status_code != httpx.codes.OK:
                refused.append(f"{answer.status_code} {answer.text[:120]}")


def all_at_once(program: Program, images: list[int], title: str, writers: int, saves: int) -> None:
    """Let all of them save, and print how long it took."""
    seconds: list[float] = []
    refused: list[str] = []
    threads = [
        threading.Thread(
            target=save_tags,
            args=(program, images[number % len(images)], f"{title} {number}", saves, seconds, refused),
        )
        for number in range(writers)
    ]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - begin
    seconds.sort()
    p50, p95, p99 = (seconds[int(len(seconds) * share)] for share in (0.5, 0.95, 0.99))
    print(
        f"{title}: {writers} × {saves} saves in {took:.1f} s ({len(seconds) / took:.0f} a second), "
        f"p50 {p50 * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, "
        f"longest {seconds[-1] * 1000:.0f} ms; refused: {len(refused)} {refused[:3]}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writers", type=int, default=16)
    parser.add_argument("--saves", type=int, default=150)
    parser.add_argument("--pictures", type=int, default=1500)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_program(options.workers, port=8791) as program:
        pictures = write_pictures(Path(folder) / "pictures", options.pictures, width=1200, height=800)
        first = write_pictures(Path(folder) / "first", 4, width=320, height=240)
        program.manage("import_folder", str(first), "--dataset", "Words", "--wait")
        with program.client() as client:
            images = [row["id"] for row in client.get("/api/v1/datasets/1/images").json()["images"]]
            all_at_once(program, images, "alone", options.writers, options.saves)
            program.manage("import_folder", str(pictures), "--dataset", "Pictures")
            all_at_once(program, images, "while importing", options.writers, options.saves)
            progress = client.get("/api/v1/imports/2").json()
        print(f"Then {progress['done']} of {options.pictures} pictures were in.")
        logs = "".join(log.read_text() for log in program.data_dir.glob("logs/*.log"))
        print(f"“database is locked” in the logs: {logs.count('database is locked')}")


if __name__ == "__main__":
    main()
