"""Texts that are longer than the text encoders read."""

from __future__ import annotations

from typing import Final

from tagging.filters.tree import Node, Number
from tagging.linting.facts import Facts
from tagging.linting.findings import Found, Level, Rule

MOST_CLIP: Final = 75
MOST_T5: Final = 512
# What its configuration says unless a person changes it.
MOST_T5_OF_ONETRAINER: Final = 77
# They train models of which CLIP gives a summary only, or that have no CLIP.
_READ_ON: Final = frozenset({"ai-toolkit", "musubi-tuner", "diffusion-pipe"})


def t5_limit(profile: str) -> int:
    """Return how many tokens of T5, with the mark at its end, a trainer reads."""
    return MOST_T5_OF_ONETRAINER if profile == "onetrainer" else MOST_T5


def too_long_for_clip(facts: Facts) -> Found | None:
    """What is behind the last token that CLIP reads is not learned by models that have CLIP alone."""
    if not facts.long.clip:
        return None
    level: Level = "hint" if facts.options.profile in _READ_ON else "warning"
    return Found(level, _longer(facts, "tokens", MOST_CLIP), named={"most": MOST_CLIP}, count=facts.long.clip)


def too_long_for_t5(facts: Facts) -> Found | None:
    """What is behind the last token that T5 reads is learned by nobody."""
    if not facts.long.t5:
        return None
    most = t5_limit(facts.options.profile)
    return Found("warning", _longer(facts, "t5", most), named={"most": most}, count=facts.long.t5)


def _longer(facts: Facts, of: str, most: int) -> Node | None:
    return Number(of, most + 1, None) if facts.long.is_filterable else None


def not_counted(facts: Facts) -> Found | None:
    """Some texts are not counted yet."""
    if not facts.long.uncounted:
        return None
    wording = "version" if facts.long.is_stored else "" if facts.long.comes_later else "template"
    return Found("hint", images=None, wording=wording, count=facts.long.uncounted)


RULES = (
    Rule("long-for-clip", too_long_for_clip),
    Rule("long-for-t5", too_long_for_t5),
    Rule("tokens-not-counted", not_counted),
)
