"""`manifest.json`: what an archive was made from, and the SHA-256 of each file in it. Written as it is gone through."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import PIL

from tagger_project.version import PROGRAM, VERSION
from tagging.services.exports.planning import ExportPlan
from tagging.services.exports.zips import Entry
from tagging.trainers.records import FrozenImage

# Whoever reads manifests can tell from it whether they know them.
_FORM = 1


def write_manifest(plan: ExportPlan, part: int, files: Iterable[tuple[Entry, FrozenImage | None]]) -> Iterator[bytes]:
    """Yield the manifest of an archive, some bytes at a time.

    Args:
        plan: of the export.
        part: which archive, from 1.
        files: what lies in it in order, each with the picture that it was made from.
    """
    head = json.dumps(_head(plan, part), ensure_ascii=False, indent=1)
    yield f'{head[:-2]},\n "files": ['.encode()
    sign = "\n"
    for entry, image in files:
        line = json.dumps(_facts(plan, entry, image), ensure_ascii=False)
        yield f"{sign}  {line}".encode()
        sign = ",\n"
    yield b"\n ]\n}\n"


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


def _facts(plan: ExportPlan, entry: Entry, image: FrozenImage | None) -> dict[str, Any]:
    facts: dict[str, Any] = {"name": entry.name, "size": entry.size, "sha256": entry.sha256}
    if image is not None:
        facts["original"] = {
            "name": image.original_name,
            "folder": image.relative_path,
            "sha256": image.sha256,
            "position": image.position,
        }
        # An import of this very archive reads them, and not the texts that were composed of them.
        facts["words"] = {"tags": [tag.name for tag in image.tags], "caption": image.caption}
        facts["converted"] = not plan.options.pixels.keeps(image)
    return facts
