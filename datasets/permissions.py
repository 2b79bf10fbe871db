"""Who may see and do what: the one place to ask.

Without logins everybody is the one person at this machine; with logins everyone who signed in shares all datasets.
Roles per dataset narrow `visible_datasets` and the checks below, and nothing else.
"""

from __future__ import annotations

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from datasets.models import Dataset, Image, ImageQuerySet, ImportJob


def visible_datasets(user: User | None) -> QuerySet[Dataset]:
    """The datasets this person may see; what is not in here answers 404."""
    return Dataset.objects.all()


def visible_images(user: User | None) -> ImageQuerySet:
    """The images of visible datasets, each with its dataset; the trash is on no page but its own."""
    return Image.objects.filter(dataset__in=visible_datasets(user)).select_related("dataset")


def visible_thumbnails(user: User | None) -> ImageQuerySet:
    """The images whose small picture this person may see: those of visible datasets, and of their trash."""
    return Image.everything.filter(dataset__in=visible_datasets(user))


def visible_imports(user: User | None) -> QuerySet[ImportJob]:
    """The imports into visible datasets, each with its dataset."""
    return ImportJob.objects.filter(dataset__in=visible_datasets(user)).select_related("dataset")


def can_edit(dataset: Dataset, user: User | None) -> bool:
    """Whether this person may add images, tag, and change the settings of a dataset they see."""
    return True


def check_can_edit(dataset: Dataset, user: User | None) -> None:
    """Raise `PermissionDenied` with a sentence where `can_edit` says no."""
    if not can_edit(dataset, user):
        raise PermissionDenied(_("You may look at “%(name)s” but not change it.") % {"name": dataset.name})
