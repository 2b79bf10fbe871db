"""Datasets, their pictures, and the uploads that bring them."""

from datasets.models.dataset import Dataset
from datasets.models.image import Image, ImageFormat
from datasets.models.import_job import ImportItem, ImportJob

__all__ = ["Dataset", "Image", "ImageFormat", "ImportItem", "ImportJob"]
