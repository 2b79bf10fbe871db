"""How much of a bare Pillow loop's speed is left when pictures go through the whole program.

    python -m bench.import_throughput [--count 60 --rounds 3 --folder PICTURES --workers 2]

In each round, one after the other on the same files and with as many processes:

- bare: read, SHA-256, decode, 1600 px preview, 512 px thumbnail, both as WebP, hash and sharpness, in a process pool;
  nothing is stored.
- folder: `manage.py import_folder --wait` beside a running `manage.py up`: broker, workers, database, sockets, disk.
- upload: the same files through the API in chunks, four at a time, until the import is done.

Printed are images a second and the ratios to the bare loop of the same round; the medians are what counts, because a
machine's speed drifts.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

from PIL import Image, ImageOps

from bench.pictures import make_pictures
from bench.program import Program, running_program
from datasets.likeness import dhash, sharpness

CHUNK_BYTES = 4 * 1024 * 1024


def bare(path: Path) -> int:
    """Do to one file what an import does to it, and nothing else."""
    content = path.read_bytes()
    hashlib.sha256(content).hexdigest()
    with Image.open(io.BytesIO(content)) as picture:
        picture.thumbnail((1600, 1600), Image.Resampling.LANCZOS, reducing_gap=2.0)
        preview = ImageOps.exif_transpose(picture).convert("RGB")
    thumbnail = preview.copy()
    thumbnail.thumbnail((512, 512), Image.Resampling.LANCZOS, reducing_gap=2.0)
    dhash(thumbnail)
    sharpness(thumbnail)
    size = 0
    for small in (preview, thumbnail):
        buffer = io.BytesIO()
        small.save(buffer, "WEBP", quality=80, method=2)
        size += buffer.tell()
    return size


def time_bare(pool: ProcessPoolExecutor, files: list[Path]) -> float:
    """Return the seconds of the bare loop over all files, in a pool that is warm."""
    began = time.perf_counter()
    list(pool.map(bare, files))
    return time.perf_counter() - began


def time_folder(program: Program, folder: Path, name: str) -> float:
    """Return the seconds of an import by command, until the last file has its end."""
    began = time.perf_counter()
    answer = program.manage("import_folder", str(folder), "--dataset", name, "--wait", "--json")
    took = time.perf_counter() - began
    assert json.loads(answer)["failed"] == 0, answer
    return took


def time_upload(program: Program, files: list[Path], name: str) -> float:
    """Return the seconds of an upload through the API, from its start until the last file has its end."""
    with program.client() as client:
        dataset = client.post("/api/v1/datasets", json={"name": name}).raise_for_status().json()["id"]
        began = time.perf_counter()
        job = client.post(f"/api/v1/datasets/{dataset}/imports").raise_for_status().json()["id"]
        announced = [{"name": path.name, "folder": "", "size": path.stat().st_size} for path in files]
        answer = client.post(f"/api/v1/imports/{job}/items", json={"files": announced})
        items = answer.raise_for_status().json()["items"]

        def send(item_id: int, path: Path) -> None:
            content = path.read_bytes()
            for offset in range(0, len(content), CHUNK_BYTES):
                address = f"/api/v1/imports/{job}/items/{item_id}/content?offset={offset}"
                chunk = content[offset : offset + CHUNK_BYTES]
                headers = {"Content-Type": "application/octet-stream"}
                client.put(address, content=chunk, headers=headers).raise_for_status()

        with ThreadPoolExecutor(4) as senders:
            list(senders.map(send, [item["id"] for item in items], files))
        client.post(f"/api/v1/imports/{job}/seal").raise_for_status()
        while client.get(f"/api/v1/imports/{job}").json()["state"] != "DONE":
            time.sleep(0.1)
        return time.perf_counter() - began


def run(files: list[Path], folder: Path, rounds: int, workers: int) -> None:
    """Print every round and the medians."""
    ratios: dict[str, list[float]] = {"folder": [], "upload": []}
    with running_program(workers) as program, ProcessPoolExecutor(workers) as pool:
        time_bare(pool, files[: workers * 2])
        print(f"{len(files)} pictures, {sum(f.stat().st_size for f in files) / 1e6:.0f} MB, {workers} processes")
        for number in range(1, rounds + 1):
            base = len(files) / time_bare(pool, files)
            through = {
                "folder": len(files) / time_folder(program, folder, f"folder {number}"),
                "upload": len(files) / time_upload(program, files, f"upload {number}"),
            }
            for way, rate in through.items():
                ratios[way].append(rate / base)
            said = ", ".join(f"{way} {rate:.1f}/s = {rate / base:.2f}" for way, rate in through.items())
            print(f"round {number}: bare {base:.1f}/s, {said}", flush=True)
    for way, found in ratios.items():
        print(f"{way}: median ratio {statistics.median(found):.2f} (min {min(found):.2f}, max {max(found):.2f})")


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=60, help="pictures to make")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--folder", type=Path, help="pictures to use instead")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-pictures-") as made:
        folder = arguments.folder or Path(made)
        if not arguments.folder:
            make_pictures(folder, arguments.count)
        files = sorted(path for path in folder.iterdir() if path.suffix in {".jpg", ".png", ".webp"})
        run(files, folder, arguments.rounds, arguments.workers)


if __name__ == "__main__":
    main()
