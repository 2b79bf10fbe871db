"""The page on which a person changes their keys."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from sessions_app.schemas import KeyMapOut
from sessions_app.services.keys import get_key_map
from tagger_project.auth import is_open, person


@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """Show every command with its keys; scripts fill the list, from the same registry that the desk listens to."""
    payload = {
        "keys": KeyMapOut.from_orm(get_key_map(person(request))).model_dump(),
        "urls": {
            "api": reverse("api-1:api-root"),
            "datasets": reverse("datasets:list"),
            "vocabulary": reverse("tagging:vocabulary"),
            "keys": reverse("sessions_app:keys"),
        },
    }
    return render(request, "sessions_app/keys.html", {"payload": payload, "is_shared": is_open()})
