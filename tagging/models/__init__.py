"""Words, and words on images."""

from tagging.models.caption import Caption
from tagging.models.image_tag import ImageTag, Source
from tagging.models.operation import TagOperation
from tagging.models.tag import Tag

__all__ = ["Caption", "ImageTag", "Source", "Tag", "TagOperation"]
