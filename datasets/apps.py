"""Files come in and become ready images."""

from __future__ import annotations

from typing import Any

from celery.signals import worker_process_init
from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DatasetsConfig(AppConfig):
    """The first room on the path."""

    name = "datasets"
    verbose_name = _("Datasets")

    def ready(self) -> None:
        """Let every worker process have its decoder before the first picture comes."""
        worker_process_init.connect(_prepare_decoder)


def _prepare_decoder(**_: Any) -> None:
    from datasets.services.decoding import get_decoder  # it stands on models, which are there only now

    get_decoder().prepare()
