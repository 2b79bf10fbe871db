"""How quickly a large dataset is paged, filtered and counted.

    python -m bench.filters [--images 100000 --tags-each 15 --times 40]
    python -m tests.with_postgres python -m bench.filters [...]

Fills a database of its own with a dataset of so many images, each with so many tags: a few tags are on most images,
most on few, as in the field, and one is on ten images. Then it asks what the grid asks, in this process, and prints
median and p95 in milliseconds, and the median as a ratio to the bare statement: the same rows, sorted and cut off by
SQL written by hand, without a model and without the total. `--explain` prints the plans.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

_ROWS_AT_ONCE = 50_000
_WORDS = 20_000
# A page of the grid.
_LIMIT = 100


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--tags-each", type=int, default=15)
    parser.add_argument("--times", type=int, default=40, help="How often each is asked.")
    parser.add_argument("--explain", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATA_DIR"] = folder
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tagger_project.settings")
        _set_up()
        began = time.perf_counter()
        fill(options.images, options.tags_each)
        from django.db import connection

        rows = options.images * options.tags_each
        filled = time.perf_counter() - began
        print(
            f"{connection.vendor}: {options.images} images, {rows} tags on them, filled in {filled:.0f} s", flush=True
        )
        Bench(options.times, explain=options.explain).run()
        connection.close()


def _set_up() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def fill(images: int, tags_each: int) -> None:
    """Make the dataset, twice: a second one of a tenth the size stands beside it."""
    from django.db import connection

    from tagging.models import Tag

    Tag.objects.bulk_create([Tag(name=f"word {number}") for number in range(_WORDS)], batch_size=5_000)
    words = list(Tag.objects.filter(name__startswith="word ").order_by("pk").values_list("pk", flat=True))
    chance = random.Random(3)
    for name, count in (("Large", images), ("Other", images // 10)):
        _fill_one(name, count, tags_each, words, chance)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE")


def _fill_one(name: str, count: int, tags_each: int, words: list[int], chance: random.Random) -> None:
    from datasets.models import Dataset, Image
    from tagging.models import ImageTag

    dataset = Dataset.objects.create(name=name, file_prefix=name.lower(), revision=count, next_position=count + 1)
    _copy(Image, _images(dataset.pk, count, chance))
    pks = list(Image.objects.filter(dataset=dataset).order_by("position").values_list("pk", flat=True))
    _copy(ImageTag, _image_tags(pks, tags_each, words, chance))
    _count_tokens(dataset.pk)


def _count_tokens(dataset: int) -> None:
    """As the worker does, where it can be done here."""
    from tagging.services.text_lengths import count_lengths

    began = time.perf_counter()
    counted = count_lengths(dataset)
    took = time.perf_counter() - began
    print(f"tokens of {counted.images} texts counted and kept in {took:.1f} s, {counted.left} left", flush=True)


def _images(dataset: int, count: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    for number in range(1, count + 1):
        yield {
            "dataset_id": dataset,
            "position": number,
            "sha256": f"{dataset:08x}{number:056x}",
            "original_name": f"picture {chance.randrange(count):07}.jpg",
            "relative_path": "",
            "stem_key": f"{number:032x}",
            "format": "JPEG",
            "width": chance.choice([512, 768, 832, 1024, 1216, 1920]),
            "height": chance.choice([512, 768, 832, 1024, 1216, 1080]),
            "byte_size": chance.randrange(50_000, 5_000_000),
            "colour": "#808080",
            "is_tagged": True,
            "changed_at_revision": number // 3,
        }


def _image_tags(pks: list[int], tags_each: int, words: list[int], chance: random.Random) -> Iterator[dict[str, Any]]:
    from django.utils import timezone

    now = timezone.now()
    for place, image in enumerate(pks):
        # The first words are on most images, the last on few; the very last on ten.
        chosen = {words[int(chance.random() ** 5 * (_WORDS - 1))] for _ in range(tags_each)}
        if place % max(1, len(pks) // 10) == 0:
            chosen.add(words[-1])
        for position, tag in enumerate(chosen):
            yield {"image_id": image, "tag_id": tag, "position": position, "source": "PERSON", "added_at": now}


def _copy(model: Any, rows: Iterator[dict[str, Any]]) -> None:
    batch = []
    for row in rows:
        batch.append(model(**row))
        if len(batch) >= _ROWS_AT_ONCE:
            model._base_manager.bulk_create(batch, batch_size=5_000)
            batch.clear()
    model._base_manager.bulk_create(batch, batch_size=5_000)


def anew(run: Callable[[], object], _number: int) -> None:
    """Run with nothing held."""
    from datasets.queries.moments import forget_moments

    forget_moments()
    run()


class Bench:
    """Asks and prints."""

    def __init__(self, times: int, *, explain: bool) -> None:
        from datasets.models import Dataset
        from tagging.models import Tag

        self.times, self.explain = times, explain
        self.dataset = Dataset.objects.get(name="Large")
        self.words = list(Tag.objects.filter(name__startswith="word ").order_by("pk").values_list("name", "pk"))

    def run(self) -> None:
        """Ask everything."""
        from datasets.queries.ordering import Order

        print(f"{'':<34} median ms   p95 ms   ratio to the bare statement, its ms")
        for order in Order:
            self.pages(order)
        self.cold("two tags, tags not in memory", '"word 0" "word 40"')
        self.hold()
        # From the most used to the rarest.
        for place in (0, 3, 100, 5_000, _WORDS - 1):
            self.filtered(f"one tag ({place}.)", f'"{self.words[place][0]}"', [self.words[place][1]], [])
        self.filtered("two tags", '"word 0" "word 40"', [self.words[0][1], self.words[40][1]], [])
        self.filtered("two rarer tags", '"word 400" "word 900"', [self.words[400][1], self.words[900][1]], [])
        self.filtered("a negation", '-"word 0"', [], [self.words[0][1]])
        self.filtered("a tag and a negation", '"word 40" -"word 0"', [self.words[40][1]], [self.words[0][1]])
        self.filtered("a negation of a rare tag", f'-"{self.words[-1][0]}"', [], [self.words[-1][1]])
        self.tokens()
        self.counts()

    def tokens(self) -> None:
        """Texts longer than CLIP reads at once, and a few that are longest, where tokens can be counted here."""
        from tagging.models import TextLength

        rows = TextLength.objects.filter(image__dataset=self.dataset).order_by("-clip").values_list("clip", flat=True)
        counts = [count or 0 for count in rows]
        if counts:
            self.lengths("tokens:>75", 75)
            self.lengths("tokens: of the longest", counts[len(counts) // 1_000])

    def lengths(self, title: str, limit: int) -> None:
        """The first page and a jump, each with the total; and the first page when the dataset was changed before it."""
        from datasets.queries.images import Asked, get_image_page, get_landmarks

        asked = Asked(self.dataset, f"tokens:>{limit}")
        bare = self.seconds(lambda _: self.bare_lengths(limit))
        page = get_image_page(asked, limit=_LIMIT)
        if self.explain:
            print(asked.filter, asked.matching().in_order()[:_LIMIT].explain(), sep="\n")
        self.tell(f"{title}: {page.total} found", partial(anew, lambda: get_image_page(asked)), bare)
        self.tell("  again, its total is held", lambda _: get_image_page(asked, limit=_LIMIT), bare)
        marks = get_landmarks(asked, every=_LIMIT).cursors
        chance = random.Random(1)
        self.tell("  a jump", lambda _: get_image_page(asked, after=chance.choice(marks)), bare)

    def bare_lengths(self, limit: int) -> None:
        """The rows of a page by hand, as if every count held."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT i.* FROM datasets_image i JOIN tagging_textlength t ON t.image_id = i.id "
                "WHERE i.dataset_id = %s AND i.trashed_at IS NULL AND t.clip > %s "
                f"ORDER BY i.position LIMIT {_LIMIT + 1}",
                [self.dataset.pk, limit],
            )
            cursor.fetchall()

    def cold(self, title: str, filter: str) -> None:
        """The first page and its total before anybody asked for the list of tags, which holds them in memory."""
        from datasets.queries.images import Asked, get_image_page

        self.tell(title, partial(anew, lambda: get_image_page(Asked(self.dataset, filter))), None)

    def hold(self) -> None:
        """Ask for the list of tags, as every page of the grid does."""
        from tagging.queries.tag_counts import get_tag_counts

        began = time.perf_counter()
        get_tag_counts(self.dataset)
        print(f"{'tags read into memory':<34} {1000 * (time.perf_counter() - began):9.1f}", flush=True)

    def pages(self, order: Any) -> None:
        """Page 1, page 1,000 and a jump in an order."""
        from datasets.queries.images import Asked, get_image_page, get_landmarks

        asked = Asked(self.dataset, order=order)
        began = time.perf_counter()
        marks = get_landmarks(asked, every=_LIMIT).cursors
        took = 1000 * (time.perf_counter() - began)
        bare = self.seconds(lambda _: self.bare(order.value)) if order.value in _BARE_ORDERS else None
        self.tell(f"{order.value}: page 1", lambda _: get_image_page(asked, limit=_LIMIT), bare)
        far = marks[min(999, len(marks) - 1)]
        self.tell(f"{order.value}: page {min(1000, len(marks))}", lambda _: get_image_page(asked, after=far), bare)
        chance = random.Random(1)
        self.tell(f"{order.value}: a jump", lambda _: get_image_page(asked, after=chance.choice(marks)), bare)
        print(f"{order.value + ': all landmarks':<34} {took:9.1f}", flush=True)

    def filtered(self, title: str, filter: str, having: list[int], lacking: list[int]) -> None:
        """The first page and a jump under a filter, each with the total."""
        from datasets.queries.images import Asked, get_ids, get_image_page, get_landmarks

        asked = Asked(self.dataset, filter)
        bare = self.seconds(lambda _: self.bare("added", having, lacking))
        page = get_image_page(asked, limit=_LIMIT)
        if self.explain:
            print(filter, asked.matching().in_order()[:_LIMIT].explain(), sep="\n")
        self.tell(f"{title}: {page.total} found", partial(anew, lambda: get_image_page(asked)), bare)
        self.tell("  again, its total is held", lambda _: get_image_page(asked, limit=_LIMIT), bare)
        marks = get_landmarks(asked, every=_LIMIT).cursors
        chance = random.Random(1)
        self.tell("  a jump", lambda _: get_image_page(asked, after=chance.choice(marks)), bare)
        self.tell("  all landmarks", partial(anew, lambda: get_landmarks(asked, every=_LIMIT)), bare)
        self.tell("  all ids", lambda _: get_ids(asked, start=0, end=100_000), bare)

    def counts(self) -> None:
        """The list of tags, for all and for what is filtered."""
        bare = self.seconds(lambda _: self.bare_counts(), 3)
        for filter in ("", '"word 0"', '-"word 0"', f'"{self.words[-1][0]}"'):
            self.tell(f"tag counts {filter}", partial(self.count_tags, filter), bare)

    def count_tags(self, filter: str, _number: int) -> None:
        """Count once."""
        from tagging.queries.tag_counts import get_tag_counts

        get_tag_counts(self.dataset, filter=filter)

    def bare(self, order: str, having: list[int] = [], lacking: list[int] = []) -> None:  # noqa: B006
        """The rows of a page by hand."""
        from django.db import connection

        key, way = _BARE_ORDERS[order]
        having_it = "EXISTS (SELECT 1 FROM tagging_imagetag t WHERE t.image_id = i.id AND t.tag_id = %s)"
        conditions = [having_it] * len(having) + [f"NOT {having_it}"] * len(lacking)
        where = " AND ".join(["i.dataset_id = %s", "i.trashed_at IS NULL", *conditions])
        statement = f"SELECT i.* FROM datasets_image i WHERE {where} ORDER BY i.{key} {way} LIMIT {_LIMIT + 1}"
        with connection.cursor() as cursor:
            cursor.execute(statement, [self.dataset.pk, *having, *lacking])
            cursor.fetchall()

    def bare_counts(self) -> None:
        """The counts of all tags by hand."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT t.tag_id, COUNT(*) FROM tagging_imagetag t JOIN datasets_image i ON i.id = t.image_id "
                "WHERE i.dataset_id = %s AND i.trashed_at IS NULL GROUP BY t.tag_id",
                [self.dataset.pk],
            )
            cursor.fetchall()

    def seconds(self, run: Callable[[int], object], times: int = 0) -> list[float]:
        """Run so often; returns the sorted seconds."""
        run(0)
        taken = []
        for number in range(times or self.times):
            began = time.perf_counter()
            run(number)
            taken.append(time.perf_counter() - began)
        return sorted(taken)

    def tell(self, title: str, run: Callable[[int], object], bare: list[float] | None) -> None:
        """Run and print."""
        taken = self.seconds(run)
        middle, high = taken[len(taken) // 2], taken[min(len(taken) - 1, int(len(taken) * 0.95))]
        by = bare[len(bare) // 2] if bare else 0
        ratio = f"{middle / by:8.1f} {1000 * by:8.1f}" if by else ""
        print(f"{title:<34} {1000 * middle:9.1f} {1000 * high:8.1f} {ratio}", flush=True)


_BARE_ORDERS = {
    "added": ("position", "ASC"),
    "newest": ("position", "DESC"),
    "name": ("original_name", "ASC"),
    "size": ("byte_size", "DESC"),
    "changed": ("changed_at_revision", "DESC"),
}


if __name__ == "__main__":
    main()
