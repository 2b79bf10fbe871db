"""A picture, its texts and the person's answer at the same moment: every word arrives, no text waits for ever."""

from __future__ import annotations

import json

import pytest

from datasets.models import ImportItem, ImportJob
from datasets.services.held_texts import decide_about_sidecars
from datasets.services.processing import process_item
from datasets.services.uploads import TextRules, mark_received, start_import
from tests import factories, images, uploading
from tests.tagging.doing import names_on, together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shared_database", "empty_line")]

State = ImportItem.State


@pytest.mark.parametrize("policy", [ImportJob.SidecarPolicy.ONLY_UNTAGGED, ImportJob.SidecarPolicy.OVERWRITE])
def test_texts_and_picture_read_at_once_find_each_other(policy: ImportJob.SidecarPolicy) -> None:
    for round_ in range(3):
        dataset = factories.make_dataset()
        job = start_import(dataset, source=ImportJob.Source.UPLOAD, by=None, texts=TextRules(policy=policy))
        row = json.dumps({"file_name": "cat.jpg", "text": "c, b"}).encode()
        files = {"cat.txt": b"a, b", "cat.caption": b"d, e", "metadata.jsonl": row}
        items = [uploading.send(job, "cat.jpg", images.encoded(seed=round_))]
        items += [uploading.send(job, name, content) for name, content in files.items()]

        def read(number: int, items: list[ImportItem] = items) -> str:
            return process_item(items[number].pk)

        assert together(read, people=4) == [State.READY] * 4
        assert names_on(dataset.images.get()) == ["a", "b", "d", "e", "c"]


def test_no_text_is_held_after_the_answer() -> None:
    for _round in range(5):
        dataset = factories.make_dataset()
        job = start_import(dataset, source=ImportJob.Source.UPLOAD, by=None, texts=TextRules(asks=True))
        items = [uploading.announce(job, f"{number}.txt", 4) for number in range(7)]

        def act(number: int, job: ImportJob = job, items: list[ImportItem] = items) -> None:
            if number == 0:
                decide_about_sidecars(
                    job, policy=ImportJob.SidecarPolicy.APPEND, reading=ImportJob.SidecarReading.GUESS
                )
            else:
                mark_received([items[number - 1].pk])

        assert together(act) == [None] * 8
        assert set(job.items.values_list("state", flat=True)) == {State.RECEIVED}
