"""What is wrong with a filter."""

from __future__ import annotations


class FilterError(ValueError):
    """A filter that cannot be read; the text is a code, of which `tagging.queries.filter_sentences` has the words.

    Attributes:
        given: what stands there.
        start: where it begins in the filter, from 0.
        end: where it ends.
    """

    def __init__(self, code: str, given: str, start: int, end: int) -> None:
        super().__init__(code)
        self.code, self.given, self.start, self.end = code, given, start, end
