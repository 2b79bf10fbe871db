"""An index over names that finds what a person means while they type. Pure: it knows no database."""

from tagging.suggesting.building import Columns
from tagging.suggesting.finding import Found, Match, find, find_mistyped, match_of
from tagging.suggesting.folding import fold
from tagging.suggesting.index import Index
from tagging.suggesting.slips import find_slips, is_slip

__all__ = ["Columns", "Found", "Index", "Match", "find", "find_mistyped", "find_slips", "fold", "is_slip", "match_of"]
