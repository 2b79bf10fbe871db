"""How long a backup takes, the second one into the same folder, and a restore: `python -m bench.backup --images 20000`.

Rows as of a dataset that is tagged and captioned; files of some kilobytes, so that what is measured is what a file
costs, not the disk. `DATABASE_URL` measures PostgreSQL.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_FILL = """
import hashlib, sys, uuid
from datasets.models import Dataset, Image
from datasets import paths
from tagging.models import Caption, Change, ImageTag, Tag, TagOperation
from django.conf import settings
from django.utils import timezone
count = int({images})
dataset = Dataset.objects.create(name="Bench", file_prefix="bench", next_position=count + 1)
tags = Tag.objects.bulk_create(Tag(name=f"tag {{n}}") for n in range(500))
facts = dict(format="JPEG", width=1200, height=800, colour="#808080", is_tagged=True)
root = settings.DATA_DIR
for start in range(0, count, 1000):
    numbers = range(start, min(count, start + 1000))
    made = []
    for n in numbers:
        content = str(n).encode() * 800
        sha = hashlib.sha256(content).hexdigest()
        made.append(Image(dataset=dataset, position=n + 1, sha256=sha, stem_key=str(n), original_name=f"{{n}}.jpg",
                          byte_size=len(content), **facts))
        original = paths.original_path(root, sha, "JPEG")
        for path in (original, paths.thumbnail_path(root, sha), paths.preview_path(root, sha)):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    Image.objects.bulk_create(made)
    ImageTag.objects.bulk_create(
        ImageTag(image=i, tag=tags[(i.pk * 7 + k) % 500], position=1024.0 * k, source="PERSON")
        for i in made for k in range(15)
    )
    Caption.objects.bulk_create(Caption(image=i, text="A photo of something, number %d. " % i.pk * 3) for i in made)
    changes = Change.objects.bulk_create(
        Change(key=uuid.uuid4(), dataset=dataset, source="PERSON", done_at=timezone.now()) for i in made
    )
    TagOperation.objects.bulk_create(
        TagOperation(key=uuid.uuid4(), change=c, image=i, kind="ADD", tag_name="tag", after=1.0)
        for i, c in zip(made, changes) for k in range(3)
    )
"""


def run(label: str, data: Path, *arguments: str, database: str = "") -> None:
    """Run a command and print its seconds and its largest memory."""
    env = {**os.environ, "ENV_FILE": "none", "DATA_DIR": str(data), "DATABASE_URL": database}
    begin = time.monotonic()
    subprocess.run([sys.executable, "manage.py", *arguments], env=env, check=True, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - begin
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"{label:<34} {seconds:7.1f} s   largest memory of any command so far {most} MB", flush=True)


def main() -> None:
    """Fill an installation, back it up twice, restore it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=20_000)
    options = parser.parse_args()
    database = os.environ.get("DATABASE_URL", "")
    with tempfile.TemporaryDirectory(prefix="bench-backup-") as folder:
        here = Path(folder)
        run("tables", here / "data", "migrate", database=database)
        run(
            "rows and files of the test",
            here / "data",
            "shell",
            "-c",
            _FILL.format(images=options.images),
            database=database,
        )
        run("backup", here / "data", "backup", str(here / "b"), database=database)
        run("backup again, nothing new", here / "data", "backup", str(here / "b"), database=database)
        run("verify_backup", here / "data", "verify_backup", str(here / "b"), database=database)
        # Always to SQLite: the server has one database, which is filled.
        run("restore to SQLite", here / "again", "restore", str(here / "b"))


if __name__ == "__main__":
    main()
