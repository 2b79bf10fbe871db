"""For templates: where a person can go on, and durations."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from datasets.models import Dataset
from sessions_app.forms import WalkForm
from sessions_app.models import TaggingSession
from sessions_app.queries.walks import get_open_cards
from tagger_project.auth import person

register = template.Library()


@register.inclusion_tag("sessions_app/_go_on.html", takes_context=True)
def go_on(context: dict[str, Any]) -> dict[str, Any]:
    """Cards that lead to where this person stopped: the first page shows them without knowing of this room."""
    return {"cards": get_open_cards(person(context["request"]))}


@register.inclusion_tag("sessions_app/_start_dialog.html", takes_context=True)
def start_session_dialog(context: dict[str, Any], dataset: Dataset) -> dict[str, Any]:
    """The form of a new tagging session as a dialog: a script opens it where `data-start-session` is pressed."""
    orders = TaggingSession.Order.choices
    return {"dataset": dataset, "orders": orders, "form": WalkForm(), "csrf_token": context.get("csrf_token")}


@register.filter
def ago(moment: datetime) -> str:
    """Return how long ago somebody was active, in words."""
    if timezone.now() - moment < timedelta(minutes=1):
        return _("active just now")
    return _("active %(time)s ago") % {"time": timesince(moment, depth=1)}


@register.filter
def duration(seconds: float) -> str:
    """Return a time as `1 h 20 min`, `20 min` or `40 s`."""
    if seconds < 60:
        return ngettext("%(count)d s", "%(count)d s", round(seconds)) % {"count": round(seconds)}
    minutes = round(seconds / 60)
    if minutes < 60:
        return _("%(minutes)d min") % {"minutes": minutes}
    return _("%(hours)d h %(minutes)d min") % {"hours": minutes // 60, "minutes": minutes % 60}
