"""`/api/v1`: what a trainer would stumble over, and what mends it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Status
from ninja.errors import HttpError

from datasets.permissions import check_can_edit, visible_datasets
from datasets.schemas import BadFilterOut
from tagger_project.auth import person
from tagging.bulk_schemas import BulkOut
from tagging.jobs import do_or_enqueue
from tagging.lint_schemas import LintFixIn, LintOut
from tagging.models import BulkJob
from tagging.queries.linting import lint
from tagging.queries.linting_versions import lint_version
from tagging.queries.template_sentences import sentence_of_options, sentence_of_template
from tagging.queries.versions import VersionDamaged, visible_versions
from tagging.schemas import ErrorOut
from tagging.services.bulk.actions import BulkRefused
from tagging.services.bulk.jobs import KeyTaken
from tagging.services.bulk.patterns import PatternRefused
from tagging.services.lint_fixes import NothingToMend, start_fix
from tagging.services.vocabulary import TagRefused
from tagging.trainers.options import BadOptions, ExportOptions
from tagging.trainers.templates import BadTemplate

router = Router(tags=["exports"])
_LONGEST_OPTIONS = 20_000


@router.get("/datasets/{int:dataset_id}/lint", response={200: LintOut, 409: ErrorOut, 422: BadFilterOut | ErrorOut})
def list_findings(
    request: HttpRequest,
    dataset_id: int,
    options: Annotated[str, Query(max_length=_LONGEST_OPTIONS)] = "{}",
    profile: str = "",
    version: Annotated[int | None, Query(gt=0, lt=2**63)] = None,
) -> LintOut:
    """What a trainer would stumble over in an export of the dataset as it is now, or of a version; the worst first.

    `options` is JSON as `POST exports` takes it; what it leaves out is as the profile has it. `profile=kohya` alone is
    the profile as it is. `version` is the `id` of a version, as `POST exports` takes it.
    """
    user = person(request)
    dataset = get_object_or_404(visible_datasets(user), pk=dataset_id)
    with _refusals_told():
        read = _read({"profile": profile} if profile else _parsed(options))
        if version is None:
            return LintOut.of(lint(dataset, read))
        stored = get_object_or_404(visible_versions(user).filter(dataset=dataset), pk=version)
        return LintOut.of(lint_version(stored, read), stored)


@router.post(
    "/datasets/{int:dataset_id}/lint-fixes",
    response={200: BulkOut, 202: BulkOut, 409: ErrorOut, 422: BadFilterOut | ErrorOut},
)
def mend(request: HttpRequest, dataset_id: int, body: LintFixIn) -> Status[BulkOut]:
    """Mend the words of a finding: up to 500 images at once (200), more as a job (202) that `bulk-jobs` tells of.

    Sent again with the same `key`, it counts once. All of it is one entry of the history. 409 where there is nothing
    left to mend.
    """
    user = person(request)
    dataset = get_object_or_404(visible_datasets(user), pk=dataset_id)
    check_can_edit(dataset, user)
    with _refusals_told():
        job = start_fix(dataset, _read(body.options), rule=body.rule, fix=body.fix, key=body.key, by=user)
    job = do_or_enqueue(job)
    if job.state == BulkJob.State.FAILED:
        raise HttpError(422, job.error)
    return Status(200 if job.state in BulkJob.ENDED else 202, BulkOut.of(job))


def _parsed(options: str) -> Mapping[str, Any]:
    try:
        read = json.loads(options)
    except (ValueError, RecursionError) as error:
        raise BadOptions("kind", "options", options[:40]) from error
    if not isinstance(read, dict):
        raise BadOptions("kind", "options", options[:40])
    return read


def _read(options: Mapping[str, Any]) -> ExportOptions:
    """Read options; those that are null are as the profile has them."""
    return ExportOptions.from_json(
        {
            key: {inner: each for inner, each in value.items() if each is not None}
            if isinstance(value, dict)
            else value
            for key, value in options.items()
            if value is not None
        }
    )


@contextmanager
def _refusals_told() -> Iterator[None]:
    """Answer with the sentence of what was refused."""
    try:
        yield
    except BadOptions as error:
        raise HttpError(422, sentence_of_options(error)) from error
    except BadTemplate as error:
        raise HttpError(422, sentence_of_template(error)) from error
    except (KeyTaken, NothingToMend, VersionDamaged) as error:
        raise HttpError(409, str(error)) from error
    except (BulkRefused, TagRefused, PatternRefused) as error:
        raise HttpError(422, str(error)) from error
