"""The rules, in the order in which they are told: first what stops a training, then what it would learn wrongly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from tagging.linting.facts import Facts
from tagging.linting.findings import Found, Rule
from tagging.linting.rules import archive, lengths, missing, pictures, signs, tags, trigger

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        rule.id: rule
        for rules in (
            archive.RULES,
            missing.RULES,
            trigger.RULES,
            lengths.RULES,
            signs.RULES,
            tags.RULES,
            pictures.RULES,
        )
        for rule in rules
    }
)

# What is said of an export that has no image.
_OF_NOTHING = frozenset({"no-images", "left-out"})


def look(facts: Facts, rules: Iterable[Rule] | None = None) -> list[tuple[Rule, Found]]:
    """Return what these rules, or all, find for the profile of the export."""
    asked = [rule for rule in rules or RULES.values() if rule.concerns(facts.options.profile)]
    asked = asked if facts.images else [rule for rule in asked if rule.id in _OF_NOTHING]
    return [(rule, found) for rule in asked for found in [rule.look(facts)] if found is not None]
