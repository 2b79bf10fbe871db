"""Files come in and become ready images."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DatasetsConfig(AppConfig):
    """The first room on the path."""

    name = "datasets"
    verbose_name = _("Datasets")
