"""Datasets, their pictures, and the uploads that bring them."""

from datasets.models.dataset import Dataset
from datasets.models.image import DistinctPair, Flag, Image, ImageFormat, ImageQuerySet, ReviewState
from datasets.models.import_job import ImportItem, ImportItemQuerySet, ImportJob, SidecarText

__all__ = [
    "Dataset",
    "DistinctPair",
    "Flag",
    "Image",
    "ImageFormat",
    "ImageQuerySet",
    "ImportItem",
    "ImportItemQuerySet",
    "ImportJob",
    "ReviewState",
    "SidecarText",
]
