"""The files of an export: names, texts and pixels, against what the trainers' loaders accept."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from PIL import Image as Picture
from PIL import ImageChops, ImageOps, ImageStat

from datasets import paths
from datasets.models import Dataset, Image
from tagging.services.archive import check_exportable, stream_zip
from tagging.services.exporting import NothingToExport, OriginalMissing, iter_entries, summarise, write_folder
from tests import factories, images
from tests.tagging.doing import adding, apply, bring_in, moving, picture_of, writing

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset() -> Dataset:
    return factories.make_dataset(name="Ohwx", file_prefix="ohwx", trigger_word="ohwx")


def exported(dataset: Dataset, *, with_untagged: bool = True) -> dict[str, bytes]:
    """The files of the zip, in its order."""
    archive = io.BytesIO(b"".join(stream_zip(dataset, with_untagged=with_untagged)))
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist()}


def texts(dataset: Dataset, *, with_untagged: bool = True) -> dict[str, str]:
    """The texts of the zip."""
    files = exported(dataset, with_untagged=with_untagged)
    return {name: content.decode() for name, content in files.items() if name.endswith(".txt")}


def original(image: Image) -> Path:
    """Where the stored picture lies."""
    return paths.original_path(settings.DATA_DIR, image.sha256, image.format)


# --- names and order --------------------------------------------------------------------------------------------------


def test_names_order_and_bytes(dataset: Dataset) -> None:
    """Dataset order, not the names' order; a number of four digits; every plain original byte-true."""
    files = [
        ("zebra.jpg", images.encoded("JPEG", seed=1)),
        ("apple.png", images.encoded("PNG", seed=2)),
        ("Mango.WEBP", images.encoded("WEBP", seed=3)),
    ]
    for item in bring_in(dataset, files):
        apply(picture_of(item), adding(item.name.split(".")[0]))
    written = exported(dataset)
    assert list(written) == [
        "ohwx_0001.jpg",
        "ohwx_0001.txt",
        "ohwx_0002.png",
        "ohwx_0002.txt",
        "ohwx_0003.webp",
        "ohwx_0003.txt",
        "tags.txt",
    ]
    pictures = [content for name, content in written.items() if not name.endswith(".txt")]
    assert pictures == [content for _, content in files]
    assert written["ohwx_0001.txt"] == b"ohwx, zebra"
    assert written["ohwx_0003.txt"] == b"ohwx, Mango"


def test_the_same_stem_with_two_extensions_does_not_collide(dataset: Dataset) -> None:
    items = bring_in(
        dataset,
        [
            ("a.png", images.encoded("PNG", seed=1)),
            ("a.jpg", images.encoded("JPEG", seed=2)),
            ("A.JPG", images.encoded("JPEG", seed=3)),
            ("sub/a.png", images.encoded("PNG", seed=4)),
        ],
    )
    for number, item in enumerate(items):
        apply(picture_of(item), adding(f"tag {number}"))
    names = list(exported(dataset))
    stems = [name.rsplit(".", 1)[0] for name in names if name != "tags.txt"]
    assert len({stem.lower() for stem in stems}) == 4
    assert [texts(dataset)[f"ohwx_000{n + 1}.txt"] for n in range(4)] == [f"ohwx, tag {n}" for n in range(4)]


def test_what_a_file_is_called_comes_from_its_content(dataset: Dataset) -> None:
    bring_in(dataset, [("really.jpg", images.encoded("PNG", seed=1)), ("no extension", images.encoded("JPEG", seed=2))])
    assert [name for name in exported(dataset) if "txt" not in name] == ["ohwx_0001.png", "ohwx_0002.jpg"]


def test_numbers_are_as_wide_as_the_last_one(dataset: Dataset) -> None:
    rows = [
        Image(dataset=dataset, position=n * 3, sha256=f"{n:064x}", format="PNG", width=1, height=1, byte_size=1)
        for n in range(1, 10_001)
    ]
    Image.objects.bulk_create(rows)
    for count, width in [(10_000, 5), (9_999, 4)]:
        stems = [entry.stem for entry in iter_entries(dataset, with_untagged=True)]
        assert stems == [f"ohwx_{number:0{width}d}" for number in range(1, count + 1)]
        dataset.images.filter(position=3).delete()


def test_memory_and_queries_do_not_grow_with_each_image(dataset: Dataset, django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        factories.make_image_tag(factories.make_image(dataset), f"tag {number}")
    with django_assert_max_num_queries(5):
        list(iter_entries(dataset, with_untagged=True))


# --- texts ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def three(dataset: Dataset) -> list[Image]:
    """Three real images without words."""
    return [picture_of(item) for item in bring_in(dataset, [(f"{n}.jpg", images.encoded(seed=n)) for n in (1, 2, 3)])]


def test_an_untagged_image_has_the_trigger_word_or_is_left_out(dataset: Dataset, three: list[Image]) -> None:
    apply(three[1], adding("smile"))
    assert texts(dataset) == {
        "ohwx_0001.txt": "ohwx",
        "ohwx_0002.txt": "ohwx, smile",
        "ohwx_0003.txt": "ohwx",
        "tags.txt": "smile\n",
    }
    left = exported(dataset, with_untagged=False)
    assert list(left) == ["ohwx_0001.jpg", "ohwx_0001.txt", "tags.txt"]
    assert left["ohwx_0001.jpg"] == original(three[1]).read_bytes()
    assert left["ohwx_0001.txt"] == b"ohwx, smile"


def test_no_text_is_written_where_there_is_nothing_to_say(dataset: Dataset, three: list[Image]) -> None:
    """An empty .txt stops kohya's trainer: none is written, neither beside a picture nor for the tags."""
    Dataset.objects.filter(pk=dataset.pk).update(trigger_word="")
    dataset.refresh_from_db()
    assert list(exported(dataset)) == ["ohwx_0001.jpg", "ohwx_0002.jpg", "ohwx_0003.jpg"]
    apply(three[0], writing("A caption."))
    assert texts(dataset) == {"ohwx_0001.txt": "A caption."}


def test_texts_are_one_line_of_utf8_without_bom(dataset: Dataset, three: list[Image]) -> None:
    apply(three[0], adding("初音ミク"), adding("miku_(vocaloid)"), adding("👩‍👩‍👧‍👦"), adding("ohwx"))
    apply(three[1], writing("A woman\r\nin a \ufeff garden.\n\nשלום\u2028done.\n"))
    apply(three[2], adding("تاج"), writing("ohwx, prose"))
    for name, content in exported(dataset).items():
        if name.endswith(".txt"):
            assert content
            assert not content.startswith(b"\xef\xbb\xbf")
            assert b"\r" not in content
            if name != "tags.txt":
                assert content == content.strip()
                assert len(content.decode().splitlines()) == 1
    assert texts(dataset)["ohwx_0001.txt"] == "ohwx, 初音ミク, miku_(vocaloid), 👩‍👩‍👧‍👦"
    assert texts(dataset)["ohwx_0002.txt"] == "ohwx, A woman in a garden. שלום done."
    assert texts(dataset)["ohwx_0003.txt"] == "ohwx, تاج, prose"


def test_tags_come_in_their_order_on_the_image(dataset: Dataset, three: list[Image]) -> None:
    apply(three[0], adding("zebra"), adding("apple"), adding("mango"), moving("mango", "zebra"))
    assert texts(dataset)["ohwx_0001.txt"] == "ohwx, mango, zebra, apple"


def test_the_list_of_tags_names_each_once_most_used_first(dataset: Dataset, three: list[Image]) -> None:
    apply(three[0], adding("b"), adding("a"), adding("rare"))
    apply(three[1], adding("a"), adding("b"))
    apply(three[2], adding("b"))
    assert texts(dataset)["tags.txt"] == "b\na\nrare\n"
    apply(factories.make_image(factories.make_dataset()), adding("foreign"))
    assert "foreign" not in texts(dataset)["tags.txt"]


# --- pixels -----------------------------------------------------------------------------------------------------------


def far_apart(one: Picture.Image, other: Picture.Image) -> float:
    """The mean difference of two pictures of one size, 0 to 255."""
    assert one.size == other.size
    return max(ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean)


def through(dataset: Dataset, name: str, content: bytes) -> tuple[str, Picture.Image]:
    """A picture as it comes out of an export: its name and its pixels."""
    image = picture_of(bring_in(dataset, [(name, content)])[0])
    assert not image.is_plain
    [(exported_name, written)] = [item for item in exported(dataset).items() if not item[0].endswith(".txt")]
    assert written != content
    picture = Picture.open(io.BytesIO(written))
    picture.load()
    assert picture.mode == "RGB"
    assert picture.size == (image.width, image.height)
    assert picture.getexif().get(0x0112, 1) == 1
    assert getattr(picture, "n_frames", 1) == 1
    assert "icc_profile" not in picture.info
    return exported_name, picture


@pytest.mark.parametrize("orientation", [2, 3, 4, 5, 6, 7, 8])
def test_what_a_camera_turned_stands_upright(dataset: Dataset, orientation: int) -> None:
    exif = Picture.Exif()
    exif[0x0112] = orientation
    content = images.encoded("JPEG", width=200, height=120, quality=95, exif=exif)
    name, picture = through(dataset, "turned.jpg", content)
    assert name == "ohwx_0001.jpg"
    expected = ImageOps.exif_transpose(Picture.open(io.BytesIO(content)))
    assert picture.size == ((120, 200) if orientation >= 5 else (200, 120))
    assert far_apart(picture, expected) < 3
    assert far_apart(picture, ImageOps.flip(expected)) > 20
    assert far_apart(picture, ImageOps.mirror(expected)) > 20


def test_the_first_frame_of_an_animation(dataset: Dataset) -> None:
    frames = [images.draw(seed=n).quantize(64) for n in (1, 2, 3)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=50)
    name, picture = through(dataset, "moving.gif", buffer.getvalue())
    assert name == "ohwx_0001.png"
    assert far_apart(picture, frames[0]) == 0


def test_sixteen_bits_are_scaled_not_cut(dataset: Dataset) -> None:
    values = [column * 257 for column in range(256)]
    row = b"".join(value.to_bytes(2, "little") for value in values)
    buffer = io.BytesIO()
    Picture.frombytes("I;16", (256, 64), row * 64).save(buffer, "PNG")
    name, picture = through(dataset, "deep.png", buffer.getvalue())
    assert name == "ohwx_0001.png"
    red = picture.getchannel("R")
    assert all(abs(int(red.getpixel((x, 9))) - x) <= 1 for x in range(256))  # type: ignore[arg-type]


def test_transparency_lies_on_white(dataset: Dataset) -> None:
    source = images.draw(mode="RGBA")
    source.putalpha(Picture.linear_gradient("L").resize(source.size))
    buffer = io.BytesIO()
    source.save(buffer, "PNG")
    name, picture = through(dataset, "clear.png", buffer.getvalue())
    assert name == "ohwx_0001.png"
    white = Picture.new("RGBA", source.size, "white")
    assert far_apart(picture, Picture.alpha_composite(white, source)) < 1
    assert picture.getpixel((5, 0)) == (255, 255, 255)


def _cmyk() -> bytes:
    return images.encoded("JPEG", mode="CMYK", quality=95)


@pytest.mark.parametrize(
    ("name", "content", "exported_name", "tolerance"),
    [
        ("a.bmp", lambda: images.encoded("BMP"), "ohwx_0001.png", 0),
        ("a.tiff", lambda: images.encoded("TIFF"), "ohwx_0001.png", 0),
        ("a.avif", lambda: images.encoded("AVIF", quality=95), "ohwx_0001.png", 5),
        ("a.gif", lambda: images.encoded("GIF"), "ohwx_0001.png", 25),
        ("palette.png", lambda: images.encoded("PNG", mode="P"), "ohwx_0001.png", 25),
        ("one bit.png", lambda: images.encoded("PNG", mode="1"), "ohwx_0001.png", None),
        ("grey and alpha.png", lambda: images.encoded("PNG", mode="LA"), "ohwx_0001.png", None),
        ("print.jpg", _cmyk, "ohwx_0001.jpg", 3),
    ],
)
def test_what_some_loader_lacks_becomes_plain(
    dataset: Dataset, name: str, content: Callable[[], bytes], exported_name: str, tolerance: float | None
) -> None:
    found, picture = through(dataset, name, content())
    assert found == exported_name
    if tolerance is not None:
        assert far_apart(picture, images.draw()) <= tolerance


# --- what goes wrong --------------------------------------------------------------------------------------------------


def make_turned() -> bytes:
    exif = Picture.Exif()
    exif[0x0112] = 6
    return images.encoded("JPEG", exif=exif)


@pytest.mark.parametrize("content", [images.encoded, make_turned], ids=["plain", "converted"])
def test_a_missing_original_is_named(dataset: Dataset, content: Callable[[], bytes]) -> None:
    image = picture_of(bring_in(dataset, [("my cat (1).jpg", content())])[0])
    original(image).unlink()
    with pytest.raises(OriginalMissing) as error:
        b"".join(stream_zip(dataset, with_untagged=True))
    assert str(error.value) == (
        "“my cat (1).jpg” is not stored whole (No such file or directory). "
        "Restore the data folder from a backup, then export again."
    )


def test_a_damaged_original_is_named(dataset: Dataset) -> None:
    image = picture_of(bring_in(dataset, [("cat.jpg", make_turned())])[0])
    path = original(image)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(OriginalMissing, match=r"^“cat\.jpg” is not stored whole"):
        b"".join(stream_zip(dataset, with_untagged=True))


def test_a_folder_is_as_empty_as_before_when_the_export_breaks_off(
    dataset: Dataset, three: list[Image], tmp_path: Path
) -> None:
    original(three[2]).unlink()
    with pytest.raises(OriginalMissing):
        write_folder(dataset, tmp_path / "out", with_untagged=True)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_folder_holds_what_the_zip_holds(dataset: Dataset, three: list[Image], tmp_path: Path) -> None:
    apply(three[0], adding("a"))
    count = write_folder(dataset, tmp_path / "deep" / "out", with_untagged=True)
    written = {path.name: path.read_bytes() for path in (tmp_path / "deep" / "out").iterdir()}
    assert written == exported(dataset)
    assert count == len(written)


def test_nothing_to_export(dataset: Dataset) -> None:
    with pytest.raises(NothingToExport, match="“Ohwx” has no images yet"):
        check_exportable(dataset, with_untagged=True)
    factories.make_image(dataset)
    check_exportable(dataset, with_untagged=True)
    with pytest.raises(NothingToExport, match="has a tag or a caption yet"):
        check_exportable(dataset, with_untagged=False)


# --- the summary ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("with_untagged", [True, False])
def test_the_summary_says_what_the_zip_holds(dataset: Dataset, three: list[Image], with_untagged: bool) -> None:
    bring_in(dataset, [("a.gif", images.encoded("GIF", seed=9))])
    apply(three[1], adding("a"))
    apply(three[2], writing("Prose."))
    summary = summarise(dataset, with_untagged=with_untagged)
    files = exported(dataset, with_untagged=with_untagged)
    pictures = [name for name in files if not name.endswith(".txt")]
    assert summary.images == len(pictures)
    assert summary.left_out == (0 if with_untagged else 2)
    assert summary.converted == sum(name.endswith(".png") for name in pictures)
    assert summary.without_text == 0
    assert summary.file_name == "ohwx.zip"
    written = texts(dataset, with_untagged=with_untagged)
    # Images with words of their own: the trigger word alone would show nothing.
    assert summary.examples == [item for item in written.items() if item[0] != "tags.txt" and item[1] != "ohwx"]
    assert len(summary.examples) == 2


def test_the_summary_counts_images_without_text(dataset: Dataset, three: list[Image]) -> None:
    Dataset.objects.filter(pk=dataset.pk).update(trigger_word="")
    dataset.refresh_from_db()
    apply(three[0], adding("a"))
    summary = summarise(dataset, with_untagged=True)
    assert (summary.images, summary.without_text, summary.examples) == (3, 2, [("ohwx_0001.txt", "a")])
    assert summary.byte_size == sum(original(image).stat().st_size for image in three)
