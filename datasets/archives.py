"""Zips, read by offset and never by name: what is in one, and the bytes of each entry. Pure."""

from __future__ import annotations


class ArchiveError(Exception):
    """An archive or an entry of it cannot be taken in.

    Attributes:
        code: a name of `datasets.reasons.Reason`.
        detail: what its sentence needs.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
