"""Who may make an account: whoever holds an invitation to a dataset."""

from __future__ import annotations

from django.http import HttpRequest

from datasets.services.members import forget_invitation, invitation_in

__all__ = ["forget_invitation", "is_invited"]


def is_invited(request: HttpRequest) -> bool:
    """Whether the browser came by an invitation that still holds; the invitation's page remembered it."""
    return invitation_in(request) is not None
