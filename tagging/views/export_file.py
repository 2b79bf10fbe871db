"""An archive of an export, as a download that can be taken up again."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tagger_project.auth import person
from tagger_project.ranges import ranged_file_response
from tagging.models import ExportArchive
from tagging.queries.exports import visible_exports
from tagging.services.exports.keeping import path_of


@require_safe
def export_file(request: HttpRequest, dataset_id: int, job_id: int, file_name: str) -> HttpResponseBase:
    """Send an archive, whole or in the part that is asked for."""
    job = get_object_or_404(visible_exports(person(request)).offered(), pk=job_id, dataset=dataset_id)
    archive = get_object_or_404(ExportArchive.objects.select_related("job"), job=job, file_name=file_name)
    path = path_of(archive)
    # What a power cut took is not offered: half an archive would be trained on.
    if not path.is_file() or path.stat().st_size != archive.size:
        raise Http404(_("This archive is not stored any more. Export again: it will be the same."))
    return ranged_file_response(
        request, path, etag=archive.sha256, content_type="application/zip", download_name=archive.file_name
    )
