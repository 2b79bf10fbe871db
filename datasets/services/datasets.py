"""Make and change datasets."""

from __future__ import annotations

import re
import unicodedata
from functools import partial

from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from datasets.messages import DatasetTouched, dataset_group
from datasets.models import Dataset, Membership, Role
from datasets.names import SPLIT_WORDS
from datasets.permissions import visible_datasets
from tagger_project.live import publish

LONGEST_NAME = 120
LONGEST_PREFIX = 40
# kohya's loader looks for a caption under the name without its last four "_" parts; the number brings one "_" itself.
MOST_UNDERSCORES = 2
# Characters that turn the reading direction of what follows them, far beyond the name itself.
_TURNERS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# What people change. The other columns count (places, revisions): saving them would turn a count back.
PERSONS_FIELDS = ("name", "file_prefix", "trigger_word")


class DatasetError(Exception):
    """A dataset cannot be as asked; `field` names the form field and the text is a sentence."""

    field = ""


class DatasetNameTaken(DatasetError):
    """Another dataset that the person sees has this name; those they do not see stay unknown to them."""

    field = "name"


class SeveralDatasets(DatasetError):
    """More than one dataset has the name that a command was given."""

    field = "name"


class BadDatasetName(DatasetError):
    """The name is empty or too long."""

    field = "name"


class BadFilePrefix(DatasetError):
    """The prefix would make file names that some trainer misreads."""

    field = "file_prefix"


class BadTriggerWord(DatasetError):
    """The trigger word would not survive a list of tags."""

    field = "trigger_word"


def suggest_prefix(name: str) -> str:
    """Return a file prefix made from a dataset's name: ASCII, lower case, with hyphens."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = [word for word in re.split(r"[^a-z0-9]+", ascii_name) if word and word not in SPLIT_WORDS]
    return "-".join(words)[:LONGEST_PREFIX].strip("-") or "image"


def create_dataset(*, name: str, file_prefix: str = "", trigger_word: str = "", by: User | None) -> Dataset:
    """Make an empty dataset.

    Args:
        name: unlike those of the datasets that `by` sees, without regard to upper and lower case.
        file_prefix: made from the name where empty.
        trigger_word: may be empty.
        by: who makes it; becomes the owner.

    Raises:
        DatasetError: one of its kinds; the text says what to change.
    """
    dataset = Dataset()
    _fill(dataset, name, file_prefix, trigger_word)
    with transaction.atomic():
        _check_name_is_free(dataset, by)
        dataset.save()
        if by is not None:
            Membership.objects.create(dataset=dataset, user=by, role=Role.OWNER)
    return dataset


def change_dataset(dataset: Dataset, *, name: str, file_prefix: str, trigger_word: str, by: User | None) -> Dataset:
    """Change a dataset's name, file prefix and trigger word.

    Raises:
        DatasetError: one of its kinds; nothing is changed then.
    """
    _fill(dataset, name, file_prefix, trigger_word)
    with transaction.atomic():
        touch_dataset(dataset.pk)
        had = Dataset.objects.values_list("name", flat=True).get(pk=dataset.pk)
        # A name that somebody else's has, too, may stay: who comes in by invitation brings none along.
        if had.lower() != dataset.name.lower():
            _check_name_is_free(dataset, by)
        dataset.save(update_fields=PERSONS_FIELDS)
    return dataset


def find_dataset(name: str) -> Dataset | None:
    """Return the dataset of this name, or of this number where none has it as its name: for commands.

    Raises:
        SeveralDatasets: people who see nothing of each other's have given the same name; the text has the numbers.
    """
    found = list(Dataset.objects.filter(name__iexact=normalise_name(name)).order_by("pk")[:10])
    if len(found) > 1:
        numbers = ", ".join(str(dataset.pk) for dataset in found)
        raise SeveralDatasets(
            _("Several datasets are named “%(name)s”. Give the number of the one you mean: %(numbers)s.")
            % {"name": found[0].name, "numbers": numbers}
        )
    if not found and name.isascii() and name.isdigit() and len(name) < 19:
        return Dataset.objects.filter(pk=int(name)).first()
    return found[0] if found else None


def touch_dataset(dataset_id: int) -> None:
    """Count a change and tell open pages of it after the commit.

    Inside a transaction this also holds the dataset's row: two transactions on one dataset come one after the other.
    """
    Dataset.objects.filter(pk=dataset_id).update(revision=F("revision") + 1)
    transaction.on_commit(partial(publish, dataset_group(dataset_id), DatasetTouched(dataset_id=dataset_id)))


def get_revision(dataset_id: int) -> int:
    """Return a dataset's revision; inside a transaction after `touch_dataset`, the one of this change."""
    return Dataset.objects.values_list("revision", flat=True).get(pk=dataset_id)


def _fill(dataset: Dataset, name: str, file_prefix: str, trigger_word: str) -> None:
    dataset.name = checked_name(name)
    dataset.file_prefix = checked_prefix(file_prefix or suggest_prefix(dataset.name))
    dataset.trigger_word = checked_trigger_word(trigger_word)


def _check_name_is_free(dataset: Dataset, by: User | None) -> None:
    # Only what they see anyway is compared: a refusal must not tell what is in datasets of others.
    _hold_names(by)
    if visible_datasets(by).filter(name__iexact=dataset.name).exclude(pk=dataset.pk).exists():
        raise DatasetNameTaken(
            _("There is a dataset named “%(name)s” already. Choose another name.") % {"name": dataset.name}
        )


def _hold_names(by: User | None) -> None:
    # A form sent twice at the same moment makes one dataset: one person's names are given one after the other.
    if by is None:
        ContentType.objects.select_for_update().get(app_label="datasets", model="dataset")
    else:
        User.objects.select_for_update(no_key=True).get(pk=by.pk)


def normalise_name(name: str) -> str:
    """Return a dataset's name as it is stored: one line, single blanks, one Unicode spelling."""
    return _one_line(name)


def _one_line(text: str) -> str:
    signs = (c for c in text if c not in _TURNERS)
    kept = "".join(c for c in signs if unicodedata.category(c) not in {"Cc", "Cs"} or c in "\t\n")
    line = unicodedata.normalize("NFC", " ".join(kept.split()))
    # What nobody can see names nothing.
    return line if any(unicodedata.category(c)[0] not in "CZ" for c in line) else ""


def checked_name(name: str) -> str:
    """Return the name in its one spelling.

    Raises:
        BadDatasetName: it is empty or too long.
    """
    name = normalise_name(name)
    if not name:
        raise BadDatasetName(_("Give the dataset a name."))
    if len(name) > LONGEST_NAME:
        raise BadDatasetName(
            _("The name has %(count)d characters. Shorten it to %(limit)d or fewer.")
            % {"count": len(name), "limit": LONGEST_NAME}
        )
    return name


def checked_prefix(prefix: str) -> str:
    """Return the file prefix in lower case.

    Raises:
        BadFilePrefix: a trainer, or a disk, would misread file names that start with it.
    """
    prefix = prefix.strip().lower()
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", prefix) or len(prefix) > LONGEST_PREFIX:
        raise BadFilePrefix(
            _(
                "“%(prefix)s” cannot start a file name for every trainer. "
                "Use up to %(limit)d letters a–z, digits, “-” and “_”."
            )
            % {"prefix": prefix[:60], "limit": LONGEST_PREFIX}
        )
    if prefix.count("_") > MOST_UNDERSCORES:
        raise BadFilePrefix(_("Use “_” at most twice: with more, kohya's trainer takes the caption of another file."))
    if words := SPLIT_WORDS.intersection(re.split(r"[^a-z]+", prefix)):
        raise BadFilePrefix(
            _("The word “%(word)s” makes the Hugging Face loader sort the files into a split of its own. Leave it out.")
            % {"word": min(words)}
        )
    return prefix


def checked_trigger_word(trigger_word: str) -> str:
    """Return the trigger word on one line.

    Raises:
        BadTriggerWord: it holds a comma, or is too long.
    """
    trigger_word = _one_line(trigger_word)
    if "," in trigger_word:
        raise BadTriggerWord(_("A comma would split the trigger word in two. Leave it out."))
    if len(trigger_word) > 100:
        raise BadTriggerWord(_("Shorten the trigger word to 100 characters or fewer."))
    return trigger_word
