"""Members of a dataset: roles, links that invite, that there is always an owner, and when sockets end."""

from __future__ import annotations

import asyncio
import hashlib
import re
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from datasets import seats
from datasets.messages import RightsNow
from datasets.models import Dataset, ImportJob, Invitation, Membership, Role
from datasets.permissions import can_edit, can_manage, can_review, visible_datasets
from datasets.queries.members import get_invitations
from datasets.services import members
from datasets.services.datasets import create_dataset
from tagger_project.consumers import GONE
from tests import factories, sockets
from tests.tagging.conftest import shared_database
from tests.tagging.doing import together

__all__ = ["shared_database"]

DAY = timedelta(days=1)


@pytest.fixture
def owner(db: None) -> User:
    return factories.make_user(username="anna")


@pytest.fixture
def dataset(owner: User) -> Dataset:
    return factories.make_dataset(name="Cats", owner=owner)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def role_of(dataset: Dataset, user: User) -> str | None:
    return Membership.objects.filter(dataset=dataset, user=user).values_list("role", flat=True).first()


def member(dataset: Dataset, user: User) -> Membership:
    return Membership.objects.get(dataset=dataset, user=user)


# --- Rights -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "rights"), [("VIEWER", (0, 0, 0)), ("TAGGER", (1, 0, 0)), ("REVIEWER", (1, 1, 0)), ("OWNER", (1, 1, 1))]
)
def test_each_role_may_what_those_below_it_may(dataset: Dataset, role: str, rights: tuple[int, int, int]) -> None:
    user = factories.make_member(dataset, role=Role(role))
    assert (can_edit(dataset, user), can_review(dataset, user), can_manage(dataset, user)) == tuple(map(bool, rights))


def test_an_account_that_is_switched_off_sees_nothing_as_superuser(dataset: Dataset) -> None:
    boss = factories.make_user(is_superuser=True)
    assert list(visible_datasets(boss)) == [dataset]
    boss.is_active = False
    assert not visible_datasets(boss).exists()


def test_without_logins_nothing_is_asked_of_members(dataset: Dataset) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert list(visible_datasets(None)) == [dataset]
        assert can_manage(dataset, None)
    assert not any("membership" in query["sql"] for query in queries)


def test_who_makes_a_dataset_owns_it(owner: User) -> None:
    made = create_dataset(name="Dogs", by=owner)
    assert role_of(made, owner) == Role.OWNER
    assert not create_dataset(name="Birds", by=None).memberships.exists()


def test_the_first_owner_gets_what_is_nobodys_and_nothing_else(dataset: Dataset) -> None:
    alone = [factories.make_dataset() for _ in range(3)]
    first = factories.make_user()
    assert members.give_to_first_owner(first) == 3
    assert all(role_of(one, first) == Role.OWNER for one in alone)
    assert role_of(dataset, first) is None
    assert members.give_to_first_owner(factories.make_user()) == 0


# --- There is always an owner -----------------------------------------------------------------------------------------


def test_the_last_owner_neither_leaves_nor_steps_down(dataset: Dataset, owner: User) -> None:
    off = factories.make_user(is_active=False)
    factories.make_member(dataset, off, Role.OWNER)
    with pytest.raises(members.LastOwner, match="anna is the only owner of “Cats”"):
        members.remove_member(member(dataset, owner), by=owner)
    with pytest.raises(members.LastOwner):
        members.change_role(member(dataset, owner), Role.VIEWER, by=owner)
    factories.make_member(dataset, role=Role.OWNER)
    members.remove_member(member(dataset, owner), by=owner)
    assert role_of(dataset, owner) is None


def test_of_owners_who_all_leave_at_once_one_stays(shared_database: None) -> None:
    owner = factories.make_user()
    dataset = factories.make_dataset(owner=owner)
    owners = [owner, *(factories.make_member(dataset, role=Role.OWNER) for _ in range(3))]

    def leave(number: int) -> bool:
        try:
            members.remove_member(member(dataset, owners[number]), by=owners[number])
        except members.LastOwner:
            return False
        return True

    assert sorted(together(leave, people=4)) == [False, True, True, True]
    assert dataset.memberships.filter(role=Role.OWNER).count() == 1


def test_a_right_that_was_taken_a_moment_ago_is_no_right(dataset: Dataset, owner: User) -> None:
    other = factories.make_member(dataset, role=Role.OWNER)
    members.change_role(member(dataset, owner), Role.TAGGER, by=other)
    with pytest.raises(PermissionDenied):
        members.change_role(member(dataset, other), Role.TAGGER, by=owner)
    with pytest.raises(PermissionDenied):
        members.invite(dataset, Role.OWNER, lasts=DAY, by=owner)


# --- Invitations ------------------------------------------------------------------------------------------------------


def test_a_link_is_told_once_and_stored_as_its_digest(dataset: Dataset, owner: User, password_mode: None) -> None:
    client = signed_in(owner)
    page = client.post(reverse("datasets:members_invite", args=[dataset.pk]), {"role": "REVIEWER", "days": "7"})
    [link] = re.findall(r"http://testserver/invitations/([\w-]{43})/", page.content.decode())
    stored = Invitation.objects.get()
    assert stored.digest == hashlib.sha256(link.encode()).hexdigest()
    assert "no-store" in page["Cache-Control"]
    assert link not in client.get(reverse("datasets:members", args=[dataset.pk])).content.decode()

    guest = factories.make_user()
    address = reverse("datasets:invitation", args=[link])
    assert "as reviewer" in signed_in(guest).get(address).content.decode()
    assert role_of(dataset, guest) is None, "looking is not accepting"
    assert signed_in(guest).post(address)["Location"] == reverse("datasets:detail", args=[dataset.pk])
    assert role_of(dataset, guest) == Role.REVIEWER


def test_an_invitation_never_lowers_a_role(dataset: Dataset, owner: User) -> None:
    low, _ = members.invite(dataset, Role.VIEWER, lasts=DAY, by=owner)
    high, _ = members.invite(dataset, Role.REVIEWER, lasts=DAY, by=owner)
    tagger = factories.make_member(dataset, role=Role.TAGGER)
    members.accept(low, by=tagger)
    assert role_of(dataset, tagger) == Role.TAGGER
    members.accept(high, by=tagger)
    assert role_of(dataset, tagger) == Role.REVIEWER


@pytest.mark.parametrize(
    "end",
    [
        "revoked",
        "expired",
        "its maker left",
        "its maker stepped down",
        "its maker was switched off",
        "its maker was lowered in the admin",
        "its maker was deleted",
    ],
)
def test_a_link_that_is_over_is_like_one_that_never_was(
    dataset: Dataset, owner: User, password_mode: None, end: str
) -> None:
    made, secret = members.invite(dataset, Role.OWNER, lasts=DAY, by=owner)
    if end == "revoked":
        members.revoke(made, by=owner)
    elif end == "expired":
        Invitation.objects.update(expires_at=timezone.now())
    elif end == "its maker was switched off":
        User.objects.filter(pk=owner.pk).update(is_active=False)
    elif end == "its maker was lowered in the admin":
        Membership.objects.filter(user=owner).update(role=Role.VIEWER)
    elif end == "its maker was deleted":
        owner.delete()
    else:
        other = factories.make_member(dataset, role=Role.OWNER)
        if end == "its maker left":
            members.remove_member(member(dataset, owner), by=other)
        else:
            members.change_role(member(dataset, owner), Role.VIEWER, by=other)
    guest = signed_in(factories.make_user())
    over = guest.get(reverse("datasets:invitation", args=[secret]))
    never = guest.get(reverse("datasets:invitation", args=["never"]))
    assert (over.status_code, never.status_code) == (404, 404)
    assert _text(over) == _text(never)
    assert not get_invitations(dataset)
    with pytest.raises(members.InvitationOver):
        members.accept(made, by=factories.make_user())


def test_a_link_of_who_may_everything_is_good_without_a_membership(dataset: Dataset) -> None:
    administrator = factories.make_user(is_superuser=True)
    _, secret = members.invite(dataset, Role.VIEWER, lasts=DAY, by=administrator)
    assert members.find_invitation(secret) is not None
    administrator.is_superuser = False
    administrator.save()
    assert members.find_invitation(secret) is None


def _text(answer: Any) -> str:
    return re.sub(r'(nonce|value)="[^"]*"', "", answer.content.decode())


def test_a_stranger_signs_in_first_and_the_session_knows_the_link(
    dataset: Dataset, owner: User, password_mode: None
) -> None:
    made, secret = members.invite(dataset, Role.TAGGER, lasts=DAY, by=owner)
    client = Client()
    address = reverse("datasets:invitation", args=[secret])
    assert client.get(address)["Location"] == f"/login/?next={address}"
    assert known_to(client) == made
    members.revoke(made, by=owner)
    assert known_to(client) is None


def known_to(client: Client) -> Invitation | None:
    """The invitation that a browser's session knows."""
    request: Any = type("Request", (), {"session": client.session})()
    return members.invitation_in(request)


@pytest.mark.parametrize("end", ["revoked", "expired", "never there"])
def test_a_link_that_is_over_says_so_to_who_has_no_account_too(
    dataset: Dataset, owner: User, password_mode: None, end: str
) -> None:
    made, secret = members.invite(dataset, Role.TAGGER, lasts=DAY, by=owner)
    client = Client()
    address = reverse("datasets:invitation", args=[secret])
    assert client.get(address).status_code == 302
    if end == "revoked":
        members.revoke(made, by=owner)
    elif end == "expired":
        Invitation.objects.update(expires_at=timezone.now())
    else:
        address = reverse("datasets:invitation", args=["never"])
    for answer in (client.get(address), client.post(address)):
        assert answer.status_code == 404
        assert "This invitation is not valid" in answer.content.decode()
        assert dataset.name not in answer.content.decode()
        assert 'href="/login/"' in answer.content.decode()
    assert "invitation" not in client.session


@pytest.mark.parametrize("way", ["sign in", "sign up", "accepted", "sign out"])
def test_a_session_forgets_the_link_as_soon_as_it_did_its_work(
    dataset: Dataset, owner: User, password_mode: None, way: str
) -> None:
    _, secret = members.invite(dataset, Role.TAGGER, lasts=DAY, by=owner)
    address = reverse("datasets:invitation", args=[secret])
    guest, client = factories.make_user(username="guest"), Client()
    client.get(address)
    assert "invitation" in client.session
    if way == "sign in":
        client.post("/login/", {"login": "guest", "password": "correct horse", "next": address})
    elif way == "sign up":
        form = {"username": "eve", "password1": "long enough 1", "password2": "long enough 1", "next": address}
        assert client.post(reverse("account_signup"), form)["Location"] == address
    else:
        # As an older edition left it: signed in, and the link still there.
        client.force_login(guest)
        assert "invitation" in client.session
        client.post(address if way == "accepted" else reverse("account_logout"))
    assert ("_auth_user_id" in client.session) is (way != "sign out")
    assert "invitation" not in client.session
    assert secret not in str(dict(client.session))


def test_without_logins_there_are_no_members(client: Client, dataset: Dataset) -> None:
    assert client.get(reverse("datasets:members", args=[dataset.pk])).status_code == 404
    assert client.get(reverse("datasets:invitation", args=["x"])).status_code == 404
    assert client.get(f"/api/v1/datasets/{dataset.pk}/members").status_code == 404
    assert "Members" not in client.get(reverse("datasets:detail", args=[dataset.pk])).content.decode()


# --- The page and the API ---------------------------------------------------------------------------------------------


def test_the_page_shows_what_one_may(dataset: Dataset, owner: User, password_mode: None) -> None:
    tagger = factories.make_member(dataset, factories.make_user(username="ben"))
    address = reverse("datasets:members", args=[dataset.pk])
    page = signed_in(owner).get(address).content.decode()
    assert "Role of ben" in page
    assert "Make a link" in page
    assert "Role of anna" not in page
    page = signed_in(tagger).get(address).content.decode()
    assert "ben" in page
    assert "Role of" not in page
    assert "Make a link" not in page
    assert "Leave" in page


def test_roles_are_changed_and_members_leave_over_the_api(dataset: Dataset, owner: User, password_mode: None) -> None:
    ben = factories.make_member(dataset)
    theirs = f"/api/v1/members/{member(dataset, ben).pk}"
    client = signed_in(owner)
    changed = client.patch(theirs, {"role": "REVIEWER"}, content_type="application/json")
    assert (changed.status_code, changed.json()["role"]) == (200, "REVIEWER")
    mine = f"/api/v1/members/{member(dataset, owner).pk}"
    assert client.delete(mine).status_code == 409
    assert signed_in(ben).delete(theirs).status_code == 204
    assert signed_in(ben).get(f"/api/v1/datasets/{dataset.pk}").status_code == 404


def test_nobody_raises_themselves(dataset: Dataset, password_mode: None) -> None:
    ben = factories.make_member(dataset, role=Role.REVIEWER)
    client, number = signed_in(ben), member(dataset, ben).pk
    asked = {"role": "OWNER"}
    assert client.patch(f"/api/v1/members/{number}", asked, content_type="application/json").status_code == 403
    form = {"member": number, **asked}
    assert client.post(reverse("datasets:members_change", args=[dataset.pk]), form).status_code == 403
    assert role_of(dataset, ben) == Role.REVIEWER


# --- Sockets ----------------------------------------------------------------------------------------------------------


ENDS = {
    "the membership": lambda user: members.remove_member(user.memberships.get(), by=user),
    "the row, by hand": lambda user: user.memberships.all().delete(),
    "the account": lambda user: User.objects.filter(pk=user.pk).update(is_active=False),
    "the password": lambda user: User.objects.filter(pk=user.pk).update(password="!"),
    "the session": lambda user: _end_sessions(),
}


def _end_sessions() -> None:
    from django.contrib.sessions.models import Session

    Session.objects.all().delete()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("address", ["/ws/datasets/{}/", "/ws/datasets/{}/desk/"])
@pytest.mark.parametrize("end", ENDS)
def test_a_socket_ends_with_the_right_to_it(dataset: Dataset, password_mode: None, address: str, end: str) -> None:
    user = factories.make_member(dataset)
    client, stays = signed_in(user), signed_in(factories.make_member(dataset))
    code = GONE if end in {"the membership", "the row, by hand"} else seats.SIGNED_OUT

    async def look() -> None:
        path = address.format(dataset.pk)
        async with sockets.socket(path, client) as mine, sockets.socket(path, stays) as theirs:
            await sockets.hear(mine, 0.3)
            await sync_to_async(ENDS[end])(user)
            assert await closed_with(mine, seconds=5) == code
            if end != "the session":
                assert await closed_with(theirs, seconds=0.2) is None

    async_to_sync(look)()


async def closed_with(open_socket: Any, *, seconds: float) -> int | None:
    """The code that a socket is closed with within some seconds; what it says before does not matter."""
    end = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < end:
        while not open_socket.output_queue.empty():
            message = open_socket.output_queue.get_nowait()
            if message["type"] == "websocket.close":
                return int(message["code"])
        await asyncio.sleep(0.02)
    return None


@pytest.mark.django_db
def test_a_round_costs_three_queries_however_many_listen(dataset: Dataset) -> None:
    people = [factories.make_member(dataset) for _ in range(20)]
    taken = [seats.Seat(user.pk, user.get_session_auth_hash(), "", dataset.pk) for user in people]
    with CaptureQueriesContext(connection) as queries:
        found = seats.look_at(taken)
    assert (found.ended, set(found.roles.values())) == ({}, {Role.TAGGER})
    assert len(queries) <= 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("address", ["/ws/imports/{job}/", "/ws/datasets/{dataset}/", "/ws/datasets/{dataset}/desk/"])
def test_who_has_another_role_stays_and_is_told_what_they_may_do(
    dataset: Dataset, owner: User, password_mode: None, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(seats, "EVERY", 0.3)
    user = factories.make_member(dataset)
    job = ImportJob.objects.create(dataset=dataset)
    path = address.format(dataset=dataset.pk, job=job.pk)
    expected: dict[str, Any] = {
        "dataset_id": dataset.pk,
        "role": "TAGGER",
        "edit": True,
        "review": False,
        "manage": False,
    }

    my_browser, their_browser = signed_in(user), signed_in(owner)

    async def look() -> None:
        async with sockets.socket(path, my_browser) as mine, sockets.socket(path, their_browser) as theirs:
            assert await rights_told(mine) == [expected]
            assert [told["role"] for told in await rights_told(theirs)] == ["OWNER"]
            await sync_to_async(members.change_role)(member_row, Role.VIEWER, by=owner)
            assert await rights_told(mine) == [{**expected, "role": "VIEWER", "edit": False}]
            # Whatever changed it: also past the services, as the admin does.
            await Membership.objects.filter(user=user).aupdate(role=Role.REVIEWER)
            assert await rights_told(mine) == [{**expected, "role": "REVIEWER", "review": True}]
            assert await rights_told(theirs) == [], "said once, and to who it is about"
            assert await closed_with(mine, seconds=0.1) is None

    member_row = member(dataset, user)
    async_to_sync(look)()


async def rights_told(open_socket: Any) -> list[dict[str, Any]]:
    """What a socket says in the next moment of what one may do."""
    heard = await sockets.hear(open_socket, 1.2)
    return [message["data"] for message in heard if message["type"] == RightsNow.type]


@pytest.mark.django_db(transaction=True)
def test_without_logins_nothing_is_told_of_rights(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seats, "EVERY", 0.1)

    async def look() -> None:
        async with sockets.socket(f"/ws/datasets/{dataset.pk}/desk/") as page:
            assert await rights_told(page) == []

    async_to_sync(look)()
