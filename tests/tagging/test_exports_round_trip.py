"""What this program exported and imports again is the same dataset: tag for tag, in order, caption for caption."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from datasets.models import Dataset, ImportItem, ImportJob
from datasets.services import processing
from datasets.services.uploads import TextRules, start_import
from tagging.models import ExportJob, Tag
from tagging.queries.state import get_image_state
from tests import factories, images, uploading
from tests.tagging.doing import adding, apply, bring_in, picture_of, writing
from tests.tagging.exporting import export, manifest_of, opened, paths_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_line")]

WORDS: list[tuple[list[str], str]] = [
    (["1girl", "long hair"], "A woman sits on a sofa. She smiles."),
    (["zebra", "apple", "name (series)", "a_b c_d"], ""),
    ([], "On a sofa, with a cat, two dogs."),
    ([], ""),
    (["a_b_c d_e_f g_h"], "one\ntwo\n\nthree"),
    (["ohwx", "café", "שלום", '"quoted"', "back\\slash"], 'ohwx, "she" said: {x} \\ [y]'),
    (["a sentence that is. Not one", ">_<", "1:2", "長" * 60], "sofa"),
    (["null"], "null"),
]
# The others differ in files that no import reads.
PROFILES = [("plain", "folder"), ("kohya", "metadata"), ("huggingface", "folder"), ("civitai", "caption")]
MORE = [
    ("kohya", "folder"),
    ("kohya", "repeats"),
    ("ai-toolkit", "folder"),
    ("onetrainer", "folder"),
    ("musubi-tuner", "list"),
    ("diffusion-pipe", "folder"),
    ("simpletuner", "folder"),
    ("civitai", "tag"),
]


@pytest.fixture
def dataset() -> Dataset:
    """A dataset with words that are easily taken for others."""
    dataset = factories.make_dataset(name="First", file_prefix="first", trigger_word="ohwx")
    files = [(f"{10 - n}.png", images.encoded("PNG", width=64, height=48, seed=n)) for n in range(len(WORDS))]
    for item, (tags, caption) in zip(bring_in(dataset, files), WORDS, strict=True):
        apply(picture_of(item), *map(adding, tags), *([writing(caption)] if caption else []))
    return dataset


def words_of(dataset: Dataset) -> list[tuple[str, list[str], str]]:
    """Every picture with its words, in order."""
    rows = []
    for image in dataset.images.in_order():
        state = get_image_state(image)
        rows.append((image.sha256, [tag.name for tag in state.tags], state.caption))
    return rows


def work(job: ImportJob) -> ImportJob:
    """Seal an import, and do all that waits, as workers do."""
    uploading.finish(job)
    processing.process_waiting(most_seconds=60)
    return uploading.finish(job)


def take_in(exported: ExportJob, **facts: Any) -> Dataset:
    """Import an archive into a new dataset."""
    dataset = factories.make_dataset(**facts)
    job = uploading.start(dataset)
    for path in paths_of(exported):
        uploading.bring(job, path.name, path.read_bytes())
    assert work(job).finished_at is not None
    return Dataset.objects.get(pk=dataset.pk)


@pytest.mark.parametrize(
    ("profile", "variant"), [*PROFILES, *(pytest.param(*each, marks=pytest.mark.heavy) for each in MORE)]
)
def test_an_import_of_an_export_is_the_same_dataset(dataset: Dataset, profile: str, variant: str) -> None:
    known = set(Tag.objects.values_list("name", flat=True))
    again = take_in(export(dataset, profile, variant=variant))
    assert words_of(again) == words_of(dataset)
    assert again.trigger_word == "ohwx"
    # Nothing of it is told as a fault: what is for trainers alone is left out.
    assert not ImportItem.objects.filter(job__dataset=again, state=ImportItem.State.FAILED).exists()
    # Nothing was taken for a tag on the way either.
    assert set(Tag.objects.values_list("name", flat=True)) == known


def test_and_its_export_is_the_same_again(dataset: Dataset) -> None:
    first = export(dataset, "kohya")
    again = take_in(first, name="Second", file_prefix="first")
    second = export(again, "kohya")
    with opened(first) as one, opened(second) as other:
        assert one.namelist() == other.namelist()
        for name in one.namelist():
            assert name == "manifest.json" or one.read(name) == other.read(name), name


@pytest.mark.parametrize("manifest_comes", ["first", "last"])
def test_an_unpacked_export_in_any_order(dataset: Dataset, manifest_comes: str) -> None:
    """Files that are dropped one by one: what was guessed before the manifest came does not stay."""
    exported = export(dataset)
    again = factories.make_dataset()
    job = uploading.start(again)
    with opened(exported) as archive:
        names = sorted(archive.namelist(), key=lambda name: (name == "manifest.json") == (manifest_comes == "last"))
        for name in names:
            folder, _, own = name.rpartition("/")
            uploading.bring(job, own, archive.read(name), folder)
    work(job)
    assert words_of(again) == words_of(dataset)


def test_a_dataset_with_a_trigger_word_keeps_its_own(dataset: Dataset) -> None:
    assert take_in(export(dataset), trigger_word="sks").trigger_word == "sks"


def test_words_that_a_person_wrote_meanwhile_stay(dataset: Dataset) -> None:
    exported = export(dataset)
    again = factories.make_dataset()
    job = uploading.start(again)
    with opened(exported) as archive:
        image = picture_of(uploading.bring(job, "first-0001.png", archive.read("first/first-0001.png"), "first"))
        apply(image, adding("mine"))
        uploading.bring(job, "manifest.json", archive.read("manifest.json"))
    work(job)
    image.refresh_from_db()
    assert [tag.name for tag in get_image_state(image).tags] == ["mine"]


@pytest.mark.parametrize(
    "harm",
    [
        {"words": None},
        {"words": {"tags": "a, b"}},
        {"words": {"tags": [1]}},
        {"words": {"caption": 7}},
        {"words": {"tags": ["x"]}, "name": 5},
        {"words": {"tags": ["x"]}, "name": "../../.."},
        {"words": {"tags": ["x" * 70_000]}},
    ],
)
def test_a_manifest_from_anywhere_is_told_and_never_guessed_at(dataset: Dataset, harm: dict[str, Any]) -> None:
    manifest = manifest_of(export(dataset))
    manifest["files"] = [{**file, **harm} for file in manifest["files"]]
    manifest["dataset"]["trigger_word"] = ["no word"]
    again = factories.make_dataset()
    job = uploading.start(again)
    item = uploading.bring(job, "manifest.json", json.dumps(manifest).encode())
    uploading.bring(job, "first-0001.png", images.encoded("PNG", width=64, height=48, seed=0), "first")
    work(job)
    item.refresh_from_db()
    assert item.state == ImportItem.State.FAILED
    assert [tags for _, tags, _ in words_of(again)] == [[]]


def test_the_texts_that_wait_for_an_answer_are_shown_as_they_will_be_read(
    client: Any, dataset: Dataset, tmp_path: Path
) -> None:
    job = start_import(factories.make_dataset(), source=ImportJob.Source.UPLOAD, by=None, texts=TextRules(asks=True))
    manifest = json.dumps(manifest_of(export(dataset)), indent=1).encode()
    uploading.bring(job, "manifest.json", manifest)
    shown = client.get(f"/api/v1/imports/{job.pk}/sidecars").json()["examples"]
    assert [(each["tags"], each["caption"]) for each in shown][:3] == [(tags, text) for tags, text in WORDS[:3]]
