"""ai-toolkit: a folder without sub-folders, and the part of its configuration that speaks of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import yaml

from tagging.trainers.layouts.base import FurtherFile, LaidOut, Layout, as_comment

CONFIG_FILE = "ai-toolkit.yaml"


class AiToolkitLayout(Layout):
    """Everything but pictures and texts lies outside of their folder: sub-folders would be trained too."""

    def files_of(self, entries: Iterable[LaidOut]) -> Iterator[FurtherFile]:
        """Yield the part of the configuration."""
        yield from super().files_of(entries)
        yield FurtherFile(CONFIG_FILE, self._config().encode("utf-8"))

    def _config(self) -> str:
        dataset = {
            "folder_path": self.path_of(self.folder),
            "caption_ext": "txt",
            "caption_dropout_rate": 0.05,
            # It keeps nothing in front when it shuffles, not even the trigger word.
            "shuffle_tokens": False,
            "cache_latents_to_disk": True,
            "num_repeats": self.options.repeats,
            "resolution": [self.options.resolution],
        }
        process: dict[str, Any] = {"datasets": [dataset]}
        if self.trigger:
            process = {"trigger_word": self.trigger} | process
        comment = as_comment(
            "For ai-toolkit: these keys belong under config: process: - of a training configuration.", self.path_hint
        )
        return comment + yaml.safe_dump(process, allow_unicode=True, sort_keys=False, width=10_000)
