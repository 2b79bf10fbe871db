"""The one table of who may use which address of the program, and which right that takes.

A row names a way (`GET`, `POST`, …) and an address as its route spells it. `needs` is the least right, in the words of
`Needs`. What stands in the address comes from a world (`tests.access.world`): `{dataset_id}` and the like of a dataset,
its own or another's. `body` is JSON for the API and a form for pages; a text in braces in it is filled in too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

KEY = "{key}"


class Needs(Enum):
    """The least that somebody has to be."""

    NOTHING = "everybody, signed in or not"
    SIGN_IN = "anybody with an account; it is their own, or everybody's"
    LOGIN_PAGE = "everybody; who is not signed in is led to the login"
    SET_UP = "anybody with an account who has set it up; who has not is told that there is nothing"
    ELSEWHERE = "nobody: the page belongs to another AUTH_MODE"
    STAFF = "somebody of the staff; every member of every dataset is refused"
    OWN = "whose it is, while they see its dataset"
    SEE = "a viewer"
    EDIT = "a tagger"
    REVIEW = "a reviewer"
    MANAGE = "an owner"


@dataclass(frozen=True)
class Row:
    """One way to use one address."""

    way: str
    route: str
    needs: Needs
    body: dict[str, Any] = field(default_factory=dict)
    query: str = ""

    @property
    def is_read(self) -> bool:
        """Whether it changes nothing by its nature."""
        return self.way == "GET"


def _rows(needs: Needs, *rows: tuple[Any, ...]) -> list[Row]:
    return [Row(way, route, needs, *more) for way, route, *more in rows]


def _both(route: str) -> list[tuple[str, str]]:
    """A page with a form."""
    return [("GET", route), ("POST", route)]


_TARGET = {"target": {"filter": ""}, "action": {"kind": "add", "tags": ["x"]}}
_EDIT = {"operations": [{"key": KEY, "kind": "add", "tag": "seen"}]}

PAGES = [
    *_rows(
        Needs.NOTHING,
        ("GET", "favicon.ico"),
        ("GET", "healthz"),
        ("GET", "readyz"),
        ("GET", "texts.js"),
        *_both("login/"),
        # Says that it is over to who does not hold the first link.
        *_both("first/"),
        # Says that it takes an invitation.
        *_both("account/signup/"),
        ("GET", "account/inactive/"),
        *_both("account/password/reset/"),
        ("GET", "account/password/reset/sent/"),
        ("GET", "account/password/reset/done/"),
        *_both("account/password/^reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$"),
    ),
    *_rows(
        Needs.LOGIN_PAGE,
        *_both("logout/"),
        ("GET", "invitations/<str:secret>/"),
        *_both("account/second-factor/authenticate/"),
        *_both("account/second-factor/webauthn/login/"),
    ),
    *_rows(
        Needs.ELSEWHERE,
        *_both("account/oidc/<str:provider_id>/login/"),
        *_both("account/oidc/<str:provider_id>/login/callback/"),
        *_both("account/provider/signup/"),
        *_both("account/provider/cancelled/"),
        *_both("account/provider/error/"),
    ),
    *_rows(
        Needs.SIGN_IN,
        ("GET", "tokens/"),
        ("POST", "tokens/", {"name": "nightly", "scopes": "read", "days": "30"}),
        # One's own; that of another: see test_matrix.
        ("POST", "tokens/<int:token_id>/revoke/"),
        *_both("account/devices/"),
        *_both("account/reauthenticate/"),
        *_both("account/password/change/"),
        *_both("account/password/set/"),
        ("GET", "account/second-factor/"),
        *_both("account/second-factor/reauthenticate/"),
        *_both("account/second-factor/totp/activate/"),
        *_both("account/second-factor/recovery-codes/generate/"),
        ("GET", "account/second-factor/webauthn/"),
        *_both("account/second-factor/webauthn/add/"),
        *_both("account/second-factor/webauthn/reauthenticate/"),
        *_both("account/second-factor/webauthn/keys/<int:pk>/edit/"),
        *_both("account/second-factor/webauthn/keys/<int:pk>/remove/"),
    ),
    *_rows(
        Needs.SET_UP,
        *_both("account/second-factor/totp/deactivate/"),
        ("GET", "account/second-factor/recovery-codes/"),
        ("GET", "account/second-factor/recovery-codes/download/"),
    ),
    *_rows(
        Needs.SIGN_IN,
        ("GET", ""),
        ("GET", "datasets/new/"),
        ("POST", "datasets/new/", {"name": "Mine alone"}),
        ("GET", "keys/"),
        ("GET", "sessions/"),
        ("GET", "vocabulary/"),
    ),
    *_rows(
        Needs.STAFF,
        ("POST", "vocabulary/change/", {"word": "{tag_id}", "action": "sort", "category": "0"}),
        ("POST", "vocabulary/undo/"),
        ("GET", "vocabulary/<slug:kind>/", {}, "?tag=sofa"),
        ("POST", "vocabulary/<slug:kind>/", {"into": "couch", "step": "do", "key": KEY}, "?tag=sofa"),
    ),
    *_rows(Needs.OWN, ("POST", "sessions/<int:walk_id>/", {"do": "rename", "name": "Other"})),
    *_rows(
        Needs.SEE,
        ("GET", "datasets/<int:dataset_id>/"),
        ("GET", "datasets/<int:dataset_id>/trash/"),
        ("GET", "datasets/<int:dataset_id>/members/"),
        ("GET", "imports/<int:job_id>/"),
        ("GET", "files/images/<int:image_id>/thumbnail/"),
        ("GET", "files/datasets/<int:dataset_id>/pictures/<slug:sha256>/thumbnail/"),
        ("GET", "files/images/<int:image_id>/preview/"),
        ("GET", "files/images/<int:image_id>/original/"),
        ("GET", "datasets/<int:dataset_id>/board/"),
        ("GET", "datasets/<int:dataset_id>/duplicates/"),
        ("GET", "datasets/<int:dataset_id>/history/"),
        ("GET", "datasets/<int:dataset_id>/versions/"),
        ("GET", "datasets/<int:dataset_id>/versions/compare/", {}, "?older={version_id}"),
        ("GET", "datasets/<int:dataset_id>/versions/<int:version_id>/"),
        # What they may look at they may also take along: the copy is theirs, and the dataset as it was.
        ("POST", "datasets/<int:dataset_id>/versions/<int:version_id>/fork/", {"name": "A copy", "key": KEY}),
        ("GET", "datasets/<int:dataset_id>/export/"),
        ("GET", "datasets/<int:dataset_id>/exports/<int:job_id>/<str:file_name>"),
        ("GET", "datasets/<int:dataset_id>/sessions/new/"),
        ("POST", "datasets/<int:dataset_id>/sessions/new/", {"name": "A walk", "filter": ""}),
        ("GET", "datasets/<int:dataset_id>/tag/"),
        ("GET", "datasets/<int:dataset_id>/tag/<int:image_id>/"),
    ),
    *_rows(
        Needs.EDIT,
        ("POST", "datasets/<int:dataset_id>/trash/restore/", {"all": "1"}),
        ("GET", "datasets/<int:dataset_id>/import/"),
        ("POST", "datasets/<int:dataset_id>/board/", {"name": "More", "filter": "", "wanted": "5"}),
        ("POST", "datasets/<int:dataset_id>/board/remove/", {"goal": "{goal_id}"}),
        ("POST", "datasets/<int:dataset_id>/board/undo/"),
        ("POST", "datasets/<int:dataset_id>/duplicates/", {"action": "distinct:0", "images-0": "{image_id}"}),
        ("POST", "datasets/<int:dataset_id>/duplicates/undo/"),
        ("POST", "datasets/<int:dataset_id>/versions/freeze/", {"name": "Now", "key": KEY}),
    ),
    *_rows(
        Needs.REVIEW,
        # One's own entries a tagger takes back, too: see test_own_work.
        ("POST", "datasets/<int:dataset_id>/history/undo/", {"change": "{change_id}", "key": KEY}),
        ("POST", "datasets/<int:dataset_id>/versions/<int:version_id>/restore/", {"key": KEY}),
    ),
    *_rows(
        Needs.MANAGE,
        ("GET", "datasets/<int:dataset_id>/settings/"),
        ("POST", "datasets/<int:dataset_id>/settings/", {"name": "Renamed", "file_prefix": "other"}),
        ("POST", "datasets/<int:dataset_id>/trash/empty/"),
        ("POST", "datasets/<int:dataset_id>/spelling/", {"spelling": "SPACES"}),
        ("POST", "datasets/<int:dataset_id>/versions/<int:version_id>/delete/"),
        ("POST", "datasets/<int:dataset_id>/members/change/", {"member": "{member_id}", "role": "OWNER"}),
        ("POST", "datasets/<int:dataset_id>/members/remove/", {"member": "{member_id}"}),
        ("POST", "datasets/<int:dataset_id>/members/invite/", {"role": "OWNER", "days": "7"}),
        ("POST", "datasets/<int:dataset_id>/members/revoke/", {"invitation": "{invitation_id}"}),
    ),
]

# Every address of the admin, as one row: its own rules say who of the staff may what.
ADMIN = "admin/"

API = [
    *_rows(
        Needs.SIGN_IN,
        ("GET", "/datasets"),
        ("POST", "/datasets", {"name": "Mine alone"}),
        ("GET", "/export-profiles"),
        ("GET", "/vocabulary/tags/{int:tag_id}"),
        ("GET", "/vocabulary/tags", {}, "?q=s"),
        ("GET", "/walks"),
        ("GET", "/key-map"),
        ("PUT", "/key-map", {"keys": {}}),
        ("GET", "/people"),
    ),
    *_rows(
        Needs.STAFF,
        ("PATCH", "/vocabulary/tags/{int:tag_id}", {"description": "What it is."}),
        ("POST", "/vocabulary/tags/{int:tag_id}/aliases", {"name": "couch"}),
        ("DELETE", "/vocabulary/tags/{int:tag_id}/aliases/{int:alias_id}"),
        ("POST", "/vocabulary/tags/{int:tag_id}/implications", {"name": "furniture"}),
        ("DELETE", "/vocabulary/tags/{int:tag_id}/implications/{int:implied_id}"),
        ("PUT", "/vocabulary/tags/{int:tag_id}/deprecation", {}),
        ("DELETE", "/vocabulary/tags/{int:tag_id}/deprecation"),
        ("PUT", "/vocabulary/tags/{int:tag_id}/datasets", {"datasets": []}),
        ("POST", "/vocabulary/tags/{int:tag_id}/examples", {"images": ["{image_id}"]}),
        ("DELETE", "/vocabulary/tags/{int:tag_id}/examples/{int:image_id}"),
    ),
    *_rows(
        Needs.OWN,
        ("GET", "/walks/{int:walk_id}"),
        ("PATCH", "/walks/{int:walk_id}", {"name": "Other"}),
        ("POST", "/walks/{int:walk_id}/finish"),
        ("DELETE", "/walks/{int:walk_id}"),
    ),
    *_rows(
        Needs.SEE,
        ("GET", "/datasets/{int:dataset_id}"),
        ("GET", "/images/{int:image_id}"),
        ("GET", "/datasets/{int:dataset_id}/trash"),
        ("GET", "/imports/{int:job_id}"),
        ("GET", "/imports/{int:job_id}/items"),
        ("GET", "/imports/{int:job_id}/sidecars"),
        ("GET", "/datasets/{int:dataset_id}/images"),
        ("GET", "/datasets/{int:dataset_id}/images/landmarks"),
        ("GET", "/datasets/{int:dataset_id}/images/ids", {}, "?start=0&end=10"),
        ("GET", "/datasets/{int:dataset_id}/members"),
        ("GET", "/images/{int:image_id}/tags"),
        ("GET", "/images/{int:image_id}/reviews"),
        ("GET", "/datasets/{int:dataset_id}/tag-suggestions"),
        ("GET", "/datasets/{int:dataset_id}/near-duplicates"),
        ("GET", "/datasets/{int:dataset_id}/quick-tags"),
        ("GET", "/datasets/{int:dataset_id}/recent-tags"),
        ("POST", "/datasets/{int:dataset_id}/caption-text", {"tags": ["sofa"]}),
        ("GET", "/datasets/{int:dataset_id}/vocabulary"),
        ("GET", "/datasets/{int:dataset_id}/asking", {}, "?tag=sofa"),
        ("GET", "/images/{int:image_id}/history"),
        ("GET", "/images/{int:image_id}/blame"),
        ("GET", "/datasets/{int:dataset_id}/history"),
        ("POST", "/datasets/{int:dataset_id}/bulk/preview", _TARGET),
        ("GET", "/bulk-jobs/{int:job_id}"),
        ("POST", "/datasets/{int:dataset_id}/tags-of", {"target": {"filter": ""}}),
        ("GET", "/datasets/{int:dataset_id}/board"),
        ("GET", "/datasets/{int:dataset_id}/goals"),
        ("GET", "/datasets/{int:dataset_id}/caption-preview", {}, '?options={"profile":"plain"}'),
        ("POST", "/datasets/{int:dataset_id}/exports", {"key": KEY, "options": {"profile": "plain"}}),
        ("GET", "/datasets/{int:dataset_id}/exports"),
        ("GET", "/exports/{int:job_id}"),
        ("GET", "/datasets/{int:dataset_id}/filter-completions", {}, "?filter=s&at=1"),
        ("GET", "/datasets/{int:dataset_id}/tag-counts"),
        ("GET", "/datasets/{int:dataset_id}/lint", {}, "?profile=kohya"),
        ("GET", "/datasets/{int:dataset_id}/versions"),
        ("GET", "/versions/{int:version_id}"),
        ("GET", "/versions/{int:version_id}/difference"),
        ("GET", "/versions/{int:version_id}/restore"),
        ("POST", "/versions/{int:version_id}/fork", {"key": KEY, "name": "A copy"}),
        ("GET", "/datasets/{int:dataset_id}/tag-meaning", {}, "?name=sofa"),
        ("GET", "/datasets/{int:dataset_id}/tagging-session"),
        ("PUT", "/datasets/{int:dataset_id}/tagging-session", {"image_id": "{image_id}"}),
        ("GET", "/images/{int:image_id}/desk"),
        ("GET", "/datasets/{int:dataset_id}/matching"),
        ("POST", "/datasets/{int:dataset_id}/walks", {"name": "A walk"}),
        ("PUT", "/datasets/{int:dataset_id}/presence", {"tab": KEY, "image": "{image_id}", "active": True}),
        ("DELETE", "/datasets/{int:dataset_id}/presence", {}, "?tab={key}"),
        ("GET", "/datasets/{int:dataset_id}/people"),
        ("GET", "/datasets/{int:dataset_id}/changes", {}, "?since=0"),
    ),
    *_rows(
        Needs.EDIT,
        ("POST", "/datasets/{int:dataset_id}/trash", {"images": ["{image_id}"]}),
        ("POST", "/datasets/{int:dataset_id}/trash/restore", {"images": ["{trashed_id}"]}),
        ("POST", "/datasets/{int:dataset_id}/imports"),
        ("POST", "/imports/{int:job_id}/items", {"files": [{"name": "new.png", "size": 10}]}),
        ("POST", "/imports/{int:job_id}/checksums", {"items": []}),
        ("POST", "/imports/{int:job_id}/retry", {}),
        ("POST", "/imports/{int:job_id}/cancel"),
        ("PUT", "/imports/{int:job_id}/items/{int:item_id}/content", {}, "?offset=0"),
        ("POST", "/imports/{int:job_id}/seal"),
        ("POST", "/imports/{int:job_id}/finish"),
        ("POST", "/imports/{int:job_id}/sidecars", {"policy": "APPEND"}),
        ("POST", "/images/{int:image_id}/edits", _EDIT),
        ("POST", "/datasets/{int:dataset_id}/near-duplicates/keep", {"keep": "{image_id}", "trash": []}),
        (
            "POST",
            "/datasets/{int:dataset_id}/near-duplicates/undo",
            {"keep": "{image_id}", "trash": ["{trashed_id}"], "batch": KEY},
        ),
        ("POST", "/datasets/{int:dataset_id}/near-duplicates/distinct", {"images": ["{image_id}"]}),
        ("POST", "/datasets/{int:dataset_id}/near-duplicates/distinct/undo", {"images": ["{image_id}"]}),
        ("POST", "/datasets/{int:dataset_id}/quick-tags", {"tag": "lamp"}),
        ("PUT", "/datasets/{int:dataset_id}/quick-tags/{int:slot}", {"tag": "lamp"}),
        ("DELETE", "/datasets/{int:dataset_id}/quick-tags/{int:slot}"),
        ("POST", "/datasets/{int:dataset_id}/bulk", {**_TARGET, "key": KEY}),
        ("POST", "/datasets/{int:dataset_id}/goals", {"name": "More", "wanted": 5}),
        ("PUT", "/goals/{int:goal_id}", {"name": "More", "wanted": 5}),
        ("DELETE", "/goals/{int:goal_id}"),
        ("POST", "/datasets/{int:dataset_id}/lint-fixes", {"key": KEY, "rule": "x", "fix": "x", "options": {}}),
        ("POST", "/datasets/{int:dataset_id}/versions", {"key": KEY, "name": "Now"}),
        ("POST", "/datasets/{int:dataset_id}/claims/take", {"tab": KEY, "image": "{image_id}"}),
        ("POST", "/datasets/{int:dataset_id}/claims/next", {"tab": KEY}),
        # `READY` and back; the other decisions are a reviewer's: see test_own_work.
        ("POST", "/images/{int:image_id}/review", {"state": "READY"}),
    ),
    *_rows(
        Needs.REVIEW,
        ("POST", "/images/{int:image_id}/review", {"state": "APPROVED"}),
        ("POST", "/images/{int:image_id}/review", {"state": "CHANGES_REQUESTED", "reason": "Look again."}),
        ("POST", "/changes/{int:change_id}/undo", {"key": KEY}),
        ("POST", "/changes/{int:change_id}/undo-job", {"key": KEY}),
        ("POST", "/bulk-jobs/{int:job_id}/cancel"),
        ("DELETE", "/exports/{int:job_id}"),
        ("POST", "/exports/{int:job_id}/cancel"),
        ("POST", "/versions/{int:version_id}/restore", {"key": KEY}),
    ),
    *_rows(
        Needs.MANAGE,
        ("PATCH", "/datasets/{int:dataset_id}", {"name": "Renamed"}),
        ("POST", "/datasets/{int:dataset_id}/trash/empty", {"images": ["{trashed_id}"]}),
        ("PUT", "/datasets/{int:dataset_id}/vocabulary", {"spelling": "SPACES"}),
        ("DELETE", "/versions/{int:version_id}"),
        ("PATCH", "/members/{int:member_id}", {"role": "OWNER"}),
        ("DELETE", "/members/{int:member_id}"),
        ("GET", "/datasets/{int:dataset_id}/invitations"),
        ("POST", "/datasets/{int:dataset_id}/invitations", {"role": "OWNER"}),
        ("DELETE", "/invitations/{int:invitation_id}"),
    ),
]

# Which sockets carry a message; notices go to sockets only, which ask by themselves what to tell.
SOCKETS = {
    "ws/imports/<int:job_id>/": Needs.SEE,
    "ws/datasets/<int:dataset_id>/": Needs.SEE,
    "ws/datasets/<int:dataset_id>/desk/": Needs.SEE,
}
MESSAGES = {
    "import.progress": ["ws/imports/<int:job_id>/"],
    "dataset.changed": ["ws/datasets/<int:dataset_id>/"],
    "export.progress": ["ws/datasets/<int:dataset_id>/"],
    "bulk.progress": ["ws/datasets/<int:dataset_id>/", "ws/datasets/<int:dataset_id>/desk/"],
    "desk.changed": ["ws/datasets/<int:dataset_id>/desk/"],
    "desk.people": ["ws/datasets/<int:dataset_id>/desk/"],
    "desk.taken": ["ws/datasets/<int:dataset_id>/desk/"],
    "rights.now": list(SOCKETS),
}
