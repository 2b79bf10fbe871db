"""Forms of the program's own account pages, and of allauth's where the program counts guesses."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from django import forms
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tagger_project.accounts.attempts import code_buckets, too_many


class FirstAccountForm(UserCreationForm[User]):
    """A name and a password, twice."""

    class Meta:
        model = User
        fields = ("username",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget.attrs.update(autocomplete="username", autocapitalize="off", spellcheck="false")
        self.fields["username"].label = _("Name")
        for field in self.fields.values():
            field.help_text = ""

    def clean_username(self) -> str:
        """Refuse the names that are nobody's."""
        name: str = get_adapter().clean_username(super().clean_username())
        return name


class ResetForm(forms.Form):
    """An e-mail address; nothing is looked up for it before the page has been answered."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class _CountedCode:
    user: User

    def clean_code(self) -> str:
        """Check a code of a second factor, within the limits on guesses.

        Raises:
            ImmediateHttpResponse: 429, while nothing is heard.
        """
        request = context.request
        counted = code_buckets(request, self.user.get_username())
        if seconds := max([bucket.seconds_to_wait() for bucket in counted]):
            raise ImmediateHttpResponse(too_many(request, seconds))
        code: str = super().clean_code()  # type: ignore[misc]
        for bucket in counted:
            bucket.forget()
        return code


class CodeForm(_CountedCode, AuthenticateForm):
    """The code after the password."""


class CodeAgainForm(_CountedCode, ReauthenticateForm):
    """The code before something that matters."""
