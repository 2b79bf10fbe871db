"""What can be asked of an export, how it is written down, and what is said of what cannot."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagging.queries.template_sentences import (
    sentence_of_options,
    sentence_of_profile,
    sentence_of_template,
    sentence_of_variant,
)
from tagging.trainers.options import BadOptions, ExportOptions, PixelOptions, default_options
from tagging.trainers.profiles import PROFILE_SLUGS, PROFILES
from tagging.trainers.templates import BadTemplate, read_template
from tests.tagging.trainers_data import frozen

VARIANTS = [(slug, variant.slug) for slug, profile in PROFILES.items() for variant in profile.variants]

SIDES = st.none() | st.integers(64, 16384)
ORDERS = st.sampled_from(["alphabet", "category"])


def test_the_profiles_are_the_nine_that_were_promised() -> None:
    assert tuple(PROFILES) == PROFILE_SLUGS
    assert PROFILE_SLUGS == (
        "kohya", "ai-toolkit", "onetrainer", "musubi-tuner", "diffusion-pipe", "simpletuner", "huggingface", "civitai",
        "plain",
    )  # fmt: skip
    assert PROFILES["civitai"].most_images_a_part == 1000


@pytest.mark.parametrize(("slug", "variant"), VARIANTS)
def test_options_are_read_as_they_were_written(slug: str, variant: str) -> None:
    options = default_options(slug, variant)
    assert ExportOptions.from_json(options.to_json()) == options
    assert ExportOptions.from_json({"profile": slug, "variant": variant}) == options
    assert options.to_json() == json.dumps(json.loads(options.to_json()), sort_keys=True, separators=(",", ":"))
    assert default_options(slug) == default_options(slug, PROFILES[slug].variants[0].slug)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(VARIANTS),
    st.fixed_dictionaries(
        {},
        optional={
            "repeats": st.integers(1, 1000),
            "filter": st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
            "untagged": st.sampled_from(["include", "leave-out"]),
            "pixels": st.fixed_dictionaries({}, optional={"quality": st.integers(1, 100), "longest_side": SIDES}),
            "style": st.fixed_dictionaries({}, optional={"order": ORDERS, "escape_parentheses": st.booleans()}),
        },
    ),
    st.randoms(),
)  # fmt: skip
def test_equal_options_are_equal_text(chosen: tuple[str, str], given_: dict[str, Any], random: Any) -> None:
    asked = {"profile": chosen[0], "variant": chosen[1], **given_}
    keys = list(asked)
    random.shuffle(keys)
    options = ExportOptions.from_json(asked)
    assert ExportOptions.from_json(json.dumps({key: asked[key] for key in keys})).to_json() == options.to_json()
    assert ExportOptions.from_json(options.to_json()) == options


@pytest.mark.parametrize(
    ("asked", "code", "key"),
    [
        ("{", "kind", "options"),
        ("[]", "kind", "options"),
        ({}, "profile", "profile"),
        ({"profile": "koyha"}, "profile", "profile"),
        ({"profile": 5}, "kind", "profile"),
        ({"profile": "kohya", "variant": "x"}, "variant", "variant"),
        ({"profile": "kohya", "colour": "red"}, "unknown", "colour"),
        ({"profile": "kohya", "style": {"colour": "red"}}, "unknown", "style.colour"),
        ({"profile": "kohya", "style": 5}, "kind", "style"),
        ({"profile": "kohya", "repeats": "10"}, "kind", "repeats"),
        ({"profile": "kohya", "repeats": True}, "kind", "repeats"),
        ({"profile": "kohya", "repeats": None}, "kind", "repeats"),
        ({"profile": "kohya", "folder": "\ud83d"}, "kind", "folder"),
        ({"profile": "kohya", "template": "{tags}\0"}, "kind", "template"),
        ({"profile": "kohya", "repeats": 0}, "range", "repeats"),
        ({"profile": "kohya", "resolution": 10**9}, "range", "resolution"),
        ({"profile": "kohya", "untagged": "maybe"}, "choice", "untagged"),
        ({"profile": "kohya", "pixels": {"mode": "x"}}, "choice", "pixels.mode"),
        ({"profile": "kohya", "pixels": {"background": "white"}}, "colour", "pixels.background"),
        ({"profile": "kohya", "pixels": {"longest_side": 8}}, "range", "pixels.longest_side"),
        ({"profile": "kohya", "filter": "x" * 4001}, "long", "filter"),
        ({"profile": "kohya", "style": {"separator": ""}}, "separator", "style.separator"),
        ({"profile": "kohya", "style": {"separator": "\n"}}, "separator", "style.separator"),
        ({"profile": "kohya", "style": {"separator": "{}"}}, "separator", "style.separator"),
        ({"profile": "kohya", "style": {"marker": "***"}}, "marker", "style.marker"),
        ({"profile": "plain", "style": {"marker": "|||"}}, "marker", "style.marker"),
        ({"profile": "plain", "style": {"secondary": ";;;"}}, "secondary", "style.secondary"),
        ({"profile": "ai-toolkit", "style": {"kept": 1}}, "shuffle", "style.kept"),
        ({"profile": "kohya", "style": {"kept": -1}}, "range", "style.kept"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_said_in_a_sentence(asked: Any, code: str, key: str) -> None:
    with pytest.raises(BadOptions) as caught:
        ExportOptions.from_json(asked)
    assert (caught.value.code, caught.value.key) == (code, key)
    sentence = sentence_of_options(caught.value)
    assert sentence.endswith(".")
    assert "%(" not in sentence
    sentence.encode("utf-8")


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{tags", "The { at 1 is not closed"),
        ("x}", "The } at 2 closes nothing"),
        ("{?{?{tags}}}", "The part at 3 stands in another one"),
        ("{tag}", "{tag} at 1 is none of the placeholders: {trigger}, {tags}, {caption}"),
        ("{caption:x}", "write {caption} at 1"),
        ("{tags:}", "A category is missing in {tags:} at 1"),
        ("{tags:a,-b}", "“a,-b” at 1 names categories"),
        ("", "There is no placeholder"),
        ("x" * 3000, "at most 2000 characters"),
        ("{" + "y" * 90 + "}", f"{{{'y' * 40}…}} at 1"),
    ],
)
def test_what_is_no_template_is_said_in_a_sentence(template: str, says: str) -> None:
    with pytest.raises(BadTemplate) as caught:
        read_template(template)
    assert says in sentence_of_template(caught.value)


def test_options_with_a_template_that_cannot_be_read_are_refused() -> None:
    with pytest.raises(BadTemplate):
        ExportOptions.from_json({"profile": "plain", "template": "{tag}"})


@pytest.mark.parametrize("slug", PROFILE_SLUGS)
def test_every_profile_says_what_it_holds_and_each_variant_what_it_is_good_for(slug: str) -> None:
    assert sentence_of_profile(slug).endswith(".")
    said = [sentence_of_variant(slug, variant.slug) for variant in PROFILES[slug].variants]
    assert all(sentence.endswith(".") for sentence in said)
    assert len(set(said)) == len(said)


@pytest.mark.parametrize(
    ("image_format", "is_plain", "size", "pixels", "kept", "extension"),
    [
        ("PNG", True, (800, 600), PixelOptions(), True, "png"),
        ("JPEG", True, (800, 600), PixelOptions(), True, "jpg"),
        ("WEBP", True, (800, 600), PixelOptions(), True, "webp"),
        ("JPEG", False, (800, 600), PixelOptions(), False, "jpg"),
        ("WEBP", False, (800, 600), PixelOptions(), False, "png"),
        ("GIF", True, (800, 600), PixelOptions(), False, "png"),
        ("TIFF", True, (800, 600), PixelOptions(format="jpeg"), False, "jpg"),
        ("PNG", True, (800, 600), PixelOptions(format="jpeg"), True, "png"),
        ("PNG", True, (800, 600), PixelOptions(mode="converted"), False, "png"),
        ("PNG", True, (800, 600), PixelOptions(longest_side=700), False, "png"),
        ("PNG", True, (600, 800), PixelOptions(longest_side=800), True, "png"),
    ],
)
def test_which_pictures_go_out_byte_for_byte(
    image_format: str, is_plain: bool, size: tuple[int, int], pixels: PixelOptions, kept: bool, extension: str
) -> None:
    image = frozen(image_format=image_format, is_plain=is_plain, size=size)
    assert (pixels.keeps(image), pixels.extension_of(image)) == (kept, extension)
