"""Forms of the program's own account pages."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import SignupForm
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import User
from django.utils.translation import gettext as _


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


class InvitedForm(SignupForm):
    """What somebody fills in who came by an invitation, in the words of the other pages."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("Name")
        self.fields["password2"].label = _("Password confirmation")
