"""The import page, before, during and after an import."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from datasets.models import Dataset, ImportItem, ImportJob

pytestmark = pytest.mark.django_db

State = ImportItem.State


@pytest.fixture
def job(dataset: Dataset) -> ImportJob:
    return ImportJob.objects.create(dataset=dataset, source=ImportJob.Source.UPLOAD)


def add(job: ImportJob, state: State, count: int = 1, **fields: Any) -> None:
    for number in range(count):
        ImportItem.objects.create(
            job=job,
            kind=ImportItem.Kind.IMAGE,
            name=f"{number}.jpg",
            stem_key=f"{number}",
            byte_size=10,
            position=number,
            state=state,
            **fields,
        )


def printed_progress(page: str) -> dict[str, Any]:
    found = re.search(r'<script id="import-progress" type="application/json">(.*?)</script>', page)
    assert found
    progress: dict[str, Any] = json.loads(found[1])
    return progress


def test_the_drop_zone_names_formats_and_limit(client: Client, dataset: Dataset) -> None:
    page = client.get(reverse("datasets:import", args=[dataset.pk])).content.decode()
    assert "AVIF, up to 200 MB each" in page
    assert 'data-phase="idle"' in page
    assert "import-progress" not in re.findall(r'<script id="([^"]+)"', page)


def test_the_drop_zone_leads_to_an_unfinished_import(client: Client, job: ImportJob) -> None:
    page = client.get(reverse("datasets:import", args=[job.dataset_id])).content.decode()
    assert reverse("datasets:import_job", args=[job.pk]) in page


def test_looking_at_the_page_makes_no_import(client: Client, dataset: Dataset) -> None:
    client.get(reverse("datasets:import", args=[dataset.pk]))
    assert not ImportJob.objects.exists()


def test_a_running_import_is_printed_where_it_stands(client: Client, job: ImportJob) -> None:
    add(job, State.READY, 3)
    add(job, State.WAITING)
    page = client.get(reverse("datasets:import_job", args=[job.pk])).content.decode()
    progress = printed_progress(page)
    assert 'data-phase="running"' in page
    assert "3 of 4" in page
    assert (progress["done"], progress["total"], progress["waiting"]) == (3, 4, 1)


def test_a_finished_import_leads_to_tagging(client: Client, job: ImportJob) -> None:
    add(job, State.READY, 2)
    ImportJob.objects.filter(pk=job.pk).update(finished_at=timezone.now())
    page = client.get(reverse("datasets:import_job", args=[job.pk])).content.decode()
    assert 'data-phase="done"' in page
    assert "2 images added" in page
    assert reverse("sessions_app:tag", args=[job.dataset_id]) in page


def test_an_import_that_is_not_there_is_404(client: Client) -> None:
    assert client.get(reverse("datasets:import_job", args=[4711])).status_code == 404


def test_a_dataset_that_is_not_there_is_404(client: Client) -> None:
    assert client.get(reverse("datasets:import", args=[4711])).status_code == 404


def test_the_page_takes_no_posts(client: Client, dataset: Dataset) -> None:
    assert client.post(reverse("datasets:import", args=[dataset.pk])).status_code == 405


def test_the_grid_page_leads_to_an_unfinished_import(client: Client, job: ImportJob) -> None:
    page = client.get(reverse("datasets:detail", args=[job.dataset_id])).content.decode()
    assert reverse("datasets:import_job", args=[job.pk]) in page


@pytest.mark.parametrize("count", [1, 20])
def test_the_page_costs_the_same_for_any_number_of_files(
    client: Client, job: ImportJob, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    add(job, State.READY, count, finished_at=timezone.now())
    with django_assert_num_queries(6):
        client.get(reverse("datasets:import_job", args=[job.pk]))
