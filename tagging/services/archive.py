"""An export as one zip, as a stream: nothing is gathered in memory or on disk."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from zipstream import ZIP_STORED, ZipStream

from datasets.models import Dataset
from tagging.services.exporting import NothingToExport, iter_files


def stream_zip(dataset: Dataset, *, with_untagged: bool) -> Iterator[bytes]:
    """Yield the bytes of the zip, picture by picture.

    Raises:
        OriginalMissing: a stored picture is gone; the stream breaks off and the zip is visibly incomplete.
    """
    # Pictures are compressed already: deflating them costs forty times the time and saves one part in five hundred.
    stream = ZipStream(compress_type=ZIP_STORED)
    for file in iter_files(dataset, with_untagged=with_untagged):
        stream.add(file.blocks(), file.name)
        yield from stream.all_files()
    yield from stream.finalize()


def check_exportable(dataset: Dataset, *, with_untagged: bool) -> None:
    """Raise `NothingToExport` with a sentence where the archive would hold no picture."""
    images = dataset.images.all()
    if not images.exists():
        raise NothingToExport(_("“%(name)s” has no images yet. Import some first.") % {"name": dataset.name})
    if not with_untagged and not images.filter(is_tagged=True).exists():
        raise NothingToExport(
            _("No image of “%(name)s” has a tag or a caption yet. Tag some, or include untagged images.")
            % {"name": dataset.name}
        )
