"""Form fields of other people's forms in this program's look."""

from __future__ import annotations

from django import template
from django.forms import BoundField
from django.utils.safestring import SafeString

from tagger_project.accounts import views
from tagger_project.accounts.invitations import is_invited

register = template.Library()
register.simple_tag(views.provider_button)
register.simple_tag(is_invited)


@register.filter
def as_input(field: BoundField) -> SafeString:
    """The field's control with the look of the program's own; its label stands above it, so it holds no hint inside."""
    attributes: dict[str, str | bool] = {"class": "input", "placeholder": ""}
    if field.errors:
        attributes.update({"aria-invalid": "true", "aria-describedby": f"{field.auto_id}_error"})
    return field.as_widget(attrs=attributes)
