"""Who belongs to a dataset, and by which links others may come."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone

from datasets.models import Dataset, Invitation, Membership, Role


def get_members(dataset: Dataset) -> list[Membership]:
    """Return the members with their accounts: who may do most first, then by name."""
    rows = Membership.objects.filter(dataset=dataset).select_related("user")
    return sorted(rows, key=lambda row: (-Role(row.role).rank, row.user.get_username().casefold(), row.pk))


def get_invitations(dataset: Dataset) -> QuerySet[Invitation]:
    """Return the links that can still be used, the newest first."""
    valid = Invitation.objects.filter(dataset=dataset, revoked_at=None, expires_at__gt=timezone.now())
    return valid.select_related("created_by").order_by("-created_at", "-pk")
