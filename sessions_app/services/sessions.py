"""Opening a tagging session and keeping the place in it."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from datasets.models import Dataset, Image
from sessions_app.models import TaggingSession
from sessions_app.services.walks import Visit, record_visits


class ForeignImage(ValueError):
    """The image belongs to another dataset."""


def open_tagging_session(dataset: Dataset, *, by: User | None) -> TaggingSession:
    """Resume this person's default tagging session in the dataset, or make it.

    Two pages may open at the same moment: the database holds one row a person and dataset, and the page that comes
    second gets the first one's.
    """
    tagging_session, _made = TaggingSession.objects.get_or_create(dataset=dataset, person=by, is_default=True)
    return tagging_session


def keep_place(
    dataset: Dataset,
    image: Image,
    *,
    by: User | None,
    walk: TaggingSession | None = None,
    number: int = 0,
    total: int = 0,
    visits: Sequence[Visit] = (),
) -> TaggingSession:
    """Remember the image this person looks at, for the next time they come, and what they did since the last time.

    A walk that is finished stays as it was.

    Args:
        dataset: where.
        image: the image that is looked at.
        by: who.
        walk: in which of their walks; `None` for the default one.
        number: its place on the walk, as the desk shows it; 0 where that is not known.
        total: how many images the walk has, as the desk shows it.
        visits: the images that were left since the place was kept last.

    Raises:
        ForeignImage: the image is not in the dataset.
    """
    if image.dataset_id != dataset.pk or (walk is not None and walk.dataset_id != dataset.pk):
        raise ForeignImage(_("“%(name)s” belongs to another dataset.") % {"name": image.original_name})
    tagging_session = walk or open_tagging_session(dataset, by=by)
    # A reload of the same picture writes nothing.
    is_at_rest = tagging_session.current_image_id == image.pk and not visits
    if tagging_session.finished_at is not None or is_at_rest:
        return tagging_session
    with transaction.atomic():
        # The dataset's row first, as whoever deletes images for ever does it, and their visits.
        Dataset.objects.select_for_update().filter(pk=dataset.pk).first()
        # It may have been finished, or deleted, in another tab a moment ago.
        now = TaggingSession.objects.select_for_update().filter(pk=tagging_session.pk).first()
        if now is None or now.finished_at is not None:
            return now or tagging_session
        if visits:
            record_visits(now, visits)
        now.current_image = image
        if number:
            now.number, now.total = number, max(number, total)
        now.save(update_fields=["current_image", "number", "total", "last_active_at"])
    return now
