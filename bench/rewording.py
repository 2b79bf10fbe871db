"""A tag of a large dataset is merged into another one and taken back; and the field's largest list is loaded.

    python -m bench.rewording [--images 100000 --tags 10 --rows 140000]
    python -m tests.with_postgres python -m bench.rewording [--images 100000 --tags 10 --rows 140000]

Makes a dataset of `images` images with `tags` tags each, and one more on all of them, of which a tenth has the tag that
it is merged into. Printed are the seconds of the numbers that are shown first, of the merge and its undo, and how long
a part of the merge held the dataset's row at most. Then a list of `rows` tags with a third as many aliases: a look, the
load, and the same load again.
"""

from __future__ import annotations

import argparse
import tempfile
import uuid
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection

from bench import django_ready  # noqa: F401  (before what needs Django)
from bench.bulk import now, populate, sql, timed
from bench.vocabulary import make_aliases, make_tags, write_list
from datasets.models import Dataset
from tagging.models import Change, ImageTag, Tag
from tagging.services import rewriting
from tagging.services.loading import load_vocabulary
from tagging.services.rewording import Kind, Rewording, carry_out, forecast
from tagging.services.undoing import undo_change

_PUT = """
INSERT INTO tagging_imagetag (image_id, tag_id, position, source, added_at)
SELECT i.id, %(tag)s, %(place)s, 'PERSON', %(now)s FROM datasets_image i
WHERE i.dataset_id = %(dataset)s AND i.id %% %(every)s = 0
"""


def put(dataset: Dataset, name: str, place: float, every: int) -> None:
    """Put a tag on every so manieth image."""
    tag, _made = Tag.objects.get_or_create(name=name)
    sql(_PUT, tag=tag.pk, place=place, now=now(), dataset=dataset.pk, every=every)


def measure_merge(images: int, tags: int) -> None:
    """Merge a tag of all images, and take it back."""
    dataset = populate(images, tags)
    put(dataset, "grin", 500.5, 1)
    put(dataset, "smile", 700.5, 10)
    asked = Rewording(Kind.MERGE, "grin", ("smile",))
    longest = 0.0
    part = rewriting._rewrite

    def watched(*values: Any) -> int:
        nonlocal longest
        seconds, done = timed(partial(part, *values))
        longest = max(longest, seconds)
        return int(done)

    vars(rewriting)["_rewrite"] = watched
    looking, told = timed(partial(forecast, asked))
    merging, done = timed(partial(carry_out, asked, by=None, key=uuid.uuid4()))
    assert done.images == told.images == images
    change = Change.objects.get(dataset=dataset)
    undoing, undone = timed(partial(undo_change, change, by=None, key=uuid.uuid4()))
    assert (undone.images, undone.left) == (images, 0)
    assert ImageTag.objects.filter(tag__name="grin").count() == images
    print(
        f"{connection.vendor:<10} {images:,} images: numbers {looking:.2f} s, merge {merging:.1f} s, "
        f"undo {undoing:.1f} s, longest part {longest:.2f} s",
        flush=True,
    )


def measure_load(rows: int) -> None:
    """Look at a list, load it, and load it again."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.csv"
        tags = make_tags(rows)
        write_list(path, tags, make_aliases(tags, rows // 3))
        looking, told = timed(partial(load_vocabulary, path, dry_run=True))
        loading, loaded = timed(partial(load_vocabulary, path))
        again, same = timed(partial(load_vocabulary, path))
    assert (told.new, same.new, same.changed) == (loaded.new, 0, 0)
    print(
        f"{connection.vendor:<10} {rows:,} rows, {loaded.new_aliases:,} aliases: look {looking:.1f} s, "
        f"load {loading:.1f} s, again {again:.1f} s",
        flush=True,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--tags", type=int, default=10)
    parser.add_argument("--rows", type=int, default=140_000)
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    measure_load(options.rows)
    measure_merge(options.images, options.tags)


if __name__ == "__main__":
    main()
