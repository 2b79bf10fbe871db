"""What database and broker know of the program's work, as numbers for Prometheus."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count, QuerySet
from prometheus_client.core import GaugeMetricFamily

from datasets.models import ImportItem, ImportJob
from tagger_project.broker import CELERY_DB, redis_py_url
from tagger_project.watching import pulse
from tagging.models import BulkJob, ExportJob

logger = logging.getLogger(__name__)


def families() -> list[Any]:
    """Return every number; of what does not answer there is none, and `tagger_answers` says so."""
    found: list[Any] = []
    answers = GaugeMetricFamily("tagger_answers", "Whether it answered: 1 yes, 0 no.", labels=["part"])
    for part, ask in _PARTS.items():
        try:
            found += ask()
            answers.add_metric([part], 1)
        except (DatabaseError, redis.RedisError) as error:
            logger.warning("No numbers of the %s: %s", part, error)
            answers.add_metric([part], 0)
    return [answers, *found]


def _of_database() -> Iterator[Any]:
    # The table of files only grows; what waits and what is worked on has an index of its own.
    open_states = [ImportItem.State.RECEIVED, ImportItem.State.PROCESSING]
    waiting = ImportItem.objects.filter(state__in=open_states)
    yield _by_state("tagger_import_files", "Files of imports that wait or are worked on.", waiting, open_states)
    unfinished = ImportJob.objects.filter(finished_at=None).count()
    yield GaugeMetricFamily("tagger_imports_unfinished", "Imports that have not ended.", value=unfinished)
    yield _by_state("tagger_export_jobs", "Exports.", ExportJob.objects.all(), ExportJob.State.values)
    yield _by_state("tagger_bulk_jobs", "Actions on many images.", BulkJob.objects.all(), BulkJob.State.values)


def _by_state(name: str, sentence: str, rows: QuerySet[Any], states: Iterable[str]) -> Any:
    """Return how many rows are in each of these states, none as 0; a state that was not counted would be no 0."""
    family = GaugeMetricFamily(name, sentence, labels=["state"])
    counts = dict(rows.order_by().values_list("state").annotate(Count("pk")))
    for state in states:
        family.add_metric([state.lower()], counts.get(state, 0))
    return family


def _of_broker() -> Iterator[Any]:
    prefix = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]
    queues = GaugeMetricFamily("tagger_queue_messages", "Messages that wait for a worker.", labels=["queue"])
    address = redis_py_url(settings.BROKER_URL, CELERY_DB)
    with redis.Redis.from_url(address, socket_timeout=2, socket_connect_timeout=2) as broker:
        for queue in settings.CELERY_TASK_QUEUES:
            queues.add_metric([queue.name], broker.llen(f"{prefix}{queue.name}"))
        taken = broker.hlen(f"{prefix}unacked")
    yield queues
    yield GaugeMetricFamily("tagger_messages_taken", "Messages that a worker has taken and not ended.", value=taken)
    name = "tagger_worker_pulse_age_seconds"
    age = GaugeMetricFamily(name, "Seconds since a worker's last pulse.", labels=["worker"])
    for worker, seconds in pulse.ages().items():
        age.add_metric([worker], seconds)
    yield age


_PARTS: dict[str, Callable[[], Iterator[Any]]] = {"database": _of_database, "broker": _of_broker}
