"""The data folder: made private, kept off network disks, and taken by one start at a time."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.utils.translation import gettext as _

from tagger_project.supervisor.refusal import CannotStart

# SQLite's write-ahead log is shared memory between processes, which these do not offer: the database breaks silently.
NETWORK_FILE_SYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs"})


def make_data_folder(data_dir: Path) -> None:
    """Make the data folder with its `run` and `logs`, readable by this person only.

    Raises:
        CannotStart: it cannot be written.
    """
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_private_folder(data_dir / "run")
        make_private_folder(data_dir / "logs")
    except OSError as error:
        raise CannotStart(
            _("The data folder %(folder)s cannot be written (%(reason)s). Name another one with --data.")
            % {"folder": data_dir, "reason": error.strerror}
        ) from error


def make_private_folder(folder: Path) -> None:
    """Make a folder with mode 0700, or bring one of this person's to it.

    Raises:
        CannotStart: it is somebody else's: what is in it could be read or replaced.
        OSError: it cannot be made.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise CannotStart(_("%(folder)s belongs to somebody else. Remove it and start again.") % {"folder": folder})
    folder.chmod(0o700)


def file_system_of(folder: Path, mounts: str) -> str:
    """Return the type of the file system that a folder lies on.

    Args:
        folder: absolute, without symbolic links.
        mounts: the text of `/proc/self/mounts`.
    """
    best, kind = -1, ""
    for line in mounts.splitlines():
        _device, point, file_system, *_rest = line.split(" ")
        # The kernel writes blanks and the like as three octal digits.
        mount_point = Path(point.encode().decode("unicode_escape"))
        if folder.is_relative_to(mount_point) and len(mount_point.parts) >= best:
            best, kind = len(mount_point.parts), file_system
    return kind


def refuse_network_disk(data_dir: Path) -> None:
    """Refuse a data folder whose SQLite database would lie on a network disk.

    Raises:
        CannotStart: it does.
    """
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return  # no Linux: nothing to read it from
    kind = file_system_of(data_dir.resolve(), mounts)
    if kind in NETWORK_FILE_SYSTEMS:
        raise CannotStart(
            _(
                "The data folder %(folder)s lies on a network disk (%(kind)s), where SQLite loses data. "
                "Name a folder on a local disk with --data, or a PostgreSQL server with DATABASE_URL."
            )
            % {"folder": data_dir, "kind": kind}
        )


@contextmanager
def locked(data_dir: Path) -> Iterator[IO[str]]:
    """Hold the data folder for this process; the kernel lets go of it however the process ends.

    Yields:
        The lock file, to write the address into that a second start then names.

    Raises:
        CannotStart: another start holds it.
    """
    with (data_dir / "run" / "lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            address = file.read().strip()
            running = _("It runs at %(address)s.") % {"address": address} if address else _("It is starting up.")
            raise CannotStart(
                _(
                    "The data folder %(folder)s is in use by another start. %(running)s "
                    "Stop it first, or name another folder."
                )
                % {"folder": data_dir, "running": running}
            ) from error
        write_address(file, "")
        yield file
        write_address(file, "")


def write_address(lock: IO[str], address: str) -> None:
    """Leave the address for a second start to name."""
    lock.seek(0)
    lock.truncate()
    lock.write(address)
    lock.flush()
