"""`manage.py import_folder FOLDER --dataset NAME`: the oldest use of this program."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from datasets.jobs import start_processing, workers_answer
from datasets.management.local_workers import WorkersCannotStart, process_here
from datasets.messages import ImportProgress
from datasets.models import ImportItem, ImportJob
from datasets.queries.progress import get_import_progress
from datasets.queries.refusals import explain
from datasets.services.datasets import DatasetError
from datasets.services.importing import FolderRefused, find_files, get_or_create_dataset, take_files
from datasets.services.uploads import TextRules, seal_import, start_import
from tagger_project.bucket import BucketAway

_POLL_SECONDS = 0.5


def _as_option(choice: str) -> str:
    return choice.lower().replace("_", "-")


def _from_option(option: str) -> str:
    return option.upper().replace("-", "_")


class Command(BaseCommand):
    """Import the pictures of a folder and the texts beside them."""

    help = "Import a folder's pictures, the texts beside them and lists of captions; the folder is left as it is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("folder", type=Path, help="The folder; sub-folders are read too.")
        parser.add_argument(
            "--dataset", required=True, help="The dataset's name or number; it is made if there is none."
        )
        parser.add_argument("--prefix", default="", help="File prefix of a new dataset.")
        parser.add_argument("--trigger-word", default="", help="Trigger word of a new dataset.")
        parser.add_argument("--owner", default="", help="User name of who owns a new dataset; unset: nobody yet.")
        parser.add_argument(
            "--texts",
            choices=[_as_option(policy) for policy in ImportJob.SidecarPolicy],
            default=_as_option(ImportJob.SidecarPolicy.ONLY_UNTAGGED),
            help="For pictures that have words already: leave them, add to them, or replace what a text speaks of "
            "(tags, or the caption). “skip” leaves all texts out.",
        )
        parser.add_argument(
            "--read-as",
            choices=[_as_option(reading) for reading in ImportJob.SidecarReading],
            default=_as_option(ImportJob.SidecarReading.GUESS),
            help="How texts are read that do not say themselves whether they are tags or prose.",
        )
        parser.add_argument("--workers", type=int, default=0, help="Processes where no server runs (0: one a core).")
        parser.add_argument("--wait", action="store_true", help="Wait for the server's workers to finish.")
        parser.add_argument("--json", action="store_true", help="Print the outcome as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import, and say what became of each file."""
        owner = User.objects.filter(username=options["owner"]).first() if options["owner"] else None
        if options["owner"] and owner is None:
            raise CommandError(_("There is no account “%(name)s”.") % {"name": options["owner"]})
        try:
            files = find_files(options["folder"])
            if not files:
                raise CommandError(_("“%(folder)s” holds no files.") % {"folder": options["folder"]})
            dataset, made = get_or_create_dataset(
                name=options["dataset"],
                file_prefix=options["prefix"],
                trigger_word=options["trigger_word"],
                by=owner,
            )
        except (FolderRefused, DatasetError) as error:
            raise CommandError(str(error)) from error
        if not made and (options["prefix"] or options["trigger_word"]):
            self.stderr.write(_("“%(name)s” exists: its prefix and trigger word stay.") % {"name": dataset.name})
        rules = TextRules(
            policy=ImportJob.SidecarPolicy(_from_option(options["texts"])),
            reading=ImportJob.SidecarReading(_from_option(options["read_as"])),
        )
        job = start_import(dataset, source=ImportJob.Source.FOLDER, by=owner, texts=rules)
        received = take_files(job, files)
        if workers_answer():
            for item_ids in received:
                start_processing(item_ids)
            seal_import(job)
            progress = self._follow(job.pk, options["wait"], quiet=options["json"])
        else:
            try:
                process_here(job.pk, received, workers=options["workers"])
                seal_import(job)
                # What could only be read when all was here: lists that name older images.
                process_here(job.pk, [], workers=options["workers"])
            except WorkersCannotStart as error:
                raise CommandError(str(error)) from error
            except BucketAway as error:
                told = _("%(reason)s What was copied in waits: start the program, which goes on with it.")
                raise CommandError(told % {"reason": error.strerror}) from error
            seal_import(job)
            progress = get_import_progress(job.pk)
        self._report(progress, options["json"])

    def _follow(self, job_id: int, wait: bool, *, quiet: bool) -> ImportProgress:
        progress = get_import_progress(job_id)
        while wait and progress.state != "DONE":
            if not quiet:
                self.stdout.write(_("%(done)d of %(total)d") % {"done": progress.done, "total": progress.total})
            time.sleep(_POLL_SECONDS)
            progress = get_import_progress(job_id)
        return progress

    def _report(self, progress: ImportProgress, as_json: bool) -> None:
        items = ImportItem.objects.filter(job=progress.import_id).order_by("pk")
        refused = items.filter(state=ImportItem.State.FAILED)
        came = (ImportItem.State.READY, ImportItem.State.DUPLICATE)
        noted = items.filter(state__in=came).exclude(reason="")
        if as_json:
            facts = progress.to_wire()["data"]
            facts["refused"] = [{"name": item.name, "reason": item.reason, "why": explain(item)} for item in refused]
            facts["notes"] = [{"name": item.name, "reason": item.reason, "note": explain(item)} for item in noted]
            self.stdout.write(json.dumps(facts))
            return
        if progress.state != "DONE":
            self.stdout.write(
                _("%(total)d files are in line; the server reads them. Follow them at /imports/%(id)d/, or use --wait.")
                % {"total": progress.total, "id": progress.import_id}
            )
            return
        for item in [*noted, *refused]:
            self.stdout.write(f"{item.name}: {explain(item)}")
        self.stdout.write(
            _("%(ready)d images ready, %(duplicates)d already here, %(sidecars)d texts read, %(failed)d refused.")
            % {
                "ready": progress.ready,
                "duplicates": progress.duplicates,
                "sidecars": progress.sidecars,
                "failed": progress.failed,
            }
        )
