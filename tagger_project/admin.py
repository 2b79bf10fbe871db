"""API tokens in the admin: to be looked at and revoked; a secret is nowhere to be seen."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tagger_project.models import ApiToken


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin[ApiToken]):
    """Everybody's tokens; people make their own, nobody makes one for another."""

    list_display = ["name", "user", "prefix", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at"]
    list_select_related = ["user"]
    list_filter = ["revoked_at", "expires_at", "last_used_at"]
    search_fields = ["name", "prefix", "user__username"]
    ordering = ["-created_at"]
    actions = ["revoke"]
    fields = ["name", "user", "prefix", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at"]

    @admin.action(description=_("Revoke the selected tokens"), permissions=["delete"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        """End tokens for good."""
        queryset.filter(revoked_at=None).update(revoked_at=timezone.now())

    def has_add_permission(self, request: HttpRequest) -> bool:
        """The secret is its person's alone."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        """What a token may do was its person's choice."""
        return False
