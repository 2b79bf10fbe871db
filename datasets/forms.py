"""Forms of the dataset pages. They say which fields there are; what a field may hold is the service's to say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from datasets.models import Dataset
from datasets.services.datasets import (
    LONGEST_NAME,
    LONGEST_PREFIX,
    DatasetError,
    checked_name,
    checked_prefix,
    checked_trigger_word,
)


class DatasetForm(forms.Form):
    """Name, file prefix and trigger word of a dataset."""

    name = forms.CharField(
        label=_("Name"),
        max_length=LONGEST_NAME,
        error_messages={"required": _("Give the dataset a name.")},
        widget=forms.TextInput({"class": "input", "autocomplete": "off", "dir": "auto"}),
    )
    trigger_word = forms.CharField(
        label=_("Trigger word"),
        required=False,
        max_length=100,
        help_text=_("Stands first in every exported caption; you call the LoRA by it later."),
        widget=forms.TextInput({"class": "input", "autocomplete": "off", "dir": "auto", "spellcheck": "false"}),
    )
    file_prefix = forms.CharField(
        label=_("File prefix"),
        required=False,
        max_length=LONGEST_PREFIX,
        help_text=_("Left empty, it is made from the name."),
        widget=forms.TextInput(
            {"class": "input", "autocomplete": "off", "autocapitalize": "off", "spellcheck": "false", "dir": "ltr"}
        ),
    )

    @classmethod
    def of(cls, dataset: Dataset, data: Any = None) -> DatasetForm:
        """Return the form filled with what a dataset holds."""
        names = ("name", "trigger_word", "file_prefix")
        return cls(data, initial={name: getattr(dataset, name) for name in names})

    def refuse(self, error: DatasetError) -> None:
        """Show at its field what the service said."""
        self.add_error(error.field or None, str(error))


class DatasetAdminForm(forms.ModelForm[Dataset]):
    """The admin's form: the same rules as everywhere, because these fields become file names and captions."""

    def clean_name(self) -> str:
        """Ask the service."""
        return self._checked(checked_name, "name")

    def clean_file_prefix(self) -> str:
        """Ask the service."""
        return self._checked(checked_prefix, "file_prefix")

    def clean_trigger_word(self) -> str:
        """Ask the service."""
        return self._checked(checked_trigger_word, "trigger_word")

    def _checked(self, check: Callable[[str], str], field: str) -> str:
        try:
            return check(self.cleaned_data[field])
        except DatasetError as error:
            raise forms.ValidationError(str(error)) from error
