"""The readers themselves: each quirk by which exports are judged, on folders written by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import images, zips
from tests.readers import ai_toolkit, civitai, diffusion_pipe, huggingface, kohya, musubi, onetrainer, simpletuner
from tests.readers.reading import LoaderStops, Sample

ROW = {"file_name": "a.png", "text": "ohwx"}


def picture(folder: Path, *names: str) -> None:
    for seed, name in enumerate(names):
        images.write(folder, name, "PNG", width=64, height=64, seed=seed)


def write(folder: Path, **texts: str) -> None:
    """Texts by stem."""
    for stem, text in texts.items():
        (folder / f"{stem}.txt").write_bytes(text.encode())


def seen(samples: list[Sample]) -> dict[str, object]:
    return {sample.picture.name: sample.text for sample in samples}


READERS: dict[str, Callable[[Path], list[Sample]]] = {
    "kohya": lambda folder: kohya.read_folder(folder, extension=".txt"),
    "ai-toolkit": ai_toolkit.read_folder,
    "onetrainer": onetrainer.read_folder,
    "simpletuner": simpletuner.read_folder,
    "diffusion-pipe": diffusion_pipe.read_folder,
    "musubi": lambda folder: musubi.read_folder(folder, caption_extension=".txt"),
}


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        ("kohya", "one"),
        ("ai-toolkit", "one\ntwo\n"),
        ("onetrainer", ("one", "two")),
        ("simpletuner", ("one", "two")),
        ("diffusion-pipe", "one\ntwo"),
        ("musubi", "one\ntwo"),
    ],
)
def test_of_several_lines(tmp_path: Path, reader: str, text: object) -> None:
    picture(tmp_path, "a.png")
    write(tmp_path, a="one\ntwo\n")
    assert seen(READERS[reader](tmp_path)) == {"a.png": text}


@pytest.mark.parametrize("reader", READERS)
def test_a_bom_is_kept_by_all(tmp_path: Path, reader: str) -> None:
    picture(tmp_path, "a.png")
    write(tmp_path, a="\ufeffohwx")
    assert seen(READERS[reader](tmp_path)) == {"a.png": "\ufeffohwx"}


@pytest.mark.parametrize(
    ("reader", "found"),
    [
        ("kohya", {"a.png": ""}),
        ("ai-toolkit", {"a.png": ""}),
        ("onetrainer", {"a.png": ""}),
        ("simpletuner", None),
        ("diffusion-pipe", {}),
        ("musubi", {}),
    ],
)
def test_a_picture_without_a_text(tmp_path: Path, reader: str, found: object) -> None:
    picture(tmp_path, "a.png")
    if found is None:
        with pytest.raises(LoaderStops):
            READERS[reader](tmp_path)
    else:
        assert seen(READERS[reader](tmp_path)) == found


def test_a_text_of_no_bytes_stops_kohya_alone(tmp_path: Path) -> None:
    picture(tmp_path, "a.png")
    write(tmp_path, a="")
    for name, read in READERS.items():
        if name == "kohya":
            with pytest.raises(LoaderStops):
                read(tmp_path)
        else:
            assert all(sample.text == "" for sample in read(tmp_path)), name


def test_names_of_mixed_case_and_folders_in_folders(tmp_path: Path) -> None:
    picture(tmp_path, "a.png", "b.Png", "c.PNG", "in/d.png")
    for stem in ("a", "b", "c", "in/d"):
        write(tmp_path, **{stem: stem})
    found = {name: set(seen(read(tmp_path))) for name, read in READERS.items()}
    few, more = {"a.png", "c.PNG"}, {"a.png", "b.Png", "c.PNG"}
    assert found == {
        "kohya": few,
        "musubi": few,
        "onetrainer": more,
        "diffusion-pipe": more,
        "ai-toolkit": more | {"d.png"},
        "simpletuner": more | {"d.png"},
    }


def test_kohya_takes_a_face_for_its_picture_and_its_own_extension_for_texts(tmp_path: Path) -> None:
    picture(tmp_path, "x_1_2_3_4.png")
    write(tmp_path, x="whole")
    assert seen(kohya.read_folder(tmp_path, extension=".txt")) == {"x_1_2_3_4.png": "whole"}
    assert seen(kohya.read_folder(tmp_path, class_tokens="woman")) == {"x_1_2_3_4.png": "woman"}


def test_kohya_repeats_stand_in_the_name(tmp_path: Path) -> None:
    picture(tmp_path, "10_ohwx woman/a.png", "loose/b.png")
    assert [(s.text, s.repeats) for s in kohya.read_repeats(tmp_path)] == [("ohwx woman", 10)]


@pytest.mark.parametrize(
    "line", ['caption_extention = ".txt"', 'num_repeats = "10"', "enable_bucket = 1", "cache_directory = 'x'"]
)
def test_kohya_rejects_what_it_does_not_know(tmp_path: Path, line: str) -> None:
    picture(tmp_path, "img/a.png")
    text = "[[datasets]]\n[[datasets.subsets]]\nimage_dir = 'img'\n"
    config = tmp_path / "dataset.toml"
    config.write_text(text)
    assert len(kohya.read_config(config)) == 1
    config.write_text(text + line + "\n")
    with pytest.raises(LoaderStops, match="not"):
        kohya.read_config(config)


def test_kohya_keeps_what_stands_before_the_marker_and_trains_the_marker_where_nothing_is_shuffled() -> None:
    shuffling = {"shuffle_caption": True, "keep_tokens_separator": "|||"}
    parts = kohya.shuffled("ohwx, 1girl ||| sofa, a ||| best", shuffling)
    assert (parts.fixed, parts.moving, parts.tail) == (("ohwx", "1girl"), ("sofa", "a"), ("best",))
    assert kohya.trained("ohwx ||| sofa", {"keep_tokens_separator": "|||"}) == "ohwx ||| sofa"
    assert kohya.trained("a,, b", {"shuffle_caption": True}) == "a, , b"
    assert kohya.trained("a;;; b", {"secondary_separator": ";;;"}) == "a, b"


@pytest.mark.parametrize(
    ("row", "text"),
    [({"caption": "A", "tags": "a, b"}, "A,a, b"), ({"tags": "a"}, "a"), ({"tags": ["a"]}, None)],
)
def test_kohya_metadata(tmp_path: Path, row: dict[str, object], text: str | None) -> None:
    picture(tmp_path, "a.png")
    metadata = tmp_path / "meta.json"
    metadata.write_text(json.dumps({"a.png": row}))
    if text is None:
        with pytest.raises(LoaderStops):
            kohya.read_metadata(metadata, tmp_path)
    else:
        assert seen(kohya.read_metadata(metadata, tmp_path)) == {"a.png": text}
    metadata.write_text(json.dumps({"a": {"caption": "A"}}))
    with pytest.raises(LoaderStops):
        kohya.read_metadata(metadata, tmp_path)


@pytest.mark.parametrize(
    ("text", "word", "trained"),
    [
        ("a, b", "", "a,  b"),
        ("[trigger], 1girl", "ohwx", "ohwx,  1girl"),
        ("[trigger], 1girl", "", ",  1girl"),
        ("1girl", "ohwx", "ohwx 1girl"),
        ("a johwxy", "ohwx", "a johwxy"),
    ],
)
def test_the_trigger_of_ai_toolkit(text: str, word: str, trained: str) -> None:
    assert ai_toolkit.trained(text, word) == trained


def test_onetrainer_knows_masks_beside_pictures(tmp_path: Path) -> None:
    picture(tmp_path, "a.png", "a-masklabel.png", "a-condlabel.png")
    assert set(seen(onetrainer.read_folder(tmp_path))) == {"a.png"}


def test_simpletuner_leaves_small_pictures_out_and_wants_text_embeds(tmp_path: Path) -> None:
    picture(tmp_path, "img/a.png")
    write(tmp_path / "img", a="ohwx")
    image = {"id": "i", "instance_data_dir": "img", "caption_strategy": "textfile", "minimum_image_size": 64}
    text = {"id": "t", "dataset_type": "text_embeds", "default": True}
    config = tmp_path / "multidatabackend.json"

    def read(*backends: object) -> int:
        config.write_text(json.dumps(backends))
        return len(simpletuner.read_config(config, at=tmp_path))

    assert read(image, text) == 1
    assert read({**image, "minimum_image_size": 65}, text) == 0
    with pytest.raises(LoaderStops):
        read(image)


def test_musubi_wants_to_be_told_the_extension(tmp_path: Path) -> None:
    picture(tmp_path, "a.png")
    with pytest.raises(LoaderStops):
        musubi.read_folder(tmp_path, caption_extension=None)


def test_diffusion_pipe_opens_texts_as_the_system_does(tmp_path: Path) -> None:
    picture(tmp_path, "a.png")
    write(tmp_path, a="café")
    assert seen(diffusion_pipe.read_folder(tmp_path, encoding="cp1252")) == {"a.png": "cafÃ©"}
    (tmp_path / "notes.md").write_text("no picture")
    assert diffusion_pipe.not_pictures(tmp_path) == ["notes.md"]


def test_hugging_face_splits_a_flat_folder_by_names(tmp_path: Path) -> None:
    picture(tmp_path, "001.png", "test_2.png", "train-3.png", "latest.png", "contest.png")
    (tmp_path / "metadata.jsonl").write_text(json.dumps({"file_name": "001.png", "text": "ohwx"}))
    found = {split: seen(samples) for split, samples in huggingface.read_folder(tmp_path).items()}
    assert found == {"train": {"train-3.png": ""}, "test": {"test_2.png": ""}}


@pytest.mark.parametrize(
    ("row", "found"),
    [(ROW, {"a.png": "ohwx"}), ({"file_name": "b.png"}, None), ({"file_name": "../train/a.png"}, None)],
)
def test_hugging_face_reads_listed_rows_only(tmp_path: Path, row: object, found: object) -> None:
    picture(tmp_path, "train/a.png", "train/test_1.png")
    (tmp_path / "train/metadata.jsonl").write_text(json.dumps(row))
    if found is None:
        with pytest.raises(LoaderStops):
            huggingface.read_folder(tmp_path)
    else:
        assert {split: seen(samples) for split, samples in huggingface.read_folder(tmp_path).items()} == {
            "train": found
        }


def test_hugging_face_takes_one_kind_of_metadata(tmp_path: Path) -> None:
    picture(tmp_path, "a.png")
    (tmp_path / "metadata.jsonl").write_text(json.dumps(ROW))
    (tmp_path / "metadata.csv").write_text("file_name,text\na.png,x\n")
    with pytest.raises(LoaderStops):
        huggingface.read_folder(tmp_path)


def test_civitai_takes_pictures_from_any_depth_and_passes_over_the_rest() -> None:
    small = images.encoded("PNG", width=63, height=400)
    members = {
        "set/a.JPG": images.encoded(width=4096, height=1024),
        "set/a.txt": b"ohwx, sofa\n",
        "set/b.png": small,
        "set/c.gif": images.encoded("GIF"),
        "set/._d.png": b"no picture",
        "__MACOSX/e.png": small,
        "set/f.webp": images.encoded("WEBP", width=128, height=64),
        "set/f.TXT": b"not found",
    }
    form = civitai.read_zip(zips.pack(*(zips.Member(name.encode(), content) for name, content in members.items())))
    assert [(p.name, p.label, p.size) for p in form.pictures] == [
        ("set/a.JPG", "ohwx, sofa\n", (2048, 512)),
        ("set/f.webp", "", (256, 128)),
    ]
    assert form.refused == {"set/b.png": "too small", "set/._d.png": "corrupt"}
    assert form.ignored == ["set/c.gif", "set/f.TXT"]


@pytest.mark.parametrize(
    ("label", "kind", "sent"),
    [
        ("ohwx, a woman", "caption", "ohwx ohwx, a woman"),
        ("ohwx A woman", "tag", "ohwx, ohwx A woman"),
        ("ohwx, a", "tag", "ohwx, a"),
        ("ohwx a", "caption", "ohwx a"),
    ],
)
def test_the_trigger_of_civitai(label: str, kind: civitai.LabelKind, sent: str) -> None:
    assert civitai.with_trigger(label, "ohwx", kind) == sent


def test_civitai_guesses_what_labels_are() -> None:
    prose = "A woman sits on a sofa by the window and looks at the garden, where it rains on roses."
    form = civitai.Form([civitai.Labelled("a.png", prose, (64, 64), b"")], {}, [])
    assert form.kind == "caption"
    assert civitai.tags_shown("Ohwx, Sofa,, ") == ["ohwx", "sofa"]
