"""One tag onto every image of a large dataset, and its undo, against the bare statements that write the same rows.

    python -m bench.bulk [--images 100000 --tags 10 --rounds 3]
    python -m tests.with_postgres python -m bench.bulk [--images 100000 --tags 10 --rounds 3]

Makes a dataset of `images` images with `tags` tags each. In each round one tag is added to all of them twice: by three
bare statements in one transaction (tags on images, operations, images), and as a job, with its fixed list of images,
its batches, leases, history, review states and notices to a page that listens. Then both are taken back, likewise.
Printed are medians and their ratio; and how long a batch of the job held the dataset's row at most.
"""

from __future__ import annotations

import argparse
import statistics
import time
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from bench import django_ready  # noqa: F401  (before what needs Django)
from datasets.messages import dataset_group
from datasets.models import Dataset, Image
from tagging.models import Change, ImageTag, Source, Tag, TagOperation
from tagging.services.bulk import running
from tagging.services.bulk.actions import Action
from tagging.services.bulk.jobs import start_action, start_undo
from tagging.services.bulk.targets import Target
from tests import factories

_NUMBERS = "WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < %(count)s)"
_KEY = {"sqlite": "lower(hex(randomblob(16)))", "postgresql": "gen_random_uuid()"}
_JSON = {"sqlite": "CAST(t.position AS TEXT)", "postgresql": "to_jsonb(t.position)"}

_BARE_TAGS = """
INSERT INTO tagging_imagetag (image_id, tag_id, position, source, added_at)
SELECT i.id, %(tag)s, (SELECT MAX(p.position) FROM tagging_imagetag p WHERE p.image_id = i.id) + 1024, 'BULK', %(now)s
FROM datasets_image i WHERE i.dataset_id = %(dataset)s
"""
_BARE_OPERATIONS = """
INSERT INTO tagging_tagoperation ("key", change_id, image_id, kind, tag_name, "before", "after")
SELECT KEY, %(change)s, t.image_id, 'ADD', %(name)s, NULL, JSON FROM tagging_imagetag t WHERE t.tag_id = %(tag)s
"""
_BARE_REMOVALS = """
INSERT INTO tagging_tagoperation ("key", change_id, image_id, kind, tag_name, "before", "after")
SELECT KEY, %(change)s, t.image_id, 'REMOVE', %(name)s, JSON, NULL FROM tagging_imagetag t WHERE t.tag_id = %(tag)s
"""
_BARE_DELETE = "DELETE FROM tagging_imagetag WHERE tag_id = %(tag)s"
_BARE_IMAGES = """
UPDATE datasets_image SET revision = revision + 1, is_tagged = %(yes)s, changed_at_revision = %(revision)s,
review_state = CASE review_state WHEN 'APPROVED' THEN 'READY' ELSE review_state END WHERE dataset_id = %(dataset)s
"""


def sql(statement: str, **values: Any) -> None:
    """Run a statement of both databases."""
    vendor = connection.vendor
    with connection.cursor() as cursor:
        cursor.execute(statement.replace("KEY,", f"{_KEY[vendor]},").replace("JSON", _JSON[vendor]), values)


def populate(images: int, tags: int) -> Dataset:
    """Make the dataset in a few statements."""
    dataset = factories.make_dataset(name="Bulk")
    first = factories.make_image(dataset, is_tagged=True, review_state="IN_PROGRESS", position=0)
    fields = [field.column or "" for field in Image._meta.local_concrete_fields if field.column != "id"]
    new = {"position": "n.v", "sha256": "'sha' || n.v", "original_name": "'picture' || n.v || '.jpg'"}
    chosen = ", ".join(new.get(name, f"i.{name}") for name in fields)
    into = f"INSERT INTO datasets_image ({', '.join(fields)})"
    rows = f"SELECT {chosen} FROM n JOIN datasets_image i ON i.id = %(first)s"
    with connection.cursor() as cursor:
        facts = {"count": images - 1, "first": first.pk}
        statement = f"{_NUMBERS} {into} {rows}" if connection.vendor == "sqlite" else f"{into} {_NUMBERS} {rows}"
        cursor.execute(statement, facts)
    Tag.objects.bulk_create(Tag(name=f"word {number}") for number in range(500))
    base = Tag.objects.order_by("pk").values_list("pk", flat=True)[0]
    for turn in range(tags):
        sql(
            """INSERT INTO tagging_imagetag (image_id, tag_id, position, source, added_at)
            SELECT i.id, %(base)s + (i.id * 7 + %(turn)s * 13) %% 500, 1024.0 * (%(turn)s + 1), 'PERSON', %(now)s
            FROM datasets_image i WHERE i.dataset_id = %(dataset)s""",
            base=base,
            turn=turn,
            now=now(),
            dataset=dataset.pk,
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return dataset


def now() -> Any:
    """This moment as the database takes it."""
    return connection.ops.adapt_datetimefield_value(timezone.now())


def bare_add(dataset: Dataset, tag: Tag) -> None:
    """Write the rows of an added tag, and nothing else."""
    change = Change.objects.create(key=uuid.uuid4(), dataset=dataset, source=Source.BULK)
    facts = {"tag": tag.pk, "name": tag.name, "dataset": dataset.pk, "change": change.pk, "now": now()}
    with transaction.atomic():
        sql(_BARE_TAGS, **facts)
        sql(_BARE_OPERATIONS, **facts)
        sql(_BARE_IMAGES, yes=True, revision=1, dataset=dataset.pk)


def bare_remove(dataset: Dataset, tag: Tag) -> None:
    """Write the rows of a removed tag, and nothing else."""
    change = Change.objects.create(key=uuid.uuid4(), dataset=dataset, source=Source.PERSON)
    facts = {"tag": tag.pk, "name": tag.name, "change": change.pk}
    with transaction.atomic():
        sql(_BARE_REMOVALS, **facts)
        sql(_BARE_DELETE, **facts)
        sql(_BARE_IMAGES, yes=True, revision=2, dataset=dataset.pk)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return how long something took, and what it returned."""
    begin = time.perf_counter()
    result = work()
    return time.perf_counter() - begin, result


class Holds:
    """How long each batch held the dataset's row."""

    def __init__(self) -> None:
        self.longest = 0.0
        for name in ("_do_batch", "_undo_batch"):
            setattr(running, name, self._watching(getattr(running, name)))

    def _watching(self, batch: Callable[..., None]) -> Callable[..., None]:
        def watched(*values: Any) -> None:
            seconds, _result = timed(lambda: batch(*values))
            self.longest = max(self.longest, seconds)

        return watched


def add_as_job(dataset: Dataset, name: str) -> Change:
    """Add a tag to all images as the program does."""
    job = start_action(dataset, Target(filter=""), Action("add", tags=(name,)), key=uuid.uuid4(), by=None)
    running.run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.changed) == ("DONE", job.total), (job.state, job.error, job.changed)
    assert job.change is not None
    return job.change


def undo_as_job(change: Change) -> None:
    """Take a change back as the program does."""
    job = start_undo(change, key=uuid.uuid4(), by=None)
    running.run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.changed) == ("DONE", job.total), (job.state, job.error, job.changed)


def told(name: str, ours: Sequence[float], bare: Sequence[float]) -> None:
    """Print a line."""
    mine, theirs = statistics.median(ours), statistics.median(bare)
    print(
        f"{connection.vendor:<10} {name:<5} bare {theirs:6.2f} s   as a job {mine:6.2f} s   ratio {mine / theirs:4.2f}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--tags", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    dataset = populate(options.images, options.tags)
    layer = get_channel_layer()
    async_to_sync(layer.group_add)(dataset_group(dataset.pk), "page")
    holds = Holds()
    times: dict[str, list[float]] = {name: [] for name in ("add", "bare add", "undo", "bare undo")}
    for turn in range(options.rounds):
        bare = Tag.objects.create(name=f"bare {turn}")
        times["bare add"].append(timed(partial(bare_add, dataset, bare))[0])
        seconds, change = timed(partial(add_as_job, dataset, f"new {turn}"))
        times["add"].append(seconds)
        times["undo"].append(timed(partial(undo_as_job, change))[0])
        times["bare undo"].append(timed(partial(bare_remove, dataset, bare))[0])
    counts = (options.images, ImageTag.objects.count(), TagOperation.objects.count())
    print("{:,} images, {:,} tags on images, {:,} operations".format(*counts))
    told("add", times["add"], times["bare add"])
    told("undo", times["undo"], times["bare undo"])
    print(f"{connection.vendor:<10} longest batch {holds.longest:.2f} s")


if __name__ == "__main__":
    main()
