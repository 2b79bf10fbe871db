"""Texts are read in their own encoding, what was guessed is said, and what cannot be told is refused."""

from __future__ import annotations

import pytest

from datasets.encodings import NotText, decode


@pytest.mark.parametrize(
    ("content", "text", "encoding"),
    [
        (b"", "", "UTF-8"),
        ("naïve, 猫".encode(), "naïve, 猫", "UTF-8"),
        ("naïve".encode("utf-8-sig"), "naïve", "UTF-8"),
        ("naïve, 猫".encode("utf-16"), "naïve, 猫", "UTF-16"),
        (b"\xfe\xff" + "naïve".encode("utf-16-be"), "naïve", "UTF-16"),
        (b"line one\r\nline two", "line one\r\nline two", "UTF-8"),
    ],
)
def test_what_says_its_encoding_is_read_without_a_word(content: bytes, text: str, encoding: str) -> None:
    decoded = decode(content)
    assert (decoded.text, decoded.encoding, decoded.is_guess) == (text, encoding, False)


@pytest.mark.parametrize(
    ("text", "codec", "encoding"),
    [
        ("1girl, solo, naïve", "utf-16-le", "UTF-16"),
        ("1girl, solo, naïve", "utf-16-be", "UTF-16"),
        ("naïve “x”", "cp1252", "Windows-1252"),
        ("été, «été», 1girl", "cp1252", "Windows-1252"),
        ("„Größe“, Mädchen", "cp1252", "Windows-1252"),
        ("ü", "cp1252", "Windows-1252"),
        ("señorita, niña, sueño, año", "cp1252", "Windows-1252"),
        ("rødgrød med fløde, smørrebrød", "cp1252", "Windows-1252"),
        ("Þórður, æðarfugl, sléttuúlfur á ís", "cp1252", "Windows-1252"),
    ],
)
def test_what_only_looks_like_an_encoding_is_read_and_told(text: str, codec: str, encoding: str) -> None:
    decoded = decode(text.encode(codec))
    assert (decoded.text, decoded.encoding, decoded.is_guess) == (text, encoding, True)


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("日本語, 猫", "shift_jis"),
        ("ネコ, イヌ, 少女", "shift_jis"),
        ("猫, 狗, 女孩", "gbk"),
        ("貓, 狗, 女孩", "big5"),
        ("고양이, 소녀", "euc_kr"),
        ("кот, девочка, улица", "cp1251"),
        ("кот, девочка", "koi8_r"),
    ],
)
def test_another_encoding_is_never_taken_for_a_western_one(text: str, codec: str) -> None:
    with pytest.raises(NotText):
        decode(text.encode(codec))


@pytest.mark.parametrize(
    "content",
    [b"a\x00b", b"\x81\x8d\x8f", b"\xff\xfea", b"\x89PNG\r\n\x1a\n\x00", b"\xff\xfe\x00\x00a\x00\x00\x00", b"\x00" * 8],
)
def test_what_is_no_text_is_refused(content: bytes) -> None:
    with pytest.raises(NotText):
        decode(content)
