"""Who belongs to a dataset, and by which links others may come."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from datasets.models import Dataset, Invitation, Membership, Role


def get_members(dataset: Dataset) -> list[Membership]:
    """Return the members with their accounts: who may do most first, then by name."""
    rows = Membership.objects.filter(dataset=dataset).select_related("user")
    return sorted(rows, key=lambda row: (-Role(row.role).rank, row.user.get_username().casefold(), row.pk))


def get_valid_invitations() -> QuerySet[Invitation]:
    """Return the links that can still be used: neither over nor taken back, and their maker could make them today.

    Who was switched off, deleted or is no owner any more, however that came, must not come back by a link of theirs.
    """
    owners = Membership.objects.filter(dataset=OuterRef("dataset"), user=OuterRef("created_by"), role=Role.OWNER)
    by_whom = Q(created_by__is_active=True) & (Q(created_by__is_superuser=True) | Exists(owners))
    return Invitation.objects.filter(by_whom, revoked_at=None, expires_at__gt=timezone.now())


def get_invitations(dataset: Dataset) -> QuerySet[Invitation]:
    """Return the links that can still be used, the newest first."""
    valid = get_valid_invitations().filter(dataset=dataset)
    return valid.select_related("created_by").order_by("-created_at", "-pk")
