"""What the API of lint takes and gives."""

from __future__ import annotations

import uuid
from typing import Any, Literal

from ninja import Field, Schema
from pydantic import ConfigDict

from tagging.linting.findings import Fix
from tagging.models import DatasetVersion
from tagging.queries.lint_sentences import label_of
from tagging.queries.linting import Finding

_LONGEST_ID = 40


class FixOut(Schema):
    """What one click does."""

    id: str
    label: str = Field(description="For its button.")
    kind: Literal["words", "options"] = Field(
        description="`words`: `POST lint-fixes` mends them, one entry of the history. `options`: take over `options`."
    )
    options: dict[str, Any] = Field(description="Options of the export with their new values; a group within its own.")

    @classmethod
    def of(cls, fix: Fix) -> FixOut:
        """Build it from what was found."""
        kind: Literal["words", "options"] = "options" if fix.mending is None else "words"
        return cls(id=fix.id, label=label_of(fix), kind=kind, options=dict(fix.options))


class FindingOut(Schema):
    """What is wrong."""

    rule: str = Field(description="Its id: `docs/lint.md` lists all.")
    level: Literal["error", "warning", "hint"] = Field(
        description="`error`: the training stops, or images are lost; `warning`: it trains something else than meant; "
        "`hint`: it is good to know."
    )
    sentence: str
    images: int = Field(description="How many it is about.")
    filter: str | None = Field(
        description="Shows exactly these in the dataset as it is now; empty for all, null where no filter does."
    )
    fix: FixOut | None = Field(description="Of a version never one of `words`: it cannot change.")
    note: str = Field(description="Of a version: why there is no filter, or no fix; mostly empty.")

    @classmethod
    def of(cls, finding: Finding) -> FindingOut:
        """Build it from what was found."""
        return cls(
            rule=finding.rule,
            level=finding.level,
            sentence=finding.sentence,
            images=finding.images,
            filter=finding.filter,
            fix=None if finding.fix is None else FixOut.of(finding.fix),
            note=finding.note,
        )


class LintedVersionOut(Schema):
    """The version that was looked at."""

    id: int
    number: int
    title: str = Field(description="Its name; “Version 3” where it has none.")

    @classmethod
    def of(cls, version: DatasetVersion) -> LintedVersionOut:
        """Build it from what is stored."""
        return cls(id=version.pk, number=version.number, title=version.title)


class LintOut(Schema):
    """What a trainer would stumble over, the worst first."""

    version: LintedVersionOut | None = Field(description="Null for the dataset as it is now.")
    errors: int
    warnings: int
    hints: int
    findings: list[FindingOut]

    @classmethod
    def of(cls, findings: list[Finding], version: DatasetVersion | None = None) -> LintOut:
        """Build it from what was found."""
        levels = [finding.level for finding in findings]
        return cls(
            version=None if version is None else LintedVersionOut.of(version),
            errors=levels.count("error"),
            warnings=levels.count("warning"),
            hints=levels.count("hint"),
            findings=[FindingOut.of(finding) for finding in findings],
        )


class LintFixIn(Schema):
    """A finding whose words are to be mended."""

    model_config = ConfigDict(extra="forbid")

    key: uuid.UUID = Field(description="Made by the sender, unique for ever: sent twice it counts once.")
    rule: str = Field(max_length=_LONGEST_ID)
    fix: str = Field(max_length=_LONGEST_ID)
    options: dict[str, Any] = Field(description="Those that the finding was found with.")
