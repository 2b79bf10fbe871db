"""Who belongs to a dataset: roles, invitation links, and that there is always an owner.

Every write holds the dataset's row first: of two owners who leave at the same moment, one stays. What somebody may do
is asked again under that hold, so that nobody uses a right that was taken from them a moment ago.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from functools import partial

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from datasets.messages import RightsChanged, dataset_group
from datasets.models import Dataset, Invitation, Membership, Role
from datasets.permissions import check_can_manage
from datasets.queries.members import get_valid_invitations
from datasets.services.datasets import touch_dataset
from tagger_project.live import publish

LONGEST = timedelta(days=90)
MOST_INVITATIONS = 50
# 256 bits: nobody guesses one, and its plain SHA-256 tells nothing of it.
_SECRET_BYTES = 32
_IN_SESSION = "invitation"


class MembersError(Exception):
    """It cannot be as asked; the text is a sentence."""


class LastOwner(MembersError):
    """The dataset would be nobody's."""


class InvitationRefused(MembersError):
    """No such link can be made."""


class InvitationOver(MembersError):
    """The link was taken back, or its time is over."""


@transaction.atomic
def change_role(membership: Membership, role: Role, *, by: User | None) -> Membership:
    """Give a member another role.

    Raises:
        LastOwner: nobody else is owner.
        PermissionDenied: who asks is no owner (any more).
        Membership.DoesNotExist: the member has left meanwhile.
    """
    member = _hold(membership)
    check_can_manage(member.dataset, by)
    if member.role == role:
        return member
    if member.role == Role.OWNER:
        _check_another_owner(member)
        _end_links_of(member)
    member.role = role
    member.save(update_fields=["role"])
    _tell(member.dataset_id)
    return member


@transaction.atomic
def remove_member(membership: Membership, *, by: User | None) -> None:
    """Take a member out of a dataset; everybody may take out themselves. What they did stays.

    Raises:
        LastOwner: nobody else is owner.
        PermissionDenied: who asks is neither that member nor an owner (any more).
        Membership.DoesNotExist: the member has left already.
    """
    member = _hold(membership)
    if by is None or member.user_id != by.pk:
        check_can_manage(member.dataset, by)
    if member.role == Role.OWNER:
        _check_another_owner(member)
        _end_links_of(member)
    member.delete()
    _tell(member.dataset_id)


@transaction.atomic
def invite(dataset: Dataset, role: Role, *, lasts: timedelta, by: User | None) -> tuple[Invitation, str]:
    """Make an invitation; returns it with the secret of its link, which is stored nowhere.

    Raises:
        InvitationRefused: it would last too long, or there are too many.
        PermissionDenied: who asks is no owner (any more).
    """
    touch_dataset(dataset.pk)
    check_can_manage(dataset, by)
    now = timezone.now()
    if not timedelta(0) < lasts <= LONGEST:
        raise InvitationRefused(_("A link lasts from 1 to %(days)d days.") % {"days": LONGEST.days})
    if get_valid_invitations().filter(dataset=dataset).count() >= MOST_INVITATIONS:
        raise InvitationRefused(
            _("There are %(count)d links already. Take back those that nobody needs.") % {"count": MOST_INVITATIONS}
        )
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    link = Invitation.objects.create(
        dataset=dataset, role=role, digest=_digest(secret), created_by=by, expires_at=now + lasts
    )
    return link, secret


@transaction.atomic
def revoke(invitation: Invitation, *, by: User | None) -> None:
    """Take a link back: nobody comes in by it any more, and who came in stays.

    Raises:
        PermissionDenied: who asks is no owner (any more).
    """
    touch_dataset(invitation.dataset_id)
    check_can_manage(invitation.dataset, by)
    Invitation.objects.filter(pk=invitation.pk, revoked_at=None).update(revoked_at=timezone.now())


def find_invitation(secret: str) -> Invitation | None:
    """Return the invitation of a link while it is valid; nothing else is told of what is not."""
    found = get_valid_invitations().filter(digest=_digest(secret))
    return found.select_related("dataset", "created_by").first()


@transaction.atomic
def accept(invitation: Invitation, *, by: User) -> Membership:
    """Make somebody a member; who is one already keeps their role where it is the higher one.

    Raises:
        InvitationOver: it was taken back meanwhile, or its time is over.
    """
    touch_dataset(invitation.dataset_id)
    link = get_valid_invitations().filter(pk=invitation.pk).first()
    if link is None:
        raise InvitationOver(_("This invitation is not valid any more. Ask for a new one."))
    member, made = Membership.objects.get_or_create(dataset_id=link.dataset_id, user=by, defaults={"role": link.role})
    if Role(member.role).rank < Role(link.role).rank:
        member.role = link.role
        member.save(update_fields=["role"])
        made = True
    if made:
        _tell(link.dataset_id)
    return member


def remember_invitation(request: HttpRequest, invitation: Invitation) -> None:
    """Keep in a browser's session that it came by a link: who has no account yet may make one."""
    request.session[_IN_SESSION] = invitation.pk


def invitation_in(request: HttpRequest) -> Invitation | None:
    """Return the invitation by which a browser came, while it is valid: with it a stranger may sign up."""
    number = request.session.get(_IN_SESSION)
    return get_valid_invitations().filter(pk=number).first() if isinstance(number, int) else None


def forget_invitation(request: HttpRequest) -> None:
    """Keep nothing of a link in a browser's session: who is signed in makes no account with it."""
    request.session.pop(_IN_SESSION, None)


@transaction.atomic
def give_to_first_owner(user: User) -> int:
    """Make somebody the owner of every dataset that has no member; returns of how many.

    What was made without logins belongs to nobody: the first account takes it over.
    """
    # Ordered, as every hold of several rows: two who do so at once wait for each other.
    alone = ~Exists(Membership.objects.filter(dataset=OuterRef("pk")))
    numbers = list(Dataset.objects.filter(alone).order_by("pk").values_list("pk", flat=True))
    for number in numbers:
        touch_dataset(number)
    without = Dataset.objects.filter(alone, pk__in=numbers).values_list("pk", flat=True)
    rows = [Membership(dataset_id=number, user=user, role=Role.OWNER) for number in without]
    Membership.objects.bulk_create(rows, batch_size=500)
    return len(rows)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _hold(membership: Membership) -> Membership:
    """Hold the dataset's row, and return the membership as it is then."""
    touch_dataset(membership.dataset_id)
    return Membership.objects.select_related("dataset", "user").get(pk=membership.pk)


def _check_another_owner(member: Membership) -> None:
    owners = Membership.objects.filter(dataset=member.dataset_id, role=Role.OWNER, user__is_active=True)
    if not owners.exclude(pk=member.pk).exists():
        text = _("%(name)s is the only owner of “%(dataset)s”. Make somebody else an owner first.")
        raise LastOwner(text % {"name": member.user.get_username(), "dataset": member.dataset.name})


def _end_links_of(member: Membership) -> None:
    """Take back the links that somebody made who is no owner from now on: they could come back by them."""
    links = Invitation.objects.filter(dataset=member.dataset_id, created_by=member.user_id, revoked_at=None)
    links.update(revoked_at=timezone.now())


def _tell(dataset_id: int) -> None:
    transaction.on_commit(partial(publish, dataset_group(dataset_id), RightsChanged(dataset_id=dataset_id)))
