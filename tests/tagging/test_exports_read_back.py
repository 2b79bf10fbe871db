"""Every profile's export, read back by readers that know only the trainers: nothing lost, nothing else trained."""

from __future__ import annotations

import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from PIL import Image as Picture
from PIL import ImageChops, ImageStat

from datasets.models import Dataset, Image
from tests import factories, images
from tests.readers import ai_toolkit, civitai, diffusion_pipe, huggingface, kohya, musubi, simpletuner
from tests.readers.of_profiles import BY_CONFIGURATION, BY_FOLDER, PIXELS, by_name
from tests.readers.reading import LoaderStops
from tests.tagging.doing import adding, apply, bring_in, picture_of, writing
from tests.tagging.exporting import export, paths_of

pytestmark = pytest.mark.django_db

CIVITAI = [("civitai", "tag"), ("civitai", "caption")]
EVERY = [*BY_CONFIGURATION, *CIVITAI]
SPECIAL = {"huggingface", "civitai", "plain"}  # without repeats
TRIGGER = "ohwx"
ENDINGS = {".jpg", ".png", ".webp"}  # of whatever is a picture in an export


def unpacked(content: bytes, folder: Path) -> Path:
    """An archive as a person unpacks it."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
    return folder


def read_back(dataset: Dataset, profile: str, variant: str, folder: Path, **facts: Any) -> tuple[bytes, Path]:
    """Export, and unpack: the archive, and where it lies now."""
    paths = paths_of(export(dataset, profile, variant=variant, **facts))
    assert len(paths) == 1
    content = paths[0].read_bytes()
    return content, unpacked(content, folder / f"{profile} {variant}")


def folder_of_pictures(root: Path) -> Path:
    """The only folder that pictures lie in, whatever the profile."""
    folders = {path.parent for path in root.rglob("*") if path.suffix in ENDINGS}
    assert len(folders) == 1, folders
    return folders.pop()


# --- pictures ---------------------------------------------------------------------------------------------------------


def _saved(picture: Picture.Image, format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def _turned(format: str, orientation: int) -> tuple[bytes, Picture.Image]:
    """Blocks that a camera held askew: what is stored, and what it shows."""
    upright = images.blocks(160, 96)
    way = {3: Picture.Transpose.ROTATE_180, 6: Picture.Transpose.ROTATE_90, 7: Picture.Transpose.TRANSVERSE}
    exif = Picture.Exif()
    exif[0x0112] = orientation
    return _saved(upright.transpose(way[orientation]), format, exif=exif, **_BEST.get(format, {})), upright


_BEST: dict[str, dict[str, Any]] = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}}


def _clear() -> tuple[bytes, Picture.Image]:
    """Blocks that are half there: on white they are paler."""
    shown = images.blocks(160, 96)
    clear = shown.copy()
    clear.putalpha(Picture.linear_gradient("L").resize(shown.size))
    white = Picture.new("RGBA", shown.size, "white")
    return _saved(clear, "PNG"), Picture.alpha_composite(white, clear).convert("RGB")


def _palette(format: str, **options: Any) -> tuple[bytes, Picture.Image]:
    picture = images.blocks(160, 96).quantize(16)
    return _saved(picture, format, **options), picture.convert("RGB")


def _palette_with_clear() -> tuple[bytes, Picture.Image]:
    picture = Picture.new("P", (160, 96), 0)
    picture.putpalette([10, 20, 30, 200, 100, 50])
    picture.paste(1, (40, 20, 160, 96))
    shown = Picture.new("RGB", (160, 96), (200, 100, 50))
    shown.paste((255, 255, 255), (0, 0, 160, 20))
    shown.paste((255, 255, 255), (0, 0, 40, 96))
    return _saved(picture, "PNG", transparency=0), shown


def _animated(format: str, **options: Any) -> tuple[bytes, Picture.Image]:
    first = images.blocks(160, 96)
    more = [first.transpose(Picture.Transpose.ROTATE_180), Picture.new("RGB", (160, 96), "red")]
    return _saved(first, format, save_all=True, append_images=more, duration=80, **options), first


def _deep(folder: Path) -> tuple[bytes, Picture.Image]:
    grey = Picture.linear_gradient("L").resize((160, 96))
    return images.write_deep(folder, "deep.png", [grey]).read_bytes(), grey.convert("RGB")


def _plain(format: str, seed: int) -> tuple[bytes, Picture.Image]:
    content = images.encoded(format, width=160, height=96, seed=seed)
    return content, Picture.open(io.BytesIO(content)).convert("RGB")


def _as(mode: str, format: str, **options: Any) -> tuple[bytes, Picture.Image]:
    content = _saved(images.blocks(160, 96, mode), format, **options)
    return content, Picture.open(io.BytesIO(content)).convert("RGB")


# What lies in the dataset, and how far pixels may be off: what is lossy is written anew by a lossy encoder.
PICTURES: dict[str, tuple[Callable[[Path], tuple[bytes, Picture.Image]], float]] = {
    "plain.jpg": (lambda _: _plain("JPEG", 1), 0),
    "plain.png": (lambda _: _plain("PNG", 2), 0),
    "plain.webp": (lambda _: _plain("WEBP", 3), 0),
    "turned6.jpg": (lambda _: _turned("JPEG", 6), 3),
    "turned7.jpg": (lambda _: _turned("JPEG", 7), 3),
    "turned3.png": (lambda _: _turned("PNG", 3), 0),
    "turned6.webp": (lambda _: _turned("WEBP", 6), 0),
    "inks.jpg": (lambda _: _as("CMYK", "JPEG", quality=95, subsampling=0), 3),
    "deep.png": (_deep, 1),
    "clear.png": (lambda _: _clear(), 1),
    "palette.png": (lambda _: _palette("PNG"), 0),
    "palette clear.png": (lambda _: _palette_with_clear(), 0),
    "grey.png": (lambda _: _as("L", "PNG"), 0),
    "one bit.png": (lambda _: _as("1", "PNG"), 0),
    "still.gif": (lambda _: _palette("GIF"), 0),
    "moving.webp": (lambda _: _animated("WEBP", lossless=True), 0),
    "moving.png": (lambda _: _animated("PNG"), 0),
    "old.bmp": (lambda _: _as("RGB", "BMP"), 0),
    "scan.tiff": (lambda _: _as("RGB", "TIFF"), 0),
    "scan inks.tif": (lambda _: _as("CMYK", "TIFF"), 1),
    "new.avif": (lambda _: _as("RGB", "AVIF", quality=95), 1),
}


def _off(one: Picture.Image, other: Picture.Image) -> float:
    """How far two pictures are from each other on average, of 255."""
    return float(max(ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other)).mean))


def test_pictures_are_upright_and_equal_for_every_trainer(tmp_path: Path) -> None:
    """Whatever a loader does not do (turn, composite, scale, convert), it need not do."""
    made = {name: make(tmp_path) for name, (make, _) in PICTURES.items()}
    dataset = factories.make_dataset(name="Ohwx", file_prefix="ohwx", trigger_word=TRIGGER)
    for item in bring_in(dataset, [(name, content) for name, (content, _) in made.items()]):
        picture_of(item)
    written: dict[str, bytes] = {}
    for profile, variant in EVERY:
        archive, root = read_back(dataset, profile, variant, tmp_path)
        paths = sorted(p for p in folder_of_pictures(root).iterdir() if p.suffix in ENDINGS)
        contents = {name: path.read_bytes() for name, path in zip(made, paths, strict=True)}
        assert written in ({}, contents), f"{profile} {variant}"  # the same for all: looked at once
        if profile == "civitai":
            form = civitai.read_zip(archive)
            assert (len(form.pictures), form.refused, form.cut_off) == (len(made), {}, 0)
        else:
            found = BY_CONFIGURATION[profile, variant](root)
            assert [sample.picture for sample in found] == paths, f"{profile} {variant}"
        written = contents
    for (name, (source, shown)), path in zip(made.items(), paths, strict=True):
        assert name.startswith("plain") == (path.read_bytes() == source) or name == "grey.png", name
        with Picture.open(path) as opened:
            assert (opened.mode in {"RGB", "L"}, getattr(opened, "n_frames", 1)) == (True, 1), name
            assert not opened.getexif().get(0x0112), name
        for trainer, pixels in PIXELS.items():
            read = pixels(path)
            assert read.size == shown.size, f"{name} for {trainer}"
            assert _off(read, shown) <= PICTURES[name][1], f"{name} for {trainer}"


# --- words ------------------------------------------------------------------------------------------------------------

# Tags, caption, and the text that a trainer is to read by the default template.
WORDS: list[tuple[list[str], str, str]] = [
    (["1girl", "long hair"], "A woman.", "ohwx, 1girl, long hair, A woman."),
    (["name (series)", "a_b", ">_<"], "", "ohwx, name (series), a_b, >_<"),
    ([], "Prose, with commas.", "ohwx, Prose, with commas."),
    ([], "", "ohwx"),
    (["café", "שלום", "👩\u200d👩\u200d👧"], "", "ohwx, café, שלום, 👩\u200d👩\u200d👧"),
    (["cafe\u0301 2"], "cafe\u0301", "ohwx, café 2, café"),
    (["two"], "one\ntwo\r\nthree\u2028four\x85five\x0bsix", "ohwx, two, one two three four five six"),
    (["bom"], "\ufeffmarked \u200b\u202edown", "ohwx, bom, marked down"),
    (["ohwx", "twice"], "ohwx, sits.", "ohwx, twice, sits."),
    (['"quoted"', "back\\slash", "{a|b}", "[trigger]x"], "", 'ohwx, "quoted", back\\slash, {a|b}, [trigger]x'),
    (["<img src=x onerror=alert(1)>", "null", "# no comment"], "- a: 'b'", ""),
    (["a;b", "c|d", "e;;;f", "g|||h"], "%s {0} {{x}} $HOME", ""),
    (["長" * 60], "。" * 3, ""),
]


@pytest.fixture
def dataset() -> Dataset:
    return factories.make_dataset(name="Ohwx", file_prefix="ohwx", trigger_word=TRIGGER)


@pytest.fixture
def worded(dataset: Dataset) -> list[Image]:
    """Pictures with words that break things."""
    files = [(f"{number}.png", images.encoded("PNG", width=64, height=64, seed=number)) for number in range(len(WORDS))]
    rows = [picture_of(item) for item in bring_in(dataset, files)]
    for image, (tags, caption, _) in zip(rows, WORDS, strict=True):
        apply(image, *map(adding, tags), *([writing(caption)] if caption else []))
    return rows


def previewed(client: Client, rows: list[Image], options: dict[str, Any]) -> list[str]:
    """What the program says before it exports, of a few images at a time."""
    texts: list[str] = []
    for start in range(0, len(rows), 8):
        some = rows[start : start + 8]
        asked: dict[str, Any] = {"options": json.dumps(options), "image": [image.pk for image in some]}
        answer = client.get(f"/api/v1/datasets/{rows[0].dataset_id}/caption-preview", asked)
        assert answer.status_code == 200, answer.content
        shown = {image["image_id"]: image["text"] for image in answer.json()["examples"]}
        # Images without words are no examples; the trigger word is all that is said of them.
        texts += [shown.get(image.pk, TRIGGER) for image in some]
    return texts


def judge_text(text: str) -> None:
    """One line that no loader reads in two ways."""
    assert text == text.strip() != ""
    assert text == unicodedata.normalize("NFC", text)
    assert len(text.splitlines()) == 1
    assert not re.search("[\ufeff\x00-\x1f\x7f-\x9f]", text)


def test_texts_are_those_of_the_preview_for_every_trainer(
    client: Client, dataset: Dataset, worded: list[Image], tmp_path: Path
) -> None:
    for profile, variant in EVERY:
        where = f"{profile} {variant}"
        facts = {} if profile in SPECIAL else {"repeats": 3}
        archive, root = read_back(dataset, profile, variant, tmp_path, **facts)
        folder = folder_of_pictures(root)
        expected = previewed(client, worded, {"profile": profile, "variant": variant, **facts})
        if variant != "caption":
            for text, (_, _, wanted) in zip(expected, WORDS, strict=True):
                assert text == (wanted or text), where
        for text in expected:
            judge_text(text)
        names = sorted(path.name for path in folder.iterdir() if path.suffix == ".png")
        wanted_texts = {name: ai_toolkit.folded(text) for name, text in zip(names, expected, strict=True)}
        # The only text that a loader changes: ai-toolkit has a word of its own for the trigger word.
        filled = {name: text.replace("[trigger]", TRIGGER) for name, text in wanted_texts.items()}
        without = {name: text.replace("[trigger]", "") for name, text in wanted_texts.items()}
        for trainer, read in BY_FOLDER.items():
            assert by_name(read(folder)) == (without if trainer == "ai-toolkit" else wanted_texts), (where, trainer)
        for name, text in zip(names, expected, strict=True):
            assert (folder / name).with_suffix(".txt").read_bytes() == text.encode(), where
        assert diffusion_pipe.not_pictures(folder) == (["metadata.jsonl"] if profile == "huggingface" else [])
        # Whoever names the whole archive to a loader that walks it trains nothing else either.
        assert by_name(ai_toolkit.read_folder(root)) == without
        assert by_name(simpletuner.read_folder(root)) == wanted_texts
        if profile == "civitai":
            judge_form(archive, expected, "tag" if variant == "tag" else "caption")
            continue
        found = BY_CONFIGURATION[profile, variant](root)
        assert by_name(found) == (filled if profile == "ai-toolkit" else wanted_texts), where
        assert {sample.repeats for sample in found} == {1 if profile in SPECIAL else 3}, where


def judge_form(archive: bytes, expected: list[str], kind: civitai.LabelKind) -> None:
    form = civitai.read_zip(archive)
    assert [picture.label for picture in form.pictures] == expected
    assert (form.refused, form.cut_off, form.ignored) == ({}, 0, ["manifest.json"])
    # The form adds nothing: the trigger word is there as it looks for it.
    assert [civitai.with_trigger(label, TRIGGER, kind) for label in expected] == expected


def test_kohya_reads_the_folders_of_repeats_without_a_configuration(
    dataset: Dataset, worded: list[Image], tmp_path: Path
) -> None:
    _, root = read_back(dataset, "kohya", "repeats", tmp_path, repeats=7)
    parents = [path for path in root.iterdir() if path.is_dir()]
    found = kohya.read_repeats(parents[0], extension=".txt")
    assert (len(parents), len(found), {sample.repeats for sample in found}) == (1, len(WORDS), {7})
    # Even with its own extension, where it finds no texts, it trains the trigger word.
    assert {sample.text for sample in kohya.read_repeats(parents[0])} == {TRIGGER}


def test_the_rows_of_hugging_face_serve_kohya_and_musubi_too(
    dataset: Dataset, worded: list[Image], tmp_path: Path
) -> None:
    _, root = read_back(dataset, "huggingface", "folder", tmp_path)
    rows = root / "train" / "metadata.jsonl"
    samples = huggingface.read_folder(root)["train"]
    expected = by_name(samples)
    assert by_name(kohya.read_metadata(rows, root / "train")) == expected
    assert by_name(musubi.read_rows(rows, at=root / "train")) == expected
    assert [sample.more["tag_list"] for sample in samples][1] == ["name (series)", "a_b", ">_<"]
    assert {len(sample.more) for sample in samples} == {5}  # a column that is missing in one row is null in all


def test_what_kohya_shuffles_and_what_stays(dataset: Dataset, worded: list[Image], tmp_path: Path) -> None:
    """The marker is a marker in every text of the export, and none is trained."""
    style = {"kept": 1, "marker": "|||"}
    _, root = read_back(dataset, "kohya", "folder", tmp_path, style=style)
    found = {sample.picture.stem[-2:]: sample.text for sample in kohya.read_config(root / "dataset.toml")}
    subset = kohya.only_subset(root / "dataset.toml")
    assert kohya.handles_tags(subset)
    raw = [path.read_text(encoding="utf-8") for path in sorted(folder_of_pictures(root).glob("*.txt"))]
    parts = [kohya.shuffled(text, subset) for text in raw]
    assert parts[0] == kohya.Shuffled((TRIGGER, "1girl"), ("long hair",), ("A woman.",))
    assert parts[1] == kohya.Shuffled((TRIGGER, "name (series)"), ("a_b", ">_<"))
    assert all((*part.fixed, *part.moving)[0] == TRIGGER for part in parts)
    assert found["01"] == "ohwx, 1girl, long hair, A woman."
    # A tag that holds the marker's own signs is for lint to tell; no other text is trained with them.
    assert [number for number, text in found.items() if "|||" in text] == ["12"]


def test_what_has_no_words_is_lost_where_its_trainer_loses_it_and_can_be_left_out(
    dataset: Dataset, worded: list[Image], tmp_path: Path
) -> None:
    """Without a trigger word an image without words has no text: lint tells what then becomes of it."""
    Dataset.objects.filter(pk=dataset.pk).update(trigger_word="")
    silent = sum(not tags and not caption for tags, caption, _ in WORDS)
    for untagged, missing in (("include", silent), ("leave-out", 0)):
        _, root = read_back(dataset, "plain", "folder", tmp_path / untagged, untagged=untagged)
        folder = folder_of_pictures(root)
        assert not [path for path in folder.iterdir() if path.stat().st_size == 0]  # kohya stops at an empty text
        said = len(WORDS) - silent
        read = {name: reader for name, reader in BY_FOLDER.items() if name != "simpletuner"}
        found = {name: len(reader(folder)) for name, reader in read.items()}
        dropping = {"musubi-tuner", "diffusion-pipe"}
        assert found == {name: said if name in dropping else said + missing for name in read}
        if missing:
            with pytest.raises(LoaderStops):
                simpletuner.read_folder(folder)
        else:
            assert len(simpletuner.read_folder(folder)) == said


@pytest.mark.parametrize(
    ("style", "second"),
    [
        ({"escape_parentheses": True}, r"ohwx, name \(series\), a_b, >_<"),
        ({"underscores": "underscores"}, "ohwx, name_(series), a_b, >_<"),
        ({"underscores": "spaces"}, "ohwx, name (series), a_b, >_<"),  # single letters may be a face
        ({"order": "alphabet"}, "ohwx, >_<, a_b, name (series)"),
    ],
)
def test_styles_arrive_at_the_trainer(
    dataset: Dataset, worded: list[Image], tmp_path: Path, style: dict[str, Any], second: str
) -> None:
    _, root = read_back(dataset, "onetrainer", "folder", tmp_path, style=style)
    assert BY_CONFIGURATION["onetrainer", "folder"](root)[1].text == second


@pytest.mark.parametrize("format", ["jpeg", "png", "webp"])
def test_pictures_in_the_format_and_on_the_colour_that_was_asked_for(
    dataset: Dataset, tmp_path: Path, format: str
) -> None:
    shown = images.blocks(160, 96)
    clear = shown.copy()
    clear.putalpha(Picture.linear_gradient("L").resize(shown.size))
    bring_in(dataset, [("clear.png", _saved(clear, "PNG")), ("plain.jpg", images.encoded(width=400, height=200))])
    pixels = {"mode": "converted", "format": format, "background": "#204060", "longest_side": 100}
    _, root = read_back(dataset, "simpletuner", "folder", tmp_path, pixels=pixels)
    first, second = (sample.picture for sample in BY_CONFIGURATION["simpletuner", "folder"](root))
    ground = Picture.new("RGBA", shown.size, "#204060")
    wanted = Picture.alpha_composite(ground, clear).convert("RGB").resize((100, 60), Picture.Resampling.LANCZOS)
    assert (first.suffix, simpletuner.pixels(second).size) == ({"jpeg": ".jpg"}.get(format, f".{format}"), (100, 50))
    assert _off(simpletuner.pixels(first), wanted) < 4


# --- parts ------------------------------------------------------------------------------------------------------------


@pytest.mark.heavy
def test_civitai_takes_each_part_whole(tmp_path: Path) -> None:
    dataset = factories.make_dataset(name="Many", file_prefix="many", trigger_word=TRIGGER)
    tiny = [(f"{n}.png", images.encoded("PNG", width=64, height=64, seed=n) + b"%d" % n) for n in range(1003)]
    bring_in(dataset, tiny)
    paths = paths_of(export(dataset, "civitai", variant="tag"))
    forms = [civitai.read_zip(path.read_bytes()) for path in paths]
    assert [(len(form.pictures), form.cut_off, form.refused) for form in forms] == [(1000, 0, {}), (3, 0, {})]
    names = [picture.name for form in forms for picture in form.pictures]
    assert len({name.rpartition("/")[2] for name in names}) == 1003
