"""The pictures of an export: byte for byte where every trainer reads the file as it is, else a copy made apart."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from datasets import paths, remote
from datasets.conversion import TIMES_THE_DECODERS_MEMORY, Converter
from datasets.imaging import ImageRefused, Wanted
from tagging.services.exports.zips import Content, Entry, Held, Stored
from tagging.trainers.options import PixelOptions
from tagging.trainers.records import FrozenImage

_FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}
_converters: dict[int, Converter] = {}


class OriginalMissing(Exception):
    """A stored picture is gone or unreadable; the text names it as its owner does, and says what to do."""

    def __init__(self, original_name: str, why: str) -> None:
        super().__init__(
            _("“%(name)s” is not stored whole (%(why)s). Restore the data folder from a backup, then export again.")
            % {"name": original_name, "why": why}
        )


@dataclass(frozen=True, slots=True)
class _Original:
    """A stored picture; where it cannot be read that is said by its owner's name for it.

    Attributes:
        path: where it can be read just now.
    """

    image: FrozenImage
    path: Path

    def blocks(self) -> Iterator[bytes]:
        """Yield it block by block.

        Raises:
            OriginalMissing: it is gone or unreadable.
        """
        try:
            yield from Stored(self.path).blocks()
        except OSError as error:
            raise OriginalMissing(self.image.original_name, error.strerror or str(error)) from error


def exported_size(image: FrozenImage, pixels: PixelOptions) -> tuple[int, int]:
    """Return width and height of the picture that goes out."""
    longest = max(image.width, image.height)
    if pixels.longest_side is None or longest <= pixels.longest_side:
        return image.width, image.height
    width, height = (max(1, round(side * pixels.longest_side / longest)) for side in (image.width, image.height))
    return width, height


@contextmanager
def lent_content(image: FrozenImage, pixels: PixelOptions) -> Iterator[Content]:
    """Lend a picture as it goes out; one that a bucket keeps is fetched for this block.

    Raises:
        OriginalMissing: it is gone or not what was stored; where it is to be converted, also unreadable.
        BucketAway: the bucket does not answer.
    """
    with ExitStack() as stack:
        try:
            original = paths.original_path(settings.DATA_DIR, image.sha256, image.format)
            path = stack.enter_context(remote.borrow(original))
        except (FileNotFoundError, remote.Damaged) as error:
            raise OriginalMissing(image.original_name, error.strerror or str(error)) from error
        yield _content(image, pixels, path)


def _content(image: FrozenImage, pixels: PixelOptions, path: Path) -> Content:
    if pixels.keeps(image):
        return _Original(image, path)
    wanted = Wanted(
        format=_FORMATS[pixels.extension_of(image)],
        size=exported_size(image, pixels),
        background=pixels.background,
        quality=pixels.quality,
    )
    try:
        path.open("rb").close()  # a file that is gone is told from one that is damaged
        return Held(_get_converter().convert(path, wanted))
    except ImageRefused as error:
        raise OriginalMissing(image.original_name, error.detail or error.code) from error
    except OSError as error:
        raise OriginalMissing(image.original_name, error.strerror or str(error)) from error


def check_written(image: FrozenImage, pixels: PixelOptions, entry: Entry) -> None:
    """Check that what was written byte for byte is what was imported.

    Raises:
        OriginalMissing: the stored file is another one by now: a disk forgets.
    """
    if pixels.keeps(image) and entry.sha256 != image.sha256:
        raise OriginalMissing(image.original_name, _("its content has changed on the disk"))


def close_converter() -> None:
    """End this process's conversions; the next picture begins anew."""
    converter = _converters.pop(os.getpid(), None)
    if converter is not None:
        converter.close()


def _get_converter() -> Converter:
    """Return this process's: a forked process has one of its own, as two cannot talk to one child."""
    if os.getpid() not in _converters:
        _converters.clear()
        _converters[os.getpid()] = Converter(
            max_pixels=settings.MAX_IMAGE_PIXELS,
            memory_bytes=settings.DECODER_MEMORY_BYTES * TIMES_THE_DECODERS_MEMORY,
        )
    return _converters[os.getpid()]
