"""How quickly the board of a large dataset is there.

    python -m bench.board [--images 10000 --tags-each 15 --times 10] [--all-sizes-differ]
    python -m tests.with_postgres python -m bench.board [...]

Fills a database of its own as `bench.filters` does, and the last two weeks with a history of it: every tag an operation
of one of three people. Then it reads the board in this process, the first time with nothing in memory, and prints the
milliseconds of each part and of the page with all of its charts, and for how many of them this process was at work.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import timedelta


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--tags-each", type=int, default=15)
    parser.add_argument("--times", type=int, default=10, help="How often each is asked.")
    parser.add_argument("--all-sizes-differ", action="store_true", help="No two pictures have the same size.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATA_DIR"] = folder
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tagger_project.settings")
        _run(options)


def _run(options: argparse.Namespace) -> None:
    from bench.filters import _set_up, fill

    _set_up()
    from django.db import connection

    began = time.perf_counter()
    fill(options.images, options.tags_each)
    if options.all_sizes_differ:
        let_sizes_differ()
    operations = fill_history()
    filled = time.perf_counter() - began
    print(
        f"{connection.vendor}: {options.images} images, {operations} operations, filled in {filled:.0f} s", flush=True
    )
    measure(options.times)
    connection.close()


def let_sizes_differ() -> None:
    """Give every picture a size of its own."""
    from datasets.models import Image

    rows = list(Image.objects.filter(dataset__name="Large").order_by("pk"))
    chance = random.Random(5)
    for number, row in enumerate(rows):
        row.width, row.height = 600 + number % 4_000, chance.randrange(500, 4_000)
    Image.objects.bulk_update(rows, ["width", "height"], batch_size=500)


def fill_history() -> int:
    """Write a history of the tags that are there, a tag every few seconds, by three people; returns how many."""
    from django.contrib.auth.models import User
    from django.db import connection
    from django.utils import timezone

    from datasets.models import Dataset
    from tagging.models import Change, ImageTag, Source, TagOperation

    dataset = Dataset.objects.get(name="Large")
    people = [User.objects.create_user(f"person {number}") for number in range(3)]
    rows = list(ImageTag.objects.filter(image__dataset=dataset).order_by("image", "position"))
    now = timezone.now()
    # The moment is the database's own else.
    Change._meta.get_field("done_at").auto_now_add = False
    changes = [
        Change(
            key=uuid.uuid4(),
            dataset=dataset,
            source=Source.PERSON,
            done_by=people[number // 9 % 3],
            done_at=now - timedelta(seconds=7 * (len(rows) - number)),
        )
        for number in range(len(rows))
    ]
    Change.objects.bulk_create(changes, batch_size=5_000)
    TagOperation.objects.bulk_create(
        (
            TagOperation(key=uuid.uuid4(), change=change, image_id=row.image_id, kind="ADD", tag_name="", after=1.0)
            for change, row in zip(changes, rows, strict=True)
        ),
        batch_size=5_000,
    )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    return len(rows)


def measure(times: int) -> None:
    """Read all of it and each part."""
    from django.conf import settings
    from django.test import Client
    from django.test.utils import override_settings

    from datasets.models import Dataset
    from tagging.queries.board.board import get_board, get_numbers
    from tagging.queries.board.goals import get_goals
    from tagging.queries.board.lengths import get_text_lengths
    from tagging.queries.board.pace import get_pace
    from tagging.queries.board.shapes import ShapesAsked, get_shapes
    from tagging.queries.board.words import get_words
    from tagging.services.goals import add_goal

    dataset = Dataset.objects.get(name="Large")
    for number in range(10):
        add_goal(dataset, name=f"goal {number}", filter=f'"word {number * 7}" -is:small', wanted=200)
    dataset.refresh_from_db()
    client = Client(HTTP_HOST="localhost")
    plain_files = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    tell("all of it, nothing in memory", lambda: get_board(dataset, ShapesAsked()), 1)
    tell("all of it", lambda: get_board(dataset, ShapesAsked()), times)
    tell("  numbers", lambda: get_numbers(dataset), times)
    tell("  10 goals", lambda: get_goals(dataset), times)
    tell("  tags, categories, together", lambda: get_words(dataset), times)
    tell("  sizes and buckets", lambda: get_shapes(dataset, ShapesAsked()), times)
    tell("  lengths of texts", lambda: get_text_lengths(dataset), times)
    tell("  pace", lambda: get_pace(dataset, 100), times)
    # Files have no names by their content here: nothing was collected.
    with override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain_files}, AUTH_MODE="open"):
        answer = client.get(f"/datasets/{dataset.pk}/board/")
        print(f"the page has {len(answer.content) / 1000:.0f} kB, status {answer.status_code}")
        tell("the page", lambda: client.get(f"/datasets/{dataset.pk}/board/"), times)


def tell(title: str, run: Callable[[], object], times: int) -> None:
    """Run and print."""
    taken, worked = [], []
    for _ in range(times):
        began, busy = time.perf_counter(), time.process_time()
        run()
        taken.append(time.perf_counter() - began)
        worked.append(time.process_time() - busy)
    middle, worst, own = (1000 * seconds for seconds in (sorted(taken)[times // 2], max(taken), min(worked)))
    print(f"{title:<32} median {middle:7.0f} ms, worst {worst:7.0f} ms, at work {own:7.0f} ms", flush=True)


if __name__ == "__main__":
    main()
