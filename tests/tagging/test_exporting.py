"""The files of an export: names, texts and pixels, against what the trainers' loaders accept."""

from __future__ import annotations

import hashlib
import io
import tomllib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from PIL import Image as Picture
from PIL import ImageChops, ImageOps, ImageStat

from datasets import paths
from datasets.filter_reading import BadFilter
from datasets.models import Dataset, Image
from datasets.services.blobs import free_unneeded_blobs
from datasets.services.datasets import touch_dataset
from datasets.services.trash import empty_trash, move_to_trash
from tagger_project.env import BASE_DIR
from tagger_project.version import VERSION
from tagging.models import ExportJob
from tagging.services.exports.choosing import choose_now
from tagging.services.exports.errors import NothingToExport
from tagging.services.exports.keeping import folder_of
from tagging.services.exports.planning import ExportPlan
from tagging.services.exports.running import run_export
from tagging.trainers.profiles import PROFILE_SLUGS
from tests import factories, images
from tests.tagging.doing import adding, apply, bring_in, moving, picture_of, removing, writing
from tests.tagging.exporting import export, files_of, manifest_of, opened, options_of, paths_of, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset() -> Dataset:
    return factories.make_dataset(name="Ohwx", file_prefix="ohwx", trigger_word="ohwx")


def exported(dataset: Dataset, *, with_untagged: bool = True) -> dict[str, bytes]:
    """The files of the zip in its order, named without their folder."""
    files = files_of(export(dataset, untagged="include" if with_untagged else "leave-out"))
    assert all(name.startswith("ohwx/") for name in files if name != "tags.txt")
    return {name.removeprefix("ohwx/"): content for name, content in files.items()}


def failed(dataset: Dataset) -> str:
    """Why an export was stopped; nothing of it is there."""
    job = start(dataset)
    run_export(job.pk)
    job.refresh_from_db()
    assert (job.state, job.archives.count()) == (ExportJob.State.FAILED, 0)
    assert not folder_of(job).exists()
    return job.error


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
        "ohwx-0001.jpg",
        "ohwx-0001.txt",
        "ohwx-0002.png",
        "ohwx-0002.txt",
        "ohwx-0003.webp",
        "ohwx-0003.txt",
        "tags.txt",
    ]
    pictures = [content for name, content in written.items() if not name.endswith(".txt")]
    assert pictures == [content for _, content in files]
    assert written["ohwx-0001.txt"] == b"ohwx, zebra"
    assert written["ohwx-0003.txt"] == b"ohwx, Mango"


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
    assert [texts(dataset)[f"ohwx-000{n + 1}.txt"] for n in range(4)] == [f"ohwx, tag {n}" for n in range(4)]


def test_what_a_file_is_called_comes_from_its_content(dataset: Dataset) -> None:
    bring_in(dataset, [("really.jpg", images.encoded("PNG", seed=1)), ("no extension", images.encoded("JPEG", seed=2))])
    assert [name for name in exported(dataset) if "txt" not in name] == ["ohwx-0001.png", "ohwx-0002.jpg"]


def planned(dataset: Dataset) -> ExportPlan:
    """What an export of the dataset as it is now holds."""
    options = options_of()
    chosen = choose_now(dataset, options, by=None)
    return ExportPlan(chosen.version, options, chosen.positions, chosen.total)


def test_numbers_are_as_wide_as_the_last_one(dataset: Dataset) -> None:
    rows = [
        Image(dataset=dataset, position=n * 3, sha256=f"{n:064x}", format="PNG", width=1, height=1, byte_size=1)
        for n in range(1, 10_001)
    ]
    Image.objects.bulk_create(rows)
    for count, width in [(10_000, 5), (9_999, 4)]:
        names = [image.place.picture_name for image in planned(dataset).images(1)]
        assert names == [f"ohwx/ohwx-{number:0{width}d}.png" for number in range(1, count + 1)]
        dataset.images.filter(position=3).delete()
        touch_dataset(dataset.pk)


def test_queries_do_not_grow_with_each_image(dataset: Dataset, django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        factories.make_image_tag(factories.make_image(dataset), f"tag {number}")
    plan = planned(dataset)
    with django_assert_max_num_queries(3):
        assert len(list(plan.images(1))) == 30


# --- texts ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def three(dataset: Dataset) -> list[Image]:
    """Three real images without words."""
    return [picture_of(item) for item in bring_in(dataset, [(f"{n}.jpg", images.encoded(seed=n)) for n in (1, 2, 3)])]


def test_an_untagged_image_has_the_trigger_word_or_is_left_out(dataset: Dataset, three: list[Image]) -> None:
    apply(three[1], adding("smile"))
    assert texts(dataset) == {
        "ohwx-0001.txt": "ohwx",
        "ohwx-0002.txt": "ohwx, smile",
        "ohwx-0003.txt": "ohwx",
        "tags.txt": "smile\n",
    }
    left = exported(dataset, with_untagged=False)
    assert list(left) == ["ohwx-0001.jpg", "ohwx-0001.txt", "tags.txt"]
    assert left["ohwx-0001.jpg"] == original(three[1]).read_bytes()
    assert left["ohwx-0001.txt"] == b"ohwx, smile"


def test_no_text_is_written_where_there_is_nothing_to_say(dataset: Dataset, three: list[Image]) -> None:
    """An empty .txt stops kohya's trainer: none is written, neither beside a picture nor for the tags."""
    Dataset.objects.filter(pk=dataset.pk).update(trigger_word="")
    dataset.refresh_from_db()
    assert list(exported(dataset)) == ["ohwx-0001.jpg", "ohwx-0002.jpg", "ohwx-0003.jpg"]
    apply(three[0], writing("A caption."))
    assert texts(dataset) == {"ohwx-0001.txt": "A caption."}


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
    assert texts(dataset)["ohwx-0001.txt"] == "ohwx, 初音ミク, miku_(vocaloid), 👩‍👩‍👧‍👦"
    assert texts(dataset)["ohwx-0002.txt"] == "ohwx, A woman in a garden. שלום done."
    assert texts(dataset)["ohwx-0003.txt"] == "ohwx, تاج, prose"


def test_tags_come_in_their_order_on_the_image(dataset: Dataset, three: list[Image]) -> None:
    apply(three[0], adding("zebra"), adding("apple"), adding("mango"), moving("mango", "zebra"))
    assert texts(dataset)["ohwx-0001.txt"] == "ohwx, mango, zebra, apple"


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
    assert name == "ohwx-0001.jpg"
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
    assert name == "ohwx-0001.png"
    assert far_apart(picture, frames[0]) == 0


def test_sixteen_bits_are_scaled_not_cut(dataset: Dataset) -> None:
    values = [column * 257 for column in range(256)]
    row = b"".join(value.to_bytes(2, "little") for value in values)
    buffer = io.BytesIO()
    Picture.frombytes("I;16", (256, 64), row * 64).save(buffer, "PNG")
    name, picture = through(dataset, "deep.png", buffer.getvalue())
    assert name == "ohwx-0001.png"
    red = picture.getchannel("R")
    assert all(abs(int(red.getpixel((x, 9))) - x) <= 1 for x in range(256))  # type: ignore[arg-type]


def test_transparency_lies_on_white(dataset: Dataset) -> None:
    source = images.draw(mode="RGBA")
    source.putalpha(Picture.linear_gradient("L").resize(source.size))
    buffer = io.BytesIO()
    source.save(buffer, "PNG")
    name, picture = through(dataset, "clear.png", buffer.getvalue())
    assert name == "ohwx-0001.png"
    white = Picture.new("RGBA", source.size, "white")
    assert far_apart(picture, Picture.alpha_composite(white, source)) < 1
    assert picture.getpixel((5, 0)) == (255, 255, 255)


def _cmyk() -> bytes:
    return images.encoded("JPEG", mode="CMYK", quality=95)


@pytest.mark.parametrize(
    ("name", "content", "exported_name", "tolerance"),
    [
        ("a.bmp", lambda: images.encoded("BMP"), "ohwx-0001.png", 0),
        ("a.tiff", lambda: images.encoded("TIFF"), "ohwx-0001.png", 0),
        ("a.avif", lambda: images.encoded("AVIF", quality=95), "ohwx-0001.png", 5),
        ("a.gif", lambda: images.encoded("GIF"), "ohwx-0001.png", 25),
        ("palette.png", lambda: images.encoded("PNG", mode="P"), "ohwx-0001.png", 25),
        ("one bit.png", lambda: images.encoded("PNG", mode="1"), "ohwx-0001.png", None),
        ("grey and alpha.png", lambda: images.encoded("PNG", mode="LA"), "ohwx-0001.png", None),
        ("print.jpg", _cmyk, "ohwx-0001.jpg", 3),
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
    assert failed(dataset) == (
        "“my cat (1).jpg” is not stored whole (No such file or directory). "
        "Restore the data folder from a backup, then export again."
    )


def test_a_damaged_original_is_named(dataset: Dataset) -> None:
    image = picture_of(bring_in(dataset, [("cat.jpg", make_turned())])[0])
    path = original(image)
    path.write_bytes(path.read_bytes()[:2000])
    assert failed(dataset).startswith("“cat.jpg” is not stored whole")


def test_an_original_that_the_disk_changed_is_named(dataset: Dataset, three: list[Image]) -> None:
    path = original(three[1])
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)
    assert failed(dataset).startswith("“2.jpg” is not stored whole (its content has changed on the disk)")


def test_nothing_to_export(dataset: Dataset) -> None:
    with pytest.raises(NothingToExport, match="“Ohwx” has no images yet"):
        start(dataset)
    factories.make_image(dataset)
    touch_dataset(dataset.pk)
    start(dataset)
    with pytest.raises(NothingToExport, match="has a tag or a caption yet"):
        start(dataset, untagged="leave-out")
    with pytest.raises(NothingToExport, match="No image is what the filter asks for"):
        start(dataset, filter="heron")


# --- the manifest -----------------------------------------------------------------------------------------------------


def test_the_manifest_knows_each_file_and_where_it_came_from(dataset: Dataset, three: list[Image]) -> None:
    bring_in(dataset, [("folder/ümläut.gif", images.encoded("GIF", seed=9))])
    apply(three[0], adding("a"))
    job = export(dataset, "kohya")
    manifest, files = manifest_of(job), files_of(job)
    listed = {file["name"]: file for file in manifest["files"]}
    assert list(listed) == list(files)
    for name, content in files.items():
        assert (listed[name]["size"], listed[name]["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    last = listed["ohwx/ohwx-0004.png"]
    assert (last["original"]["name"], last["original"]["folder"], last["converted"]) == ("ümläut.gif", "folder", True)
    assert listed["ohwx/ohwx-0001.jpg"]["original"]["sha256"] == three[0].sha256
    assert manifest["profile"] == "kohya"
    assert manifest["options"] == job.options
    assert manifest["version"]["digest"] == job.version.digest
    assert manifest["program"]["version"] == VERSION
    assert manifest["dataset"] == {"name": "Ohwx", "file_prefix": "ohwx", "trigger_word": "ohwx"}


def test_the_program_knows_its_own_version() -> None:
    assert tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"] == VERSION


# --- pixels that are asked for ----------------------------------------------------------------------------------------


def pictures(job: ExportJob) -> dict[str, Picture.Image]:
    """The pictures of an archive."""
    files = {name: content for name, content in files_of(job).items() if not name.endswith(".txt")}
    return {name: Picture.open(io.BytesIO(content)) for name, content in files.items()}


def test_longer_pictures_are_made_shorter_and_others_stay_as_they_are(dataset: Dataset) -> None:
    small, large = images.encoded(width=100, height=80, seed=1), images.encoded("PNG", width=400, height=300, seed=2)
    bring_in(dataset, [("small.jpg", small), ("large.png", large)])
    job = export(dataset, pixels={"longest_side": 128})
    assert files_of(job)["ohwx/ohwx-0001.jpg"] == small
    assert pictures(job)["ohwx/ohwx-0002.png"].size == (128, 96)


def test_all_pictures_are_written_anew_where_that_is_asked_for(dataset: Dataset) -> None:
    exif = Picture.Exif()
    exif[0x010E] = "a secret"
    content = images.encoded(width=100, height=80, exif=exif)
    bring_in(dataset, [("a.jpg", content), ("b.png", images.encoded("PNG", width=100, height=80, seed=2))])
    job = export(dataset, pixels={"mode": "converted", "format": "webp", "quality": 90})
    found = pictures(job)
    assert [(name, picture.format, picture.size) for name, picture in found.items()] == [
        ("ohwx/ohwx-0001.webp", "WEBP", (100, 80)),
        ("ohwx/ohwx-0002.webp", "WEBP", (100, 80)),
    ]
    assert not any(picture.getexif() for picture in found.values())


# --- the same again ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILE_SLUGS)
def test_the_same_version_gives_the_same_bytes(dataset: Dataset, three: list[Image], profile: str) -> None:
    bring_in(dataset, [("a.gif", images.encoded("GIF", seed=9))])
    apply(three[0], adding("a"), adding("b"), writing("Prose."))
    first = export(dataset, profile)
    apply(three[0], adding("later"))
    again = export(dataset, profile, version=first.version)
    later = export(dataset, profile)
    written = [paths_of(job)[0].read_bytes() for job in (first, again, later)]
    assert written[0] == written[1] != written[2]
    with opened(first) as archive_file:
        assert {info.date_time for info in archive_file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {info.external_attr >> 16 for info in archive_file.infolist()} == {0o100644}
    archive = first.archives.get()
    assert (archive.size, archive.sha256) == (len(written[0]), hashlib.sha256(written[0]).hexdigest())
    assert paths_of(first)[0].name == f"ohwx-{profile}-v{first.version.number}.zip"


def test_what_did_not_change_is_no_new_version(dataset: Dataset, three: list[Image]) -> None:
    assert export(dataset).version == export(dataset, "kohya").version
    apply(three[0], adding("a"))
    assert export(dataset).version.number == 2


def test_pictures_that_left_the_dataset_are_still_in_the_export_of_a_version(
    dataset: Dataset, three: list[Image]
) -> None:
    first = export(dataset)
    before = paths_of(first)[0].read_bytes()
    move_to_trash(dataset, [three[0].pk], by=None)
    empty_trash(dataset, None, by=None)
    free_unneeded_blobs(older_than=timedelta(seconds=-10))
    assert len(files_of(export(dataset))) == 4
    assert paths_of(export(dataset, version=first.version))[0].read_bytes() == before


# --- which images -----------------------------------------------------------------------------------------------------


def test_only_what_the_filter_finds_or_what_was_chosen_goes_in(dataset: Dataset, three: list[Image]) -> None:
    for image, name in zip(three, ("a", "b", "a"), strict=True):
        apply(image, adding(name))
    found = files_of(export(dataset, filter="a"))
    assert [name for name in found if name.endswith(".jpg")] == ["ohwx/ohwx-0001.jpg", "ohwx/ohwx-0002.jpg"]
    assert found["ohwx/ohwx-0002.jpg"] == original(three[2]).read_bytes()
    chosen = files_of(export(dataset, images=[three[1].pk, 10**9]))
    assert chosen["ohwx/ohwx-0001.jpg"] == original(three[1]).read_bytes()
    assert chosen["tags.txt"] == b"b\n"


def test_a_filter_on_a_version_asks_what_the_version_says(dataset: Dataset, three: list[Image]) -> None:
    apply(three[0], adding("a"))
    version = export(dataset).version
    apply(three[0], removing("a"))
    apply(three[1], adding("a"))
    old = files_of(export(dataset, filter="a", version=version))
    assert old["ohwx/ohwx-0001.jpg"] == original(three[0]).read_bytes()
    assert files_of(export(dataset, filter="a"))["ohwx/ohwx-0001.jpg"] == original(three[1]).read_bytes()
    with pytest.raises(BadFilter, match="A version does not know “by:ann”"):
        start(dataset, filter="a by:ann", version=version)


def test_a_thousand_pictures_go_into_one_archive_for_civitai_and_the_next_into_another(dataset: Dataset) -> None:
    item = bring_in(dataset, [("a.png", images.encoded("PNG", width=64, height=64))])[0]
    plain = picture_of(item)
    content = original(plain).read_bytes()
    rows = []
    for number in range(2, 1004):
        sha256 = hashlib.sha256(content + number.to_bytes(4)).hexdigest()
        path = paths.original_path(settings.DATA_DIR, sha256, "PNG")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content + number.to_bytes(4))
        facts = {"format": "PNG", "width": 64, "height": 64, "byte_size": len(content) + 4, "colour": "#000000"}
        rows.append(Image(dataset=dataset, position=number, sha256=sha256, original_name=f"{number}.png", **facts))
    Image.objects.bulk_create(rows)
    touch_dataset(dataset.pk)
    job = export(dataset, "civitai")
    archives = list(job.archives.all())
    assert [(each.file_name, each.images) for each in archives] == [
        ("ohwx-civitai-v1-1-of-2.zip", 1000),
        ("ohwx-civitai-v1-2-of-2.zip", 3),
    ]
    names = [name for number in (1, 2) for name in files_of(job, number) if name.endswith(".png")]
    assert names == [f"ohwx/ohwx-{number:04d}.png" for number in range(1, 1004)]
    assert manifest_of(job, 2)["archive"] == {"number": 2, "of": 2}
    assert len(manifest_of(job, 2)["files"]) == 6
