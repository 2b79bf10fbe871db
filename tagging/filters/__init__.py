"""The filter language: a text becomes a tree, and `tagging.queries.filtering` a query of it. Pure.

    blue_sky "red hair" -hat        with the first two tags, without the third; case and underscores do not count
    tag:miku_*                      the same, said outright; `*` stands for anything
    is:untagged  is:tagged          without a tag and a caption; with either
    state:ready                     how far its review is
    caption:lake  name:holiday      words in the caption, in the file's name

What stands side by side must all be true.
"""

from tagging.filters.grammar import parse_filter
from tagging.filters.tokens import FilterError
from tagging.filters.tree import And, Caption, Is, Name, Node, Not, State, Tag

__all__ = ["And", "Caption", "FilterError", "Is", "Name", "Node", "Not", "State", "Tag", "parse_filter"]
