"""How tags and captions are spelled, split, joined and composed."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tagging import text

# Typed text of every kind: letters, blanks, controls, invisible characters, halves of emoji, separators.
TYPED = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.characters(categories=["Cs", "Cc", "Cf", "Zs", "Mn"]),
        st.sampled_from(" ,\n\r\t\x00\x85\ufeff\u200b\u200d\u202eab_()"),
    ),
    max_size=40,
)
NAMES = TYPED.filter(lambda typed: _name(typed) is not None).map(text.normalise_tag_name)
quick = settings(max_examples=150, deadline=None)


def _name(typed: str) -> str | None:
    try:
        return text.normalise_tag_name(typed)
    except text.BadTagName:
        return None


@quick
@given(TYPED)
@example("a \x00 b")
@example("\x00 a")
@example("a \u200d")
@example("\u1112\u1161\u11ab")
def test_a_spelling_is_its_own_spelling(typed: str) -> None:
    once = text.one_line(typed)
    assert text.one_line(once) == once
    name = _name(typed)
    if name is not None:
        assert text.normalise_tag_name(name) == name


@quick
@given(TYPED)
@example("a\u2028b\x0bc")
def test_one_line_is_one_line_without_anything_invisible(typed: str) -> None:
    line = text.one_line(typed)
    assert line == line.strip()
    assert len(line.splitlines()) <= 1
    assert "  " not in line
    assert not any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in line)
    assert not set(line) & set("\ufeff\u200b\u202e\u00ad\u200e\u200f\u2066")
    assert line.encode("utf-8").decode("utf-8") == line


@quick
@given(st.lists(NAMES, max_size=8, unique=True))
def test_a_joined_list_is_read_back(names: list[str]) -> None:
    assert text.parse_tag_list(text.join_tag_list(names)) == names


@quick
@given(st.lists(TYPED, max_size=8))
def test_a_list_is_read_in_order_each_tag_once(typed: list[str]) -> None:
    names = text.parse_tag_list(",".join(typed))
    assert len(names) == len(set(names))
    assert all("," not in name and name for name in names)
    found = [name for part in "\n".join(typed).replace(",", "\n").splitlines() if (name := _name(part))]
    if not set("".join(typed)) & set("\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"):
        assert names == list(dict.fromkeys(found))


@pytest.mark.parametrize(
    "kept",
    [
        "miku_(vocaloid)",
        "hatsune miku (vocaloid)",
        "Ohwx",
        "UPPER lower",
        r"escaped \(paren\)",
        "👩‍👩‍👧‍👦",
        "❤️",
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "👍🏽",
        "初音ミク",
        "セーラー服",
        "한복",
        "تاج ذهبي",
        "می‌خواهم",
        "שמלה אדומה",
        "é̱t́e",
        "!?",
        "...",
        ":d",
        "^_^",
        "4:3",
        "<3",
        '"quoted"',
        "50%_off",
        "{curly|bar}",
    ],
)
def test_what_is_kept_as_typed(kept: str) -> None:
    assert text.normalise_tag_name(kept) == unicodedata.normalize("NFC", kept)
    assert text.parse_tag_list(f"a, {kept}, b") == ["a", unicodedata.normalize("NFC", kept), "b"]
    line = text.compose_caption_text(trigger_word="ohwx", tags=[kept], caption="")
    assert line == f"ohwx, {unicodedata.normalize('NFC', kept)}"


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("  long   hair ", "long hair"),
        ("long\u00a0hair", "long hair"),
        ("\u3000長い髪\u3000", "長い髪"),
        ("\ufeffohwx", "ohwx"),
        ("zero\u200bwidth", "zerowidth"),
        ("soft\u00adhyphen", "softhyphen"),
        ("\u202eevil", "evil"),
        ("cafe\u0301", "caf\u00e9"),
        ("tab\tand\nline", "tab and line"),
        ("nul\x00l", "null"),
        ("half \ud83d emoji", "half emoji"),
        ("joined\u200d", "joined"),
    ],
)
def test_what_is_tidied(typed: str, name: str) -> None:
    assert text.normalise_tag_name(typed) == name


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "empty"),
        (" \n\t", "empty"),
        ("\ufeff\u200b", "empty"),
        ("\u200d", "empty"),
        ("\ufe0f", "empty"),
        ("\x00\x07", "empty"),
        ("\ud83d", "empty"),
        ("a, b", "comma"),
        (",", "comma"),
        ("x" * 201, "long"),
    ],
)
def test_what_is_no_tag(typed: str, code: str) -> None:
    with pytest.raises(text.BadTagName, match=f"^{code}$"):
        text.normalise_tag_name(typed)


def test_the_longest_tag_is_counted_in_characters_not_bytes() -> None:
    assert len(text.normalise_tag_name("髪" * 200)) == 200


# --- What the trainer reads -------------------------------------------------------------------------------------------


@quick
@given(TYPED, st.lists(NAMES, max_size=6, unique=True), TYPED)
@example("ohwx", ["b", "ohwx", "a"], "ohwx, a woman")
@example("ohwx", [], "ohwx woman")
@example("", [], "\n\x00 \n")
def test_a_composed_caption_is_one_clean_line(trigger: str, tags: list[str], caption: str) -> None:
    line = text.compose_caption_text(trigger_word=trigger, tags=tags, caption=caption)
    first = text.one_line(trigger)
    assert line == line.strip()
    assert "\ufeff" not in line
    assert len(line.splitlines()) <= 1
    assert line.startswith(first)
    assert bool(line) == bool(first or tags or text.one_line(caption))
    if first and "," not in first and "," not in caption and text.one_line(caption) != first:
        assert text.parse_tag_list(line).count(first) <= 1
    line.encode("utf-8")


@pytest.mark.parametrize(
    ("trigger", "tags", "caption", "line"),
    [
        ("ohwx", ["1girl", "red dress"], "", "ohwx, 1girl, red dress"),
        ("ohwx", ["1girl", "ohwx", "a"], "", "ohwx, 1girl, a"),
        ("ohwx", [], "", "ohwx"),
        ("", ["b", "a"], "", "b, a"),
        ("", [], "Prose.", "Prose."),
        ("", [], "", ""),
        ("ohwx", ["a"], "A woman\nin a garden.\n", "ohwx, a, A woman in a garden."),
        ("ohwx", [], "ohwx woman in a garden", "ohwx woman in a garden"),
        ("ohwx", [], "ohwx, a woman", "ohwx, a woman"),
        ("ohwx", ["a"], "ohwx, a woman", "ohwx, a, a woman"),
        ("ohwx", ["a"], "ohwx", "ohwx, a"),
        ("ohwx", [], "ohwxx is another word", "ohwx, ohwxx is another word"),
        ("ohwx", [], "Ohwx is another word", "ohwx, Ohwx is another word"),
        ("ohwx", ["Ohwx"], "", "ohwx, Ohwx"),
        ("ohwx woman", ["ohwx"], "", "ohwx woman, ohwx"),
        ("ohwx", [], "photo of ohwx in a garden", "ohwx, photo of ohwx in a garden"),
        ("ohwx", ["zebra", "apple"], "", "ohwx, zebra, apple"),
    ],
)
def test_composed_captions(trigger: str, tags: list[str], caption: str, line: str) -> None:
    assert text.compose_caption_text(trigger_word=trigger, tags=tags, caption=caption) == line


# --- Sidecars as they are found beside pictures ---------------------------------------------------------------------

LISTS: dict[str, tuple[str, list[str]]] = {
    "booru": ("1girl, solo, long hair, looking at viewer", ["1girl", "solo", "long hair", "looking at viewer"]),
    "underscores": ("1girl, miku_(vocaloid), long_hair", ["1girl", "miku_(vocaloid)", "long_hair"]),
    "no blank after the comma": ("1girl,solo,smile", ["1girl", "solo", "smile"]),
    "comma and line break at the end": ("1girl, solo,\r\n", ["1girl", "solo"]),
    "one word": ("ohwx", ["ohwx"]),
    "one word and a line break": ("ohwx\n", ["ohwx"]),
    "two words": ("ohwx woman", ["ohwx woman"]),
    "a tag a line": ("1girl\nsolo\nlong hair\nred dress\n", ["1girl", "solo", "long hair", "red dress"]),
    "a tag a line from Windows": ("1girl\r\nsolo\r\n", ["1girl", "solo"]),
    "byte order mark": ("\ufeff1girl, solo", ["1girl", "solo"]),
    "twice": ("smile, solo, smile", ["smile", "solo"]),
    "one long tag": (
        "1girl, solo, smile, hat, holding a very large umbrella over her head, rain",
        ["1girl", "solo", "smile", "hat", "holding a very large umbrella over her head", "rain"],
    ),
    "name with an exclamation mark": (
        "1girl, solo, love live! school idol project, yazawa nico, smile",
        ["1girl", "solo", "love live! school idol project", "yazawa nico", "smile"],
    ),
    "name with a question mark at the end": (
        "1girl, kafuu chino, gochuumon wa usagi desu ka?",
        ["1girl", "kafuu chino", "gochuumon wa usagi desu ka?"],
    ),
    "dots that end no sentence": (
        "1girl, ..., dr. stone, ghost in the shell s.a.c.",
        ["1girl", "...", "dr. stone", "ghost in the shell s.a.c."],
    ),
    "faces": ("1girl, :d, ^_^, o_o, !?, <3", ["1girl", ":d", "^_^", "o_o", "!?", "<3"]),
    "blanks between tags": (
        "1girl blue_eyes long_hair looking_at_viewer solo",
        ["1girl", "blue_eyes", "long_hair", "looking_at_viewer", "solo"],
    ),
    "phrases": (
        "ohwx woman, standing in a park, red dress, holding an umbrella",
        ["ohwx woman", "standing in a park", "red dress", "holding an umbrella"],
    ),
    "Japanese": ("初音ミク, セーラー服, ロングヘアー, 笑顔", ["初音ミク", "セーラー服", "ロングヘアー", "笑顔"]),
    "Russian": ("кошка, сидит, белый фон", ["кошка", "сидит", "белый фон"]),
    "escaped": (r"1girl, saber \(fate\), armor", ["1girl", r"saber \(fate\)", "armor"]),
    "sixty tags": (", ".join(f"tag {n}" for n in range(60)), [f"tag {n}" for n in range(60)]),
}
PROSE = {
    "JoyCaption": (
        "This is a photograph of a young woman with long, wavy brown hair, standing in a sunlit garden. She wears a "
        "red dress, white sandals, and a straw hat. The background is out of focus."
    ),
    "JoyCaption in paragraphs": (
        "Digital artwork, anime style, of a girl with blue hair.\n\nShe holds a sword, looks up, and smiles.\n\n"
        "The sky behind her is orange, pink, and purple.\n"
    ),
    "Florence": (
        "The image shows a small dog sitting on a wooden bench in a park. It is brown, white, and black, and it is "
        "looking at the camera."
    ),
    "BLIP": "a woman in a red dress standing in a garden",
    "trigger word and BLIP": "ohwx, a photo of a woman standing in a sunny garden",
    "two sentences": "A dog is running. It looks happy.",
    "two short sentences with a comma": "A brown dog, running. It looks happy today.",
    "short sentence": "A cat sleeping.",
    "shorter sentence": "A cat.",
    "one long sentence with commas": (
        "An oil painting of an old man with a beard, a pipe and a cap, who sits at a table, late in the evening."
    ),
    "a sentence a line": "A woman stands in a park\nShe is wearing a red dress\n",
    "question": "Who would leave a bicycle in the snow like this?",
    "tags, then prose": "1girl, solo, smile, A girl stands in a wide green field. She wears a blue hat and red shoes.",
    "Japanese": "赤いドレスを着た女性が公園のベンチに座っている。空は青い。",
    "Japanese without a full stop": "公園のベンチに座って静かに本を読んでいる赤いドレスの若い女性",
    "Chinese": "一个穿着红色连衣裙的女孩坐在公园的长椅上，正在看书。",
    "Korean": "소녀가 공원 벤치에 앉아서 책을 읽고 있다.",
    "Russian": "Молодая женщина в красном платье стоит в саду. Она улыбается.",
    "German with commas": "Eine Frau, die ein rotes Kleid trägt, steht im Garten, lacht und hält einen Schirm.",
    "no commas, 300 characters": "word " * 60,
    "one part too long for a tag": "a, b, " + "x" * 201,
}


@pytest.mark.parametrize("kind", LISTS)
def test_a_list_of_tags_is_read_as_tags(kind: str) -> None:
    written, tags = LISTS[kind]
    assert text.read_sidecar_text(written) == text.SidecarWords(tags, "")


@pytest.mark.parametrize("kind", PROSE)
def test_prose_is_read_as_a_caption_and_nothing_of_it_is_lost(kind: str) -> None:
    written = PROSE[kind]
    assert text.read_sidecar_text(written) == text.SidecarWords([], " ".join(written.split()))


@pytest.mark.parametrize("written", ["", "\n", ", ,\n,", "\ufeff"])
def test_a_sidecar_that_says_nothing(written: str) -> None:
    assert text.read_sidecar_text(written) == text.SidecarWords([], "")


@quick
@given(TYPED)
def test_a_sidecar_gives_tags_or_a_caption_never_both(written: str) -> None:
    words = text.read_sidecar_text(written)
    assert not (words.tags and words.caption)
    assert words.tags == [_name(tag) for tag in words.tags]
    assert text.one_line(words.caption) == words.caption


def test_a_very_long_caption_is_cut_to_what_is_kept() -> None:
    caption = text.read_sidecar_text("word " * 10_000).caption
    assert len(caption) <= text.LONGEST_CAPTION
    assert caption == caption.strip()


def test_a_long_text_is_read_in_little_time() -> None:
    """A text of 64 KB, the most that is taken, of whatever shape: no pattern takes more than linear time."""
    for written in ["a" * 65_536, "a." * 32_768, "，" * 20_000, ", " * 32_768, "aaa." * 16_384 + "\n"]:
        text.read_sidecar_text(written)
