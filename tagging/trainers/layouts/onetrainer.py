"""OneTrainer: `concepts.json`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tagging.trainers.layouts.base import FurtherFile, LaidOut, Layout, as_json

CONFIG_FILE = "concepts.json"
_VERSION = 2


class OneTrainerLayout(Layout):
    """One concept: the folder."""

    def files_of(self, entries: Iterable[LaidOut]) -> Iterator[FurtherFile]:
        """Yield the list of concepts."""
        yield from super().files_of(entries)
        yield FurtherFile(CONFIG_FILE, as_json([self._concept()]))

    def _concept(self) -> dict[str, Any]:
        style = self.options.style
        kept = self.options.read_template().count_kept(self.dataset, style)
        return {
            "__version": _VERSION,
            "name": self.dataset.name,
            "path": self.path_of(self.folder),
            # Drawn anew for each concept that has none: the same export would be trained otherwise each time.
            "seed": 0,
            "enabled": True,
            "type": "STANDARD",
            "include_subdirectories": False,
            "balancing": float(self.options.repeats),
            "balancing_strategy": "REPEATS",
            "loss_weight": 1.0,
            "image": {
                "enable_crop_jitter": True,
                # On by default: a face with a parting, a logo and every letter would be learned both ways round.
                "enable_random_flip": False,
                "enable_resolution_override": False,
                "resolution_override": str(self.options.resolution),
            },
            "text": {
                "prompt_source": "sample",
                "prompt_path": "",
                "enable_tag_shuffling": style.kept is not None,
                "tag_delimiter": style.separator.strip() or style.separator,
                "keep_tags_count": kept if style.kept is not None else 1,
            },
        }
