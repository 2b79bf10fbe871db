"""Names of files and folders that no trainer and no system trips over: ASCII, lower case, hyphens, digits. Pure.

Hugging Face's loader takes `train` and its like in a name for a split; kohya's cuts names at underscores; Windows has
names that no file may bear. What a person called a dataset is kept as far as none of that happens.
"""

from __future__ import annotations

import re
import unicodedata

from datasets.names import SPLIT_WORDS

FEWEST_DIGITS = 4
LONGEST_PREFIX = 40
_INSTEAD = "image"
_OF_WINDOWS = frozenset(
    ("con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10)))
)


def safe_prefix(prefix: str) -> str:
    """Return a prefix for stems, as near to a dataset's own as it is safe."""
    plain = unicodedata.normalize("NFKD", prefix).encode("ascii", "ignore").decode().lower()
    parts = re.findall(r"[a-z]+|[0-9]+|[^a-z0-9]+", plain)
    kept = "".join("-" if part in SPLIT_WORDS or not part.isalnum() else part for part in parts)
    name = re.sub(r"-+", "-", kept).strip("-")[:LONGEST_PREFIX].strip("-") or _INSTEAD
    return f"{name}-{_INSTEAD}" if name in _OF_WINDOWS else _without_new_words(name)


def _without_new_words(name: str) -> str:
    """Cutting a name to its length may leave a word that it did not have: `testament` is one, `test` is not."""
    last = re.search(r"[a-z]+$", name)
    if last and last[0] in SPLIT_WORDS:
        return name[: last.start()].strip("-") or _INSTEAD
    return name


def digits_of(count: int) -> int:
    """Return how many digits the numbers of so many images have."""
    return max(FEWEST_DIGITS, len(str(count)))


def stem_of(prefix: str, number: int, digits: int) -> str:
    """Return the name that a picture and its text have in common; `prefix` is safe already."""
    return f"{prefix}-{number:0{digits}d}"
