"""The page on which a person makes and revokes their API tokens. Tokens themselves never come here."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from tagger_project.api.scopes import EXPLANATIONS
from tagger_project.api.tokens import TokenRefused, make_token, own_tokens, revoke_token
from tagger_project.auth import person
from tagger_project.models import ApiToken
from tagger_project.models.api_token import Scope

_LIFETIMES = [
    ("30", gettext_lazy("30 days")),
    ("90", gettext_lazy("90 days")),
    ("365", gettext_lazy("a year")),
    ("", gettext_lazy("never")),
]


class TokenForm(forms.Form):
    """A token to make."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        help_text=gettext_lazy("What it is for, such as “nightly export”."),
        error_messages={"required": gettext_lazy("Give the token a name, so that you know later what it is for.")},
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do"),
        choices=Scope.choices,
        error_messages={"required": gettext_lazy("Choose at least one thing that the token may do.")},
    )
    days = forms.ChoiceField(
        label=gettext_lazy("Expires"),
        choices=_LIFETIMES,
        required=False,
        initial="90",
        widget=forms.Select(attrs={"class": "input"}),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tokens_page(request: HttpRequest) -> HttpResponse:
    """Show a person's tokens; make one, whose secret this one answer shows."""
    user = person(request)
    if user is None:
        return render(request, "tagger_project/tokens.html", {"is_open": True})
    form = TokenForm(request.POST if request.method == "POST" else None)
    secret = _make(form, user) if request.method == "POST" and form.is_valid() else ""
    status = 422 if form.is_bound and form.errors else 200
    if secret:
        form = TokenForm()
    return render(request, "tagger_project/tokens.html", _facts(user, form, secret), status=status)


@require_POST
def revoke_page(request: HttpRequest, token_id: int) -> HttpResponse:
    """Revoke one of a person's own tokens."""
    user = person(request)
    if user is None:
        raise Http404
    revoke_token(get_object_or_404(own_tokens(user), pk=token_id))
    return redirect("tokens")


def _make(form: TokenForm, user: User) -> str:
    days = form.cleaned_data["days"]
    expires_at = timezone.now() + timedelta(days=int(days)) if days else None
    try:
        _token, secret = make_token(
            user, name=form.cleaned_data["name"], scopes=form.cleaned_data["scopes"], expires_at=expires_at
        )
    except TokenRefused as error:
        form.add_error(None, str(error))
        return ""
    return secret


def _facts(user: User, form: TokenForm, secret: str) -> dict[str, Any]:
    chosen = form["scopes"].value() or ([] if form.is_bound else [Scope.READ.value])
    choices = [
        {"value": scope.value, "label": scope.label, "text": text, "is_chosen": scope.value in chosen}
        for scope, text in EXPLANATIONS.items()
    ]
    now = timezone.now()
    rows = [_row(token, now) for token in own_tokens(user)]
    return {"form": form, "choices": choices, "secret": secret, "tokens": rows}


def _row(token: ApiToken, now: Any) -> dict[str, Any]:
    if token.revoked_at is not None:
        state = _("Revoked")
    elif token.is_expired(now):
        state = _("Expired")
    else:
        state = ""
    labels = [str(Scope(scope).label) for scope in token.scopes if scope in Scope.values]
    return {"token": token, "state": state, "scopes": ", ".join(labels)}
