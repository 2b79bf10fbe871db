"""`manage.py export_dataset DATASET --output FILE|DIR`: the same export as the page's, on the command line."""

from __future__ import annotations

import json
import os
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from datasets.models import Dataset
from tagging.downloads import Untagged
from tagging.services import exporting
from tagging.services.archive import check_exportable, stream_zip


class Command(BaseCommand):
    """Write a dataset as a zip or as a folder."""

    help = "Write a dataset for a trainer: pictures, a .txt beside each, and tags.txt."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("dataset", help="The dataset's name or number.")
        parser.add_argument("--output", required=True, type=Path, help="A file ending in .zip, or a folder.")
        parser.add_argument(
            "--untagged",
            type=Untagged,
            choices=list(Untagged),
            default=Untagged.INCLUDE,
            help="What becomes of images without tags and caption (default: %(default)s).",
        )
        parser.add_argument("--json", action="store_true", help="Print what was written as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the export and say what it holds."""
        dataset = find_dataset(options["dataset"])
        output: Path = options["output"]
        with_untagged = options["untagged"] == Untagged.INCLUDE
        try:
            check_exportable(dataset, with_untagged=with_untagged)
            if output.suffix.lower() == ".zip":
                _write_zip(dataset, output, with_untagged)
            else:
                _check_folder(dataset, output)
                exporting.write_folder(dataset, output, with_untagged=with_untagged)
        except (exporting.NothingToExport, exporting.OriginalMissing) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(
                _("“%(output)s” could not be written: %(why)s.") % {"output": output, "why": error.strerror}
            ) from error
        self._report(exporting.summarise(dataset, with_untagged=with_untagged), output, options["json"])

    def _report(self, summary: exporting.ExportSummary, output: Path, as_json: bool) -> None:
        if as_json:
            facts = {
                "output": str(output),
                "images": summary.images,
                "left_out": summary.left_out,
                "without_text": summary.without_text,
                "converted": summary.converted,
            }
            self.stdout.write(json.dumps(facts))
            return
        self.stdout.write(
            ngettext("Wrote %(count)d image to %(output)s.", "Wrote %(count)d images to %(output)s.", summary.images)
            % {"count": summary.images, "output": output}
        )
        if summary.without_text:
            self.stdout.write(
                ngettext(
                    "%(count)d image has no text beside it: it is untagged and the dataset has no trigger word.",
                    "%(count)d images have no text beside them: they are untagged and the dataset has no trigger word.",
                    summary.without_text,
                )
                % {"count": summary.without_text}
            )


def find_dataset(name: str) -> Dataset:
    """Return the dataset of this name, or of this number where no dataset has it as its name.

    Raises:
        CommandError: there is none.
    """
    dataset = Dataset.objects.filter(name__iexact=name).first()
    if dataset is None and name.isascii() and name.isdigit():
        dataset = Dataset.objects.filter(pk=int(name)).first()
    if dataset is None:
        names = ", ".join(Dataset.objects.order_by("name").values_list("name", flat=True)[:10])
        raise CommandError(
            _("There is no dataset “%(name)s”. There are: %(names)s.") % {"name": name, "names": names or "–"}
        )
    return dataset


def _write_zip(dataset: Dataset, output: Path, with_untagged: bool) -> None:
    """Write the zip under another name first: a broken-off export never looks like a whole one."""
    output.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(stream_zip(dataset, with_untagged=with_untagged))
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(output)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _check_folder(dataset: Dataset, folder: Path) -> None:
    """Refuse a folder that holds anything: what lay there before would be trained on."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CommandError(_("“%(folder)s” is not an empty folder. Name a new one.") % {"folder": folder})
