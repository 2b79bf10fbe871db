"""The key that signs cookies: given by the environment, else made once per data folder. No Django."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path


class NoDataFolder(Exception):
    """The data folder cannot be used; the text is a sentence."""


def load_or_make_secret_key(data_dir: Path) -> str:
    """Return the data folder's key, making it at the first start.

    Two processes that start together agree: the key is written whole to another name and linked into place, and the
    link of the slower one is refused. The file has mode 0600.

    Args:
        data_dir: the data folder; made with mode 0700 if absent.

    Raises:
        NoDataFolder: the folder cannot be made, read or written.
    """
    path = data_dir / "secret_key"
    try:
        if not path.exists():
            data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make_key(path)
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise NoDataFolder(
            f"The data folder {data_dir} cannot be used: {error.strerror}. Name another one with DATA_DIR."
        ) from error


def _make_key(path: Path) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".secret_key-")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(64))
            file.flush()
            os.fsync(file.fileno())
        # Where another process was quicker, its key is the one.
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
