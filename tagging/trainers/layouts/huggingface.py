"""Hugging Face's imagefolder: pictures in `train/` with their `metadata.jsonl`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tagging.trainers.layouts.base import FurtherFile, LaidOut, Layout, as_json_line

FOLDER, LIST_FILE = "train", "metadata.jsonl"


class HuggingFaceLayout(Layout):
    """Texts lie beside the pictures too: the others load that folder as it is."""

    def _pictures_folder(self) -> str:
        return FOLDER

    def files_of(self, entries: Iterable[LaidOut]) -> Iterator[FurtherFile]:
        """Yield the list; a picture without a row would not be loaded, so each has one."""
        rows = bytearray()
        for entry in entries:
            rows += as_json_line(self._row(entry))
        yield FurtherFile(f"{FOLDER}/{LIST_FILE}", bytes(rows))

    def _row(self, entry: LaidOut) -> dict[str, object]:
        """Return a row that kohya's and musubi's loaders read too: its `caption` is what they train.

        A key `tags` would be joined to the caption a second time there.
        """
        is_whole = bool(self.options.folder.strip())
        return {
            "file_name": entry.place.file_name,
            "text": entry.text,
            "image_path": self.path_of(entry.place.picture_name) if is_whole else entry.place.file_name,
            "caption": entry.text,
            "image_size": [entry.width, entry.height],
            "tag_list": list(entry.tags),
            "prose": entry.caption,
        }
