"""Who may make an account: whoever holds an invitation to a dataset."""

from __future__ import annotations

import importlib.util

from django.http import HttpRequest
from django.utils.module_loading import import_string

_MEMBERS = "datasets.services.members"


def is_invited(request: HttpRequest) -> bool:
    """Whether the browser came by an invitation that still holds; the invitation's page remembered it."""
    if importlib.util.find_spec(_MEMBERS) is None:
        return False
    return import_string(f"{_MEMBERS}.invitation_in")(request) is not None
