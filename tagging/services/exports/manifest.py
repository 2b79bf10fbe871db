"""`manifest.json`: what an archive was made from, and the SHA-256 of each file in it. Written as it is gone through."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import PIL

from tagger_project.version import PROGRAM, VERSION
from tagging.services.exports.planning import ExportPlan
from tagging.services.exports.zips import Entry
from tagging.trainers.options import PixelOptions
from tagging.trainers.records import FrozenImage

# Whoever reads manifests can tell from it whether they know them.
_FORM = 1


# What is said of a picture besides its file.
Facts = dict[str, Any]


def write_manifest(plan: ExportPlan, part: int, files: Iterable[tuple[Entry, Facts]]) -> Iterator[bytes]:
    """Yield the manifest of an archive, some bytes at a time.

    Args:
        plan: of the export.
        part: which archive, from 1.
        files: what lies in it in order, each with the facts of the picture that it was made from, or none.
    """
    head = json.dumps(_head(plan, part), ensure_ascii=False, indent=1)
    yield f'{head[:-2]},\n "files": ['.encode()
    sign = "\n"
    for entry, facts in files:
        file = {"name": entry.name, "size": entry.size, "sha256": entry.sha256}
        line = json.dumps(file | facts, ensure_ascii=False)
        yield f"{sign}  {line}".encode()
        sign = ",\n"
    yield b"\n ]\n}\n"


def facts_of(image: FrozenImage, pixels: PixelOptions) -> Facts:
    """Return what the manifest says of the picture that a file was made from."""
    return {
        "original": {
            "name": image.original_name,
            "folder": image.relative_path,
            "sha256": image.sha256,
            "position": image.position,
        },
        # An import of this very archive reads them, and not the texts that were composed of them.
        "words": {"tags": [tag.name for tag in image.tags], "caption": image.caption},
        "converted": not pixels.keeps(image),
    }


def _head(plan: ExportPlan, part: int) -> dict[str, Any]:
    version = plan.version
    return {
        "form": _FORM,
        "program": {"name": PROGRAM, "version": VERSION, "pillow": PIL.__version__},
        "profile": plan.options.profile,
        "options": json.loads(plan.options.to_json()),
        "dataset": {
            "name": plan.dataset.name,
            "file_prefix": plan.dataset.file_prefix,
            "trigger_word": plan.dataset.trigger_word,
        },
        "version": {
            "number": version.number,
            "name": version.name,
            "digest": version.digest,
            "images": version.images,
            "vocabulary_revision": version.vocabulary_revision,
        },
        "images": plan.total,
        "archive": {"number": part, "of": plan.layout.part_count},
    }
