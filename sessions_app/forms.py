"""Forms of tagging sessions."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from sessions_app.models import TaggingSession
from sessions_app.services.walks import LONGEST_FILTER, LONGEST_NAME


class WalkForm(forms.Form):
    """What a new tagging session leads past."""

    name = forms.CharField(label=_("Name"), required=False, max_length=LONGEST_NAME)
    filter = forms.CharField(label=_("Filter"), required=False, max_length=LONGEST_FILTER)
    order = forms.ChoiceField(label=_("Order"), choices=TaggingSession.Order.choices, required=False)
