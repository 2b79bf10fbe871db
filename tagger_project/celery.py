"""The Celery application, and what each worker process sets up for itself."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Any

from celery import Celery
from celery.signals import celeryd_init, worker_process_init
from django_structlog.celery.steps import DjangoStructLogInitStep

from tagger_project.watching.pulse import Pulse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tagger_project.settings")

app = Celery("tagger_project")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# A task's lines carry the number of the request that asked for it.
app.steps["worker"].add(DjangoStructLogInitStep)
app.steps["worker"].add(Pulse)

_PR_SET_PDEATHSIG = 1
# The processes that a worker forks inherit the number of the one that read this line.
_WORKER = os.getpid()


@worker_process_init.connect
def end_with_worker(**_: Any) -> None:
    """End a worker process with its parent, however that dies."""
    if sys.platform == "linux" and os.getpid() != _WORKER:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != _WORKER:  # the worker died before the kernel was asked
            os._exit(1)


@celeryd_init.connect
def tell_no_passwords(**_: Any) -> None:
    """Let a worker that is asked for its settings, as flower asks, tell Celery's own: Django's hold passwords."""
    from celery.worker.control import Panel

    Panel.data["conf"] = Panel.data["dump_conf"] = told_settings


def told_settings(state: Any, **_: Any) -> dict[str, Any]:
    """Return how Celery is set, but for the broker's address, which holds a password."""
    from celery.utils.serialization import jsonify

    known = state.app.conf.table().items()
    told = {name: value for name, value in known if name.startswith("CELERY_") and name != "CELERY_BROKER_URL"}
    answer: dict[str, Any] = jsonify(told, unknown_type_filter=repr)
    return answer
