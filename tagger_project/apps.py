"""The project as an app: it owns the `up` command and the local owner of open mode."""

from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.db.models.signals import post_migrate

# Importing it makes it the application that tasks are sent through, in every process of Django's.
from tagger_project import celery  # noqa: F401


def make_local_owner(using: str, **_: Any) -> None:
    """Make the account that the admin works with in open mode; nobody can sign in with it."""
    from django.contrib.auth import get_user_model

    from tagger_project.auth import LOCAL_OWNER

    if settings.AUTH_MODE != "open":
        return
    users = get_user_model().objects.using(using)
    owner, made = users.get_or_create(username=LOCAL_OWNER, defaults={"is_staff": True, "is_superuser": True})
    if made:
        owner.set_unusable_password()
        owner.save(update_fields=["password"])


class TaggerProjectConfig(AppConfig):
    """Joins the rooms."""

    name = "tagger_project"

    def ready(self) -> None:
        """Make the local owner after the tables are there."""
        # When the accounts' tables are there.
        accounts = apps.get_app_config("auth")
        post_migrate.connect(make_local_owner, sender=accounts, dispatch_uid="tagger_project.local_owner")
