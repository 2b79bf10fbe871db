"""Zips: list one into the files it holds, hand out the bytes of each, and let it go when nobody needs it any more.

A file inside an archive is an `ImportItem` of its own, with `archive` and `entry` saying where its bytes lie. Nothing
is ever written under a name that stands in an archive.
"""

from __future__ import annotations

from datasets.models import ImportItem


def process_archive(item: ImportItem) -> str:
    """Take a claimed archive to its end: its files become items of the same import; returns the archive's state.

    Safe to call again after a death in the middle: what was added is not added twice.

    Raises:
        datasets.services.claims.LostClaim: another worker has the archive.
        OSError: its bytes cannot be read.
    """
    raise NotImplementedError(item.pk)


def fetch_entry(item: ImportItem) -> None:
    """Bring a claimed file's bytes out of its archive, to where an upload's bytes lie; nothing to do where they are.

    Raises:
        datasets.archives.ArchiveError: they are damaged or not what the archive says of them; `code` and `detail` say
            why, as `datasets.imaging.ImageRefused` does.
        OSError: the archive cannot be read (`FileNotFoundError` where it is gone), or the disk refuses.
    """
    raise NotImplementedError(item.pk)


def release_archive(archive_id: int) -> bool:
    """Remove an archive's bytes when no file of it waits for them any more; returns whether this call did."""
    raise NotImplementedError(archive_id)
