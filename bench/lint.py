"""How long lint takes: what a person waits for who opens the export page.

    python -m bench.lint [--images 10000 --tags-each 15 --times 10]
    python -m tests.with_postgres python -m bench.lint [...]

Fills a database of its own with a dataset of so many images, each with so many tags and a caption, and looks at it as
each trainer would: clean, with defects of many kinds on every hundredth image, and at a version of the latter. It
prints, in milliseconds, the first look after nothing was held in memory, and the median of the others; beside each the
time of the processor, which other work on the machine does not change. The bare loop beside it reads the same images,
words and captions, row by row, without looking at them.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial

_TARGET = 1_000.0
_EVERY = 100
_AT_ONCE = 5_000
_BAD_CAPTIONS = (
    "She stands.\nHe sits.",
    "She ||| stands ;;; here,, and waits.",
    "A {red|blue} hat of [trigger].",
    r"A hat \(red\) and a café.",
    "She\u200b stands with a word word by the lake.",
)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--tags-each", type=int, default=15)
    parser.add_argument("--times", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATA_DIR"] = folder
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tagger_project.settings")
        from bench.filters import _set_up, fill

        _set_up()
        from django.db import connection

        fill(options.images, options.tags_each)
        _write_captions()
        _count_tokens()
        print(
            f"{connection.vendor}: {options.images} images, {options.tags_each} tags and a caption on each", flush=True
        )
        _measure("clean", options.times)
        _spoil()
        _measure("bad", options.times)
        _measure_version(options.times)
        connection.close()


def _write_captions() -> None:
    from datasets.models import Dataset, Image
    from tagging.models import Caption

    Dataset.objects.filter(name="Large").update(trigger_word="ohwx")
    rows = Image.objects.filter(dataset__name="Large").values_list("pk", "position").iterator(chunk_size=_AT_ONCE)
    text = "She stands by the old house in view {}, with a lake behind her and a boat on it, in the evening."
    Caption.objects.bulk_create(
        (Caption(image_id=pk, text=text.format(place)) for pk, place in rows), batch_size=_AT_ONCE
    )


def _count_tokens() -> None:
    from datasets.models import Dataset
    from tagging.services.text_lengths import count_lengths

    count_lengths(Dataset.objects.get(name="Large").pk)


def _spoil() -> None:
    from datasets.models import Image
    from tagging.models import Caption, ImageTag, Tag

    images = list(Image.objects.filter(dataset__name="Large").order_by("pk").values_list("pk", flat=True)[::_EVERY])
    bad = [Tag.objects.create(name=name) for name in (r"miku \(x\)", "red，green", "OHWX", "[name]", "Word_1", "once")]
    for number, pk in enumerate(images):
        Caption.objects.filter(image=pk).update(text=_BAD_CAPTIONS[number % len(_BAD_CAPTIONS)])
        if number == 0 or number % 2:
            ImageTag.objects.create(image_id=pk, tag=bad[number % len(bad)], position=99.0, source="PERSON")
        facts = ({"width": 40}, {"width": 300, "height": 300}, {"width": 4000, "height": 400}, {"is_plain": False})
        Image.objects.filter(pk=pk).update(**facts[number % len(facts)], dhash=number % 20, sharpness=number % 40)


def _measure(what: str, times: int) -> None:
    from datasets.models import Dataset
    from datasets.queries.moments import forget_moments
    from tagging.queries.image_tags_held import forget_image_tags
    from tagging.queries.linting import lint
    from tagging.trainers.options import default_options
    from tagging.trainers.profiles import PROFILES

    dataset = Dataset.objects.get(name="Large")
    bare, of_bare = (
        statistics.median(each) for each in zip(*[_timed(partial(_read_bare, dataset.pk))] * 3, strict=True)
    )
    print(f"{what}: the bare loop reads all of it in {bare:.0f} ms ({of_bare:.0f})")
    print(f"  {'profile':15} {'first':>15} {'then':>17} {'findings':>10}")
    slowest = 0.0
    for profile in PROFILES:
        forget_image_tags()
        forget_moments()
        options = default_options(profile)
        looks = [_timed(partial(lint, dataset, options)) for _ in range(times + 1)]
        (first, of_first), *rest = looks
        then, of_then = (statistics.median(each) for each in zip(*rest, strict=True))
        slowest = max(slowest, *(wall for wall, _processor in looks))
        findings = len(lint(dataset, options))
        print(f"  {profile:15} {first:7.0f} ({of_first:5.0f}) {then:9.0f} ({of_then:5.0f}) {findings:10}", flush=True)
    print(f"  slowest {slowest:.0f} ms: {'within' if slowest <= _TARGET else 'above'} {_TARGET:.0f}")


def _measure_version(times: int) -> None:
    """Freeze the bad dataset, and look at the version: nothing of it is held in memory, so each look is a first one."""
    from datasets.models import Dataset
    from tagging.queries.export_preview import preview_version
    from tagging.queries.linting_versions import lint_version
    from tagging.services.versions import freeze
    from tagging.trainers.options import default_options
    from tagging.trainers.profiles import PROFILES

    version = freeze(Dataset.objects.get(name="Large"), name="as it was", by=None)
    print(f"a version of it\n  {'profile':15} {'lint':>17} {'preview':>17} {'findings':>10}")
    for profile in PROFILES:
        options = default_options(profile)
        print(f"  {profile:15}", end="")
        for look in (lint_version, preview_version):
            looks = [_timed(partial(look, version, options)) for _ in range(times)]
            wall, of_processor = (statistics.median(each) for each in zip(*looks, strict=True))
            print(f" {wall:9.0f} ({of_processor:5.0f})", end="")
        print(f" {len(lint_version(version, options)):10}", flush=True)


def _read_bare(dataset: int) -> None:
    from datasets.models import Image
    from tagging.models import Caption, ImageTag

    for rows in (
        Image.objects.filter(dataset=dataset).values_list("pk", "width", "height", "format"),
        ImageTag.objects.filter(image__dataset=dataset).values_list("image_id", "tag_id"),
        Caption.objects.filter(image__dataset=dataset).values_list("image_id", "text"),
    ):
        for _row in rows.iterator(chunk_size=_AT_ONCE):
            pass


def _timed(run: Callable[[], object]) -> tuple[float, float]:
    """Return milliseconds as they pass, and those of the processor."""
    began, of_processor = time.perf_counter(), time.process_time()
    run()
    return (time.perf_counter() - began) * 1_000, (time.process_time() - of_processor) * 1_000


if __name__ == "__main__":
    main()
