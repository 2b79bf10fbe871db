"""A list of captions is data from anywhere: what is a row is read, what is none is told by its number."""

from __future__ import annotations

import json

import pytest

from datasets import caption_lists
from datasets.caption_lists import CaptionList, NotAList, TooManyRows, parse


def said(found: CaptionList) -> list[tuple[str, str, str, str]]:
    return [(each.folder, each.name, each.reading, each.text) for each in found.texts]


def of_kohya(**rows: object) -> CaptionList:
    return parse(json.dumps(rows), as_lines=False)


def test_kohyas_tags_and_caption() -> None:
    found = parse('{"0001.png": {"caption": "A cat.", "tags": "a, b", "image_size": [64, 64]}}', as_lines=False)
    assert said(found) == [("", "0001.png", "TAGS", "a, b"), ("", "0001.png", "GUESS", "A cat.")]


def test_lines_of_hugging_face() -> None:
    found = parse('{"file_name": "in/1.jpg", "text": "A cat."}\r\n\n{"file_name":"2.jpg","text":"B"}\n', as_lines=True)
    assert said(found) == [("in", "1.jpg", "GUESS", "A cat."), ("", "2.jpg", "GUESS", "B")]
    assert found.broken == []


def test_a_row_that_serves_several_trainers_says_its_words_once() -> None:
    row = {"file_name": "1.png", "text": "a, b, A cat.", "image_path": "1.png", "caption": "A cat.", "tags": ["a", "b"]}
    found = parse(json.dumps(row), as_lines=True)
    assert said(found) == [("", "1.png", "TAGS", "a, b"), ("", "1.png", "GUESS", "A cat.")]


def test_an_array_of_rows() -> None:
    assert said(parse('[{"file_name": "1.png", "text": "x"}]', as_lines=False)) == [("", "1.png", "GUESS", "x")]


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("1.png", ("", "1.png", False)),
        ("sub/dir/1.png", ("sub/dir", "1.png", False)),
        ("sub\\1.png", ("sub", "1.png", False)),
        ("./1.PNG", ("", "1.PNG", False)),
        ("1", ("", "1", True)),
        ("img.v2", ("", "img.v2", True)),
        ("/home/anna/train/1.png", ("", "1.png", False)),
        ("C:\\train\\1.png", ("", "1.png", False)),
        ("../../etc/passwd", ("etc", "passwd", True)),
        ("\\\\host\\share\\1.png", ("", "1.png", False)),
    ],
)
def test_where_a_row_looks_for_its_picture(path: str, place: tuple[str, str, bool]) -> None:
    (text,) = of_kohya(**{path: {"tags": "a"}}).texts
    assert (text.folder, text.name, text.is_stem) == place


def test_of_two_rows_of_one_picture_the_last_counts() -> None:
    found = parse('{"file_name":"1.png","text":"a"}\n{"file_name":"1.png","text":"b"}', as_lines=True)
    assert [text.text for text in found.texts] == ["b"]
    assert [text.text for text in parse('{"1": {"tags":"a"}, "1": {"tags":"b"}}', as_lines=False).texts] == ["b"]


@pytest.mark.parametrize(
    "row",
    [
        {"tags": 1},
        {"tags": {"a": 1}},
        {"tags": ["a", None]},
        {"caption": True, "tags": "a"},
        {"caption": "x" * (caption_lists.LONGEST_TEXT + 1)},
        {"width": 1},
        "a, b",
        None,
        [1],
    ],
)
def test_what_is_no_row_is_told_and_the_others_are_read(row: object) -> None:
    found = of_kohya(a={"tags": "a"}, b=row, c={"tags": "c"})
    assert ([text.name for text in found.texts], found.broken) == (["a", "c"], [2])


@pytest.mark.parametrize(
    "line", ["{", "[1]", '"x"', "\ufffd", "{" * 100_000, "[" * 100_000, '{"text": "no name"}', "1" * 9000]
)
def test_a_broken_line_is_told_by_its_number(line: str) -> None:
    found = parse(f'{{"file_name":"1.png","text":"a"}}\n{line}\n{{"file_name":"2.png","text":"b"}}', as_lines=True)
    assert ([text.name for text in found.texts], found.broken) == (["1.png", "2.png"], [2])


@pytest.mark.parametrize(
    "text", ["", "x", "{}", "[]", "1", "null", '{"nodes": []}', '{"a": {"b": 1}}', "[" * 100_000, '{"a":' * 100_000]
)
@pytest.mark.parametrize("as_lines", [True, False])
@pytest.mark.parametrize("most", [None, 3])
def test_what_has_no_row_is_no_list(text: str, as_lines: bool, most: int | None) -> None:
    with pytest.raises(NotAList):
        parse(text, as_lines=as_lines, most=most)


def test_what_no_database_stores_is_left_out() -> None:
    (text,) = parse('{"\\ud83d1.png": {"tags": "a\\u0000b \\ud83d", "caption": NaN}}', as_lines=False).texts
    assert (text.name, text.text) == ("?1.png", "ab")


def test_a_row_without_words_is_a_row() -> None:
    assert said(of_kohya(a={"image_size": [64, 64]}, b={"tags": "", "caption": "  "})) == []


def test_a_list_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caption_lists, "MOST_ROWS", 2)
    with pytest.raises(TooManyRows):
        of_kohya(a={"tags": "a"}, b={"tags": "b"}, c={"tags": "c"})


@pytest.mark.parametrize("end", range(1, 120, 7))
def test_the_beginning_of_a_long_list_gives_its_first_rows(end: int) -> None:
    whole = json.dumps({f"{number}.png": {"tags": f"t{number}"} for number in range(9)}, indent=1)
    first = json.dumps({"0.png": {"tags": "t0"}}, indent=1)[:-2]
    found = parse(whole[: len(first) + end], as_lines=False, most=3)
    names = [text.name for text in found.texts]
    assert names == ["0.png", "1.png", "2.png"][: len(names)]
    assert names
