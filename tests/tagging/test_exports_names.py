"""Names that break programs, as whatever an export writes names of: folders, files, configurations."""

from __future__ import annotations

import json
import re
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import pytest

from datasets.models import Dataset
from datasets.services.datasets import DatasetError, change_dataset, create_dataset
from tagger_project.env import BASE_DIR
from tagging.text import one_line
from tests import images
from tests.flows.test_names import DEVICES, OWN, SHARED
from tests.readers.of_profiles import BY_CONFIGURATION
from tests.readers.reading import Sample
from tests.tagging.doing import bring_in
from tests.tagging.exporting import export, manifest_of, paths_of

pytestmark = pytest.mark.django_db

EVERY = [*BY_CONFIGURATION, ("civitai", "tag"), ("civitai", "caption")]
PREFIXES = ["con", "nul", "com1", "a_b_c", "a-", "-", "0", "a" * 40, "tags"]


def assert_safe_everywhere(name: str) -> None:
    """One part of a path, on Windows as on Linux."""
    assert not DEVICES.fullmatch(name), name
    assert not re.search(r'[<>:"/\\|?*\x00-\x1f]|[. ]$|^[. ]', name), name
    assert 0 < len(name.encode()) <= 120, name
    assert name == unicodedata.normalize("NFC", name)


def judge(dataset: Dataset, profile: str, variant: str, folder: Path) -> list[Sample]:
    """Export, look at every name, and read it back."""
    job = export(dataset, profile, variant=variant)
    [path] = paths_of(job)
    assert_safe_everywhere(path.name)
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        archive.extractall(folder)
    for name in names:
        for part in name.split("/"):
            assert_safe_everywhere(part)
    assert len({name.casefold() for name in names}) == len(names)
    # No file is another one's folder.
    folders = {name.rpartition("/")[0].casefold() for name in names}
    assert not folders & {name.casefold() for name in names}
    pictures = [name for name in names if name.endswith(".png")]
    for name in pictures:
        stem = name.rpartition("/")[2].removesuffix(".png")
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]*-[0-9]{4,}", stem), stem
        assert name.count("_") <= 3, name
    if profile == "civitai":
        return []
    found = BY_CONFIGURATION[profile, variant](folder)
    assert len(found) == len(pictures) == 2
    return found


def named(name: str, **facts: str) -> Dataset | None:
    """A dataset of a name, and with it as trigger word; `None` where no dataset is called so."""
    files = [("a.png", images.encoded("PNG", width=64, height=64, seed=1))]
    files.append(("b.png", images.encoded("PNG", width=64, height=64, seed=2)))
    try:
        dataset = create_dataset(name=name, by=None, **facts)
    except DatasetError:
        return None
    bring_in(dataset, files)
    own: dict[str, Any] = {"name": dataset.name, "file_prefix": dataset.file_prefix, "by": None}
    try:
        return change_dataset(dataset, **own, trigger_word=name)
    except DatasetError:
        # With no word at all some trainers take nothing in; that is tried elsewhere.
        return change_dataset(dataset, **own, trigger_word="ohwx")


def try_names(names: list[str], folder: Path, *, every: bool) -> None:
    """Each name through one profile, or through every one."""
    tried = 0
    for number, name in enumerate(names):
        dataset = named(name)
        if dataset is None:
            continue
        for profile, variant in EVERY if every else [EVERY[number % len(EVERY)]]:
            tried += 1
            found = judge(dataset, profile, variant, folder / str(tried))
            texts = {str(sample.text) for sample in found}
            if found and dataset.trigger_word:
                # Whatever the configuration's language makes of quotes, the trigger word arrives.
                assert {" ".join(text.split()) for text in texts} == {one_line(dataset.trigger_word)}, (name, profile)
    assert tried


def test_as_names_of_datasets_and_as_trigger_words(tmp_path: Path) -> None:
    try_names(OWN, tmp_path, every=False)


@pytest.mark.heavy
def test_as_such_for_every_profile(tmp_path: Path) -> None:
    try_names(OWN, tmp_path, every=True)


@pytest.mark.heavy
def test_the_names_that_others_collected(tmp_path: Path) -> None:
    if not SHARED.is_file():
        pytest.skip(f"the list of hostile names is not beside {BASE_DIR}")
    names = [json.loads(line)[0] for line in SHARED.read_text(encoding="utf-8").splitlines()]
    try_names(names, tmp_path, every=True)


def test_prefixes_that_systems_and_trainers_keep_for_themselves(tmp_path: Path) -> None:
    for number, prefix in enumerate(PREFIXES):
        dataset = named(f"Set {number}", file_prefix=prefix)
        if dataset is not None:
            for profile, variant in (EVERY[number % len(EVERY)], ("kohya", "repeats")):
                judge(dataset, profile, variant, tmp_path / f"{number} {profile}")


def test_original_names_are_kept_as_they_were(tmp_path: Path) -> None:
    dataset = create_dataset(name="Originals", by=None)
    names = [name for name in OWN if name and "/" not in name and "\\" not in name and "\x00" not in name]
    names = [name for name in names if name.encode("utf-8", "replace").decode() == name]
    bring_in(dataset, [(name, images.encoded("PNG", width=64, height=64, seed=n)) for n, name in enumerate(names)])
    manifest = manifest_of(export(dataset))
    pictures = [file for file in manifest["files"] if "original" in file]
    assert [file["original"]["name"] for file in pictures] == names
    for file in pictures:
        for part in file["name"].split("/"):
            assert_safe_everywhere(part)
