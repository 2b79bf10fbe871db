"""The stored pictures where a bucket keeps them: the files of the data folder are copies then, whole ones.

Without a bucket everything here returns at once, and the data folder is the record. With one:

- What is stored is written to the data folder first and kept in the bucket (`keep`) before any row names it.
- Who reads a file brings it first (`bring`), or borrows it (`borrow`) where so much is read that copies would push out
  those of pages. Never inside a transaction and never on the event loop: a bucket may take seconds.
- What no row needs is marked (`mark_dropped`) under the picture's lock while the local files go; the bucket is asked
  afterwards (`drop_marked`), as it may be away. Who stores the same picture meanwhile finishes that first: `keep` looks
  for the mark after it has written the local files, `datasets.services.blobs.assert_stored` again under the lock.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import IO

from django.conf import settings
from django.utils.translation import gettext as _

from datasets import files, paths
from tagger_project.bucket import Bucket, BucketAway, BucketRefuses, Stored, get_bucket

_MARKS = "freed"
# Which installation's pictures these are: two that shared a place would free each other's.
_OWNER = "installation"
_OWNER_FILE = "bucket.id"
_SECONDS_FOR_A_DROP = 15.0
# A use is noted this often: an answer should not cost a write to the disk.
_SECONDS_A_USE = 600.0
_AT_ONCE = 3
_MANY_AT_ONCE = 8


class Damaged(OSError):
    """A file, here or in the bucket, is not what was stored."""

    def __init__(self, path: Path, where: str) -> None:
        super().__init__(_("%(where)s is not what was stored") % {"where": where})
        self.filename = str(path)
        self.strerror = str(self.args[0])


class OthersPlace(BucketRefuses):
    """The place in the bucket is another installation's."""


def is_set() -> bool:
    """Whether a bucket keeps the pictures."""
    return settings.BUCKET is not None


def name_of(path: Path) -> str:
    """Return what a stored file is called in the bucket."""
    root: Path = settings.DATA_DIR
    return path.relative_to(root).as_posix()


# --- Storing ------------------------------------------------------------------------------------------------


def keep(*stored: Path) -> None:
    """Let the bucket have files that are whole in the data folder; what it has already is not sent again.

    The three of one picture, or any one of them.

    Raises:
        BucketAway: it does not have them for sure.
        Damaged: an original is not what its name says; it is not sent.
    """
    bucket = get_bucket()
    if bucket is None:
        return
    for sha256 in {path.name.partition(".")[0] for path in stored}:
        _finish_drop(bucket, sha256)
    if len(stored) == 1:
        _put(bucket, stored[0])
        return
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        # Asked for in order, so that what failed first is what is raised.
        list(pool.map(lambda path: _put(bucket, path), stored))


def keep_many(stored: Iterable[Path]) -> Iterator[Path]:
    """Let the bucket have any number of files; yields each when it has it.

    Raises:
        BucketAway: it does not have the rest for sure.
        Damaged: as of `keep`.
    """
    with ThreadPoolExecutor(_MANY_AT_ONCE) as pool:
        rest = iter(stored)
        waiting = deque((path, pool.submit(keep, path)) for path in islice(rest, 4 * _MANY_AT_ONCE))
        while waiting:
            path, done = waiting.popleft()
            try:
                done.result()
            except BaseException:
                for _path, other in waiting:
                    other.cancel()
                raise
            yield path
            waiting.extend((path, pool.submit(keep, path)) for path in islice(rest, 1))


def _put(bucket: Bucket, path: Path) -> None:
    sha256 = files.sha256_of(path)
    if _is_original(path) and sha256 != path.stem:
        raise Damaged(path, str(path))
    found = bucket.look(name_of(path))
    if found is None or (found.size, found.sha256) != (path.stat().st_size, sha256):
        bucket.put(name_of(path), path, sha256)


def holds(path: Path, sha256: str = "") -> bool:
    """Whether the bucket surely has the same as a local file; its sum may be given.

    Raises:
        BucketAway: it does not answer.
        OSError: the file cannot be read.
    """
    bucket = get_bucket()
    if bucket is None:
        return False
    found = bucket.look(name_of(path))
    return found is not None and (found.size, found.sha256) == (
        path.stat().st_size,
        sha256 or files.sha256_of(path),
    )


def _is_original(path: Path) -> bool:
    return path.parent.parent.name == "originals"


# --- Reading ------------------------------------------------------------------------------------------------


def bring(path: Path) -> Path:
    """See to it that a stored file is in the data folder; returns its path. Two at once are harmless.

    Raises:
        FileNotFoundError: the bucket does not have it either; where there is no bucket nothing is looked at.
        Damaged: what the bucket has is not what was stored.
        BucketAway: it does not answer.
        OSError: the disk is full or refuses.
    """
    bucket = get_bucket()
    if bucket is None:
        return path
    try:
        status = path.stat()
        if bucket.cache_bytes and time.time() - status.st_atime > _SECONDS_A_USE:
            os.utime(path, ns=(time.time_ns(), status.st_mtime_ns))
    except FileNotFoundError:
        with files.new_file(path, lasts=True) as temporary:
            _fetch(bucket, path, temporary)
    return path


def bring_anew(path: Path) -> bool:
    """Put what the bucket has in the place of a local file; returns whether it has it, and whole.

    Raises:
        BucketAway: it does not answer.
        OSError: the disk is full or refuses.
    """
    bucket = get_bucket()
    if bucket is None:
        return False
    try:
        with files.new_file(path, lasts=True) as temporary:
            _fetch(bucket, path, temporary)
    except (FileNotFoundError, Damaged):
        return False
    return True


@contextmanager
def borrow(path: Path) -> Iterator[Path]:
    """Lend a stored file: the local one, or one fetched for this block alone.

    Raises:
        FileNotFoundError, Damaged, BucketAway, OSError: as `bring` does.
    """
    bucket = get_bucket()
    if bucket is None or path.is_file():
        yield path
        return
    files.make_folder(path.parent)
    temporary = path.with_name(f"{files.TEMPORARY_PREFIX}{secrets.token_hex(8)}")
    try:
        _fetch(bucket, path, temporary)
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def is_whole_in_bucket(path: Path) -> bool:
    """Read what the bucket has of a file, and compare.

    Raises:
        BucketAway: it does not answer.
    """
    bucket = get_bucket()
    if bucket is None:
        return False
    try:
        with bucket.reading(name_of(path)) as (stored, blocks):
            return _sum_up(blocks) == _expected(path, stored)
    except FileNotFoundError:
        return False


def _fetch(bucket: Bucket, path: Path, temporary: Path) -> None:
    with bucket.reading(name_of(path)) as (stored, blocks):
        files.leave_room(path.parent, stored.size)
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            found = _sum_up(blocks, file)
    if found != _expected(path, stored):
        raise Damaged(path, _("%(name)s in the bucket") % {"name": name_of(path)})


def _sum_up(blocks: Iterable[bytes], file: IO[bytes] | None = None) -> tuple[int, str]:
    size, summed = 0, files.new_sum()
    for block in blocks:
        size += len(block)
        summed.update(block)
        if file is not None:
            file.write(block)
    return size, summed.hexdigest()


def _expected(path: Path, stored: Stored) -> tuple[int, str]:
    return stored.size, path.stem if _is_original(path) else stored.sha256


# --- Freeing ------------------------------------------------------------------------------------------------


class Listing:
    """What the bucket has, folder by folder of 256 in their order; nothing where there is no bucket.

    A thousand names come at a time: what was stored since they came is not among them.
    """

    def __init__(self, kinds: Iterable[str] = paths.KINDS, *, first: int = 0) -> None:
        """Begin with the folder `first`; nothing is asked yet."""
        bucket = get_bucket()
        names = [] if bucket is None else [(f"blobs/{kind}/", f"blobs/{kind}/{first:02x}") for kind in kinds]
        self._rest = [bucket.listed(folder, behind=behind) for folder, behind in names] if bucket is not None else []
        self._next: list[Stored | None] = [Stored("", 0)] * len(self._rest)

    def turn_to(self, shard: int) -> dict[Path, Stored]:
        """Return what is in a folder, by the path that each has here; to be asked in order.

        Raises:
            BucketAway: it does not answer.
        """
        root: Path = settings.DATA_DIR
        found: dict[Path, Stored] = {}
        for number, rest in enumerate(self._rest):
            each = self._next[number]
            while each is not None and _shard_of(each) <= shard:
                if _shard_of(each) == shard:
                    found[root / each.name] = each
                each = next(rest, None)
            self._next[number] = each
        return found


def _shard_of(stored: Stored) -> int:
    """Return the number of an object's folder; -1 for what is none of the program's names."""
    name = Path(stored.name)
    is_ours = paths.is_checksum(name.stem) and name.parent.name == name.stem[:2]
    return int(name.parent.name, 16) if is_ours else -1


def mark_dropped(sha256: str, stored: Iterable[Path]) -> None:
    """Note that these files of a picture are to go from the bucket; before the local ones go, under the lock."""
    if is_set():
        # Empty after a power cut: then a later sweep finds in the bucket what nothing needs.
        with files.new_file(_mark(sha256), lasts=False) as temporary:
            temporary.write_text("\n".join(sorted(map(name_of, stored))), encoding="ascii")


def is_marked(sha256: str) -> bool:
    """Whether a picture's files may be going from the bucket at this moment."""
    return is_set() and _mark(sha256).exists()


def marked(shard: int) -> list[str]:
    """Return the pictures of one folder of 256 that are still to go from the bucket."""
    if not is_set():
        return []
    with suppress(FileNotFoundError):
        return [
            entry.name for entry in os.scandir(_mark(f"{shard:02x}" + "0" * 62).parent) if paths.is_checksum(entry.name)
        ]
    return []


def drop_marked(sha256: str) -> None:
    """Remove from the bucket what was marked; where that fails the mark stays.

    Raises:
        BucketAway: it does not answer.
    """
    bucket = get_bucket()
    if bucket is not None:
        _finish_drop(bucket, sha256)


def forget_marks() -> None:
    """Let everything in the bucket stay: rows of a backup may need it again. For when nothing else runs."""
    for shard in range(256):
        for sha256 in marked(shard):
            _mark(sha256).unlink(missing_ok=True)


def _finish_drop(bucket: Bucket, sha256: str) -> None:
    mark = _mark(sha256)
    with _held(mark) as file:
        if file is None:
            return
        for name in file.read().split():
            bucket.delete(name)
        mark.unlink(missing_ok=True)


@contextmanager
def _held(mark: Path) -> Iterator[IO[str] | None]:
    """Hold a mark alone; `None` where there is none (any more)."""
    end = time.monotonic() + _SECONDS_FOR_A_DROP
    while True:
        try:
            file = mark.open(encoding="ascii")
        except FileNotFoundError:
            yield None
            return
        with file:
            if _locked(file):
                # Removed by who had it before, or made anew since: then that one is asked for.
                if _is_same(file, mark):
                    yield file
                    return
            elif time.monotonic() > end:
                raise BucketAway(_("The bucket is still busy with freeing the same picture."))
            else:
                time.sleep(0.02)


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_same(file: IO[str], mark: Path) -> bool:
    try:
        return os.fstat(file.fileno()).st_ino == mark.stat().st_ino
    except FileNotFoundError:
        return False


def _mark(sha256: str) -> Path:
    root: Path = settings.DATA_DIR
    return root / "blobs" / _MARKS / sha256[:2] / sha256


# --- Whose place it is --------------------------------------------------------------------------------------


def check_bucket() -> None:
    """Ask the bucket for a little; where there is none, nothing.

    Raises:
        BucketAway: it does not answer or refuses.
    """
    bucket = get_bucket()
    if bucket is not None:
        next(bucket.listed(_OWNER, at_once=1), None)


def claim_place(*, take_over: bool = False) -> None:
    """See to it that the place in the bucket is this installation's: it writes, reads and removes there.

    Args:
        take_over: make it this one's where it was another's, whose data folder is gone.

    Raises:
        OthersPlace: it is another's.
        BucketAway: it does not answer or refuses.
    """
    bucket = get_bucket()
    if bucket is None:
        return
    own = _own_number()
    check_bucket()
    found = _owner(bucket)
    if found and found != own and not take_over:
        raise OthersPlace(
            _(
                "This place in the bucket is another installation’s. Set S3_PREFIX to a name of its own. If it was "
                "this one’s and the data folder was lost, run `manage.py bucket adopt`."
            )
        )
    # Also where it is there: a key that may only read is noticed now, and one that may not delete.
    bucket.put_bytes(f"{_OWNER}.try", b"1")
    bucket.delete(f"{_OWNER}.try")
    if found != own:
        bucket.put_bytes(_OWNER, own.encode())


def _owner(bucket: Bucket) -> str:
    try:
        with bucket.reading(_OWNER) as (_stored, blocks):
            return b"".join(blocks).decode("ascii", "replace")
    except FileNotFoundError:
        return ""


def _own_number() -> str:
    root: Path = settings.DATA_DIR
    path = root / _OWNER_FILE
    with suppress(FileNotFoundError):
        return path.read_text(encoding="ascii")
    files.write_whole(path, secrets.token_hex(16).encode())
    return path.read_text(encoding="ascii")
