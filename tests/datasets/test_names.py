"""What a person's machine calls a file, made fit to be stored and compared."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.names import bare_name, clean_folder, clean_name, is_sidecar_name, natural_bytes, natural_key, stem_key


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\pictures\\a.jpg", "a.jpg"),
        ("a b (1).jpg", "a b (1).jpg"),
        ("\u202egpj.exe", "\u202egpj.exe"),
        ("folder/", "?"),
        ("", "?"),
    ],
)
def test_the_last_part_of_a_path_is_the_name(raw: str, expected: str) -> None:
    assert bare_name(raw) == expected


def test_a_name_without_nul_and_surrogates_is_left_as_it_is() -> None:
    name = "😀" * 60 + " é e\u0301 \u202e<img onerror=x>.png"
    assert clean_name(name) == name


def test_nul_and_half_characters_are_replaced() -> None:
    cleaned = clean_name("a\x00b\ud800c.png")
    assert "\x00" not in cleaned
    cleaned.encode("utf-8")
    assert cleaned.endswith("c.png")


def test_a_name_without_end_is_cut() -> None:
    assert len(clean_name("x" * 5000)) == 1000


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("a/b", "a/b"),
        ("a\\b", "a/b"),
        ("/a//b/", "a/b"),
        ("../../a/./b/..", "a/b"),
        ("..", ""),
        ("", ""),
    ],
)
def test_a_folder_is_relative_and_stays_below(raw: str, expected: str) -> None:
    assert clean_folder(raw) == expected


@pytest.mark.parametrize("other", ["cat.txt", "CAT.JPG", "cat"])
def test_files_of_one_name_share_a_stem(other: str) -> None:
    assert stem_key("set", "cat.jpg") == stem_key("set", other)


def test_both_spellings_of_an_accent_share_a_stem() -> None:
    composed = "caf\u00e9.jpg"
    decomposed = unicodedata.normalize("NFD", composed)
    assert composed != decomposed
    assert stem_key("", composed) == stem_key("", decomposed)


@pytest.mark.parametrize(
    ("folder", "name"), [("other", "cat.jpg"), ("set", "cats.jpg"), ("set", "cat.jpg.txt"), ("", "set/cat.png.jpg")]
)
def test_files_of_other_names_or_folders_do_not(folder: str, name: str) -> None:
    assert stem_key("set", "cat.jpg") != stem_key(folder, name)


def test_a_stem_of_any_length_fits_its_column() -> None:
    assert len(stem_key("f" * 1000, "😀" * 1000)) == 32


def test_a_name_that_is_only_an_extension_keeps_it() -> None:
    assert stem_key("", ".txt") != stem_key("", ".jpg")


@pytest.mark.parametrize(("name", "expected"), [("a.txt", True), ("A.TXT", True), ("a.txt.jpg", False), ("txt", False)])
def test_a_sidecar_is_known_by_its_ending(name: str, expected: bool) -> None:
    assert is_sidecar_name(name) is expected


def test_numbers_in_names_count() -> None:
    names = ["a10", "A2", "b", "2", "10", "a", "²"]
    assert sorted(names, key=natural_key) == ["2", "10", "a", "A2", "a10", "b", "²"]


@given(st.lists(st.text(alphabet="aB/.019 é猫", max_size=8), max_size=8))
def test_short_sort_key_sorts_like_the_long_one(texts: list[str]) -> None:
    assert sorted(texts, key=natural_bytes) == sorted(texts, key=natural_key)
