"""Datasets, their pictures, and the uploads that bring them."""

from datasets.models.dataset import Dataset
from datasets.models.image import ASPECT_RATIO, DistinctPair, Flag, Image, ImageFormat, ImageQuerySet, ReviewState
from datasets.models.import_job import ImportItem, ImportItemQuerySet, ImportJob, SidecarText
from datasets.models.kept_picture import KeptPicture
from datasets.models.membership import Invitation, Membership, Role

__all__ = [
    "ASPECT_RATIO",
    "Dataset",
    "DistinctPair",
    "Flag",
    "Image",
    "ImageFormat",
    "ImageQuerySet",
    "ImportItem",
    "ImportItemQuerySet",
    "ImportJob",
    "Invitation",
    "KeptPicture",
    "Membership",
    "ReviewState",
    "Role",
    "SidecarText",
]
