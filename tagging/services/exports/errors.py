"""Why an export cannot be made; each text is a sentence that says what to do."""

from __future__ import annotations


class ExportRefused(Exception):
    """It cannot be made as it was asked for."""


class NothingToExport(ExportRefused):
    """There is no image that would go in."""


class KeyTaken(Exception):
    """Something else was asked for with this key."""
