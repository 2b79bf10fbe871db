"""How quickly tags are suggested while a person types.

    python -m bench.suggest [--tags 140000] [--questions 60]
    python -m tests.with_postgres python -m bench.suggest [--tags 1000000]

Starts the whole program, fills its database with made-up tags, as many aliases as a fifth of them, and a dataset of 300
pictures with twelve tags each, and asks for prefixes, what is inside words, what matches nothing, and typos. Prints the
milliseconds in the server (median and p95 of a question with its statements, in a process of its own, and what of them
a core worked: other programs on the machine make the first longer) and of whole
requests, how long the vocabulary takes to be read behind the first question, how long questions take meanwhile, and
what memory it takes.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

import httpx

from bench.program import ROOT, Program, resident_bytes, running_program
from bench.vocabulary import make_aliases, make_tags

PICTURES, TAGS_OF_A_PICTURE = 300, 12
_AT_ONCE = 5_000


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--tags", type=int, default=140_000)
    parser.add_argument("--questions", type=int, default=60, help="Of each kind and length.")
    parser.add_argument("--part", choices=["all", "fill", "inside"], default="all")
    options = parser.parse_args()
    if options.part == "fill":
        fill(options.tags)
    elif options.part == "inside":
        measure_inside(options.tags, options.questions)
    else:
        with running_program(workers=1) as program:
            print(f"{options.tags} tags, {'PostgreSQL' if os.environ.get('DATABASE_URL') else 'SQLite'}", flush=True)
            _part(program, "fill", options)
            measure_requests(program, options.tags, options.questions)
            _part(program, "inside", options)


def _part(program: Program, part: str, options: argparse.Namespace) -> None:
    command = [sys.executable, "-m", "bench.suggest", "--part", part]
    command += ["--tags", str(options.tags), "--questions", str(options.questions)]
    subprocess.run(command, cwd=ROOT, env=program.environment, check=True)


def questions(tags: list[tuple[str, int, int]], count: int) -> Iterator[tuple[str, list[str]]]:
    """Yield kinds of questions with their texts."""
    chance = random.Random(7)
    names = [name.replace("_", " ") for name, _, _ in tags]
    for length in range(1, 7):
        some = [name for name in chance.choices(names, k=4 * count) if len(name) > length + 1][:count]
        yield f"prefix {length}", [name[:length] for name in some]
        places = [chance.randrange(1, len(name) - length) for name in some]
        yield f"inside {length}", [name[at : at + length] for name, at in zip(some, places, strict=True)]
        yield f"no match {length}", ["".join(chance.choices("bcdfgqxz", k=length)) for _ in some]
    typed = [name[:10] for name in chance.choices(names, k=count) if len(name) >= 6]
    yield "typo", [text[:2] + text[3:] for text in typed]


def fill(count: int) -> None:
    """Fill the database that the environment names."""
    _set_up()
    from datasets.models import Dataset  # after Django is set up
    from tagging.models import ImageTag, Source, Tag, TagAlias, TagCategory
    from tests import factories

    tags = make_tags(count)
    keys = dict(TagCategory.objects.values_list("number", "pk"))
    for start in range(0, count, _AT_ONCE):
        rows = tags[start : start + _AT_ONCE]
        Tag.objects.bulk_create([Tag(name=name, category_id=keys[kind], vocabulary_count=n) for name, kind, n in rows])
    pks = dict(Tag.objects.values_list("name", "pk"))
    aliases = [(alias, tag) for alias, tag in make_aliases(tags, count // 5) if alias not in pks]
    for start in range(0, len(aliases), _AT_ONCE):
        rows_of = [TagAlias(name=alias, tag_id=pks[tag]) for alias, tag in aliases[start : start + _AT_ONCE]]
        TagAlias.objects.bulk_create(rows_of, ignore_conflicts=True)
    chance = random.Random(4)
    dataset = Dataset.objects.create(name="Bench", file_prefix="bench")
    for _ in range(PICTURES):
        image = factories.make_image(dataset, is_tagged=True)
        names = {tags[int(chance.random() ** 4 * len(tags))][0] for _ in range(TAGS_OF_A_PICTURE)}
        ImageTag.objects.bulk_create(
            [
                ImageTag(image=image, tag_id=pks[name], position=place, source=Source.PERSON)
                for place, name in enumerate(names)
            ]
        )


def _set_up() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tagger_project.settings")
    import django

    django.setup()


def measure_inside(count: int, asked: int) -> None:
    """Time questions without the way to the server, in this process."""
    _set_up()
    from datasets.models import Dataset
    from tagging.models import Tag
    from tagging.queries.suggestions import get_suggestions
    from tagging.queries.vocabulary import get_vocabulary

    dataset = Dataset.objects.get(name="Bench")
    present = list(Tag.objects.filter(image_tags__image__dataset=dataset).values_list("name", flat=True)[:8])
    before = resident_bytes(os.getpid())
    began = time.perf_counter()
    get_suggestions(dataset, "")
    while not get_vocabulary().is_ready:
        time.sleep(0.05)
    seconds, held = time.perf_counter() - began, get_vocabulary().index.byte_size / 1e6
    grown = (resident_bytes(os.getpid()) - before) / 1e6
    print(f"read in {seconds:.1f} s; the index holds {held:.0f} MB, the process grew by {grown:.0f} MB")
    tags = make_tags(count)
    get_suggestions(dataset, "", with_tags=present)
    for clock, title in ((time.perf_counter, "in the server"), (time.thread_time, "of a core, in the server")):
        _tell(title, tags, asked, lambda text: get_suggestions(dataset, text, 50, with_tags=present), clock)


def measure_requests(program: Program, count: int, asked: int) -> None:
    """Time whole requests, first while the vocabulary is being read."""
    tags = make_tags(count)
    with program.client() as client:
        dataset = client.get("/api/v1/datasets").json()[0]["id"]
        address = f"/api/v1/datasets/{dataset}/tag-suggestions"
        rare = tags[-1][0]
        times: list[float] = []
        began = time.perf_counter()
        while not times or not _is_found(client, address, rare):
            times.append(_seconds(lambda: client.get(address, params={"q": "ba", "limit": 50})))
        meanwhile, seconds = _of(times), time.perf_counter() - began
        print(f"requests while it is being read ({seconds:.1f} s): {meanwhile}", flush=True)
        present = [tag["name"] for tag in client.get(address).json()["tags"][:8]]
        _tell(
            "whole request",
            tags,
            asked,
            lambda text: client.get(address, params={"q": text, "limit": 50, "tag": present}),
        )
    largest = max(resident_bytes(pid) for pid, command in program.processes().items() if "daphne" in command)
    print(f"the web process holds {largest / 1e6:.0f} MB", flush=True)


def _is_found(client: httpx.Client, address: str, name: str) -> bool:
    found = client.get(address, params={"q": name, "limit": 1}).json()["tags"]
    return bool(found) and found[0]["name"] == name


def _tell(
    title: str,
    tags: list[tuple[str, int, int]],
    asked: int,
    ask: Callable[[str], object],
    clock: Callable[[], float] = time.perf_counter,
) -> None:
    everything: list[float] = []
    print(f"{title}, ms")
    for kind, texts in questions(tags, asked):
        times = [_seconds(partial(ask, text), clock) for text in texts]
        everything += times if kind != "typo" else []
        print(f"  {kind:<12} {_of(times)}")
    print(f"  {'all but typos':<12} {_of(everything)}", flush=True)


def _seconds(run: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    began = clock()
    run()
    return clock() - began


def _of(times: list[float]) -> str:
    times = sorted(times)
    middle, high = times[len(times) // 2], times[min(len(times) - 1, int(len(times) * 0.95))]
    return f"median {1000 * middle:6.2f}  p95 {1000 * high:6.2f}  of {len(times)}"


if __name__ == "__main__":
    main()
