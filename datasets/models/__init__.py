"""Datasets, their pictures, and the uploads that bring them."""

from datasets.models.dataset import Dataset
from datasets.models.image import Image, ImageFormat, ImageQuerySet
from datasets.models.import_job import ImportItem, ImportItemQuerySet, ImportJob

__all__ = ["Dataset", "Image", "ImageFormat", "ImageQuerySet", "ImportItem", "ImportItemQuerySet", "ImportJob"]
