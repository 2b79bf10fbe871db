"""An export of originals byte for byte, against a bare loop that stores the same files in a zip; and its memory.

    python -m bench.export [--images 2000 --kilobytes 700 --rounds 3 --sparse]

Makes a dataset of `images` files of `kilobytes` each, with 15 tags and a caption on each, and freezes it. In each round
it is exported for kohya, and the same pictures and texts are stored by Python's `zipfile` in a loop that does nothing
else; both begin with the files in the system's cache, and neither waits for the disk at its end. The export reads the
words, writes texts, `dataset.toml` and the manifest, checks each picture's SHA-256, sums up the archive, and tells how
far it is. Printed are megabytes a second, the median ratio of the rounds, and the peak memory of the process that
exports, which does nothing else.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
import zipfile
from pathlib import Path

MEGABYTE = 1_000_000
TAGS_A_PICTURE = 15
# Each picture is another one by them.
OWN_BYTES = 32
WORDS = [f"word number {number}" for number in range(300)]


class Clock:
    """Tells how long something took, and how long the processor was at it."""

    def __init__(self) -> None:
        self._begin = (time.perf_counter(), time.process_time())

    def read(self) -> tuple[float, float]:
        """Return the seconds since it was made, and those of the processor."""
        return time.perf_counter() - self._begin[0], time.process_time() - self._begin[1]


def populate(images: int, kilobytes: int, *, sparse: bool = False) -> int:
    """Make the dataset with its files, all random or with holes; returns its number."""
    from django.conf import settings

    from datasets import paths
    from datasets.models import Image
    from tagging.models import Caption, ImageTag, Source, Tag
    from tests import factories

    dataset = factories.make_dataset(name="Export", file_prefix="export", trigger_word="ohwx")
    rows = []
    for number in range(images):
        size = kilobytes * 1000
        content = os.urandom(OWN_BYTES) + bytes(size - OWN_BYTES) if sparse else os.urandom(size)
        sha256 = hashlib.sha256(content).hexdigest()
        path = paths.original_path(settings.DATA_DIR, sha256, "JPEG")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(content[:OWN_BYTES] if sparse else content)
            file.truncate(size)
        facts = {"format": "JPEG", "width": 1024, "height": 1024, "colour": "#808080", "is_tagged": True}
        name = f"picture {number}.jpg"
        rows.append(
            Image(
                dataset=dataset,
                position=number + 1,
                sha256=sha256,
                original_name=name,
                byte_size=len(content),
                **facts,
            )
        )
    Image.objects.bulk_create(rows, batch_size=500)
    tags = Tag.objects.bulk_create(Tag(name=word) for word in WORDS)
    put = [
        ImageTag(image=row, tag=tags[(at * 7 + turn * 13) % len(tags)], position=turn + 1.0, source=Source.PERSON)
        for at, row in enumerate(rows)
        for turn in range(TAGS_A_PICTURE)
    ]
    ImageTag.objects.bulk_create(put, batch_size=2000)
    Caption.objects.bulk_create([Caption(image=row, text="A woman by the lake.") for row in rows], batch_size=500)
    return int(dataset.pk)


def ask(dataset_id: int) -> int:
    """Ask for an export; returns its number."""
    from datasets.models import Dataset
    from tagging.services.exports.jobs import start_export
    from tagging.trainers.options import default_options

    dataset = Dataset.objects.get(pk=dataset_id)
    return int(start_export(dataset, default_options("kohya"), key=uuid.uuid4(), by=None).pk)


def run(job_id: int) -> None:
    """In the process that exports: do it, and print seconds and peak memory."""
    from tagging.services.exports.running import run_export

    clock = Clock()
    run_export(job_id)
    print(*clock.read(), read_peak())


def read_peak() -> int:
    """Return the most memory that this process had; `getrusage` would count that of the process it was started by."""
    facts = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines())
    return int(facts["VmHWM"].split()[0]) * 1024


def store_bare(dataset_id: int, target: Path) -> tuple[float, float]:
    """Store the same pictures and texts in a loop; returns the seconds, and those of the processor."""
    from django.conf import settings

    from datasets import paths
    from datasets.models import Image

    found = Image.objects.filter(dataset=dataset_id).in_order().values_list("sha256", "format")
    originals = [paths.original_path(settings.DATA_DIR, *each) for each in found]
    text = b"ohwx, " + ", ".join(WORDS[:TAGS_A_PICTURE]).encode() + b", A woman by the lake."
    clock = Clock()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for number, path in enumerate(originals, start=1):
            archive.write(path, f"export/export-{number:04d}.jpg")
            archive.writestr(f"export/export-{number:04d}.txt", text)
    took = clock.read()
    target.unlink()
    return took


def warm(dataset_id: int) -> int:
    """Read all files once; returns their bytes."""
    from django.conf import settings

    from datasets import paths
    from datasets.models import Image

    found = Image.objects.filter(dataset=dataset_id).values_list("sha256", "format")
    return sum(len(paths.original_path(settings.DATA_DIR, *each).read_bytes()) for each in found)


def measure(images: int, kilobytes: int, rounds: int, data_dir: Path, *, sparse: bool) -> None:
    """Measure and print."""
    from django.core.management import call_command

    from tagging.models import ExportJob
    from tagging.services.exports.keeping import delete_export

    call_command("migrate", verbosity=0)
    dataset_id = populate(images, kilobytes, sparse=sparse)
    megabytes = warm(dataset_id) / MEGABYTE
    ratios, of_processor, peaks = [], [], []
    for number in range(1, rounds + 1):
        bare, bare_busy = store_bare(dataset_id, data_dir / "bare.zip")
        job_id = ask(dataset_id)
        command = [sys.executable, "-m", "bench.export", "--run", str(job_id)]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        took, busy, peak = map(float, told)
        job = ExportJob.objects.get(pk=job_id)
        if job.state != ExportJob.State.DONE:
            raise SystemExit(f"The export is {job.state}: {job.error}")
        delete_export(job)
        ratios.append(bare / took)
        of_processor.append(bare_busy / busy)
        peaks.append(peak)
        print(
            f"round {number}: bare loop {megabytes / bare:5.0f} MB/s, export {megabytes / took:5.0f} MB/s, "
            f"ratio {bare / took:.2f}; of the processor's time {bare_busy / busy:.2f}"
        )
    print(f"{images} images, {megabytes:.0f} MB: median ratio {statistics.median(ratios):.2f} (at least 0.8)")
    print(f"of the processor's time {statistics.median(of_processor):.2f}, which does not depend on who else works")
    print(f"peak memory {max(peaks) / MEGABYTE:.0f} MB (less than 150)")


def main() -> None:
    """Read the arguments and measure, in a data folder of nobody's."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--kilobytes", type=int, default=700)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sparse", action="store_true", help="Files with holes, which take no room.")
    parser.add_argument("--run", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "tagger_project.settings"
    if asked.run is None:
        with tempfile.TemporaryDirectory(prefix="bench-export-") as folder:
            os.environ |= {"DATA_DIR": folder, "ENV_FILE": "none", "DATABASE_URL": "", "REDIS_URL": ""}
            _ready()
            measure(asked.images, asked.kilobytes, asked.rounds, Path(folder), sparse=asked.sparse)
    else:
        _ready()
        run(asked.run)


def _ready() -> None:
    import django

    django.setup()


if __name__ == "__main__":
    main()
