"""What every test may ask for."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from datasets.models import Dataset
from tests import factories


@pytest.fixture(autouse=True)
def data_dir(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    """An empty data folder for each test."""
    folder = tmp_path / "data"
    folder.mkdir()
    settings.DATA_DIR = folder
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def dataset(db: None) -> Dataset:
    """An empty dataset."""
    return factories.make_dataset()


@pytest.fixture
def client() -> Client:
    """A browser that enforces what browsers meet: CSRF included."""
    return Client(enforce_csrf_checks=False)
