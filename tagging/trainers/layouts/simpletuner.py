"""SimpleTuner: `multidatabackend.json`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tagging.trainers.layouts.base import FurtherFile, LaidOut, Layout, as_json

CONFIG_FILE = "multidatabackend.json"


class SimpleTunerLayout(Layout):
    """The pictures, and where it keeps the embeddings of their texts."""

    def files_of(self, entries: Iterable[LaidOut]) -> Iterator[FurtherFile]:
        """Yield the list of its backends."""
        yield from super().files_of(entries)
        yield FurtherFile(CONFIG_FILE, as_json([self._pictures(), self._texts()]))

    def _pictures(self) -> dict[str, Any]:
        return {
            "id": self.prefix,
            "type": "local",
            "dataset_type": "image",
            "instance_data_dir": self.path_of(self.folder),
            "caption_strategy": "textfile",
            "metadata_backend": "discovery",
            "resolution": self.options.resolution,
            "resolution_type": "pixel_area",
            # Its buckets keep the shape of the pictures; its default with cropping is a square.
            "crop": False,
            "crop_aspect": "preserve",
            # Anything greater leaves pictures out.
            "minimum_image_size": 0,
            # It counts how often an image comes again.
            "repeats": self.options.repeats - 1,
            "cache_dir_vae": self.path_of(f"cache/vae/{self.prefix}"),
            "disabled": False,
        }

    def _texts(self) -> dict[str, Any]:
        return {
            "id": f"{self.prefix}-text",
            "type": "local",
            "dataset_type": "text_embeds",
            "default": True,
            "cache_dir": self.path_of(f"cache/text/{self.prefix}"),
            "disabled": False,
        }
