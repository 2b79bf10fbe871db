"""Words, and words on images."""

from tagging.models.alias import TagAlias
from tagging.models.caption import Caption
from tagging.models.category import TagCategory
from tagging.models.change import Change
from tagging.models.image_tag import ImageTag, Source
from tagging.models.operation import TagOperation
from tagging.models.quick_tag import QuickTag
from tagging.models.review import Review
from tagging.models.tag import Tag
from tagging.models.vocabulary_revision import VocabularyRevision

__all__ = [
    "Caption",
    "Change",
    "ImageTag",
    "QuickTag",
    "Review",
    "Source",
    "Tag",
    "TagAlias",
    "TagCategory",
    "TagOperation",
    "VocabularyRevision",
]
