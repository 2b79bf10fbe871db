"""Images and datasets as exports read them, for tests of what trainers get."""

from __future__ import annotations

from collections.abc import Sequence

from tagging.trainers.records import FrozenDataset, FrozenImage, FrozenTag


def frozen(
    *tags: str | tuple[str, str],
    caption: str = "",
    name: str = "IMG 1.PNG",
    folder: str = "",
    image_format: str = "PNG",
    is_plain: bool = True,
    position: int = 1,
    size: tuple[int, int] = (800, 600),
) -> FrozenImage:
    """Return an image with these words; a tag with a category is a pair."""
    return FrozenImage(
        position=position,
        sha256=f"{position:064x}",
        format=image_format,
        width=size[0],
        height=size[1],
        byte_size=1000,
        orientation=1,
        is_plain=is_plain,
        colour="#808080",
        dhash=None,
        sharpness=None,
        original_name=name,
        relative_path=folder,
        review_state="READY",
        tags=frozen_tags(tags),
        caption=caption,
    )


def frozen_tags(tags: Sequence[str | tuple[str, str]]) -> tuple[FrozenTag, ...]:
    """Return tags; one with a category is a pair."""
    return tuple(FrozenTag(tag) if isinstance(tag, str) else FrozenTag(*tag) for tag in tags)


def dataset(trigger: str = "ohwx", *, prefix: str = "anna", name: str = "Anna") -> FrozenDataset:
    """Return a dataset."""
    return FrozenDataset(name=name, file_prefix=prefix, trigger_word=trigger)
