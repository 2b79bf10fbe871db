"""The filter language: a text becomes a tree, and `tagging.queries.filtering` a query of it. Pure.

docs/filters.md explains it to people. In here: `tokens` takes words from the text, `grammar` joins them to a tree
(`tree`), `values` reads numbers and days, `patterns` wildcards, and `writing` goes back from the tree to the text.
"""

from tagging.filters.errors import FilterError
from tagging.filters.grammar import parse_filter
from tagging.filters.writing import write_filter

__all__ = ["FilterError", "parse_filter", "write_filter"]
