"""Caption templates: how they are read, and what they write."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tagging.text import compose_caption_text
from tagging.trainers.profiles import DEFAULT_TEMPLATE, PROFILES
from tagging.trainers.styles import TagStyle
from tagging.trainers.templates import BadTemplate, read_template
from tests.tagging.trainers_data import dataset, frozen

TYPED = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.characters(categories=["Cs", "Cc", "Cf", "Zs", "Mn"]),
        st.sampled_from(" ,\n\r\t\x00\x85\ufeff\u200b\u200d\u202eab_(){}|;.:?"),
    ),
    max_size=40,
)
TRIGGERS = st.sampled_from(["", "ohwx", "ohwx woman", "髪", " ohwx "]) | TYPED
STYLES = st.builds(
    TagStyle,
    separator=st.sampled_from([", ", ",", "; ", " "]),
    underscores=st.sampled_from(["keep", "spaces", "underscores"]),
    escape_parentheses=st.booleans(),
    order=st.sampled_from(["as_tagged", "alphabet", "category", "category_then_alphabet"]),
    kept=st.none() | st.integers(0, 3),
    marker=st.none() | st.just("|||"),
    secondary=st.none() | st.just(";;;"),
    keeps_prose_start=st.booleans(),
)
quick = settings(max_examples=200, deadline=None)


def say(template: str, *tags: str | tuple[str, str], trigger: str = "ohwx", caption: str = "", **style: Any) -> str:
    return read_template(template).compose(
        dataset(trigger),
        frozen(*tags, caption=caption),
        TagStyle(**style),
    )


# --- The default ------------------------------------------------------------------------------------------------------


@settings(max_examples=500, deadline=None)
@given(TRIGGERS, st.lists(TYPED | st.sampled_from(["ohwx", "1girl", "long_hair"]), max_size=6), TYPED)
@example("ohwx", ["b", "ohwx", "a"], "ohwx, a woman")
@example("ohwx", [], "ohwx woman")
@example("ohwx", [], "ohwx,")
@example("ohwx", [], "ohwx")
@example("ohwx", ["a"], "ohwx ,, ")
@example("ohwx", ["a"], "ohwx's hat")
@example("", [], "\n\x00 \n")
@example("", ["a"], ", b")
@example("a.", ["b"], "c.")
@example("a,", ["b,"], "c")
def test_the_default_says_byte_for_byte_what_the_desk_shows(trigger: str, tags: list[str], caption: str) -> None:
    shown = compose_caption_text(trigger_word=trigger, tags=tags, caption=caption)
    assert say(DEFAULT_TEMPLATE, *tags, trigger=trigger, caption=caption) == shown


@pytest.mark.parametrize("slug", PROFILES)
def test_every_profile_begins_with_a_template_that_is_read(slug: str) -> None:
    profile = PROFILES[slug]
    for variant in profile.variants:
        template = read_template(profile.template_of(variant.slug))
        assert template.has_trigger
        assert template.has_tags
        assert template.has_caption


# --- What is written --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("{trigger} {caption}", "ohwx A woman in a hat."),
        ("{caption} {tags}", "A woman in a hat. 1girl, red hair, miku_(vocaloid), x.jpg"),
        ("{trigger}, {tags:character}, {tags:-character}", "ohwx, miku_(vocaloid), 1girl, red hair, x.jpg"),
        ("{trigger}, {tags:character}, {tags}", "ohwx, miku_(vocaloid), 1girl, red hair, x.jpg"),
        ("{tags}, with {tags:hair}", "1girl, miku_(vocaloid), x.jpg, with red hair"),
        ("{tags:-meta}", "1girl, red hair, miku_(vocaloid)"),
        ("{tags:-meta, -hair}", "1girl, miku_(vocaloid)"),
        ("{tags:-meta, hair}", "1girl, miku_(vocaloid)"),
        ("{tags:hair,character}", "red hair, miku_(vocaloid)"),
        ("{tags:none}", "1girl"),
        ("{tags:-none}", "red hair, miku_(vocaloid), x.jpg"),
        ("{TAGS: Hair }", "red hair"),
        ("photo of {trigger}, {tags:hair}", "photo of ohwx, red hair"),
        ("{{x}} {trigger}", "{x} ohwx"),
        ("{{{trigger}}}", "{ohwx}"),
        ("{name} / {folder} / {n} / {dataset} / {width}x{height}", "IMG 1 / b / 7 / Anna / 800x600"),
        ("{folder}-{n}", "b-7"),
        ("{trigger}{tags:hair}", "ohwxred hair"),
        ("[trigger], {tags:hair}", "[trigger], red hair"),
        ("{caption}", "A woman in a hat."),
        ("{caption}.", "A woman in a hat."),
        ("{tags:hair}.", "red hair."),
        ("{trigger}, {trigger}", "ohwx"),
        (":d, {trigger}, :3, {tags:hair} :)", ":d, ohwx, :3, red hair :)"),
        ("-x {trigger}", "-x ohwx"),
        (", {trigger}", "ohwx"),
        ("{n}:d", "7:d"),
        ("{tags:hair} ,x", "red hair,x"),
        (",x {tags:hair}", "x red hair"),
        ("{tags:artist}:d", "d"),
        ("of: {trigger}", "of: ohwx"),
    ],
)
def test_what_a_template_writes(template: str, line: str) -> None:
    image = frozen(
        "1girl",
        ("red hair", "Hair"),
        ("miku_(vocaloid)", "character"),
        ("x.jpg", "meta"),
        caption="A woman\nin a hat.",
        folder="a/b",
        position=7,
    )
    assert read_template(template).compose(dataset(), image, TagStyle()) == line


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("{trigger}, {tags}, {caption}", "ohwx"),
        ("{trigger} {tags:hair}. {caption}", "ohwx"),
        ("{tags}, {trigger}", "ohwx"),
        ("{caption}. {trigger}", "ohwx"),
        ("{tags}. {caption}.", ""),
        ("{caption}", ""),
        ("{trigger}, by {tags:artist}", "ohwx, by"),
        ("{trigger}{?, by {tags:artist}}", "ohwx"),
        ("{trigger}{?, by {tags:artist} in {trigger}}", "ohwx"),
        ("{trigger} ||| {tags}", "ohwx"),
        ("{trigger} ({tags})", "ohwx ()"),
        ("{trigger}{? ({tags})}", "ohwx"),
    ],
)
def test_separators_around_nothing_vanish(template: str, line: str) -> None:
    assert say(template) == line


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("{trigger}, {tags:none}. {caption}", "ohwx, A hat."),
        ("{trigger} {tags:none}, {caption}", "ohwx A hat."),
        ("{trigger}, {tags:none}, {tags:hair}, {caption}", "ohwx, red hair, A hat."),
        ("{trigger}, , {tags:hair}", "ohwx, red hair"),
        ("{trigger}  ,  {tags:hair}", "ohwx, red hair"),
        ("{trigger}\n{tags:hair}", "ohwx red hair"),
        ("{trigger}{?, by {tags:artist}}, {tags:hair}", "ohwx, red hair"),
        ("{caption}. {tags:hair}", "A hat. red hair"),
        ("{caption}, {tags:hair}", "A hat., red hair"),
    ],
)
def test_between_two_things_stands_the_separator_behind_the_first(template: str, line: str) -> None:
    assert say(template, ("red hair", "hair"), caption="A hat.") == line


def test_a_part_that_may_be_missing_is_written_whole() -> None:
    assert say("{trigger}{?, by {tags:artist}}", ("anna", "artist")) == "ohwx, by anna"


def test_prose_that_is_the_trigger_word_alone_says_nothing_more() -> None:
    assert say("{trigger}{?, in words: {caption}}", caption="ohwx") == "ohwx"
    assert say("{trigger}{?, in words: {caption}}", caption="a hat") == "ohwx, in words: a hat"


@quick
@given(
    st.lists(
        st.sampled_from(
            [
                "{trigger}",
                "{tags}",
                "{caption}",
                "{tags:hair}",
                "{tags:-hair}",
                "{?, x {tags:hair}}",
                ", ",
                " ",
                ". ",
                "of",
                "{{",
                "}}",
            ]
        ),
        min_size=1,
        max_size=8,
    ),
    TRIGGERS,
    st.lists(st.tuples(TYPED, st.sampled_from(["", "hair", "meta"])), max_size=5),
    TYPED,
    STYLES,
)
def test_whatever_is_written_is_one_clean_line(
    parts: list[str], trigger: str, tags: list[tuple[str, str]], caption: str, style: TagStyle
) -> None:
    try:
        template = read_template("".join(parts))
    except BadTemplate:
        return
    line = template.compose(dataset(trigger), frozen(*tags, caption=caption), style)
    assert line == line.strip()
    assert len(line.splitlines()) <= 1
    assert "\ufeff" not in line
    line.encode("utf-8")


CLEAN = st.text(alphabet="abc_ ()", min_size=1, max_size=6).filter(lambda text: text.strip(" "))


@quick
@given(
    st.lists(
        st.sampled_from(["{trigger}", "{tags}", "{tags:hair}", "{tags:-hair}", "{caption}"]), min_size=1, max_size=6
    ),
    st.sampled_from(["", "ohwx"]),
    st.lists(st.tuples(CLEAN, st.sampled_from(["", "hair", "meta"])), max_size=5),
    st.sampled_from(["", "a hat", "ohwx a hat", "ohwx"]),
)
def test_no_comma_and_no_blank_is_ever_doubled(
    slots: list[str], trigger: str, tags: list[tuple[str, str]], caption: str
) -> None:
    line = say(", ".join(slots), *tags, trigger=trigger, caption=caption)
    assert ", ," not in line
    assert "  " not in line
    assert not line.startswith(",")
    assert not line.endswith(",")


@quick
@given(
    st.permutations(["{tags:hair}", "{tags:-meta}", "{tags}", "{tags:hair,meta}"]),
    st.lists(
        st.tuples(st.sampled_from(["t1", "t2", "t3", "t4", "t5"]), st.sampled_from(["", "hair", "meta", "x"])),
        max_size=5,
        unique_by=lambda tag: tag[0],
    ),
)
def test_each_tag_is_written_once(slots: list[str], tags: list[tuple[str, str]]) -> None:
    line = say(", ".join(slots), *tags)
    assert sorted(filter(None, line.split(", "))) == sorted(name for name, _ in tags)


# --- The trigger word -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "tags", "caption", "line"),
    [
        ("{trigger} {caption}", [], "ohwx, a woman", "ohwx, a woman"),
        ("{trigger} {caption}", [], "ohwxes", "ohwx ohwxes"),
        ("{trigger}, {tags}, {caption}", ["ohwx", "b"], "ohwx a woman", "ohwx, b, a woman"),
        ("{caption}, {tags}", ["ohwx", "b"], "ohwx a woman", "ohwx a woman, ohwx, b"),
        ("{caption}, {trigger}, {tags}", ["ohwx", "b"], "ohwx a woman", "ohwx a woman, b"),
        ("photo of {trigger}, {caption}", [], "ohwx woman", "photo of ohwx woman"),
    ],
)
def test_the_trigger_word_stands_once(template: str, tags: list[str], caption: str, line: str) -> None:
    assert say(template, *tags, caption=caption) == line


@pytest.mark.parametrize(
    ("variant", "caption", "line"),
    [
        ("tag", "ohwx a woman", "ohwx, a woman"),
        ("tag", "ohwx, a woman", "ohwx, a woman"),
        ("caption", "ohwx, a woman", "ohwx a woman"),
        ("caption", "ohwx a woman", "ohwx a woman"),
        ("caption", "A woman.", "ohwx A woman."),
        ("caption", "ohwx", "ohwx"),
        ("tag", "", "ohwx"),
    ],
)
def test_civitai_finds_the_trigger_word_that_is_there(variant: str, caption: str, line: str) -> None:
    profile = PROFILES["civitai"]
    said = read_template(profile.template_of(variant)).compose(
        dataset(), frozen(caption=caption), profile.default_style
    )
    assert said == line


# --- The style of tags ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("style", "line"),
    [
        ({"separator": "; "}, "bb_bb; aa aa; >_<; xx (yy); C"),
        ({"underscores": "spaces"}, "bb bb, aa aa, >_<, xx (yy), C"),
        ({"underscores": "underscores"}, "bb_bb, aa_aa, >_<, xx_(yy), C"),
        ({"escape_parentheses": True}, r"bb_bb, aa aa, >_<, xx \(yy\), C"),
        ({"order": "alphabet"}, ">_<, aa aa, bb_bb, C, xx (yy)"),
        ({"order": "category"}, ">_<, C, bb_bb, xx (yy), aa aa"),
        ({"order": "category_then_alphabet"}, ">_<, C, bb_bb, xx (yy), aa aa"),
        ({"secondary": ";;;"}, "bb_bb, aa aa, >_<, xx (yy), C"),
        ({"secondary": ";;;", "order": "category"}, ">_<;;;C, bb_bb;;;xx (yy), aa aa"),
    ],
)
def test_how_tags_are_written(style: dict[str, Any], line: str) -> None:
    tags: list[str | tuple[str, str]] = [
        ("bb_bb", "kind"),
        "aa aa",
        (">_<", "face"),
        ("xx (yy)", "kind"),
        ("C", "face"),
    ]
    assert say("{tags}", *tags, **style) == line


def test_what_is_escaped_already_is_not_escaped_twice() -> None:
    assert say("{tags}", r"x \(y\)", escape_parentheses=True) == r"x \(y\)"


def test_two_tags_that_become_one_are_written_once() -> None:
    assert say("{tags}", "long hair", "long_hair", underscores="spaces") == "long hair"
    assert say("{tags}", "long hair", "long_hair") == "long hair, long_hair"


def test_a_trigger_word_among_the_tags_is_known_however_it_is_spelled() -> None:
    assert say("{trigger}, {tags}", "my_girl", "b", trigger="my girl", underscores="spaces") == "my girl, b"
    assert say("{trigger}, {tags}", "my_girl", "b", trigger="my_girl", underscores="spaces") == "my_girl, b"


# --- What is shuffled -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kept", "tags", "caption", "line"),
    [
        (0, ["a", "b"], "", "ohwx ||| a, b"),
        (1, ["a", "b", "c"], "", "ohwx, a ||| b, c"),
        (1, ["a", "b", "c"], "A hat.", "ohwx, a ||| b, c ||| A hat."),
        (2, ["a", "b"], "", "ohwx, a, b |||"),
        (2, ["a", "b"], "A hat.", "ohwx, a, b, A hat. |||"),
        (0, [], "", "ohwx"),
        (0, [], "ohwx hat, red", "ohwx hat, red |||"),
    ],
)
def test_a_marker_stands_behind_what_is_kept_in_front(kept: int, tags: list[str], caption: str, line: str) -> None:
    assert say(DEFAULT_TEMPLATE, *tags, caption=caption, kept=kept, marker="|||") == line


def test_without_anything_to_keep_there_is_no_marker() -> None:
    assert say("{tags}", "a", "b", kept=0, marker="|||") == "a, b"
    assert say("{tags}, {caption}", "a", "b", caption="A hat.", kept=0, marker="|||") == "||| a, b ||| A hat."


def test_a_marker_that_the_template_has_is_not_written_twice() -> None:
    assert say("{trigger} ||| {tags}", "a", "b", kept=0, marker="|||") == "ohwx ||| a, b"


@quick
@given(
    st.lists(st.sampled_from("abcdef"), max_size=6, unique=True),
    st.integers(0, 4),
    st.sampled_from(["", "ohwx"]),
    st.sampled_from(["", "A hat, red."]),
)
def test_a_trainer_that_shuffles_keeps_what_is_to_be_kept(
    tags: list[str], kept: int, trigger: str, caption: str
) -> None:
    """As kohya reads it: up to the first marker is fixed, up to the second is shuffled, the rest is fixed again."""
    line = say(DEFAULT_TEMPLATE, *tags, trigger=trigger, caption=caption, kept=kept, marker="|||")
    if "|||" not in line:
        # Then everything may be shuffled: there must be nothing to keep in front but a single word.
        assert (not (trigger and tags[kept:]) and not caption) or "," not in line
        return
    head, _, rest = line.partition("|||")
    middle, _, tail = rest.partition("|||")
    parts = [[part.strip() for part in text.split(",") if part.strip()] for text in (head, middle, tail)]
    assert parts[1] == tags[kept:]
    said = [part.strip() for part in caption.split(",") if part]
    assert parts[0] + parts[2] == [*filter(None, [trigger]), *tags[:kept], *said]


@pytest.mark.parametrize(
    ("template", "trigger", "kept", "count"),
    [
        ("{trigger}, {tags}", "ohwx", 2, 3),
        ("{trigger}, {tags}", "", 2, 2),
        ("{tags}", "ohwx", 0, 0),
        ("photo, of {trigger}, {tags}", "ohwx", 0, 2),
        ("{trigger}, {tags}", "ohwx", None, 0),
    ],
)
def test_a_trainer_that_counts_is_told_how_many(template: str, trigger: str, kept: int | None, count: int) -> None:
    assert read_template(template).count_kept(dataset(trigger), TagStyle(kept=kept)) == count


# --- What cannot be read ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "code", "at", "word"),
    [
        ("", "empty", 0, ""),
        ("  , ", "empty", 0, ""),
        ("{tags", "unclosed", 0, "{"),
        ("x {", "unclosed", 2, "{"),
        ("tags}", "unopened", 4, "}"),
        ("{tag}", "unknown", 0, "tag"),
        ("{}", "unknown", 0, ""),
        ("x {caption:a}", "selector", 2, "caption"),
        ("{tags:}", "category", 0, "tags:"),
        ("{tags:a,,b}", "category", 0, "tags:a,,b"),
        ("{tags:-}", "category", 0, "tags:-"),
        ("{tags:a,-b}", "mixed", 0, "a,-b"),
        ("{?{tags}", "unclosed", 0, "{?"),
        ("{?{?{tags}}}", "nested", 2, "{?"),
        ("a {?b}", "empty", 2, "{?"),
        ("{{{tags}", "", 0, ""),
        ("x" * 2001, "long", 2000, ""),
    ],
)
def test_what_is_no_template_is_said_where_it_goes_wrong(template: str, code: str, at: int, word: str) -> None:
    if not code:
        assert read_template(template).compose(dataset(), frozen("a"), TagStyle()) == "{a"
        return
    with pytest.raises(BadTemplate) as caught:
        read_template(template)
    assert (caught.value.code, caught.value.at, caught.value.word) == (code, at, word)


@quick
@given(st.text(alphabet="{}?:-, atgsricpon\n\x00", max_size=30))
def test_any_text_is_a_template_or_is_refused(text: str) -> None:
    places = []
    try:
        read_template(text).compose(dataset(), frozen("a", caption="b"), TagStyle())
    except BadTemplate as error:
        places.append(error.at)
    assert all(0 <= place <= len(text) for place in places)
