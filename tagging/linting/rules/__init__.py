"""The rules, in the order in which they are told: first what stops a training, then what it would learn wrongly."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tagging.linting.findings import Rule
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
