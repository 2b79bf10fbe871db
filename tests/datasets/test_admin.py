"""The admin: every list answers, finds, and costs the same for one row and for twenty."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.admin.sites import site
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from datasets.models import Dataset, Image, ImportItem, ImportJob, ReviewState
from sessions_app.models import ImageVisit, TaggingSession
from tagging.models import (
    DatasetVersion,
    Review,
    Tag,
    TagAlias,
    TagCategory,
    TagImplication,
    VersionChunk,
    VersionRestore,
)
from tagging.services.restoring import restore
from tagging.services.versions import freeze
from tests import factories, uploading


@pytest.fixture(autouse=True)
def migrated(db: None) -> None:
    """What every migration ends with; a test that empties all tables may have run before."""
    emit_post_migrate_signal(verbosity=0, interactive=False, db="default")


OURS = {"datasets", "tagging", "sessions_app"}


def models() -> list[type[Model]]:
    return [model for model in site._registry if model._meta.app_label in OURS]


def listing(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def fill(count: int) -> None:
    """Rows of every table, each with rows around it."""
    for _ in range(count):
        owner = factories.make_user()
        dataset = factories.make_dataset(owner=owner)
        image = factories.make_image(dataset)
        there = factories.make_image_tag(image, f"tag {image.pk}")
        TagCategory.objects.create(name=f"category {image.pk}")
        TagAlias.objects.create(name=f"alias {image.pk}", tag=there.tag)
        TagImplication.objects.create(tag=there.tag, implies=Tag.objects.create(name=f"implied {image.pk}"))
        Review.objects.create(image=image, state=ReviewState.READY, done_by=owner)
        job = uploading.start(dataset)
        ImportJob.objects.filter(pk=job.pk).update(started_by=owner)
        uploading.announce(job, "empty.jpg", 0)
        walk = TaggingSession.objects.create(dataset=dataset, person=owner, current_image=image)
        ImageVisit.objects.create(tagging_session=walk, image=image, position=1, outcome=ImageVisit.Outcome.TAGGED)
        restore(freeze(dataset, name="as it was", by=owner), by=owner)


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_every_list_answers_and_its_cost_does_not_grow(client: Client, model: type[Model]) -> None:
    counts = []
    for more in (1, 19):
        fill(more)
        client.get(listing(model))
        with CaptureQueriesContext(connection) as queries:
            assert client.get(listing(model)).status_code == 200
        counts.append(len(queries))
    assert model._default_manager.count() >= 20
    assert counts[0] == counts[1]


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_every_list_can_be_searched_and_filtered(client: Client, model: type[Model]) -> None:
    fill(1)
    page = site._registry[model]
    assert page.search_fields
    assert page.list_filter
    for word in ("x", "naïve 猫", "%_'\"", "\x00"):
        assert client.get(listing(model), {"q": word}).status_code == 200


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_every_row_opens(client: Client, model: type[Model]) -> None:
    fill(1)
    row = model._default_manager.first()
    assert row is not None
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.pk])
    assert client.get(path).status_code == 200


def test_the_words_of_the_trade_are_all_there() -> None:
    names = {model.__name__ for model in models()}
    assert {"Dataset", "Image", "ImportJob", "ImportItem", "Tag", "TaggingSession"} <= names


def found(client: Client, model: type[Model], word: str) -> set[object]:
    return {row.pk for row in client.get(listing(model), {"q": word}).context["cl"].queryset}


def test_search_finds_what_is_asked_for_and_nothing_else(client: Client) -> None:
    wanted, other = factories.make_dataset(name="Green parrots"), factories.make_dataset(name="Red foxes")
    image = factories.make_image(wanted, original_name="needle.png", sha256="ab" * 32)
    factories.make_image(other)
    job = uploading.start(wanted)
    item = uploading.announce(job, "needle.png", 0)
    uploading.announce(uploading.start(other), "hay.png", 0)
    assert found(client, Dataset, "parrots") == {wanted.pk}
    assert found(client, Image, "needle") == found(client, Image, "abababab") == {image.pk}
    assert found(client, ImportJob, "parrots") == {job.pk}
    assert found(client, ImportItem, "needle") == {item.pk}


def test_numbers_are_right_in_the_lists(client: Client) -> None:
    dataset = factories.make_dataset()
    for tagged in (True, False, False):
        factories.make_image(dataset, is_tagged=tagged)
    job = uploading.start(dataset)
    for name, size in [("a.jpg", 1), ("b.jpg", 0), ("c.jpg", 0)]:
        uploading.announce(job, name, size)
    row = client.get(listing(Dataset)).context["cl"].result_list[0]
    assert (row.image_count, row.tagged_count) == (3, 1)
    row = client.get(listing(ImportJob)).context["cl"].result_list[0]
    assert (row.file_count, row.ready_count, row.failed_count) == (3, 0, 2)


def test_a_refused_file_tells_why(client: Client) -> None:
    uploading.announce(uploading.start(factories.make_dataset()), "empty.jpg", 0)
    assert "The file is empty (0 bytes)" in client.get(listing(ImportItem)).content.decode()


@pytest.mark.parametrize("model", [Image, ImportJob, ImportItem])
def test_what_only_workers_make_cannot_be_made_or_changed_by_hand(client: Client, model: type[Model]) -> None:
    fill(1)
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    row = model._default_manager.get()
    assert client.get(reverse(f"{name}_add")).status_code == 403
    assert client.post(reverse(f"{name}_change", args=[row.pk]), {}).status_code == 403


def test_in_open_mode_the_admin_needs_no_login(client: Client) -> None:
    answer = client.get(reverse("admin:index"))
    assert answer.status_code == 200
    assert answer.context["user"].username == "local-owner"


def test_outside_the_admin_nobody_is_the_local_owner(client: Client) -> None:
    assert client.get(reverse("datasets:list")).context["user"].is_anonymous


def test_in_password_mode_the_admin_asks_for_a_login(client: Client, password_mode: None) -> None:
    for path in [reverse("admin:index"), *map(listing, models())]:
        answer = client.get(path)
        assert answer.status_code == 302
        assert "/login/" in answer["Location"]


@pytest.mark.parametrize(("staff", "status"), [(True, 200), (False, 302)])
def test_in_password_mode_only_staff_may_enter(client: Client, password_mode: None, staff: bool, status: int) -> None:
    client.force_login(factories.make_user(is_staff=staff))
    assert client.get(reverse("admin:index")).status_code == status


def test_nobody_can_sign_in_as_the_local_owner(client: Client, password_mode: None) -> None:
    owner = apps.get_model("auth", "User").objects.get(username="local-owner")
    assert not owner.has_usable_password()
    assert not client.login(username="local-owner", password="")


_NO_MEMBERS = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("file_prefix", "../up", "cannot start a file name"),
        ("file_prefix", "train", "Hugging Face"),
        ("trigger_word", "a, b", "comma"),
        ("name", "\u200b", "Give the dataset a name"),
    ],
)
def test_the_admin_keeps_the_rules_of_the_pages(
    client: Client, dataset: Dataset, field: str, value: str, words: str
) -> None:
    fields = {"name": "Cats", "file_prefix": "cats", "trigger_word": "", **_NO_MEMBERS, field: value}
    answer = client.post(reverse("admin:datasets_dataset_change", args=[dataset.pk]), fields)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not Dataset.objects.filter(**{field: value}).exists()


@pytest.mark.parametrize("model", [DatasetVersion, VersionRestore], ids=lambda model: model.__name__)
def test_versions_and_their_restores_are_to_be_read(client: Client, model: type[Model]) -> None:
    fill(1)
    row = model._default_manager.get()
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    before = model._default_manager.values().get()
    assert client.get(reverse(f"{name}_add")).status_code == 403
    assert client.post(reverse(f"{name}_add"), {"name": "another"}).status_code == 403
    assert client.post(reverse(f"{name}_change", args=[row.pk]), {"name": "another"}).status_code == 403
    assert model._default_manager.values().get() == before
    assert 'name="_save"' not in client.get(reverse(f"{name}_change", args=[row.pk])).content.decode()


def test_a_version_that_is_deleted_in_the_admin_takes_what_only_it_needed_along(client: Client) -> None:
    dataset = factories.make_dataset()
    factories.make_image_tag(factories.make_image(dataset), "hat")
    version = freeze(dataset, name="first", by=None)
    assert VersionChunk.objects.filter(dataset=dataset).exists()
    client.post(reverse("admin:tagging_datasetversion_delete", args=[version.pk]), {"post": "yes"})
    assert not DatasetVersion.objects.exists()
    assert not VersionChunk.objects.filter(dataset=dataset).exists()
