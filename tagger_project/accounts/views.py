"""Account pages that allauth does not have, or has for others."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account import app_settings
from allauth.account.utils import perform_login
from allauth.account.views import PasswordResetView
from allauth.core import ratelimit
from allauth.socialaccount.providers.openid_connect.views import login as oidc_login
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic.edit import FormView

from datasets.tasks import NO_ANSWER
from tagger_project import auth
from tagger_project.accounts import first_account
from tagger_project.accounts.adapters import FIRST_ACCOUNT_KEY
from tagger_project.accounts.forms import FirstAccountForm, ResetForm
from tagger_project.oidc import PROVIDER
from tagger_project.tasks import send_reset_letter

logger = logging.getLogger(__name__)


@method_decorator([login_not_required, never_cache, sensitive_post_parameters()], name="dispatch")
class FirstAccountView(FormView[FirstAccountForm]):
    """Makes the first account, for who holds the link that the program printed."""

    template_name = "account/first_account.html"
    form_class = FirstAccountForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Take the secret out of the address, where logs and histories would keep it."""
        if key := request.GET.get("key"):
            request.session[FIRST_ACCOUNT_KEY] = first_account.digest_of(key)
            return redirect("first_account")
        self.digest = str(request.session.get(FIRST_ACCOUNT_KEY, ""))
        if not first_account.is_link_open(self.digest):
            return self._gone()
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Make the account, where accounts have passwords; elsewhere the provider is asked."""
        if not auth.has_passwords():
            return redirect("first_account")
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: FirstAccountForm) -> HttpResponse:
        """Make the account and sign in with it."""
        try:
            with first_account.using_link(self.digest):
                user: User = form.save()
                first_account.give_everything(user)
        except first_account.FirstAccountRefused:
            return self._gone()
        self.request.session.pop(FIRST_ACCOUNT_KEY, None)
        user.backend = settings.AUTHENTICATION_BACKENDS[0]
        answer: HttpResponse = perform_login(
            self.request, user, email_verification=app_settings.EmailVerificationMethod.NONE
        )
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add where the provider is, in its mode."""
        return {**super().get_context_data(**kwargs), **provider_button()}

    def _gone(self) -> HttpResponse:
        context = {"has_accounts": first_account.has_accounts()}
        return render(self.request, "account/first_account_gone.html", context, status=410)


class ResetView(PasswordResetView):
    """Has the mail sent that resets a password; without a mail server it says whom to ask.

    All it does is done for every address alike: who has an account is looked up by the worker that writes the letter.
    """

    def get_form_class(self) -> type[ResetForm]:
        """An address, of which nothing is looked up."""
        return ResetForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer without a form where no mail can be sent."""
        if not settings.EMAIL_URL:
            return render(request, "account/password_reset_by_owner.html")
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response

    def form_valid(self, form: ResetForm) -> HttpResponse:
        """Put the letter in line, within the limits on letters."""
        request, email = self.request, form.cleaned_data["email"]
        refused: HttpResponse | None = ratelimit.consume_or_429(request, action="reset_password", key=email.lower())
        if refused is not None:
            return refused
        try:
            send_reset_letter.delay(email=email, scheme=request.scheme, host=request.get_host())
        except NO_ANSWER:
            logger.warning("A letter could not be put in line for a worker.", exc_info=True)
            form.add_error(None, _("Letters cannot be sent at this moment. Try again in a few minutes."))
            answer: HttpResponse = self.render_to_response(self.get_context_data(form=form), status=503)
            return answer
        return redirect("account_reset_password_done")


reset = login_not_required(ResetView.as_view())


@login_not_required
def provider_login(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Begin at the provider.

    A page of this site leads there: a redirect would be the answer to a form, and the content policy lets forms send
    to this site only.

    Raises:
        Http404: it is not to sign in; nothing else is done with a provider here.
    """
    if {*request.GET.getlist("process"), *request.POST.getlist("process")} - {"login"}:
        raise Http404
    response: HttpResponse = oidc_login(request, provider_id=provider_id)
    address = response.get("Location", "")
    if response.status_code != 302 or url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()}):
        return response
    context = {"address": address, "name": provider_button()["provider_name"]}
    answer = render(request, "socialaccount/login_redirect.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


def provider_button() -> dict[str, str]:
    """What a page needs to lead to the provider; empty texts where there is none."""
    providers = settings.SOCIALACCOUNT_PROVIDERS.get("openid_connect", {}).get("APPS", [])
    if not providers or not auth.has_provider():
        return {"provider_address": "", "provider_name": ""}
    address = reverse("openid_connect_login", kwargs={"provider_id": PROVIDER})
    return {"provider_address": address, "provider_name": providers[0]["name"]}
