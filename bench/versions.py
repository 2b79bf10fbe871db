"""Freeze a large dataset, and what comes of it, against a bare read of the same rows.

    python -m bench.versions [--images 10000 --tags 15 --rounds 5]
    python -m tests.with_postgres python -m bench.versions [--images 10000 --tags 15 --rounds 5]

Makes a dataset of `images` images with `tags` tags each and a caption on every second one. In each round a tag is added
somewhere and the dataset frozen. Printed is how long it takes: a bare read of the rows (images, tags on images,
captions), the first freezing and the later ones, with how long they held the dataset's row at most and what all
versions take in the database; reading a version, comparing it with the present, and restoring it where one tag in
`rounds` images differs and where every image has other words.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.db.models import Sum
from django.db.models.functions import Length

from bench import django_ready  # noqa: F401  (before what needs Django)
from bench.bulk import populate
from datasets.models import Dataset, Image
from tagging.models import Caption, ImageTag, VersionChunk
from tagging.queries.comparing import compare
from tagging.queries.versions import read_images
from tagging.services import versions
from tagging.services.labelling import Edit, apply_edits
from tagging.services.restoring import restore
from tagging.services.versions import freeze
from tagging.services.writing import Kind

_FACTS = ("pk", "position", "sha256", "format", "width", "height", "byte_size", "original_name", "review_state")


_work = 0.0


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return how long something took, and what it returned."""
    global _work
    begin, work_before = time.perf_counter(), time.process_time()
    result = work()
    _work = time.process_time() - work_before
    return time.perf_counter() - begin, result


def bare_read(dataset: Dataset) -> None:
    """Read the rows, and nothing else."""
    list(Image.objects.filter(dataset=dataset).order_by("position").values_list(*_FACTS))
    assignments = ImageTag.objects.filter(image__dataset=dataset, image__trashed_at=None)
    list(assignments.order_by("image_id", "position").values_list("image_id", "tag_id"))
    list(Caption.objects.filter(image__dataset=dataset).values_list("image_id", "text"))


class Holds:
    """How long a freezing held the dataset's row."""

    def __init__(self) -> None:
        self.longest = 0.0
        store = versions._store

        def watched(*values: Any) -> Any:
            seconds, version = timed(lambda: store(*values))
            self.longest = max(self.longest, seconds)
            return version

        setattr(versions, "_store", watched)  # noqa: B010  (mypy takes no assignment to a function)


def told(name: str, seconds: float, more: str = "") -> None:
    """Print a line."""
    print(f"{connection.vendor:<10} {name:<34} {seconds:7.3f} s, processor {_work:7.3f} s  {more}".rstrip())


def add_tag(image: Image, name: str) -> None:
    """Change one image."""
    apply_edits(image, [Edit(uuid.uuid4(), Kind.ADD, tag=name)], by=None)


def make_real(dataset: Dataset) -> None:
    """Give images checksums that no compression makes shorter, and every second one a caption."""
    images = list(dataset.images.in_order())
    for image in images:
        image.sha256 = hashlib.sha256(str(image.pk).encode()).hexdigest()
    Image.objects.bulk_update(images, ["sha256"], batch_size=500)
    ids = [image.pk for image in images[::2]]
    text = "a photo of the thing number {}, seen from the side, on a table by the window"
    Caption.objects.bulk_create([Caption(image_id=pk, text=text.format(pk)) for pk in ids], batch_size=1000)


def stored_bytes() -> int:
    """Return what the parts of all versions take."""
    return int(VersionChunk.objects.aggregate(size=Sum(Length("content")))["size"] or 0)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--tags", type=int, default=15)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    dataset = populate(options.images, options.tags)
    make_real(dataset)
    holds = Holds()
    told("bare read of the rows", statistics.median(timed(lambda: bare_read(dataset))[0] for _ in range(3)))
    seconds, first = timed(lambda: freeze(dataset, name="first", by=None))
    told("first freezing", seconds, f"{stored_bytes() / 1e6:.2f} MB, row held {holds.longest:.2f} s")
    holds.longest = 0.0
    later = []
    for turn in range(options.rounds):
        add_tag(dataset.images.in_order()[turn * 700 % options.images], f"turn {turn}")
        later.append(timed(partial(freeze, dataset, name=f"later {turn}", by=None))[0])
    told(
        f"later ones, median of {options.rounds}",
        statistics.median(later),
        f"{stored_bytes() / 1e6:.2f} MB all together, row held {holds.longest:.2f} s",
    )
    told("reading a version", timed(lambda: sum(1 for _ in read_images(first)))[0])
    told("comparing with the present", timed(lambda: compare(first, dataset))[0])
    told("restoring where little differs", timed(lambda: restore(first, by=None))[0])
    ImageTag.objects.filter(image__dataset=dataset, position__gt=10_000).delete()
    told("restoring words on every image", timed(lambda: restore(first, by=None))[0])


if __name__ == "__main__":
    main()
