"""Making, finding and revoking API tokens. The only place that sees a secret."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from tagger_project.models.api_token import ApiToken, Scope

BEGINS_WITH = "dtag_"
# What is kept in the open, to tell tokens apart: 48 of the secret's 256 bits.
_PREFIX_LENGTH = len(BEGINS_WITH) + 8
_SECRET_BYTES = 32
_LONGEST_SECRET = 200
_LAST_USED_STEP = timedelta(minutes=1)
MOST_TOKENS = 50


class TokenRefused(Exception):
    """A token that cannot be made; the text says what to do."""


def make_token(
    user: User, *, name: str, scopes: Iterable[str], expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """Make a token and return it with its secret, which nobody can see again.

    Raises:
        TokenRefused: no name, no scope, an unknown one, a moment that is over, or too many tokens.
    """
    wanted = set(scopes)
    name = name.strip()
    if not name:
        raise TokenRefused(_("Give the token a name, so that you know later what it is for."))
    if not wanted:
        raise TokenRefused(_("Choose at least one thing that the token may do."))
    if not wanted <= set(Scope.values):
        raise TokenRefused(_("There is no such scope. Choose among those of the list."))
    if expires_at is not None and expires_at <= timezone.now():
        raise TokenRefused(_("This moment is over. Choose a later one."))
    if own_tokens(user).filter(revoked_at=None).count() >= MOST_TOKENS:
        raise TokenRefused(
            _("You have %(most)d tokens. Revoke one that is not needed any more.") % {"most": MOST_TOKENS}
        )
    secret = BEGINS_WITH + secrets.token_urlsafe(_SECRET_BYTES)
    token = ApiToken.objects.create(
        user=user,
        name=name[:80],
        digest=_digest(secret),
        prefix=secret[:_PREFIX_LENGTH],
        scopes=[scope for scope in Scope.values if scope in wanted],
        expires_at=expires_at,
    )
    return token, secret


def own_tokens(user: User) -> QuerySet[ApiToken]:
    """Return a person's tokens, the newest first."""
    return ApiToken.objects.filter(user=user)


def find_token(secret: str) -> ApiToken | None:
    """Return the token of a secret, usable or not; compared in constant time."""
    if not secret.startswith(BEGINS_WITH) or len(secret) > _LONGEST_SECRET:
        return None
    digest = _digest(secret)
    found = None
    for token in ApiToken.objects.filter(prefix=secret[:_PREFIX_LENGTH]).select_related("user"):
        if hmac.compare_digest(token.digest, digest):
            found = token
    return found


def note_use(token: ApiToken) -> None:
    """Note that a token is used now; at most once a minute, however many calls there are."""
    now = timezone.now()
    before = now - _LAST_USED_STEP
    if token.last_used_at is not None and token.last_used_at > before:
        return
    due = Q(last_used_at=None) | Q(last_used_at__lte=before)
    ApiToken.objects.filter(due, pk=token.pk).update(last_used_at=now)


def revoke_token(token: ApiToken) -> None:
    """End a token for good; once is enough."""
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
