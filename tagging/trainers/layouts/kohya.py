"""kohya sd-scripts: `dataset.toml` with only the keys it allows, a folder or `N_name`, and its list of captions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from tagging.trainers.layouts.base import FurtherFile, LaidOut, Layout, as_comment, as_json
from tagging.trainers.toml import as_toml

CONFIG_FILE, LIST_FILE = "dataset.toml", "meta_cap.json"
KEPT_MARKER, SECONDARY = "|||", ";;;"
_SMALLEST_BUCKET, _STEP = 256, 64
# Signs that a folder may have on every system.
_OF_FOLDERS = re.compile(r"[a-z0-9][a-z0-9 _\-]*", re.IGNORECASE)


class KohyaLayout(Layout):
    """Pictures in one folder; in the variant `repeats` in one whose name says how often they come."""

    def _pictures_folder(self) -> str:
        if self.options.variant != "repeats":
            return self.prefix
        return f"{self.prefix}/{self.options.repeats}_{self._class_words()}"

    def _class_words(self) -> str:
        """Return what the folder's name says: the caption of a picture that has none."""
        trigger = self.dataset.trigger_word
        return trigger if _OF_FOLDERS.fullmatch(trigger) and trigger == trigger.strip() else self.prefix

    def files_of(self, entries: Iterable[LaidOut]) -> Iterator[FurtherFile]:
        """Yield `dataset.toml`, and `meta_cap.json` where it is asked for."""
        rows: dict[str, dict[str, Any]] = {}
        has_list = self.options.variant == "metadata"
        for entry in entries:
            if has_list:
                rows[entry.place.file_name] = {"caption": entry.text, "image_size": [entry.width, entry.height]}
        yield FurtherFile(CONFIG_FILE, self._config().encode("utf-8"))
        if has_list:
            yield FurtherFile(LIST_FILE, as_json(rows))

    def _config(self) -> str:
        resolution = self.options.resolution
        dataset = {
            "resolution": resolution,
            "enable_bucket": True,
            "min_bucket_reso": min(_SMALLEST_BUCKET, resolution // _STEP * _STEP),
            # Twice the resolution: at the trainer's own 1024 wide pictures lose nearly half of their pixels.
            "max_bucket_reso": resolution * 2 // _STEP * _STEP,
            "bucket_reso_steps": _STEP,
            "bucket_no_upscale": False,
            "subsets": [self._subset()],
        }
        comment = as_comment("For kohya sd-scripts: --dataset_config dataset.toml", self.path_hint)
        return comment + as_toml({"datasets": [dataset]})

    def _subset(self) -> dict[str, Any]:
        options = self.options
        subset: dict[str, Any] = {"image_dir": self.path_of(self.folder), "num_repeats": options.repeats}
        if options.variant == "metadata":
            subset["metadata_file"] = self.path_of(LIST_FILE)
        else:
            subset["caption_extension"] = ".txt"
            if self.trigger:
                subset["class_tokens"] = self.trigger
        return subset | self._shuffling()

    def _shuffling(self) -> dict[str, Any]:
        style, template = self.options.style, self.options.read_template()
        keys: dict[str, Any] = {}
        sign = style.separator.strip() or style.separator
        if sign != ",":
            keys["caption_separator"] = sign
        if style.marker or template.says(KEPT_MARKER):
            # Without shuffling the marker itself would be trained.
            keys |= {"shuffle_caption": True, "keep_tokens_separator": style.marker or KEPT_MARKER}
        elif style.kept is not None:
            keys |= {"shuffle_caption": True, "keep_tokens": template.count_kept(self.dataset, style)}
        if style.secondary or template.says(SECONDARY):
            keys["secondary_separator"] = style.secondary or SECONDARY
        return keys
