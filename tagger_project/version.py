"""Which edition of the program this is; as `pyproject.toml` says it, which need not be there at run time. No Django."""

from __future__ import annotations

from typing import Final

PROGRAM: Final = "dataset-tagger"
VERSION: Final = "0.1.0"
