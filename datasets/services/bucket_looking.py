"""What the bucket has, for a comparison with rows and local files; nothing where there is no bucket."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from datasets import remote
from tagger_project.bucket import Stored


class BucketLook:
    """One look over what a bucket has, folder by folder."""

    def __init__(self, *, read: bool) -> None:
        """Remember how to look.

        Args:
            read: read objects to their end rather than compare names and sizes.
        """
        self._read = read
        self._listing = remote.Listing()
        self._there: dict[Path, Stored] = {}

    def turn_to(self, shard: int) -> None:
        """Look at one folder of 256 from now on; in their order.

        Raises:
            BucketAway: it does not answer.
        """
        self._there = self._listing.turn_to(shard)

    def size_of(self, path: Path, otherwise: int) -> int:
        """Return what a file takes there."""
        stored = self._there.get(path)
        return otherwise if stored is None else stored.size

    def is_whole(self, path: Path) -> bool:
        """Whether what is there is what was stored; without reading, being there is enough."""
        return not self._read or remote.is_whole_in_bucket(path)

    def lacking(self, wanted: Collection[Path], pool: ThreadPoolExecutor) -> Iterator[Path]:
        """Yield the files that are whole here, as far as their length tells, and not there."""
        here = [path for path in wanted if path.is_file()]
        for path, is_kept in zip(here, pool.map(self._is_kept, here), strict=True):
            if not is_kept:
                yield path

    def count_alone(self) -> int:
        """Return how many files of the folder are there and not here."""
        return sum(not path.exists() for path in self._there)

    def left(self, wanted: Collection[Path]) -> Iterator[tuple[Path, float]]:
        """Yield what is there and not wanted, with its age in seconds."""
        return ((path, stored.age) for path, stored in self._there.items() if path not in wanted)

    def _is_kept(self, path: Path) -> bool:
        try:
            if self.size_of(path, -1) == path.stat().st_size and self.is_whole(path):
                return True
            # Stored or freed since the list was made.
            return not path.is_file() or (remote.holds(path) and self.is_whole(path))
        except FileNotFoundError:
            return True
