"""Token counts: equal to the trainers' own, and nothing but hidden where the packages are not there."""

from __future__ import annotations

import builtins
import importlib.metadata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tagging import tokens
from tagging.tokens import count_tokens

# Of Flux's and SDXL's own tokenizers (transformers' CLIPTokenizer without its two marks; T5TokenizerFast with `</s>`).
KNOWN = [
    ("", 0, 1),
    ("a photo of a cat", 5, 8),
    ("A PHOTO", 2, 5),  # CLIP lowers case, T5 keeps it
    ("1girl, solo, blue sky", 7, 8),
    ("“Don’t”, she said", 6, 8),  # 11 for CLIP if nobody mended the quotation marks
    ("猫 🐱", 4, 5),
]


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """What was loaded, or found missing, is forgotten before and after each test."""
    tokens._load_clip.cache_clear()
    tokens._load_t5.cache_clear()
    yield
    tokens._load_clip.cache_clear()
    tokens._load_t5.cache_clear()


def _t5() -> Path:
    found = tokens._installed_t5()
    if found is None:
        pytest.skip("T5's vocabulary is not installed: `make tokens` fetches it.")
    return found


@pytest.mark.parametrize(("text", "clip", "t5"), KNOWN)
def test_known_texts_count_as_they_do_for_the_trainers(text: str, clip: int, t5: int) -> None:
    counts = count_tokens(text)
    assert counts.clip == clip
    _t5()
    assert counts.t5 == t5


def test_clip_counts_as_the_trainers_pipeline_built_from_its_vocabulary() -> None:
    ftfy = pytest.importorskip("ftfy")
    pipeline = _trainers_clip(_t5().parent.parent / "tokenizer_1")
    words = [
        "1girl",
        "miku_(vocaloid)",
        "café",
        "it's",
        "ﬁne",
        "“so”",
        "12.5mm",
        "naïve",
        "ÅNGSTRÖM",
        "東京",
        ":3",
        "x\u00a0y",
    ]
    for text in [*words, ", ".join(words), " ".join(reversed(words)), "word " * 200]:
        assert count_tokens(text).clip == len(pipeline.encode(ftfy.fix_text(text)).ids), text


def _trainers_clip(folder: Path) -> Any:
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    model = models.BPE.from_file(
        str(folder / "vocab.json"), str(folder / "merges.txt"), end_of_word_suffix="</w>", continuing_subword_prefix=""
    )
    tokenizer = Tokenizer(model)
    parts = Regex(r"""'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+""")
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(parts, "removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    return tokenizer


def test_a_long_text_is_counted_to_its_end() -> None:
    counts = count_tokens("word " * 900)
    assert counts.clip == 900
    _t5()
    assert counts.t5 == 901


@pytest.mark.parametrize("missing", ["instant_clip_tokenizer", "ftfy"])
def test_without_clips_packages_only_its_count_is_missing(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _take_away(missing, monkeypatch)
    counts = count_tokens("a photo of a cat")
    assert counts.clip is None
    _t5()
    assert counts.t5 == 8


def test_without_tokenizers_only_t5_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    _take_away("tokenizers", monkeypatch)
    counts = count_tokens("a photo of a cat")
    assert (counts.clip, counts.t5) == (5, None)


def _take_away(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(module: str, *args: Any, **kwargs: Any) -> Any:
        if module == name:
            raise ImportError(name)
        return real(module, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)


def test_without_the_vocabulary_only_t5_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(name: str) -> Any:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", nothing)
    counts = count_tokens("a photo of a cat")
    assert (counts.clip, counts.t5) == (5, None)


def test_a_vocabulary_of_ones_own_is_read_and_one_that_is_none_leaves_the_count_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "tokenizer.json"
    broken.write_text("{}")
    assert count_tokens("a photo of a cat", t5_tokenizer=str(broken)).t5 is None
    assert str(broken) in caplog.text
    assert count_tokens("a photo of a cat", t5_tokenizer=str(tmp_path / "away.json")).t5 is None
    own = tmp_path / "own.json"
    own.write_bytes(_t5().read_bytes())
    assert count_tokens("a photo of a cat", t5_tokenizer=str(own)).t5 == 8
