"""Opening a tagging session and keeping the place in it."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from datasets.models import Dataset, Image
from sessions_app.models import TaggingSession


class ForeignImage(ValueError):
    """The image belongs to another dataset."""


def open_tagging_session(dataset: Dataset, *, by: User | None) -> TaggingSession:
    """Resume this person's tagging session in the dataset, or make it.

    Two pages may open at the same moment: the database holds one row a person and dataset, and the page that comes
    second gets the first one's.
    """
    tagging_session, _made = TaggingSession.objects.get_or_create(dataset=dataset, person=by, is_default=True)
    return tagging_session


def keep_place(dataset: Dataset, image: Image, *, by: User | None) -> TaggingSession:
    """Remember the image this person looks at, for the next time they come.

    Raises:
        ForeignImage: the image is not in the dataset.
    """
    if image.dataset_id != dataset.pk:
        raise ForeignImage(_("“%(name)s” belongs to another dataset.") % {"name": image.original_name})
    tagging_session = open_tagging_session(dataset, by=by)
    # A reload of the same picture writes nothing.
    if tagging_session.current_image_id != image.pk:
        tagging_session.current_image = image
        tagging_session.save(update_fields=["current_image", "last_active_at"])
    return tagging_session
