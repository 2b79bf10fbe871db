"""Words as forms of the admin: spelled as on the pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tagging.models import Tag, TagAlias, TagImplication
from tagging.services.implications import ImplicationCircle, check_no_circle
from tagging.services.vocabulary import TagRefused, checked_name


class TagForm(forms.ModelForm[Tag]):
    """A tag as the pages would spell it: another spelling could never be reached from there."""

    class Meta:
        model = Tag
        fields = ("name", "category", "vocabulary_count", "description", "deprecated_at", "successor")

    vocabulary_count = forms.IntegerField(label=_("count in the vocabulary"), min_value=0, required=False)

    def clean_vocabulary_count(self) -> int:
        """Return the count; nothing is none."""
        return self.cleaned_data["vocabulary_count"] or 0

    def clean(self) -> dict[str, Any]:
        """See that what takes a tag's place is not the tag itself, on whatever way."""
        facts: dict[str, Any] = super().clean() or self.cleaned_data
        seen, tag = {self.instance.pk}, facts.get("successor")
        while self.instance.pk and tag is not None:
            if tag.pk in seen:
                raise ValidationError({"successor": _("This leads back to the tag itself. Choose another one.")})
            seen.add(tag.pk)
            tag = tag.successor
        return facts

    def clean_name(self) -> str:
        """Return the one spelling, or say why it is none."""
        try:
            name = checked_name(self.cleaned_data["name"])
        except TagRefused as error:
            raise ValidationError(str(error)) from error
        alias = TagAlias.objects.filter(name=name).select_related("tag").first()
        if alias is not None:
            raise ValidationError(
                _("“%(name)s” is an alias of “%(tag)s”. Remove the alias first."),
                params={"name": name, "tag": alias.tag.name},
            )
        if self.instance.pk and name != self.initial.get("name") and self.instance.image_tags.exists():
            # The history of the images would speak of a tag that they never had.
            raise ValidationError(
                _("This tag is on images, whose history knows its name. Choose “Rename…” in the list of tags instead.")
            )
        return name


class AliasForm(forms.ModelForm[TagAlias]):
    """An alias, spelled as tags are: it is no tag itself."""

    class Meta:
        model = TagAlias
        fields = ("name", "tag")

    def clean_name(self) -> str:
        """Return the one spelling, or say why it is none."""
        try:
            name = checked_name(self.cleaned_data["name"])
        except TagRefused as error:
            raise ValidationError(str(error)) from error
        if Tag.objects.filter(name=name).exists():
            raise ValidationError(_("“%(name)s” is a tag itself."), params={"name": name})
        return name


class ImplicationForm(forms.ModelForm[TagImplication]):
    """An implication that does not lead in a circle."""

    class Meta:
        model = TagImplication
        fields = ("tag", "implies")

    def clean(self) -> dict[str, Any]:
        """Refuse circles."""
        facts: dict[str, Any] = super().clean() or self.cleaned_data
        tag, implies = facts.get("tag"), facts.get("implies")
        if tag and implies:
            try:
                check_no_circle(tag, implies, but_for=self.instance.pk)
            except ImplicationCircle as error:
                raise ValidationError(str(error)) from error
        return facts
