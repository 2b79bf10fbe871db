"""What all readers share: what they give back, and how they stop."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image


class LoaderStops(Exception):
    """The trainer would end with an error here."""


@dataclass(frozen=True)
class Sample:
    """One picture as a trainer takes it in.

    Attributes:
        picture: where it lies.
        text: what it is trained with; where the trainer draws one of several, all of them as they can be drawn.
        repeats: how often it is seen in an epoch.
        size: what a metadata file says of it, as width and height.
        more: further columns of a metadata file.
    """

    picture: Path
    text: str | tuple[str, ...]
    repeats: int = 1
    size: tuple[int, int] | None = None
    more: dict[str, object] = field(default_factory=dict)


def raw_text(path: Path) -> str:
    """Text as UTF-8 with its BOM and its line ends, as loaders that open it so keep them."""
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise LoaderStops(f"{path.name} is not UTF-8") from error


def universal(text: str) -> str:
    """What Python's text mode makes of line ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def files_in(folder: Path) -> list[Path]:
    """The files of one folder, in the order of their names."""
    if not folder.is_dir():
        raise LoaderStops(f"{folder} is no folder")
    return sorted(path for path in folder.iterdir() if path.is_file())


def files_below(folder: Path) -> list[Path]:
    """The files of a folder and of all folders in it."""
    if not folder.is_dir():
        raise LoaderStops(f"{folder} is no folder")
    return sorted(path for path in folder.rglob("*") if path.is_file())


def plain_rgb(path: Path) -> Image.Image:
    """The first frame by `convert("RGB")` alone: no turn, no profile, transparency dropped; a broken file stops."""
    try:
        with Image.open(path) as picture:
            return picture.convert("RGB")
    except (OSError, ValueError, ZeroDivisionError) as error:
        raise LoaderStops(f"{path.name} cannot be read: {error}") from error


def opens(path: Path) -> bool:
    """Whether the head of a file is a picture's."""
    try:
        with Image.open(path) as picture:
            return min(picture.size) > 0
    except (OSError, ValueError):
        return False
