"""A person walks through a dataset."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SessionsAppConfig(AppConfig):
    """The third room on the path."""

    name = "sessions_app"
    verbose_name = _("Tagging sessions")
