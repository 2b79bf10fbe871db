"""`manage.py export_dataset DATASET --profile P --output FILE|DIR`: the page's export, on the command line."""

from __future__ import annotations

import json
import tempfile
from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from datasets.filter_reading import BadFilter
from datasets.models import Dataset
from datasets.services import datasets as datasets_service
from tagger_project.bucket import BucketAway
from tagger_project.full_disk import is_disk_full
from tagging.models import DatasetVersion
from tagging.queries.template_sentences import sentence_of_options, sentence_of_template
from tagging.queries.versions import VersionDamaged
from tagging.services.exports.building import Build, BuiltArchive, FolderBuild
from tagging.services.exports.choosing import choose_from, choose_now
from tagging.services.exports.errors import ExportRefused
from tagging.services.exports.pixels import OriginalMissing, close_converter
from tagging.services.exports.planning import ExportPlan
from tagging.trainers.options import PIXEL_FORMATS, PIXEL_MODES, UNTAGGED, BadOptions, ExportOptions
from tagging.trainers.profiles import PROFILES
from tagging.trainers.templates import BadTemplate


@dataclass(frozen=True)
class _Result:
    """What was written."""

    files: list[Path]
    archives: list[BuiltArchive]


class Command(BaseCommand):
    """Write a dataset for a trainer, as a zip or as a folder."""

    help = "Write a dataset for a trainer: pictures, texts, and what else it is configured by."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Let `--version` name a version of the dataset: Django has one of its own, which tells Django's."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("dataset", help="The dataset's name or number.")
        parser.add_argument("--output", required=True, type=Path, help="A file ending in .zip, or a folder.")
        parser.add_argument("--profile", choices=list(PROFILES), default="plain", help="The trainer (%(default)s).")
        parser.add_argument("--variant", default="", help="How it is fed; unset: the profile's first.")
        parser.add_argument("--version", dest="of_version", default="", help="Name or number; unset: as it is now.")
        parser.add_argument("--filter", default="", help="Only what this finds.")
        parser.add_argument("--template", help="What stands in the texts, such as “{trigger}, {tags}”.")
        parser.add_argument("--untagged", choices=UNTAGGED, default="include", help="Images without words.")
        parser.add_argument("--pixels", choices=PIXEL_MODES, default="original", help="What becomes of the pictures.")
        parser.add_argument("--longest-side", type=int, help="Make longer pictures so long.")
        parser.add_argument("--format", choices=PIXEL_FORMATS, help="Of pictures that are written anew.")
        parser.add_argument("--options", default="{}", help="Further options as JSON, as the API takes them.")
        parser.add_argument("--json", action="store_true", help="Print what was written as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the export and say what it holds."""
        dataset = find_dataset(options["dataset"])
        output: Path = options["output"]
        try:
            plan = _plan(dataset, options)
            result = _write(plan, output)
        except (ExportRefused, OriginalMissing, BadFilter) as error:
            raise CommandError(str(error)) from error
        except BucketAway as error:
            raise CommandError(error.strerror) from error
        except BadOptions as error:
            raise CommandError(sentence_of_options(error)) from error
        except BadTemplate as error:
            raise CommandError(sentence_of_template(error)) from error
        except VersionDamaged as error:
            raise CommandError(_("A part of this version is not in the database any more.")) from error
        except OSError as error:
            raise CommandError(
                _("“%(output)s” could not be written: %(why)s.")
                % {"output": output, "why": error.strerror or _("a picture was another one when it was read again")}
            ) from error
        except DatabaseError as error:
            if not is_disk_full(error):
                raise
            raise CommandError(_("The server’s disk is full. Make room, then try again.")) from error
        finally:
            close_converter()
        self._report(plan, result, output, options["json"])

    def _report(self, plan: ExportPlan, result: _Result, output: Path, as_json: bool) -> None:
        parts = range(1, plan.layout.part_count + 1)
        planned = [
            (each.text_name is None, plan.options.pixels.keeps(each.image))
            for part in parts
            for each in plan.images(part)
        ]
        without_text = sum(is_without for is_without, _keeps in planned)
        facts = {
            "output": str(output),
            "images": plan.total,
            "left_out": plan.version.images - plan.total,
            "without_text": without_text,
            "converted": sum(not keeps for _is_without, keeps in planned),
            "profile": plan.options.profile,
            "version": plan.version.number,
            "digest": plan.version.digest,
            "files": [
                {"path": str(path), "size": archive.size, "sha256": archive.sha256 or None}
                for path, archive in zip(result.files, result.archives, strict=True)
            ],
        }
        if as_json:
            self.stdout.write(json.dumps(facts))
            return
        where = ", ".join(map(str, result.files)) if len(result.files) > 1 else str(output)
        self.stdout.write(
            ngettext("Wrote %(count)d image to %(output)s.", "Wrote %(count)d images to %(output)s.", plan.total)
            % {"count": plan.total, "output": where}
        )
        if without_text:
            self.stdout.write(
                ngettext(
                    "%(count)d image has no text beside it: there is nothing to say.",
                    "%(count)d images have no text beside them: there is nothing to say.",
                    without_text,
                )
                % {"count": without_text}
            )


def find_dataset(name: str) -> Dataset:
    """Return the dataset of this name, or of this number where no dataset has it as its name.

    Raises:
        CommandError: there is none, or more than one.
    """
    try:
        dataset = datasets_service.find_dataset(name)
    except datasets_service.SeveralDatasets as error:
        raise CommandError(str(error)) from error
    if dataset is None:
        names = ", ".join(Dataset.objects.order_by("name").values_list("name", flat=True)[:10])
        raise CommandError(
            _("There is no dataset “%(name)s”. There are: %(names)s.") % {"name": name, "names": names or "–"}
        )
    return dataset


def _find_version(dataset: Dataset, name: str) -> DatasetVersion:
    versions = DatasetVersion.objects.filter(dataset=dataset)
    found = versions.filter(name__iexact=name).first()
    if found is None and name.isascii() and name.isdigit() and len(name) < 10:
        found = versions.filter(number=int(name)).first()
    if found is None:
        names = ", ".join(f"{each.number} ({each.title})" for each in versions.order_by("-number")[:10])
        raise CommandError(
            _("“%(dataset)s” has no version “%(name)s”. There are: %(names)s.")
            % {"dataset": dataset.name, "name": name, "names": names or "–"}
        )
    return found


def _plan(dataset: Dataset, given: dict[str, Any]) -> ExportPlan:
    options = _read_options(given)
    if given["of_version"]:
        chosen = choose_from(_find_version(dataset, given["of_version"]), options)
    else:
        chosen = choose_now(dataset, options, by=None)
    return ExportPlan(chosen.version, options, chosen.positions, chosen.total)


def _read_options(given: dict[str, Any]) -> ExportOptions:
    try:
        further = json.loads(given["options"])
    except ValueError as error:
        raise CommandError(_("--options is no JSON: %(why)s.") % {"why": error}) from error
    if not isinstance(further, dict):
        raise CommandError(_('--options is a JSON object, such as {"repeats": 10}.'))
    pixels = {"mode": given["pixels"], "longest_side": given["longest_side"], "format": given["format"]}
    facts = {name: given[name] for name in ("profile", "variant", "filter", "template", "untagged")}
    facts = {name: value for name, value in facts.items() if value is not None}
    chosen = {name: value for name, value in pixels.items() if value is not None}
    asked = further.get("pixels", {})
    return ExportOptions.from_json(
        {**facts, **further, "pixels": {**chosen, **asked} if isinstance(asked, dict) else asked}
    )


def _write(plan: ExportPlan, output: Path) -> _Result:
    if output.suffix.lower() == ".zip":
        return _write_zips(plan, output)
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        # What lay there before would be trained on.
        raise CommandError(_("“%(folder)s” is not an empty folder. Name a new one.") % {"folder": output})
    return _write_folder(plan, output)


def _write_zips(plan: ExportPlan, output: Path) -> _Result:
    """Write zips under other names first: a broken-off export never looks like a whole one."""
    output.parent.mkdir(parents=True, exist_ok=True)
    if output.is_dir():
        raise IsADirectoryError(21, "Is a directory")
    count = plan.layout.part_count
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}-") as folder:
        archives = Build(plan, Path(folder), lambda _done: None).run() or []
        files = []
        for archive in archives:
            path = output if count == 1 else output.with_stem(f"{output.stem}-{archive.number}-of-{count}")
            archive.path.chmod(0o644)
            archive.path.replace(path)
            files.append(path)
    return _Result(files, archives)


def _write_folder(plan: ExportPlan, output: Path) -> _Result:
    """Write beside it first: half an export would be trained on."""
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}-") as folder:
        archives = FolderBuild(plan, Path(folder), lambda _done: None).run() or []
        output.mkdir(exist_ok=True)
        for path in Path(folder).iterdir():
            path.replace(output / path.name)
    files = [output / archive.path.relative_to(folder) for archive in archives]
    return _Result(files, archives)
