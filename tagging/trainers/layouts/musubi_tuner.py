"""musubi-tuner: `dataset.toml`, with the folder or with a list of pictures and captions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tagging.trainers.layouts.base import FurtherFile, LaidOut, Layout, as_comment, as_json_line
from tagging.trainers.toml import as_toml

CONFIG_FILE, LIST_FILE = "dataset.toml", "images.jsonl"


class MusubiTunerLayout(Layout):
    """A picture without a text is not trained; the list has a row for each and keeps it."""

    def files_of(self, entries: Iterable[LaidOut]) -> Iterator[FurtherFile]:
        """Yield `dataset.toml`, and the list where it is asked for."""
        has_list = self.options.variant == "list"
        rows = bytearray()
        for entry in entries:
            if has_list:
                path = self.path_of(entry.place.picture_name)
                rows += as_json_line({"image_path": path, "caption": entry.text})
        yield FurtherFile(CONFIG_FILE, self._config(has_list=has_list).encode("utf-8"))
        if has_list:
            yield FurtherFile(LIST_FILE, bytes(rows))

    def _config(self, *, has_list: bool) -> str:
        resolution = self.options.resolution
        general: dict[str, Any] = {
            "resolution": [resolution, resolution],
            "batch_size": 1,
            "enable_bucket": True,
            "bucket_no_upscale": False,
        }
        if has_list:
            dataset = {"image_jsonl_file": self.path_of(LIST_FILE)}
        else:
            general["caption_extension"] = ".txt"
            dataset = {"image_directory": self.path_of(self.folder)}
        caches = {"cache_directory": self.path_of(f"{self.prefix}-cache"), "num_repeats": self.options.repeats}
        comment = as_comment("For musubi-tuner: --dataset_config dataset.toml", self.path_hint)
        return comment + as_toml({"general": general, "datasets": [dataset | caches]})
