"""Pictures that are kept though their images are gone: nobody frees them, and `verify` looks after them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from datasets import paths
from datasets.models import Dataset, Image, KeptPicture
from datasets.services.blobs import free_unneeded_blobs, needed_checksums
from datasets.services.repairing import Repairer
from datasets.services.verifying import Finding, Kind, Verification
from tests import images, uploading

NONE = timedelta(0)


@pytest.fixture
def kept(dataset: Dataset) -> Image:
    """A picture whose image was deleted for ever, and that is kept; the image as it was."""
    item = uploading.bring(uploading.start(dataset), "kept.jpg", images.encoded(width=64, height=48))
    image = item.image
    assert image is not None
    facts = {"sha256": image.sha256, "format": image.format, "byte_size": image.byte_size}
    KeptPicture.objects.create(dataset=dataset, original_name=image.original_name, **facts)
    Image.everything.filter(pk=image.pk).delete()
    return image


def findings() -> list[Finding]:
    """What a look over the stored pictures finds; what is left of an upload aside."""
    return [finding for finding in Verification(grace=NONE).findings() if finding.path.startswith("blobs/")]


def blobs(root: Path) -> list[Path]:
    """The files of stored pictures."""
    return [path for path in uploading.stored_files(root) if path.parts[0] == "blobs"]


def test_a_kept_picture_is_needed_until_it_is_let_go(data_dir: Path, kept: Image) -> None:
    free_unneeded_blobs(older_than=NONE)
    assert len(blobs(data_dir)) == 3
    assert findings() == []
    KeptPicture.objects.all().delete()
    assert {finding.kind for finding in findings()} == {Kind.ORPHAN}
    free_unneeded_blobs(older_than=NONE)
    assert blobs(data_dir) == []


def test_a_picture_that_is_kept_after_the_list_of_needs_was_made_is_not_freed(
    data_dir: Path, kept: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kept.sha256 in needed_checksums(int(kept.sha256[:2], 16))
    monkeypatch.setattr("datasets.services.blobs.needed_checksums", lambda shard: set())
    assert free_unneeded_blobs(older_than=NONE).pictures == 0
    assert len(blobs(data_dir)) == 3


def test_a_kept_original_that_is_gone_is_told_with_what_to_do(data_dir: Path, dataset: Dataset, kept: Image) -> None:
    original = paths.original_path(data_dir, kept.sha256, kept.format)
    original.unlink()
    (finding,) = findings()
    assert (finding.kind, finding.image_id, finding.dataset) == (Kind.MISSING_ORIGINAL, None, dataset.name)
    assert "“kept.jpg”" in finding.sentence
    assert "backup" in finding.sentence


def test_the_thumbnail_of_a_kept_picture_is_made_anew(data_dir: Path, kept: Image) -> None:
    thumbnail = paths.thumbnail_path(data_dir, kept.sha256)
    thumbnail.write_bytes(b"RIFF")
    (finding,) = findings()
    assert finding.kind is Kind.DAMAGED_THUMBNAIL
    assert Repairer().repair(finding)
    assert findings() == []
