"""The forms of the vocabulary and of the board."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from datasets.models import Dataset
from tagging.services.goals import LONGEST_FILTER, LONGEST_NAME, MOST_WANTED
from tagging.services.rewording import Kind, Rewording
from tagging.text import parse_tag_list

MOST_TAGS = 100


class RewordingForm(forms.Form):
    """What is to become of one or several tags, which the address names; the fields differ by kind."""

    into = forms.CharField(
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off", "autocapitalize": "off"}),
        max_length=2000,
    )
    dataset = forms.ModelChoiceField(
        label=_("Where"),
        queryset=Dataset.objects.none(),
        required=False,
        empty_label=_("In all datasets"),
        widget=forms.Select(attrs={"class": "input"}),
    )
    filter = forms.CharField(
        label=_("Only on the images of a filter"),
        required=False,
        max_length=1000,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off", "autocapitalize": "off"}),
        help_text=_("As in the grid: “indoors -night”. Empty for all."),
    )
    keep_alias = forms.BooleanField(
        label=_("Keep the old name as an alias"),
        required=False,
        initial=True,
        help_text=_("Who types it finds the other tag. Only where it is done in all datasets."),
    )
    reason = forms.CharField(
        label=_("Why"),
        required=False,
        max_length=400,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
        help_text=_("Stands in the histories."),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, kind: Kind, tags: list[str], datasets: Any, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"key": uuid.uuid4(), "keep_alias": True})
        super().__init__(*args, **kwargs)
        self.kind, self.tags = kind, tags
        labels = {
            Kind.RENAME: _("New name"),
            Kind.MERGE: _("Into the tag"),
            Kind.SPLIT: _("Into these tags, in order"),
        }
        self.fields["into"].label = labels[kind]
        if kind == Kind.SPLIT:
            self.fields["into"].help_text = _("With commas between them: “red dress, hat”.")
            del self.fields["keep_alias"]
        else:
            del self.fields["filter"]
        dataset: forms.ModelChoiceField[Dataset] = self.fields["dataset"]  # type: ignore[assignment]
        dataset.queryset = datasets

    def rewordings(self, *, is_begun: bool = False) -> list[Rewording]:
        """Return what is asked for, one for each tag."""
        facts = self.cleaned_data
        into = tuple(parse_tag_list(facts["into"])) if self.kind == Kind.SPLIT else (facts["into"],)
        # Who chooses three tags and merges them into one of these means the other two.
        tags = [tag for tag in self.tags if tag not in into] or self.tags
        return [
            Rewording(
                self.kind,
                tag,
                into,
                dataset=facts["dataset"],
                filter=facts.get("filter", ""),
                keep_alias=facts.get("keep_alias", False),
                is_begun=is_begun,
            )
            for tag in tags
        ]


class GoalForm(forms.Form):
    """So many pictures of a kind; what cannot be is refused by the service, in a sentence for its field."""

    name = forms.CharField(
        label=_("What"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off", "placeholder": _("profile shots")}),
    )
    wanted = forms.IntegerField(
        label=_("How many"),
        min_value=1,
        max_value=MOST_WANTED,
        initial=20,
        widget=forms.NumberInput(attrs={"class": "input", "autocomplete": "off"}),
    )
    filter = forms.CharField(label=_("Which pictures count"), required=False, max_length=LONGEST_FILTER, strip=True)
