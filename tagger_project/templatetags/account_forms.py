"""Form fields of other people's forms in this program's look and words."""

from __future__ import annotations

from django import template
from django.forms import BoundField
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tagger_project.accounts import views
from tagger_project.accounts.browsers import name_of
from tagger_project.accounts.invitations import is_invited

register = template.Library()
register.simple_tag(views.provider_button)
register.simple_tag(is_invited)
register.filter("browser_name", name_of)

_LABELS = {
    "username": gettext_lazy("Name"),
    "name": gettext_lazy("Name"),
    "email": gettext_lazy("E-mail"),
    "oldpassword": gettext_lazy("Current password"),
    "password1": gettext_lazy("New password"),
    "password2": gettext_lazy("The same again"),
    "passwordless": gettext_lazy("Sign in with it alone"),
    "code": gettext_lazy("Code"),
}
_HINTS = {
    "username": gettext_lazy("Others see it beside what you do."),
    "password1": gettext_lazy("10 characters or more, and none of the common ones."),
    "passwordless": gettext_lazy(
        "No name, no password: your fingerprint, face or PIN is enough. Else it is asked for after the password."
    ),
}


@register.filter
def as_input(field: BoundField, is_first: bool = False) -> SafeString:
    """The field's control with the look of the program's own; its label stands above it, so it holds no hint inside.

    What is wrong has the focus; where nothing is, the field that `is_first`.
    """
    attributes: dict[str, str | bool] = {"class": "input", "placeholder": ""}
    if field.errors:
        attributes.update({"aria-invalid": "true", "aria-describedby": f"{field.auto_id}_error"})
    elif plain_hint(field):
        attributes["aria-describedby"] = f"{field.auto_id}_helptext"
    if is_first:
        attributes["autofocus"] = True
    first = next((each for each in field.form.visible_fields() if each.errors), None)
    if first is not None:
        attributes["autofocus"] = first.name == field.name
    return field.as_widget(attrs=attributes)


@register.filter
def plain_label(field: BoundField) -> str:
    """The field's name in the program's words."""
    if field.name == "password1" and "username" in field.form.fields:
        return _("Password")
    return str(_LABELS.get(field.name, field.label))


@register.filter
def plain_hint(field: BoundField) -> str:
    """What one should know before filling the field in; empty where its name says it all."""
    return str(_HINTS.get(field.name, ""))
