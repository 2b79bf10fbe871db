"""Words, and words on images."""

from tagging.models.alias import TagAlias
from tagging.models.bulk_job import BulkJob
from tagging.models.caption import Caption
from tagging.models.category import TagCategory
from tagging.models.change import Change
from tagging.models.example import TagExample
from tagging.models.export_job import ExportArchive, ExportJob
from tagging.models.folded import Folded
from tagging.models.goal import Goal
from tagging.models.image_tag import ImageTag, Source
from tagging.models.implication import TagImplication
from tagging.models.kept_away import TagKeptAway
from tagging.models.operation import TagOperation
from tagging.models.quick_tag import QuickTag
from tagging.models.review import Review
from tagging.models.scope import DatasetVocabulary, Spelling, TagScope
from tagging.models.tag import Tag
from tagging.models.text_length import TextLength
from tagging.models.text_note import TextNote
from tagging.models.version import DatasetVersion, VersionChunk, VersionIsFixed, VersionRestore
from tagging.models.vocabulary_revision import VocabularyRevision

__all__ = [
    "BulkJob",
    "Caption",
    "Change",
    "DatasetVersion",
    "DatasetVocabulary",
    "ExportArchive",
    "ExportJob",
    "Folded",
    "Goal",
    "ImageTag",
    "QuickTag",
    "Review",
    "Source",
    "Spelling",
    "Tag",
    "TagAlias",
    "TagCategory",
    "TagExample",
    "TagImplication",
    "TagKeptAway",
    "TagOperation",
    "TagScope",
    "TextLength",
    "TextNote",
    "VersionChunk",
    "VersionIsFixed",
    "VersionRestore",
    "VocabularyRevision",
]
