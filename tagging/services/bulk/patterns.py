"""Regular expressions of people, on captions: none of them may hang a worker or fill its memory.

Python's own `re` cannot be stopped while it looks, and some short patterns look for years. `regex` reads the same
patterns and stops after a time; so each caption has its moment, and the first one that takes longer ends the action
with a sentence that names it.
"""

from __future__ import annotations

from dataclasses import dataclass

import regex
from django.utils.translation import gettext as _

from tagging.text import LONGEST_CAPTION, one_line

LONGEST_PATTERN = 500
LONGEST_REPLACEMENT = 1_000
SECONDS_A_CAPTION = 0.1


class PatternRefused(ValueError):
    """The pattern or what comes in its place cannot be used; the text is a sentence."""


@dataclass(frozen=True)
class Pattern:
    """What is looked for and what comes in its place, read once for many captions."""

    looked_for: regex.Pattern[str]
    replacement: str

    def apply(self, text: str) -> str:
        """Return a caption with every match replaced, as a caption is stored.

        Raises:
            PatternRefused: it takes too long on this text, or makes it too long.
        """
        try:
            new = self.looked_for.sub(self.replacement, text, timeout=SECONDS_A_CAPTION)
        except TimeoutError as error:
            raise PatternRefused(
                _("The pattern takes too long. Make it simpler: avoid repetitions inside repetitions, such as (a+)+.")
            ) from error
        except (regex.error, IndexError) as error:
            raise PatternRefused(_bad_replacement(error)) from error
        new = new.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8").strip()
        if len(new) > LONGEST_CAPTION:
            raise PatternRefused(
                _("A caption would have %(count)d characters; %(limit)d are kept. Write a shorter replacement.")
                % {"count": len(new), "limit": LONGEST_CAPTION}
            )
        return new if one_line(new) else ""


def read_pattern(pattern: str, replacement: str) -> Pattern:
    """Return a pattern and its replacement ready for use.

    Raises:
        PatternRefused: one of them cannot be read, or is too long.
    """
    if not pattern:
        raise PatternRefused(_("Write what to look for in the captions."))
    if len(pattern) > LONGEST_PATTERN or len(replacement) > LONGEST_REPLACEMENT:
        raise PatternRefused(
            _("Keep the pattern within %(pattern)d characters and the replacement within %(replacement)d.")
            % {"pattern": LONGEST_PATTERN, "replacement": LONGEST_REPLACEMENT}
        )
    try:
        looked_for = regex.compile(pattern, regex.V0)
    except (regex.error, RecursionError, OverflowError, ValueError) as error:
        raise PatternRefused(
            _("The pattern cannot be read: %(why)s.") % {"why": str(error) or type(error).__name__}
        ) from error
    _try_replacement(pattern, replacement)
    return Pattern(looked_for, replacement)


def _try_replacement(pattern: str, replacement: str) -> None:
    """Read the replacement now: else its faults show where the first caption matches."""
    try:
        regex.compile(f"(?:{pattern})|", regex.V0).sub(replacement, "", timeout=SECONDS_A_CAPTION)
    except (regex.error, IndexError) as error:
        raise PatternRefused(_bad_replacement(error)) from error
    except TimeoutError as error:
        raise PatternRefused(_("The pattern takes too long. Make it simpler.")) from error


def _bad_replacement(error: Exception) -> str:
    return _("The replacement cannot be read: %(why)s. Write \\1 for the first group, \\\\ for a backslash.") % {
        "why": str(error)
    }
