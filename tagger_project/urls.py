"""Every page's address."""

from allauth.account.decorators import secure_admin_login
from allauth.mfa.admin import AuthenticatorAdmin
from allauth.socialaccount.models import SocialApp, SocialToken
from allauth.usersessions.admin import UserSessionAdmin
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseRedirect
from django.templatetags.static import static
from django.urls import include, path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from django.views.i18n import JavaScriptCatalog

from tagger_project.api.root import api
from tagger_project.api.token_pages import revoke_page, tokens_page
from tagger_project.watching.health import healthz, readyz


def icon(request: HttpRequest) -> HttpResponseRedirect:
    """Lead pages that name no icon (the admin, an address that is a picture) to the program's own."""
    return HttpResponseRedirect(static("icon.svg"))


def never(admin_of: object, request: HttpRequest) -> bool:
    """Say no."""
    return False


admin.site.site_header = admin.site.site_title = _("Dataset tagger")
admin.site.index_title = _("Vocabulary and records")
# One door with limits and second factors, not two.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
# The provider is the environment's, and tokens are nobody's to read.
admin.site.unregister([SocialApp, SocialToken])
AuthenticatorAdmin.exclude = ("data",)
AuthenticatorAdmin.readonly_fields = ("user", "type", "created_at", "last_used_at")
UserSessionAdmin.exclude = ("session_key", "data")
# Neither is made by hand: without what is left out there is nothing to store.
AuthenticatorAdmin.has_add_permission = UserSessionAdmin.has_add_permission = never
UserSessionAdmin.readonly_fields = ("user", "created_at", "last_seen_at", "ip", "user_agent")

handler429 = "tagger_project.accounts.attempts.too_many"

urlpatterns = [
    path("favicon.ico", login_not_required(require_safe(icon)), name="favicon"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("", include("tagger_project.accounts.urls")),
    path("texts.js", login_not_required(JavaScriptCatalog.as_view()), name="javascript-catalog"),
    path("admin/", admin.site.urls),
    path("tokens/", tokens_page, name="tokens"),
    path("tokens/<int:token_id>/revoke/", revoke_page, name="token_revoke"),
    path("api/v1/", api.urls),
    path("", include("datasets.urls")),
    path("", include("tagging.urls")),
    path("", include("sessions_app.urls")),
]
