"""The members of a dataset, and the links by which others come: without a script, too; not there without logins."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from datasets.asking import number_from
from datasets.models import Dataset, Invitation, Membership, Role
from datasets.permissions import check_can_manage, get_may, get_role, visible_datasets
from datasets.queries.members import get_invitations, get_members
from datasets.services import members as service
from tagger_project.auth import is_open, person

# What a link may last, in days.
DAYS = (1, 7, 30, 90)
USUAL_DAYS = 7


@require_safe
def members_page(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Show who belongs to a dataset; to owners with ways to change it."""
    return _show(request, _visible(request, dataset_id))


@require_POST
def change(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Give the member that the form names another role."""
    dataset = _visible(request, dataset_id)
    check_can_manage(dataset, person(request))
    member, role = _member(request, dataset), _role(request)
    if role is None:
        return HttpResponseBadRequest()
    try:
        member = service.change_role(member, role, by=person(request))
    except service.LastOwner as error:
        messages.error(request, str(error))
    except Membership.DoesNotExist:
        messages.info(request, _("This member has left meanwhile."))
    else:
        told = {"name": member.user.get_username(), "role": role.label}
        messages.success(request, _("%(name)s is %(role)s now.") % told)
    return redirect("datasets:members", dataset.pk)


@require_POST
def remove(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Take out the member that the form names; everybody may take out themselves."""
    dataset, user = _visible(request, dataset_id), person(request)
    member = _member(request, dataset)
    name, is_you = member.user.get_username(), user is not None and member.user_id == user.pk
    if not is_you:
        check_can_manage(dataset, user)
    try:
        service.remove_member(member, by=user)
    except service.LastOwner as error:
        messages.error(request, str(error))
        return redirect("datasets:members", dataset.pk)
    except Membership.DoesNotExist:
        messages.info(request, _("This member has left meanwhile."))
        return redirect("datasets:members", dataset.pk)
    if is_you:
        messages.success(request, _("You left “%(dataset)s”. What you did there stays.") % {"dataset": dataset.name})
        return redirect("datasets:list")
    messages.success(request, _("%(name)s is no member any more. What they did stays.") % {"name": name})
    return redirect("datasets:members", dataset.pk)


@never_cache
@require_POST
def invite(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Make a link and show it, this once: there is no page to come back to it."""
    dataset = _visible(request, dataset_id)
    check_can_manage(dataset, person(request))
    role, days = _role(request), request.POST.get("days", "")
    if role is None or days not in map(str, DAYS):
        return HttpResponseBadRequest()
    try:
        made, secret = service.invite(dataset, role, lasts=timedelta(days=int(days)), by=person(request))
    except service.InvitationRefused as error:
        messages.error(request, str(error))
        return redirect("datasets:members", dataset.pk)
    link = request.build_absolute_uri(reverse("datasets:invitation", args=[secret]))
    return _show(request, dataset, made=made, link=link)


@require_POST
def revoke(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Take back the link that the form names."""
    dataset = _visible(request, dataset_id)
    check_can_manage(dataset, person(request))
    link = get_object_or_404(Invitation, dataset=dataset, pk=number_from(request.POST.get("invitation", "")))
    service.revoke(link, by=person(request))
    messages.success(request, _("The link is taken back: nobody comes in by it any more."))
    return redirect("datasets:members", dataset.pk)


@never_cache
@login_not_required
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Ask whoever opens an invitation's link whether they come in; who is not signed in does that first.

    A link that is over says so at once, also to who has no account to sign in with. That tells nobody anything: who
    does not have the link does not guess it.
    """
    if is_open():
        raise Http404
    if request.method not in {"GET", "HEAD", "POST"}:
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    user, found = person(request), service.find_invitation(secret)
    if found is None:
        return _over(request)
    if user is None:
        service.remember_invitation(request, found)
        return redirect_to_login(request.path)
    if request.method == "POST":
        try:
            service.accept(found, by=user)
        except service.InvitationOver:
            return _over(request)
        service.forget_invitation(request)
        messages.success(request, _("Welcome to “%(dataset)s”.") % {"dataset": found.dataset.name})
        return redirect("datasets:detail", found.dataset_id)
    has = get_role(found.dataset, user)
    context = {
        "invitation": found,
        "dataset": found.dataset,
        "has": has,
        "is_no_gain": has is not None and has.rank >= Role(found.role).rank,
        "about": _SENTENCES[Role(found.role)](),
    }
    return render(request, "datasets/invitation.html", context)


def _over(request: HttpRequest) -> HttpResponse:
    service.forget_invitation(request)
    return render(request, "datasets/invitation_over.html", status=404)


_SENTENCES = {
    Role.OWNER: lambda: _("Owners may do everything: also change settings and members, and delete for ever."),
    Role.REVIEWER: lambda: _("Reviewers tag, and approve, send back, take back others’ work and restore versions."),
    Role.TAGGER: lambda: _("Taggers tag, write captions, add images and use the trash."),
    Role.VIEWER: lambda: _("Viewers look at everything and may export it, but change nothing."),
}


def _show(request: HttpRequest, dataset: Dataset, *, made: Invitation | None = None, link: str = "") -> HttpResponse:
    user = person(request)
    may = get_may(dataset, user)
    members = get_members(dataset)
    mine = next((member for member in members if user is not None and member.user_id == user.pk), None)
    owners = sum(member.role == Role.OWNER and member.user.is_active for member in members)
    context: dict[str, Any] = {
        "dataset": dataset,
        "may": may,
        "members": [
            {"row": member, "is_you": member == mine, "is_only_owner": member.role == Role.OWNER and owners < 2}
            for member in members
        ],
        "mine": mine,
        "roles": [{"value": role.value, "label": role.label, "sentence": _SENTENCES[role]()} for role in Role],
        "usual_role": Role.TAGGER.value,
        "days": DAYS,
        "usual_days": USUAL_DAYS,
        "invitations": get_invitations(dataset) if may.manage else [],
        "made": made,
        "link": link,
    }
    return render(request, "datasets/members.html", context)


def _visible(request: HttpRequest, dataset_id: int) -> Dataset:
    if is_open():
        raise Http404
    return get_object_or_404(visible_datasets(person(request)), pk=dataset_id)


def _member(request: HttpRequest, dataset: Dataset) -> Membership:
    members = Membership.objects.filter(dataset=dataset).select_related("user", "dataset")
    return get_object_or_404(members, pk=number_from(request.POST.get("member", "")))


def _role(request: HttpRequest) -> Role | None:
    chosen = request.POST.get("role", "")
    return Role(chosen) if chosen in Role.values else None
