"""Pictures: recognise, bound, decode, measure, shrink. No Django, no file names.

A picture is known by its content. Limits are checked on the header, before anything is decoded. Whatever a decoder
raises comes out as one `ImageRefused`; a decoder that takes the process down is the caller's matter.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import AvifImagePlugin, Image, ImageFile, ImageOps, PngImagePlugin
from PIL.Image import Resampling

from datasets import headers
from datasets.colour import has_foreign_profile, to_srgb
from datasets.likeness import dhash, sharpness

THUMBNAIL_SIDE: Final = 512
PREVIEW_SIDE: Final = 1600
# Pictures are averaged down to twice the size wanted, and brought to it with a better filter.
_REDUCING_GAP: Final = 2.0
_STRIP_PIXELS: Final = 2_000_000
# Method 2 gives nearly the size of method 4 in half the time.
_WEBP = {"format": "WEBP", "quality": 80, "method": 2}

FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
# A camera's JPEG with a second picture inside (a preview, a depth map) is opened as MPO: its first picture is the one.
_SAME_AS = {"MPO": "JPEG"}
# Every `ImageRefused.code` that `measure` gives; each is a name of `datasets.reasons.Reason`.
REFUSALS: Final = frozenset({"NOT_AN_IMAGE", "TOO_MANY_PIXELS", "DAMAGED", "OUT_OF_MEMORY"})
_ORIENTATION_TAG = 0x0112
_WHITE: Final = "#ffffff"

# The program has a limit of its own that is checked first; Pillow's would only warn.
Image.MAX_IMAGE_PIXELS = None
ImageFile.LOAD_TRUNCATED_IMAGES = False
PngImagePlugin.MAX_TEXT_MEMORY = 8 * 1024 * 1024
# There is a process a core already, and every thread reserves address space.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1


class ImageRefused(Exception):
    """The picture is not taken in; `code` is a name of `datasets.reasons.Reason`."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.detail = detail


@dataclass(frozen=True)
class Measured:
    """What is known of a picture after it was decoded to its end.

    Attributes:
        format: one of `FORMATS`.
        width: pixels as a person sees it, after EXIF orientation.
        height: likewise.
        orientation: the EXIF orientation, 1 to 8.
        is_plain: 8-bit RGB or grey, upright, one frame: every trainer reads the file as it is.
        colour: the mean colour as `#rrggbb`.
        thumbnail: WebP, longer side at most 512, without metadata.
        preview: WebP, longer side at most 1600, without metadata.
        dhash: 64-bit difference hash as a signed number; `None` for a picture without structure. See `likeness`.
        sharpness: how much the brightness changes from pixel to pixel of the thumbnail. See `likeness`.
    """

    format: str
    width: int
    height: int
    orientation: int
    is_plain: bool
    colour: str
    thumbnail: bytes
    preview: bytes
    dhash: int | None
    sharpness: float


def open_checked(path: Path, max_pixels: int) -> ImageFile.ImageFile:
    """Open a picture by its content and check its stated size; nothing is decoded yet.

    Args:
        path: the file.
        max_pixels: the largest width times height.

    Raises:
        ImageRefused: not one of the seven formats, or too many pixels.
    """
    with path.open("rb") as file:
        start = file.read(headers.MOST_BYTES)
    _check_webp(start, max_pixels)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(path, formats=FORMATS)
    except Exception as error:
        refused = _refusal(error)
        if refused.code == "DAMAGED" and not headers.is_picture(start):
            refused = ImageRefused("NOT_AN_IMAGE", refused.detail)
        raise refused from error
    try:
        _check_size(picture.size, max_pixels)
        _check_coefficients(picture)
    except ImageRefused:
        picture.close()
        raise
    return picture


def _refusal(error: Exception) -> ImageRefused:
    """Return what a person is told of what a decoder raised; libavif tells of little memory in words only."""
    lacks_memory = isinstance(error, MemoryError) or "out of memory" in str(error).lower()
    return ImageRefused("OUT_OF_MEMORY" if lacks_memory else "DAMAGED", str(error)[:200])


def _check_size(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise ImageRefused("TOO_MANY_PIXELS", f"{width}×{height}")


def _check_webp(start: bytes, max_pixels: int) -> None:
    size = headers.webp_size(start)
    if size is None:
        return
    _check_size(size, max_pixels)
    # Two canvases of the library's, the copy that it hands over, and Pillow's. Where these do not fit, it says the same
    # as of a damaged file.
    if not headers.fits_into_memory(size[0] * size[1] * 4 * 4):
        raise ImageRefused("OUT_OF_MEMORY")


def _check_coefficients(picture: ImageFile.ImageFile) -> None:
    """Refuse a progressive JPEG that cannot fit: all its coefficients are held, at whatever size it is decoded.

    The library ends as it does at a damaged file where they do not.
    """
    layers = getattr(picture, "layer", None)  # number, samples across and down, table
    if not layers or not {"progressive", "progression"} & set(picture.info):
        return
    samples = sum(across * down for _, across, down, _ in layers)
    most = max(across for _, across, _, _ in layers) * max(down for _, _, down, _ in layers)
    width, height = picture.size
    if not headers.fits_into_memory(2 * width * height * samples // most):
        raise ImageRefused("OUT_OF_MEMORY")


def measure(path: Path, max_pixels: int) -> Measured:
    """Decode a picture to its end and return its measures and its two small copies.

    Args:
        path: the file.
        max_pixels: the largest width times height.

    Raises:
        ImageRefused: see `open_checked`; or damaged, or too large for this process's memory.
    """
    with open_checked(path, max_pixels) as picture:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return _measure_open(picture)
        except Exception as error:
            raise _refusal(error) from error


def _measure_open(picture: ImageFile.ImageFile) -> Measured:
    if picture.format not in {"JPEG", "MPO"}:
        # Before anything asks for EXIF or frames: those read on by themselves, forgive what breaks there, and a second
        # try to decode then takes half a picture for a whole one. A JPEG decodes later, straight to the size wanted.
        picture.load()
    orientation = _orientation(picture)
    image_format = _SAME_AS.get(picture.format or "", picture.format or "")
    is_plain = _is_plain(picture, image_format, orientation)
    # Pillow turns a TIFF while it decodes, and states its size as turned already; the others are turned here.
    turn = 1 if image_format == "TIFF" else orientation
    width, height = picture.size
    preview = to_rgb(_upright(_shrunk(picture), turn))
    thumbnail = preview.copy()
    thumbnail.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Resampling.LANCZOS, reducing_gap=2.0)
    if turn >= 5:
        width, height = height, width
    return Measured(
        format=image_format,
        width=width,
        height=height,
        orientation=orientation,
        is_plain=is_plain,
        colour=_mean_colour(thumbnail),
        thumbnail=_webp(thumbnail),
        preview=_webp(preview),
        dhash=dhash(thumbnail),
        sharpness=sharpness(thumbnail),
    )


def _orientation(picture: Image.Image) -> int:
    try:
        value = picture.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:
        # EXIF that cannot be read says nothing about the picture; the picture itself may be sound.
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _is_plain(picture: Image.Image, image_format: str, orientation: int) -> bool:
    try:
        frames = getattr(picture, "n_frames", 1) if image_format != "JPEG" else 1
    except Exception:
        frames = 2  # it cannot be counted: not plain
    # A PNG of mode RGB may name one colour as transparent: readers do not agree on what is there then.
    has_plain_pixels = picture.mode in {"RGB", "L"} and not picture.has_transparency_data
    has_plain_pixels = has_plain_pixels and not has_foreign_profile(picture)
    return image_format in {"JPEG", "PNG", "WEBP"} and has_plain_pixels and orientation == 1 and frames == 1


_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _shrunk(picture: Image.Image) -> Image.Image:
    """Return a picture at the size of its preview; it is not kept as it was."""
    if picture.mode in {"RGB", "L", "CMYK", "YCbCr"} and not picture.has_transparency_data:
        # For JPEG this asks the decoder for a smaller picture straight away, at least twice the size wanted.
        picture.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE), Resampling.LANCZOS, reducing_gap=_REDUCING_GAP)
        picture.load()
        return picture
    scale = min(1.0, PREVIEW_SIDE / max(picture.size))
    width, height = (max(1, round(side * scale)) for side in picture.size)
    across = max(1, int(picture.width / width / _REDUCING_GAP))
    down = max(1, int(picture.height / height / _REDUCING_GAP))
    # Its last row and column may stand for less than the others.
    box = (0.0, 0.0, picture.width / across, picture.height / down)
    return _averaged(picture, across, down).resize((width, height), Resampling.LANCZOS, box)


def _averaged(picture: Image.Image, across: int, down: int) -> Image.Image:
    """Return a picture with 8 bits a channel, each pixel the mean of so many across and down.

    Pillow shrinks palettes and bits by leaving pixels out, and copies what has an alpha channel at its full size
    first. For whole numbers and fractions, shrinking swings over the ends of their range, which `to_rgb` has to see as
    they are. So these become 8 bits first, a strip at a time, and each strip is averaged before the next: a large
    picture is held in memory once.
    """
    picture.load()
    white = _white_of(picture)
    width, height = picture.size
    rows = max(1, _STRIP_PIXELS // (width * down)) * down
    mode = _eight_bits(picture.crop((0, 0, 1, 1)), white).mode
    small = Image.new(mode, (-(-width // across), -(-height // down)))
    for y in range(0, height, rows):
        strip = _eight_bits(picture.crop((0, y, width, min(y + rows, height))), white)
        small.paste(strip.reduce((across, down)), (0, y // down))
    small.info = {"icc_profile": picture.info.get("icc_profile")}
    return small


def _upright(picture: Image.Image, orientation: int) -> Image.Image:
    turn = _TURNS.get(orientation)
    return picture if turn is None else picture.transpose(turn)


def to_rgb(picture: Image.Image, ground: str = _WHITE) -> Image.Image:
    """Return 8-bit sRGB: 16-bit and float scaled instead of clipped, profiles applied, transparency on a colour."""
    picture = to_srgb(_eight_bits(picture, _white_of(picture), ground))
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _white_of(picture: Image.Image) -> float:
    """Return the number that stands for white in a picture of whole numbers or fractions; 255 for all others."""
    if picture.mode not in {"I", "F"}:
        return 255.0
    _low, high = picture.getextrema()
    # A PNG of 16-bit grey opens as "I" with values to 65535; a float TIFF may run from 0 to 1.
    return 65535.0 if high > 255 else (255.0 if high > 1 else 1.0)  # type: ignore[operator]


def _eight_bits(picture: Image.Image, white: float, ground: str = _WHITE) -> Image.Image:
    """Return a picture, or a part of it, with 8 bits a channel and nothing to see through; its colours as they are."""
    if picture.mode in {"I;16", "I;16L", "I;16B", "I;16N"}:
        picture = picture.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    elif picture.mode in {"I", "F"}:
        picture = picture.point(lambda value: value * (255.0 / white)).convert("L")
    if picture.has_transparency_data:
        profile = picture.info.get("icc_profile")
        picture = picture.convert("RGBA")
        opaque = Image.new("RGB", picture.size, ground)
        opaque.paste(picture, mask=picture.getchannel("A"))
        opaque.info["icc_profile"] = profile
        return opaque
    if picture.mode == "1":
        return picture.convert("L")
    return picture.convert("RGB") if picture.mode == "P" else picture


def _mean_colour(picture: Image.Image) -> str:
    red, green, blue = picture.resize((1, 1), Resampling.BOX).getpixel((0, 0))  # type: ignore[misc]
    return f"#{int(red):02x}{int(green):02x}{int(blue):02x}"


def _webp(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, **_WEBP)  # type: ignore[arg-type]
    return buffer.getvalue()


@dataclass(frozen=True)
class Wanted:
    """How a copy is made.

    Attributes:
        format: `JPEG`, `PNG` or `WEBP`; empty for JPEG where the picture is one, else PNG, which loses nothing.
        size: width and height; `None` for its own.
        background: what lies below transparency.
        quality: of JPEG and WebP, 1 to 100.
    """

    format: str = ""
    size: tuple[int, int] | None = None
    background: str = _WHITE
    quality: int = 95


def plain_copy(path: Path, max_pixels: int, wanted: Wanted | None = None) -> tuple[bytes, str]:
    """Return a copy that every trainer reads the same way, and its format.

    Upright, first frame, 8-bit RGB, nothing to see through, no metadata; a JPEG has its full colour resolution.

    Args:
        path: the stored original.
        max_pixels: the largest width times height.
        wanted: how it is made.

    Raises:
        ImageRefused: it cannot be read any more.
    """
    wanted = wanted or Wanted()
    with open_checked(path, max_pixels) as picture:
        image_format = wanted.format or ("JPEG" if picture.format in {"JPEG", "MPO"} else "PNG")
        try:
            picture.load()
            copy = to_rgb(ImageOps.exif_transpose(picture), wanted.background)
            if wanted.size is not None and wanted.size != copy.size:
                copy = copy.resize(wanted.size, Resampling.LANCZOS)
        except Exception as error:
            raise _refusal(error) from error
        copy.info = {}
        buffer = io.BytesIO()
        if image_format == "JPEG":
            copy.save(buffer, "JPEG", quality=wanted.quality, subsampling=0)
        elif image_format == "WEBP":
            copy.save(buffer, "WEBP", quality=wanted.quality, method=4)
        else:
            copy.save(buffer, "PNG", compress_level=4)
        return buffer.getvalue(), image_format
