"""`/api/v1`: who belongs to a dataset, and the links by which others come. Without logins there are no members."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from ninja import Field, Router, Schema, Status
from ninja.errors import HttpError

from datasets.models import Dataset, Invitation, Membership, Role
from datasets.permissions import check_can_manage, visible_datasets
from datasets.queries.members import get_invitations, get_members
from datasets.schemas import ErrorOut
from datasets.services import members as service
from tagger_project.auth import is_open, person

router = Router(tags=["members"])


class MemberOut(Schema):
    """A member; `is_you` is who asks."""

    id: int
    name: str
    role: Role
    since: datetime
    is_you: bool


class RoleIn(Schema):
    """Which role somebody gets."""

    role: Role


class InvitationIn(Schema):
    """What a link gives, and for how many days."""

    role: Role
    days: Annotated[int, Field(ge=1, le=service.LONGEST.days)] = 7


class InvitationOut(Schema):
    """A link that can be used; what stands in it is told once, where it is made."""

    id: int
    role: Role
    made_by: str
    expires_at: datetime

    @classmethod
    def of(cls, link: Invitation) -> InvitationOut:
        """Return what may be told of a link."""
        return cls(**_facts(link))


class MadeInvitationOut(InvitationOut):
    """A link that was made just now; `link` is its address, and is told this once."""

    link: str


@router.get("/datasets/{int:dataset_id}/members", response=list[MemberOut])
def list_members(request: HttpRequest, dataset_id: int) -> list[MemberOut]:
    """The members of a dataset, who may do most first."""
    return [_told(member, request) for member in get_members(_visible(request, dataset_id))]


@router.patch("/members/{int:member_id}", response={200: MemberOut, 409: ErrorOut})
def change_member(request: HttpRequest, member_id: int, body: RoleIn) -> MemberOut:
    """Give a member another role; 409 for the only owner."""
    member = _member(request, member_id)
    check_can_manage(member.dataset, person(request))
    try:
        return _told(service.change_role(member, body.role, by=person(request)), request)
    except service.LastOwner as error:
        raise HttpError(409, str(error)) from error
    except Membership.DoesNotExist as error:
        raise Http404 from error


@router.delete("/members/{int:member_id}", response={204: None, 409: ErrorOut})
def remove_member(request: HttpRequest, member_id: int) -> Status[None]:
    """Take a member out, or leave oneself; 409 for the only owner. What they did stays."""
    member, user = _member(request, member_id), person(request)
    if user is None or member.user_id != user.pk:
        check_can_manage(member.dataset, user)
    try:
        service.remove_member(member, by=person(request))
    except service.LastOwner as error:
        raise HttpError(409, str(error)) from error
    except Membership.DoesNotExist as error:
        raise Http404 from error
    return Status(204, None)


@router.get("/datasets/{int:dataset_id}/invitations", response=list[InvitationOut])
def list_invitations(request: HttpRequest, dataset_id: int) -> list[InvitationOut]:
    """The links that can be used, the newest first; for owners."""
    dataset = _visible(request, dataset_id)
    check_can_manage(dataset, person(request))
    return [InvitationOut.of(link) for link in get_invitations(dataset)]


@router.post("/datasets/{int:dataset_id}/invitations", response={201: MadeInvitationOut, 422: ErrorOut})
def invite(request: HttpRequest, dataset_id: int, body: InvitationIn) -> Status[MadeInvitationOut]:
    """Make a link that lets in whoever has it; for owners."""
    dataset = _visible(request, dataset_id)
    check_can_manage(dataset, person(request))
    try:
        made, secret = service.invite(dataset, body.role, lasts=timedelta(days=body.days), by=person(request))
    except service.InvitationRefused as error:
        raise HttpError(422, str(error)) from error
    link = request.build_absolute_uri(reverse("datasets:invitation", args=[secret]))
    return Status(201, MadeInvitationOut(**_facts(made), link=link))


@router.delete("/invitations/{int:invitation_id}", response={204: None})
def revoke_invitation(request: HttpRequest, invitation_id: int) -> Status[None]:
    """Take a link back; for owners."""
    user = person(request)
    if is_open():
        raise Http404
    links = Invitation.objects.filter(dataset__in=visible_datasets(user)).select_related("dataset")
    link = get_object_or_404(links, pk=invitation_id)
    check_can_manage(link.dataset, user)
    service.revoke(link, by=user)
    return Status(204, None)


def _visible(request: HttpRequest, dataset_id: int) -> Dataset:
    if is_open():
        raise Http404
    return get_object_or_404(visible_datasets(person(request)), pk=dataset_id)


def _member(request: HttpRequest, member_id: int) -> Membership:
    if is_open():
        raise Http404
    members = Membership.objects.filter(dataset__in=visible_datasets(person(request)))
    return get_object_or_404(members.select_related("dataset"), pk=member_id)


def _told(member: Membership, request: HttpRequest) -> MemberOut:
    user = person(request)
    return MemberOut(
        id=member.pk,
        name=member.user.get_username(),
        role=Role(member.role),
        since=member.created_at,
        is_you=user is not None and member.user_id == user.pk,
    )


def _facts(link: Invitation) -> dict[str, Any]:
    return {
        "id": link.pk,
        "role": Role(link.role),
        "made_by": link.created_by.get_username() if link.created_by else "",
        "expires_at": link.expires_at,
    }
