"""Where things lie in each trainer's archive, and what its configuration says."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from datasets.names import SPLIT_WORDS
from tagging.text import one_line
from tagging.trainers.layouts import FurtherFile, LaidOut, Layout, lay_out
from tagging.trainers.options import ExportOptions, default_options
from tagging.trainers.profiles import PROFILES
from tagging.trainers.records import FrozenDataset
from tagging.trainers.stems import safe_prefix
from tagging.trainers.toml import as_toml
from tests.tagging.trainers_data import dataset, frozen

VARIANTS = [(slug, variant.slug) for slug, profile in PROFILES.items() for variant in profile.variants]
HOSTILE = 'it\'s "a" \\ # [x] {y} = 髪\x7f'


def laid_out(options: ExportOptions, data: FrozenDataset, count: int = 3) -> tuple[Layout, dict[str, bytes]]:
    """Return a layout of images with two tags, and its further files by name."""
    layout = lay_out(options.rules, options, data, count)
    files = list(layout.further(_entries(layout, options, data, count)))
    assert len({file.name for file in files}) == len(files)
    return layout, {file.name: file.content for file in files}


def _entries(layout: Layout, options: ExportOptions, data: FrozenDataset, count: int) -> Iterator[LaidOut]:
    template = options.read_template()
    for number in range(1, count + 1):
        tags = [f"tag {number}", "hat"]
        image = frozen(*tags, caption="A hat.", position=number)
        text = template.compose(data, image, options.style)
        yield LaidOut(layout.place(number, image, "png"), text, tuple(tags), "A hat.", 800, 600)


def toml_of(slug: str, name: str = "dataset.toml", data: FrozenDataset | None = None, **asked: Any) -> dict[str, Any]:
    options = ExportOptions.from_json({"profile": slug, **asked})
    _, files = laid_out(options, data or dataset())
    return tomllib.loads(files[name].decode())


# --- Every profile ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("slug", "variant"), VARIANTS)
def test_pictures_and_texts_share_a_folder_in_which_nothing_else_lies(slug: str, variant: str) -> None:
    layout, files = laid_out(default_options(slug, variant), dataset())
    place = layout.place(2, frozen(), "JPG")
    assert place.picture_name == f"{layout.folder}/anna-0002.jpg"
    assert place.text_name == f"{layout.folder}/anna-0002.txt"
    inside = {name for name in files if name.startswith(f"{layout.folder}/")}
    assert inside == ({"train/metadata.jsonl"} if slug == "huggingface" else set())
    assert not layout.companion_folder.startswith(layout.folder)
    assert all(content for content in files.values())


@pytest.mark.parametrize(("slug", "variant"), VARIANTS)
def test_the_same_export_is_the_same_bytes(slug: str, variant: str) -> None:
    options = default_options(slug, variant)
    assert laid_out(options, dataset())[1] == laid_out(options, dataset())[1]


@pytest.mark.parametrize(("slug", "variant"), VARIANTS)
def test_hostile_words_break_no_configuration(slug: str, variant: str) -> None:
    options = replace(default_options(slug, variant), folder=HOSTILE)
    _, files = laid_out(options, dataset(HOSTILE, prefix=HOSTILE, name=HOSTILE))
    for name, content in files.items():
        text = content.decode("utf-8")
        if name.endswith(".toml"):
            assert any(HOSTILE in each for each in _texts(tomllib.loads(text)))
        elif name.endswith(".json"):
            json.loads(text)
        elif name.endswith(".yaml"):
            read = yaml.safe_load(text)
            assert HOSTILE in read["datasets"][0]["folder_path"]
            # As it stands in the texts, which have no sign that nobody sees: ai-toolkit looks for it there.
            assert read["trigger_word"] == one_line(HOSTILE) == HOSTILE.removesuffix("\x7f")
        elif name.endswith(".jsonl"):
            assert all(json.loads(line) for line in text.splitlines())


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize(
    ("folder", "path"),
    [
        ("", "anna"),
        ("/data/sets/", "/data/sets/anna"),
        ("C:\\sets", "C:\\sets\\anna"),
        ("C:/sets", "C:/sets/anna"),
        ("/", "/anna"),
    ],
)
def test_paths_are_whole_where_somebody_says_where_it_will_be_unpacked(folder: str, path: str) -> None:
    assert toml_of("diffusion-pipe", folder=folder)["directory"][0]["path"] == path


def test_the_list_of_tags_begins_with_what_is_used_most() -> None:
    _, files = laid_out(default_options("plain"), dataset())
    assert files == {"tags.txt": b"hat\ntag 1\ntag 2\ntag 3\n"}


def test_without_tags_there_is_no_list_of_them() -> None:
    options = default_options("plain")
    layout = lay_out(options.rules, options, dataset(), 0)
    assert list(layout.further([])) == []


@pytest.mark.parametrize(("count", "stem"), [(1, "anna-0001"), (9999, "anna-0001"), (10_000, "anna-00001")])
def test_numbers_are_as_long_as_the_last_one_needs(count: int, stem: str) -> None:
    options = default_options("plain")
    assert lay_out(options.rules, options, dataset(), count).place(1, frozen(), "png").file_name == f"{stem}.png"


def test_more_than_a_thousand_go_into_parts_for_civitai() -> None:
    options = default_options("civitai")
    parts = {count: lay_out(options.rules, options, dataset(), count) for count in (0, 1, 1000, 1001, 2500)}
    assert {count: layout.part_count for count, layout in parts.items()} == {0: 1, 1: 1, 1000: 1, 1001: 2, 2500: 3}
    assert [parts[2500].part_of(number) for number in (1, 1000, 1001, 2000, 2001, 2500)] == [1, 1, 2, 2, 3, 3]
    assert list(parts[1].further([])) == []
    assert lay_out(PROFILES["plain"], default_options("plain"), dataset(), 2500).part_count == 1


def test_what_a_browser_cannot_hold_goes_into_parts_for_civitai() -> None:
    options = default_options("civitai")
    million = 1_000_000

    def parts(*sizes: int) -> list[int]:
        layout = lay_out(options.rules, options, dataset(), len(sizes), [size * million for size in sizes])
        found = [layout.part_of(number) for number in range(1, len(sizes) + 1)]
        assert layout.part_count == max(found)
        return found

    assert parts(500, 500) == [1, 1]
    assert parts(500, 501, 400) == [1, 2, 2]
    assert parts(2000, 1, 3000, 1) == [1, 2, 3, 4]
    assert parts(*[1] * 1002) == [1] * 1000 + [2] * 2
    assert parts(*[2] * 1002) == [1] * 500 + [2] * 500 + [3] * 2
    kohya = lay_out(PROFILES["kohya"], default_options("kohya"), dataset(), 3, [900 * million] * 3)
    assert kohya.part_count == kohya.part_of(3) == 1


# --- Names ------------------------------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.from_regex(r"[a-z_\- .0-9]{0,50}", fullmatch=True))
@example("my-test-set")
@example("train")
@example("Test1train")
@example("a" * 38 + "-testament")
@example("a" * 35 + "-testament")
@example("a_b__c___d____e")
@example("CON")
@example("lpt1")
@example("...")
@example("髪")
@example("contest latest")
def test_a_stem_is_safe_for_every_trainer_and_system(prefix: str) -> None:
    safe = safe_prefix(prefix)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", safe)
    assert len(safe) <= 46
    assert not SPLIT_WORDS & set(re.split(r"[^a-z]+", safe))
    assert safe not in {"con", "prn", "aux", "nul", "com1", "lpt1"}
    assert safe_prefix(safe) == safe


@pytest.mark.parametrize(
    ("prefix", "safe"),
    [
        ("anna", "anna"),
        ("Anna_Müller", "anna-muller"),
        ("my-test-set", "my-set"),
        ("contest", "contest"),
        ("test", "image"),
        ("", "image"),
        ("con", "con-image"),
        ("a..b", "a-b"),
    ],
)
def test_a_prefix_is_kept_as_far_as_it_is_safe(prefix: str, safe: str) -> None:
    assert safe_prefix(prefix) == safe


# --- Each trainer -----------------------------------------------------------------------------------------------------

# What its checker of configurations knows; it refuses the rest.
KOHYA_DATASET = """
    resolution batch_size enable_bucket min_bucket_reso max_bucket_reso bucket_reso_steps bucket_no_upscale
    validation_split validation_seed network_multiplier resize_interpolation subsets
"""
KOHYA_SUBSET = """
    image_dir caption_extension class_tokens num_repeats is_reg alpha_mask cache_info shuffle_caption keep_tokens
    keep_tokens_separator secondary_separator caption_separator enable_wildcard metadata_file
"""
STYLES: list[dict[str, Any]] = [
    {},
    {"kept": 1},
    {"kept": 1, "marker": "|||", "secondary": ";;;"},
    {"separator": "; "},
]


@pytest.mark.parametrize("variant", ["folder", "repeats", "metadata"])
@pytest.mark.parametrize("style", STYLES)
def test_kohya_is_told_nothing_that_it_does_not_know(variant: str, style: dict[str, Any]) -> None:
    config = toml_of("kohya", variant=variant, style=style, repeats=10)
    assert set(config) == {"datasets"}
    assert set(config["datasets"][0]) <= set(KOHYA_DATASET.split())
    subset = config["datasets"][0]["subsets"][0]
    assert set(subset) <= set(KOHYA_SUBSET.split())
    assert subset["num_repeats"] == 10
    assert ("caption_extension" in subset) != ("metadata_file" in subset)


def test_kohya_finds_the_folder_and_its_texts() -> None:
    config = toml_of("kohya")["datasets"][0]
    assert config["max_bucket_reso"] == 2 * config["resolution"] == 2048
    assert config["subsets"] == [
        {"image_dir": "anna", "num_repeats": 1, "caption_extension": ".txt", "class_tokens": "ohwx"}
    ]


@pytest.mark.parametrize("resolution", [64, 200, 512, 1000, 1536])
def test_kohya_s_limits_of_buckets_hold_its_resolution(resolution: int) -> None:
    config = toml_of("kohya", resolution=resolution)["datasets"][0]
    assert config["min_bucket_reso"] <= resolution <= config["max_bucket_reso"]
    assert (config["min_bucket_reso"] % 64, config["max_bucket_reso"] % 64) == (0, 0)


@pytest.mark.parametrize(
    ("style", "template", "keys"),
    [
        ({}, "", {}),
        ({"kept": 0}, "", {"shuffle_caption": True, "keep_tokens": 1}),
        ({"kept": 2}, "{tags}", {"shuffle_caption": True, "keep_tokens": 2}),
        ({"kept": 2, "marker": "|||"}, "", {"shuffle_caption": True, "keep_tokens_separator": "|||"}),
        ({}, "{trigger} ||| {tags}", {"shuffle_caption": True, "keep_tokens_separator": "|||"}),
        ({"secondary": ";;;"}, "", {"secondary_separator": ";;;"}),
        ({"separator": "; "}, "", {"caption_separator": ";"}),
    ],
)
def test_kohya_shuffles_exactly_where_the_texts_are_made_for_it(
    style: dict[str, Any], template: str, keys: dict[str, Any]
) -> None:
    asked: dict[str, Any] = {"style": style} | ({"template": template} if template else {})
    subset = toml_of("kohya", **asked)["datasets"][0]["subsets"][0]
    for key in ("image_dir", "num_repeats", "caption_extension", "class_tokens"):
        subset.pop(key, None)
    assert subset == keys


@pytest.mark.parametrize(
    ("trigger", "folder"),
    [("ohwx", "anna/10_ohwx"), ("ohwx woman", "anna/10_ohwx woman"), ("my_girl", "anna/10_my_girl"),
     ("a/b", "anna/10_anna"), ("", "anna/10_anna"),
     ("..", "anna/10_anna"), ("髪", "anna/10_anna"), ("x ", "anna/10_anna")],
)  # fmt: skip
def test_kohya_s_folder_says_how_often_and_what(trigger: str, folder: str) -> None:
    options = ExportOptions.from_json({"profile": "kohya", "variant": "repeats", "repeats": 10})
    layout = lay_out(options.rules, options, dataset(trigger), 1)
    assert layout.folder == folder


def test_kohya_s_list_has_names_with_extensions_and_captions_as_they_are_trained() -> None:
    _, files = laid_out(default_options("kohya", "metadata"), dataset(), 1)
    assert json.loads(files["meta_cap.json"]) == {
        "anna-0001.png": {"caption": "ohwx, tag 1, hat, A hat.", "image_size": [800, 600]}
    }


def test_a_trigger_word_that_no_text_has_is_told_to_no_trainer() -> None:
    assert "class_tokens" not in toml_of("kohya", template="{tags}")["datasets"][0]["subsets"][0]
    _, files = laid_out(ExportOptions.from_json({"profile": "ai-toolkit", "template": "{tags}"}), dataset())
    assert "trigger_word" not in yaml.safe_load(files["ai-toolkit.yaml"])


@pytest.mark.parametrize("trigger", ["ohwx", "no", "1e3", "a: b", "# x", "~"])
def test_ai_toolkit_reads_its_yaml(trigger: str) -> None:
    options = ExportOptions.from_json({"profile": "ai-toolkit", "repeats": 3, "resolution": 768})
    _, files = laid_out(options, dataset(trigger))
    assert yaml.safe_load(files["ai-toolkit.yaml"]) == {
        "trigger_word": trigger,
        "datasets": [
            {
                "folder_path": "anna",
                "caption_ext": "txt",
                "caption_dropout_rate": 0.05,
                "shuffle_tokens": False,
                "cache_latents_to_disk": True,
                "num_repeats": 3,
                "resolution": [768],
            }
        ],
    }


def test_onetrainer_s_concept() -> None:
    options = ExportOptions.from_json({"profile": "onetrainer", "repeats": 4, "style": {"kept": 1}})
    _, files = laid_out(options, dataset())
    (concept,) = json.loads(files["concepts.json"])
    assert (concept["name"], concept["path"], concept["balancing"], concept["type"]) == (
        "Anna",
        "anna",
        4.0,
        "STANDARD",
    )
    assert concept["include_subdirectories"] is False
    text = concept["text"]
    assert (text["prompt_source"], text["enable_tag_shuffling"], text["keep_tags_count"]) == ("sample", True, 2)


def test_musubi_s_folder_and_its_list() -> None:
    config = toml_of("musubi-tuner", resolution=768)
    assert config["general"] == {
        "resolution": [768, 768], "batch_size": 1, "enable_bucket": True, "bucket_no_upscale": False,
        "caption_extension": ".txt",
    }  # fmt: skip
    assert config["datasets"] == [{"image_directory": "anna", "cache_directory": "anna-cache", "num_repeats": 1}]
    options = ExportOptions.from_json({"profile": "musubi-tuner", "variant": "list", "folder": "/sets"})
    _, files = laid_out(options, dataset(), 1)
    config = tomllib.loads(files["dataset.toml"].decode())
    assert config["datasets"][0]["image_jsonl_file"] == "/sets/images.jsonl"
    assert "caption_extension" not in config["general"]
    assert json.loads(files["images.jsonl"]) == {
        "image_path": "/sets/anna/anna-0001.png", "caption": "ohwx, tag 1, hat, A hat."
    }  # fmt: skip


def test_diffusion_pipe_s_directory() -> None:
    assert toml_of("diffusion-pipe", repeats=2, resolution=512) == {
        "resolutions": [512],
        "enable_ar_bucket": True,
        "min_ar": 0.5,
        "max_ar": 2.0,
        "num_ar_buckets": 7,
        "directory": [{"path": "anna", "num_repeats": 2}],
    }


def test_simpletuner_s_backends() -> None:
    _, files = laid_out(ExportOptions.from_json({"profile": "simpletuner", "repeats": 1}), dataset())
    pictures, texts = json.loads(files["multidatabackend.json"])
    assert (pictures["instance_data_dir"], pictures["caption_strategy"], pictures["repeats"]) == ("anna", "textfile", 0)
    assert (pictures["crop"], pictures["minimum_image_size"]) == (False, 0)
    assert (texts["dataset_type"], texts["default"]) == ("text_embeds", True)
    assert pictures["id"] != texts["id"]


def test_hugging_face_s_list_serves_kohya_and_musubi_too() -> None:
    _, files = laid_out(default_options("huggingface"), dataset(), 2)
    rows = [json.loads(line) for line in files["train/metadata.jsonl"].decode().splitlines()]
    assert rows[0] == {
        "file_name": "anna-0001.png",
        "text": "ohwx, tag 1, hat, A hat.",
        "image_path": "anna-0001.png",
        "caption": "ohwx, tag 1, hat, A hat.",
        "image_size": [800, 600],
        "tag_list": ["tag 1", "hat"],
        "prose": "A hat.",
    }
    assert len(rows) == 2


def test_a_list_of_rows_breaks_only_where_a_row_ends() -> None:
    options = default_options("huggingface")
    layout = lay_out(options.rules, options, dataset(), 1)
    entry = LaidOut(layout.place(1, frozen(), "png"), "a", ("x\u2028y",), "b\u2029c\x85d\x0be", 1, 1)
    (file, *_rest) = layout.further([entry])
    assert isinstance(file, FurtherFile)
    assert len(file.content.decode().splitlines()) == 1
    assert json.loads(file.content)["prose"] == "b\u2029c\x85d\x0be"


# --- TOML -------------------------------------------------------------------------------------------------------------

KEYS = st.from_regex(r"[a-z_]{1,6}", fullmatch=True)
LEAVES = st.booleans() | st.integers(-(2**40), 2**40) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = LEAVES | st.floats(-1e6, 1e6, allow_nan=False) | st.lists(LEAVES, max_size=3)
TABLES = st.recursive(
    st.dictionaries(KEYS, VALUES, max_size=3),
    lambda inner: st.dictionaries(KEYS, VALUES | inner | st.lists(inner, min_size=1, max_size=2), max_size=3),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(TABLES)
def test_toml_is_read_as_it_was_written(table: dict[str, Any]) -> None:
    assert tomllib.loads(as_toml(table)) == table


def test_toml_takes_nothing_that_it_cannot_say() -> None:
    with pytest.raises(TypeError, match="NoneType"):
        as_toml({"a": None})
