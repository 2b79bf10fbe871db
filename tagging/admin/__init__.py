"""The desk of the vocabulary: words, their rules and their history, in the admin."""

from tagging.admin import others, reviews, versions, words

__all__ = ["others", "reviews", "versions", "words"]
