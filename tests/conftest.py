"""What every test may ask for."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import current_app
from django.core.cache import cache
from django.test import Client
from pytest_django.fixtures import Settings

from datasets.models import Dataset
from datasets.queries.moments import forget_moments
from tagger_project.outage import outage
from tagging.queries.dataset_words import forget_dataset_words
from tagging.queries.image_tags_held import forget_image_tags
from tagging.queries.vocabulary import forget_vocabulary
from tests import factories

# Its line for each request would bury what a failed test logs.
logging.getLogger("httpx").setLevel(logging.WARNING)


@pytest.fixture(autouse=True)
def data_dir(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty data folder for each test; `tmp_path` stays empty for the test itself."""
    folder = tmp_path_factory.mktemp("data")
    settings.DATA_DIR = folder
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def no_outage() -> None:
    """What one test said of its broker holds for no other."""
    outage.note_answer()


@pytest.fixture(autouse=True)
def no_vocabulary() -> None:
    """What one test's process holds of its tags is nothing to the next."""
    forget_vocabulary()
    forget_dataset_words()
    forget_image_tags()
    forget_moments()


@pytest.fixture
def dataset(db: None) -> Dataset:
    """An empty dataset."""
    return factories.make_dataset()


@pytest.fixture
def client() -> Client:
    """A browser without the page that brings the CSRF token; `strict_client` is asked for it."""
    return Client()


@pytest.fixture
def strict_client() -> Client:
    """A browser whose requests have to bring the CSRF token."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def password_mode(settings: Settings) -> None:
    """Everyone signs in first, and nobody has guessed yet."""
    cache.clear()
    settings.AUTH_MODE = "password"


@pytest.fixture
def empty_line() -> Iterator[None]:
    """No message to a worker before the test, and none left after it."""
    current_app.control.purge()
    yield
    current_app.control.purge()
