"""Pictures are known by content, bounded by their header, and look right when they are shrunk."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image, ImageChops, ImageFile, ImageStat

from datasets.imaging import FORMATS, ImageRefused, Measured, measure, plain_copy
from tests import images

LIMIT = 80_000_000
TURNED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How to store an upright picture so that the orientation turns it back: 6 and 8 undo each other."""


def saved(path: Path, picture: Image.Image, format: str, **options: Any) -> Path:
    picture.save(path, format, **options)
    return path


def decoded(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def assert_looks_like(shown: bytes, reference: Image.Image, *, tolerance: float = 6.0) -> None:
    picture = decoded(shown).convert("RGB")
    assert picture.size == reference.size
    difference = ImageStat.Stat(ImageChops.difference(picture, reference.convert("RGB"))).mean
    assert max(difference) < tolerance, f"differs by {difference} on average"


def assert_all_look_like(path: Path, upright: Image.Image, *, tolerance: float = 6.0) -> Measured:
    """The thumbnail, the preview and the copy for trainers show the same picture, each at its size."""
    measured = measure(path, LIMIT)
    assert (measured.width, measured.height) == upright.size
    for shown, side in ((measured.thumbnail, 512), (measured.preview, 1600), (plain_copy(path, LIMIT)[0], 10**6)):
        reference = upright.copy()
        reference.thumbnail((side, side), Image.Resampling.LANCZOS)
        assert_looks_like(shown, reference, tolerance=tolerance)
    return measured


def colours_are_near(one: str, other: str) -> bool:
    return max(abs(a - b) for a, b in zip(bytes.fromhex(one[1:]), bytes.fromhex(other[1:]), strict=True)) < 6


def refusal(path: Path, max_pixels: int = LIMIT) -> ImageRefused:
    with pytest.raises(ImageRefused) as caught:
        measure(path, max_pixels)
    return caught.value


# --- Known by content ------------------------------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", ["picture.txt", "picture.gif", "picture"])
def test_every_format_is_known_whatever_its_name(tmp_path: Path, format: str, name: str) -> None:
    measured = measure(saved(tmp_path / name, images.blocks(), format), LIMIT)
    assert (measured.format, measured.width, measured.height) == (format, 320, 240)
    assert_looks_like(measured.thumbnail, images.blocks())
    assert_looks_like(measured.preview, images.blocks())


def test_a_camera_file_with_a_second_picture_is_a_jpeg(tmp_path: Path) -> None:
    both: dict[str, Any] = {"save_all": True, "append_images": [images.draw(seed=2)]}
    measured = measure(saved(tmp_path / "depth.jpg", images.blocks(), "MPO", **both), LIMIT)
    assert measured.format == "JPEG"
    assert measured.is_plain
    assert_looks_like(measured.preview, images.blocks())


@pytest.mark.parametrize(
    "content",
    [
        b"a text, not a picture\n",
        b"",
        b"RIFF\x00\x00\x00\x00WAVE",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
    ],
)
def test_what_is_no_picture_is_refused_whatever_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    assert refusal(path).code == "NOT_AN_IMAGE"


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF"])
def test_what_starts_like_a_picture_and_ends_at_once_is_damaged(tmp_path: Path, format: str) -> None:
    path = saved(tmp_path / "picture", images.blocks(), format)
    path.write_bytes(path.read_bytes()[:20])
    assert refusal(path).code == "DAMAGED"


@pytest.mark.parametrize("format", ["PPM", "ICO", "PCX", "TGA", "JPEG2000", "EPS"])
def test_other_formats_that_the_library_knows_are_refused(tmp_path: Path, format: str) -> None:
    path = images.write(tmp_path, "picture.png", format, width=64, height=48)
    assert refusal(path).code == "NOT_AN_IMAGE"


# --- Damaged ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "BMP", "TIFF"])
@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_a_picture_that_is_cut_off_is_refused(tmp_path: Path, format: str, kept: float) -> None:
    path = images.write(tmp_path, "picture", format)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    assert refusal(path).code in {"DAMAGED", "NOT_AN_IMAGE"}


def test_a_large_jpeg_that_is_cut_off_is_refused_though_it_is_decoded_small(tmp_path: Path) -> None:
    path = images.write(tmp_path, "picture.jpg", width=4000, height=3000)
    path.write_bytes(path.read_bytes()[:-2000])
    assert refusal(path).code == "DAMAGED"


def test_metadata_that_cannot_be_read_does_not_refuse_the_picture(tmp_path: Path) -> None:
    path = images.write(tmp_path, "picture.jpg", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff")
    assert measure(path, LIMIT).orientation == 1


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (ValueError("odd"), "DAMAGED"),
        (RuntimeError("odd"), "DAMAGED"),
        (SyntaxError("odd"), "DAMAGED"),
        (TypeError("odd"), "DAMAGED"),
        (MemoryError(), "OUT_OF_MEMORY"),
    ],
)
def test_whatever_a_decoder_raises_is_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raised: Exception, code: str
) -> None:
    def raise_it(*_: object, **__: object) -> None:
        raise raised

    path = images.write(tmp_path, "picture.png", "PNG")
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", raise_it)
    assert refusal(path).code == code


# --- Bounded before decoding -----------------------------------------------------------------------

_MEASURE_IN_LITTLE_MEMORY = """
import resource, sys
from pathlib import Path
from datasets import imaging
resource.setrlimit(resource.RLIMIT_AS, (400 * 2**20, 400 * 2**20))
try:
    imaging.measure(Path(sys.argv[1]), int(sys.argv[2]))
except imaging.ImageRefused as refused:
    print(refused.code, refused.detail)
"""


def measured_in_little_memory(path: Path, max_pixels: int = LIMIT) -> str:
    """Measure in a process of its own that may hold 400 MiB; returns the refusal."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE_IN_LITTLE_MEMORY, str(path), str(max_pixels)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.strip()


def test_a_header_of_60000_by_60000_is_refused_without_decoding(tmp_path: Path) -> None:
    path = images.write_claim(tmp_path, "bomb.png", 60_000, 60_000)
    assert measured_in_little_memory(path) == "TOO_MANY_PIXELS 60000×60000"


def test_a_picture_larger_than_the_memory_is_refused_and_ends_nothing(tmp_path: Path) -> None:
    path = images.write_claim(tmp_path, "large.png", 16_000, 16_000)
    assert measured_in_little_memory(path, max_pixels=10**9) == "OUT_OF_MEMORY"


def test_the_limit_itself_is_taken_and_one_pixel_more_is_not(tmp_path: Path) -> None:
    path = images.write(tmp_path, "picture.png", "PNG", width=100, height=80)
    assert measure(path, 8000).width == 100
    assert refusal(path, 7999).code == "TOO_MANY_PIXELS"


# --- Looks right -----------------------------------------------------------------------------------


def deep_grey(picture: Image.Image) -> Image.Image:
    """16 bits of grey from 8."""
    return picture.convert("L").convert("I").point(lambda value: value * 257).convert("I;16")


def fractions(picture: Image.Image) -> Image.Image:
    """Grey from 0 to 1 as floating-point numbers."""
    return picture.convert("L").convert("F").point(lambda value: value * (1 / 255))


def test_16_bits_of_grey_are_scaled_not_cut(tmp_path: Path) -> None:
    path = saved(tmp_path / "deep.png", deep_grey(images.draw()), "PNG")
    assert not assert_all_look_like(path, images.draw().convert("L")).is_plain


@pytest.mark.parametrize("width", [320, 2000])
@pytest.mark.parametrize(
    "make",
    [deep_grey, fractions, lambda picture: picture.convert("L").convert("I").point(lambda value: value * 257)],
    ids=["16 bits", "fractions", "32 bits"],
)
def test_deep_pictures_keep_their_brightness_when_they_are_shrunk(
    tmp_path: Path, width: int, make: Callable[[Image.Image], Image.Image]
) -> None:
    flat = Image.new("L", (width, width // 2), 0)
    flat.paste(255, (width // 4, width // 8, width // 2, width // 3))
    assert_all_look_like(saved(tmp_path / "deep.tiff", make(flat), "TIFF"), flat)


def test_what_is_dark_in_one_part_is_not_brightened_there(tmp_path: Path) -> None:
    """What stands for white is told by the whole picture, though it is converted a strip at a time."""
    whole = Image.new("I", (4000, 2000), 200)
    whole.paste(60_000, (0, 1000, 4000, 2000))
    reference = Image.new("L", whole.size, 1)
    reference.paste(233, (0, 1000, 4000, 2000))
    assert_all_look_like(saved(tmp_path / "dark.tiff", whole, "TIFF"), reference)


@pytest.mark.parametrize(
    ("mode", "format"), [("CMYK", "JPEG"), ("CMYK", "TIFF"), ("L", "JPEG"), ("P", "PNG"), ("P", "GIF")]
)
def test_other_kinds_of_colour_look_the_same(tmp_path: Path, mode: str, format: str) -> None:
    path = saved(tmp_path / "picture", images.blocks(mode=mode), format)
    assert_all_look_like(path, images.blocks(mode="L" if mode == "L" else "RGB"))


@pytest.mark.parametrize("mode", ["1", "P"])
def test_large_pictures_of_few_colours_are_shrunk_smoothly(tmp_path: Path, mode: str) -> None:
    lines = Image.new("L", (2400, 1200), 255)
    for x in range(0, 2400, 3):
        lines.paste(0, (x, 0, x + 1, 1200))
    path = saved(tmp_path / "lines.png", lines.convert(mode), "PNG")
    smooth = Image.new("L", (512, 256), 170)
    assert_looks_like(measure(path, LIMIT).thumbnail, smooth, tolerance=20)


def test_transparency_is_laid_on_white(tmp_path: Path) -> None:
    picture = images.draw(mode="RGBA")
    picture.putalpha(0)
    picture.paste((255, 0, 0, 255), (0, 0, 160, 240))
    reference = Image.new("RGB", (320, 240), "white")
    reference.paste((255, 0, 0), (0, 0, 160, 240))
    measured = assert_all_look_like(saved(tmp_path / "clear.png", picture, "PNG"), reference)
    assert colours_are_near(measured.colour, "#ff8080")


def test_half_transparent_palettes_and_greys_lie_on_white_too(tmp_path: Path) -> None:
    grey = Image.new("LA", (60, 40), (0, 128))
    assert_all_look_like(saved(tmp_path / "grey.png", grey, "PNG"), Image.new("RGB", (60, 40), (127, 127, 127)))
    palette = Image.new("P", (60, 40), 0)
    path = saved(tmp_path / "palette.png", palette, "PNG", transparency=0)
    assert_all_look_like(path, Image.new("RGB", (60, 40), "white"))


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "TIFF", "AVIF"])
def test_the_first_picture_of_an_animation_is_shown(tmp_path: Path, format: str) -> None:
    other = images.blocks().transpose(Image.Transpose.ROTATE_180)
    path = saved(tmp_path / "moving", images.blocks(), format, save_all=True, append_images=[other])
    assert not assert_all_look_like(path, images.blocks()).is_plain


@pytest.mark.parametrize("colours", ["grey", "colour", "grey and alpha", "colour and alpha"])
def test_16_bits_a_channel_are_shown_as_8(tmp_path: Path, colours: str) -> None:
    """Pillow writes none of these but the grey one, so the file is put together here."""
    bands = {"grey": "L", "colour": "RGB", "grey and alpha": "LA", "colour and alpha": "RGBA"}[colours]
    grey = images.blocks().convert("L")
    mask = Image.new("L", (320, 240), 255)
    mask.paste(0, (0, 0, 160, 120))
    by_name = dict(zip("RGBLA", (*images.blocks().split(), grey, mask), strict=True))
    path = images.write_deep(tmp_path, "deep.png", [by_name[name] for name in bands])
    reference = Image.merge("RGB", [by_name[name] for name in (bands if bands[0] == "R" else "LLL")][:3])
    if "A" in bands:
        reference.paste("white", (0, 0, 160, 120))
    assert not assert_all_look_like(path, reference).is_plain or bands == "RGB"


@pytest.mark.parametrize("orientation", TURNED)
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_a_turned_picture_is_shown_upright(tmp_path: Path, format: str, orientation: int) -> None:
    upright = images.blocks(320, 240)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    path = saved(tmp_path / "turned", upright.transpose(TURNED[orientation]), format, exif=exif)
    assert not assert_all_look_like(path, upright).is_plain


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_a_large_turned_picture_is_shown_upright(tmp_path: Path, orientation: int) -> None:
    upright = images.blocks(6400, 3200)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    clear = upright.copy()
    clear.putalpha(255)
    stored = clear if orientation == 1 else clear.transpose(TURNED[orientation])
    assert_all_look_like(saved(tmp_path / "turned.png", stored, "PNG", exif=exif, compress_level=1), upright)


def fine_lines(width: int, height: int) -> Image.Image:
    """Grey that changes from row to row and from one end to the other: a strip put down a row too low is seen."""
    ramp = Image.linear_gradient("L").resize((width, height))
    lines = Image.new("L", (width, height), 0)
    for y in range(0, height, 97):
        lines.paste(255, (0, y, width, y + 48))
    return Image.blend(ramp, lines, 0.4)


@pytest.mark.parametrize("size", [(7001, 3003), (3003, 7001), (40_000, 3), (3, 40_000), (13_001, 1301)])
@pytest.mark.parametrize("kind", ["clear", "clear grey", "palette", "16 bits", "fractions", "whole numbers"])
def test_what_is_shrunk_in_strips_looks_like_one_piece(tmp_path: Path, kind: str, size: tuple[int, int]) -> None:
    reference = fine_lines(*size)
    stored = {
        "clear": lambda: Image.merge("RGBA", (reference, reference, reference, Image.new("L", size, 255))),
        "clear grey": lambda: Image.merge("LA", (reference, Image.new("L", size, 255))),
        "palette": lambda: reference.convert("P"),
        "16 bits": lambda: deep_grey(reference),
        "fractions": lambda: fractions(reference),
        "whole numbers": lambda: reference.convert("I").point(lambda value: value * 257),
    }[kind]()
    path = saved(tmp_path / "large.tiff", stored, "TIFF")
    measured = measure(path, LIMIT)
    for shown, side in ((measured.thumbnail, 512), (measured.preview, 1600)):
        small = reference.copy()
        small.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=None)
        assert_looks_like(shown, small, tolerance=4)


def test_a_large_picture_is_shrunk_to_its_two_sizes(tmp_path: Path) -> None:
    measured = measure(images.write(tmp_path, "large.jpg", width=3000, height=1500), LIMIT)
    assert decoded(measured.thumbnail).size == (512, 256)
    assert decoded(measured.preview).size == (1600, 800)
    reference = images.draw(3000, 1500).resize((1600, 800), Image.Resampling.LANCZOS)
    assert_looks_like(measured.preview, reference)


def test_a_small_or_thin_picture_keeps_its_pixels(tmp_path: Path) -> None:
    assert decoded(measure(images.write(tmp_path, "small.png", "PNG", width=40, height=30), LIMIT).preview).size == (
        40,
        30,
    )
    thin = measure(saved(tmp_path / "thin.png", Image.new("RGB", (5000, 1), "red"), "PNG"), LIMIT)
    assert decoded(thin.thumbnail).size == (512, 1)
    assert thin.colour.startswith("#f")


def test_the_small_copies_carry_no_metadata(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Somebody"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[1] = "N"
    path = images.write(tmp_path, "holiday.jpg", exif=exif, comment=b"secret", icc_profile=b"profile" * 20)
    measured = measure(path, LIMIT)
    for content in (measured.thumbnail, measured.preview, plain_copy(path, LIMIT)[0]):
        copy = decoded(content)
        assert not copy.getexif()
        assert not {"exif", "xmp", "icc_profile", "comment"} & set(copy.info)
        assert b"Somebody" not in content


# --- Plain -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("format", "mode", "plain"),
    [
        ("JPEG", "RGB", True),
        ("JPEG", "L", True),
        ("PNG", "RGB", True),
        ("PNG", "L", True),
        ("WEBP", "RGB", True),
        ("JPEG", "CMYK", False),
        ("PNG", "RGBA", False),
        ("PNG", "LA", False),
        ("PNG", "P", False),
        ("PNG", "1", False),
        ("WEBP", "RGBA", False),
        ("GIF", "P", False),
        ("BMP", "RGB", False),
        ("TIFF", "RGB", False),
        ("AVIF", "RGB", False),
    ],
)
def test_what_every_trainer_reads_alike_is_plain(tmp_path: Path, format: str, mode: str, plain: bool) -> None:
    picture = images.draw(mode=mode)
    if mode in {"RGBA", "LA"}:
        picture.putalpha(128)
    assert measure(saved(tmp_path / "picture", picture, format), LIMIT).is_plain is plain


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_moving_pictures_are_not_plain(tmp_path: Path, format: str) -> None:
    path = images.write(tmp_path, "moving", format, save_all=True, append_images=[images.draw(seed=2)])
    assert not measure(path, LIMIT).is_plain


def test_a_colour_named_as_transparent_is_not_plain(tmp_path: Path) -> None:
    assert not measure(images.write(tmp_path, "key.png", "PNG", transparency=(0, 0, 0)), LIMIT).is_plain


@pytest.mark.parametrize(
    ("format", "mode", "expected"),
    [("JPEG", "CMYK", "JPEG"), ("GIF", "P", "PNG"), ("PNG", "RGBA", "PNG"), ("AVIF", "RGB", "PNG")],
)
def test_a_plain_copy_is_plain_and_looks_the_same(tmp_path: Path, format: str, mode: str, expected: str) -> None:
    path = saved(tmp_path / "picture", images.blocks(mode=mode), format)
    content, copied = plain_copy(path, LIMIT)
    assert copied == expected == decoded(content).format
    assert_looks_like(content, images.blocks())
    copy = tmp_path / "copy"
    copy.write_bytes(content)
    assert measure(copy, LIMIT).is_plain


def test_a_plain_copy_of_a_damaged_picture_is_refused(tmp_path: Path) -> None:
    path = images.write(tmp_path, "picture.jpg")
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(ImageRefused, match="DAMAGED"):
        plain_copy(path, LIMIT)


def test_measuring_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = images.write(tmp_path, "picture.png", "PNG")
    before = path.read_bytes()
    assert isinstance(measure(path, LIMIT), Measured)
    assert path.read_bytes() == before


def test_no_limit_of_the_library_stands_beside_ours() -> None:
    assert Image.MAX_IMAGE_PIXELS is None
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


def test_a_png_with_a_flipped_bit_is_whole_or_refused(tmp_path: Path) -> None:
    """What is taken in, a trainer's plain `load()` must read too: EXIF is looked for behind the pixels."""
    whole = images.encoded("PNG", width=200, height=150)
    path = tmp_path / "flipped.png"
    accepted = 0
    for place in range(60, len(whole) - 20, max(1, len(whole) // 150)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 16]) + whole[place + 1 :])
        try:
            measure(path, LIMIT)
        except ImageRefused:
            continue
        accepted += 1
        with Image.open(path) as picture:
            picture.load()
    assert accepted < 150
