"""Who may make an account: whoever holds an invitation to a dataset."""

from __future__ import annotations

import importlib.util

from django.http import HttpRequest
from django.utils.module_loading import import_string

SESSION_KEY = "invitation"
_MEMBERS = "datasets.services.members"


def is_invited(request: HttpRequest) -> bool:
    """Whether the browser came by an invitation that still holds; its page left the digest in the session."""
    digest = request.session.get(SESSION_KEY)
    if not isinstance(digest, str) or importlib.util.find_spec(_MEMBERS) is None:
        return False
    return bool(import_string(f"{_MEMBERS}.is_invitation_open")(digest))
