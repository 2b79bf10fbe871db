"""Tokens in the running program: a worker counts them after an import, and after a question that found some missing."""

from __future__ import annotations

import time
import uuid

import pytest

from tests import images
from tests.person import Person
from tests.program import RunningProgram
from tests.survival import numbered

pytest.importorskip("instant_clip_tokenizer")
pytestmark = pytest.mark.flow

_COUNT = """
from datasets.models import Dataset
from tagging.queries.text_lengths import count_stale
print(count_stale(Dataset.objects.get(pk={dataset})))
"""
_SECONDS = 60.0


def missing(program: RunningProgram, dataset: int) -> int:
    """Of how many pictures no count is kept that holds."""
    code = _COUNT.format(dataset=dataset)
    return int(program.manage("shell", "--verbosity=0", "-c", code).stdout.split()[-1])


def wait_until_counted(program: RunningProgram, dataset: int) -> None:
    end = time.monotonic() + _SECONDS
    while left := missing(program, dataset):
        assert time.monotonic() < end, (left, program.logs())


def test_a_worker_counts_tokens_after_an_import_and_after_a_question(running_program: RunningProgram) -> None:
    person = Person(running_program)
    dataset = int(person.post("/datasets", {"name": f"Tokens {uuid.uuid4()}", "trigger_word": "ohwx"})["id"])
    files = [("a.jpg", numbered(images.encoded(), 1)), ("a.txt", b"blue sky, boat"), ("b.jpg", images.encoded(seed=2))]
    job, items = person.announce([(name, len(content)) for name, content in files], dataset=dataset)
    for item, (_, content) in zip(items, files, strict=True):
        person.send(job, item, content).raise_for_status()
    person.post(f"/imports/{job}/seal")
    end = time.monotonic() + _SECONDS
    while person.progress(job)["state"] != "DONE":
        assert time.monotonic() < end, person.progress(job)
        time.sleep(0.1)
    wait_until_counted(running_program, dataset)
    first, second = person.image("a.jpg", dataset=dataset), person.image("b.jpg", dataset=dataset)
    for name in ("a red house", "a green tree"):
        person.send_tag(second, name).raise_for_status()
    assert missing(running_program, dataset) == 1
    found = person.get(f"/api/v1/datasets/{dataset}/images?filter=tokens:>8").json()["images"]
    assert [image["id"] for image in found] == [second] != [first]
    wait_until_counted(running_program, dataset)
