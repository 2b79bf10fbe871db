"""A dataset as an export reads it: plain records that say the same whether they come from a version or from now."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FrozenTag:
    """A tag on an image, and the name of its category; empty for none."""

    name: str
    category: str = ""


@dataclass(frozen=True, slots=True)
class FrozenImage:
    """One image of a dataset, with its words.

    Attributes:
        position: its place in the dataset.
        sha256: of the stored original.
        format: one of the seven, as `datasets.models.ImageFormat` has them.
        width: pixels as a person sees it, after EXIF orientation.
        height: likewise.
        byte_size: of the stored original.
        orientation: EXIF's, 1 to 8.
        is_plain: 8-bit RGB or grey, upright, one frame: every trainer reads the file as it is.
        colour: the mean colour as `#rrggbb`.
        dhash: 64 bits, signed; `None` for a picture without structure.
        sharpness: `None` where it was not measured.
        original_name: what its owner calls it; data, never a path.
        relative_path: the folder it came in; data, never a path.
        review_state: a name of `datasets.models.ReviewState`.
        tags: in order.
        caption: the prose, as typed.
    """

    position: int
    sha256: str
    format: str
    width: int
    height: int
    byte_size: int
    orientation: int
    is_plain: bool
    colour: str
    dhash: int | None
    sharpness: float | None
    original_name: str
    relative_path: str
    review_state: str
    tags: tuple[FrozenTag, ...]
    caption: str


@dataclass(frozen=True, slots=True)
class FrozenDataset:
    """What an export needs to know of the dataset itself."""

    name: str
    file_prefix: str
    trigger_word: str
