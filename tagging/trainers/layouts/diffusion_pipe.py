"""diffusion-pipe: `dataset.toml`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tagging.trainers.layouts.base import FurtherFile, LaidOut, Layout, as_comment
from tagging.trainers.toml import as_toml

CONFIG_FILE = "dataset.toml"
# As its own example has them.
NARROWEST, WIDEST, BUCKETS = 0.5, 2.0, 7


class DiffusionPipeLayout(Layout):
    """One directory."""

    def files_of(self, entries: Iterable[LaidOut]) -> Iterator[FurtherFile]:
        """Yield `dataset.toml`."""
        yield from super().files_of(entries)
        config = {
            "resolutions": [self.options.resolution],
            "enable_ar_bucket": True,
            "min_ar": NARROWEST,
            "max_ar": WIDEST,
            "num_ar_buckets": BUCKETS,
            "directory": [{"path": self.path_of(self.folder), "num_repeats": self.options.repeats}],
        }
        comment = as_comment("For diffusion-pipe: dataset = 'dataset.toml' in the training's own file.", self.path_hint)
        yield FurtherFile(CONFIG_FILE, (comment + as_toml(config)).encode("utf-8"))
