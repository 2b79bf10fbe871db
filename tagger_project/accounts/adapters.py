"""Where allauth asks the program."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from tagger_project import auth
from tagger_project.accounts import first_account
from tagger_project.accounts.attempts import buckets, know_device, too_many
from tagger_project.accounts.invitations import forget_invitation, is_invited
from tagger_project.bounds.client_address import client_address

FIRST_ACCOUNT_KEY = "first_account"


class AccountAdapter(DefaultAccountAdapter):
    """Signing in with a name and a password."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _("That name and password do not fit together."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by invitation; the first one has a page of its own.

        Where a provider says who people are, nobody names themselves: `ProviderAdapter` is asked there.
        """
        return auth.has_passwords() and is_invited(request)

    def is_safe_url(self, url: str) -> bool:
        """Whether a redirect stays on the very host that the browser is on."""
        if url.startswith("/\\") or any(ord(character) < 32 for character in url):
            return False
        host, secure = self.request.get_host(), self.request.is_secure()
        return url_has_allowed_host_and_scheme(url, allowed_hosts={host}, require_https=secure)

    def get_client_ip(self, request: HttpRequest) -> str:
        """The browser's address, also behind proxies."""
        return client_address(request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Leave the limits to `authenticate`, which knows the outcome."""

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Check a password, within the limits on guesses.

        Raises:
            ImmediateHttpResponse: 429, while nothing is heard.
            PermissionDenied: passwords do not count where a provider says who people are.
        """
        if not auth.has_passwords():
            raise PermissionDenied
        counted = buckets(request, str(credentials.get("username", "")))
        # All of them count, whichever is full.
        if seconds := max([bucket.seconds_to_wait() for bucket in counted]):
            raise ImmediateHttpResponse(too_many(request, seconds))
        user: User | None = super().authenticate(request, **credentials)
        if user is not None:
            for bucket in counted:
                bucket.forget()
        return user

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """Let the browser in, and know it again; the link by which it came has done its work."""
        forget_invitation(request)
        response: HttpResponse = super().post_login(request, user, **kwargs)
        know_device(request, response, user)
        return response

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        """Return the error of a form; too many attempts are an answer of their own."""
        if code in {"too_many_login_attempts", "rate_limited"}:
            raise ImmediateHttpResponse(too_many(self.request, 15 * 60))
        error: ValidationError = super().validation_error(code, *args)
        return error


class SecondFactorAdapter(DefaultMFAAdapter):
    """Codes and passkeys."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This code is not right. Codes of an app change every 30 seconds: type the newest."),
        "cannot_delete_authenticator": _("This cannot be turned off."),
    }

    def is_mfa_enabled(self, user: User, types: list[str] | None = None) -> bool:
        """Whether a second step is asked for: where a provider says who people are, that is the provider's business."""
        return auth.has_passwords() and bool(super().is_mfa_enabled(user, types=types))

    def get_totp_label(self, user: User) -> str:
        """The account's name in the person's app."""
        return user.get_username()


class ProviderAdapter(DefaultSocialAccountAdapter):
    """Signing in at the provider of the environment."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """An account is made for whoever was invited, and for who holds the first link."""
        return is_invited(request) or self._holds_first_link(request)

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:
        """Make the account; by the first link it is the one that may do everything.

        Raises:
            ImmediateHttpResponse: somebody was faster with the first link.
        """
        if is_invited(request) or not self._holds_first_link(request):
            invited: User = super().save_user(request, sociallogin, form)
            return invited
        try:
            with first_account.using_link(request.session[FIRST_ACCOUNT_KEY]):
                user: User = super().save_user(request, sociallogin, form)
                first_account.give_everything(user)
        except first_account.FirstAccountRefused as error:
            raise ImmediateHttpResponse(redirect("first_account")) from error
        request.session.pop(FIRST_ACCOUNT_KEY, None)
        return user

    def _holds_first_link(self, request: HttpRequest) -> bool:
        digest = request.session.get(FIRST_ACCOUNT_KEY)
        return isinstance(digest, str) and first_account.is_link_open(digest)
