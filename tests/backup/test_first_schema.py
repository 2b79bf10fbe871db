"""From the tables that were landed first to those of today, directly and by way of a backup; never from newer ones."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from tagger_project.schema import NewerSchema, OlderSchema, check_schema, known_migrations
from tests.backup.installations import Installation

THEIRS = ("contenttypes", "auth", "admin", "sessions")
OURS = ("datasets", "tagging", "sessions_app")
PICTURES = 300

# Rows of each table that there was, with what later editions moved, filled in or worked out anew.
_FILL = f"""
import uuid
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
executor = MigrationExecutor(connection)
first = [leaf for leaf in executor.loader.graph.leaf_nodes() if leaf[0] in {THEIRS!r}]
first += [(app, "0001_initial") for app in {OURS!r}]
executor.migrate(first)
old = MigrationExecutor(connection).loader.project_state(first).apps
def model(label):
    found = old.get_model(*label.split("."))
    return found._default_manager
person = old.get_model("auth", "User")._default_manager.create(username="ana", password="!")
dataset = model("datasets.Dataset").create(name="Old", file_prefix="old", owner=person, next_position={PICTURES + 1})
job = model("datasets.ImportJob").create(dataset=dataset, source="UPLOAD")
tags = [model("tagging.Tag").create(name=f"tag {{n}}") for n in range(10)]
facts = dict(format="JPEG", width=10, height=10, byte_size=1, colour="#000000")
for n in range(1, {PICTURES + 1}):
    name = f"{{n}}.jpg"
    image = model("datasets.Image").create(
        dataset=dataset, position=n, sha256=f"{{n:064x}}", stem_key=str(n), is_tagged=True, original_name=name, **facts)
    model("datasets.ImportItem").create(
        job=job, name=name, stem_key=str(n), kind="IMAGE", byte_size=1, state="READY", image=image, position=2 * n)
    model("datasets.ImportItem").create(
        job=job, name=f"{{n}}.txt", stem_key=str(n), kind="SIDECAR", text=f"tag {{n % 10}}", byte_size=5, state="READY",
        position=2 * n + 1)
    model("tagging.ImageTag").create(image=image, tag=tags[n % 10], position=1024.0, source="PERSON", added_by=person)
    model("tagging.Caption").create(image=image, text=f"Caption {{n}}", updated_by=person)
    model("tagging.TagOperation").create(
        key=uuid.uuid4(), image=image, kind="ADD", tag_name=f"tag {{n % 10}}", after=1024.0, source="PERSON",
        done_by=person)
model("sessions_app.TaggingSession").create(dataset=dataset, current_image=image)
"""

_LOOK = """
from datasets.models import *
from tagging.models import *
from sessions_app.models import TaggingSession
print([Image.objects.count(), SidecarText.objects.count(), ImageTag.objects.count(), Caption.objects.count()])
by_ana = Change.objects.filter(done_by__username="ana")
print([TagOperation.objects.filter(change__isnull=False).count(), by_ana.count()])
print(sorted({image.review_state for image in Image.objects.all()}), Image.objects.filter(is_tagged=True).count())
print([c.text for c in Caption.objects.order_by("pk")][-1], TaggingSession.objects.get().current_image.position)
print(ImageTag.objects.filter(tag__name="tag 3", added_by__username="ana").count())
"""


@pytest.mark.flow
def test_rows_of_the_first_tables_come_through_every_change_and_through_a_backup(tmp_path: Path) -> None:
    old = Installation(tmp_path / "old")
    old.run(_FILL)
    done = old.manage("backup", tmp_path / "b")
    assert f"{3 * PICTURES} files that rows name are missing" in done.stderr, "rows without pictures, as made above"

    old.must("migrate", "--verbosity=0")
    told = old.run(_LOOK).splitlines()
    assert told == [
        str([PICTURES] * 4),
        str([PICTURES] * 2),
        f"['IN_PROGRESS'] {PICTURES}",
        f"Caption {PICTURES} {PICTURES}",
        str(PICTURES // 10),
    ]
    new = Installation(tmp_path / "new")
    new.must("restore", tmp_path / "b")
    assert new.run(_LOOK).splitlines() == told
    ours = ("datasets.", "tagging.image", "tagging.caption", "tagging.tag", "sessions_app.")
    assert {k: v for k, v in new.rows().items() if k.startswith(ours)} == {
        k: v for k, v in old.rows().items() if k.startswith(ours)
    }


@pytest.mark.flow
def test_nothing_starts_on_tables_that_a_newer_program_has_changed(on_sqlite: Installation, tmp_path: Path) -> None:
    here = on_sqlite.copy(tmp_path / "here")
    here.run(
        "from django.db import connection; from django.db.migrations.recorder import MigrationRecorder; "
        "MigrationRecorder(connection).record_applied('datasets', '9999_from_the_future')"
    )
    for command in (["up", "--port", "0"], ["migrate"], ["backup", tmp_path / "b"]):
        told = here.refused(*command)
        assert "written by a newer edition" in told
        assert "datasets.9999_from_the_future" in told


@pytest.mark.flow
def test_going_back_leaves_no_table_of_the_newer_edition(its_backup: Path, empty_postgres: str, tmp_path: Path) -> None:
    here = Installation(tmp_path / "here", empty_postgres)
    with psycopg.connect(empty_postgres, autocommit=True) as link:
        link.execute("CREATE TABLE django_migrations (id serial, app text, name text, applied timestamptz)")
        link.execute("INSERT INTO django_migrations VALUES (DEFAULT, 'tagging', '9999_from_the_future', now())")
        link.execute("CREATE TABLE tagging_of_tomorrow (id bigint); CREATE TABLE somebody_elses (id bigint)")
    assert "newer edition" in here.refused("migrate")
    here.must("restore", its_backup, "--replace")
    with psycopg.connect(empty_postgres) as link:
        rows = link.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    names = {name for (name,) in rows}
    assert {"tagging_tag", "somebody_elses"} <= names
    assert "tagging_of_tomorrow" not in names


@pytest.mark.django_db
def test_readiness_says_when_the_tables_are_of_another_edition(client: Client) -> None:
    check_schema()
    assert client.get("/readyz").json()["migrations"] == "ok"
    recorder = MigrationRecorder(connection)
    recorder.record_applied("tagging", "9999_from_the_future")
    with pytest.raises(NewerSchema, match="newer edition"):
        check_schema()
    assert client.get("/readyz").json()["migrations"] == "no answer"
    recorder.record_unapplied("tagging", "9999_from_the_future")
    last = max(name for app, name in known_migrations() if app == "tagging")
    recorder.record_unapplied("tagging", last)
    with pytest.raises(OlderSchema, match=last):
        check_schema()
