"""Installations of the program without its processes: a data folder, a database, and commands run against them."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tagger_project.env import BASE_DIR
from tests.program import clean_environment

# What is in the database, as one text: every row of every table but those that a backup leaves out.
_LOOK = """
import hashlib, json
from django.core.serializers.json import DjangoJSONEncoder
from django.apps import apps
from tagger_project.backup.rows import columns, tables_of
class Encoder(DjangoJSONEncoder):
    def default(self, o):
        if isinstance(o, (bytes, memoryview)):
            return bytes(o).hex()
        return o.isoformat() if hasattr(o, "isoformat") else str(o)
told = {}
for model in tables_of(apps):
    names = [field.attname for field in columns(model)]
    manager = getattr(model, "everything", None) or model._default_manager
    rows = [list(row) for row in manager.order_by("pk").values_list(*names)]
    text = json.dumps(rows, cls=Encoder, sort_keys=True)
    told[model._meta.label_lower] = [len(rows), hashlib.sha256(text.encode()).hexdigest()]
print(json.dumps(told))
"""


class Installation:
    """One data folder with its database."""

    def __init__(self, data_dir: Path, database: str = "", extra: Mapping[str, str] | None = None) -> None:
        self.data_dir = data_dir
        self.env = clean_environment(data_dir, {"DATABASE_URL": database, **(extra or {})})

    def manage(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a command, whatever comes of it."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=BASE_DIR,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )

    def must(self, *arguments: str | Path) -> str:
        """Run a command that has to go well; returns what it printed."""
        done = self.manage(*arguments)
        assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def refused(self, *arguments: str | Path) -> str:
        """Run a command that has to be refused, and in a sentence; returns it."""
        done = self.manage(*arguments)
        assert done.returncode == 1, done.stdout
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout + done.stderr

    def copy(self, data_dir: Path) -> Installation:
        """The same once more, in another data folder; for those on SQLite."""
        shutil.copytree(self.data_dir, data_dir)
        return Installation(data_dir)

    def run(self, code: str) -> str:
        """Run a piece of the program in it."""
        return self.must("shell", "--verbosity=0", "-c", code)

    def rows(self) -> dict[str, Any]:
        """How many rows each table has, and a sum over them."""
        told: dict[str, Any] = json.loads(self.run(_LOOK).splitlines()[-1])
        return told

    def files(self) -> dict[str, str]:
        """The stored files with the SHA-256 of their content."""
        found = [path for path in sorted(self.data_dir.glob("blobs/**/*")) if path.is_file()]
        return {
            path.relative_to(self.data_dir).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in found
        }


# What is hard to carry over: moments, bytes, JSON, UUIDs, references to a later row, history, people and their rights.
FILL = """
from django.contrib.auth.models import Group, Permission, User
from tagging.models import Tag
from tagging.services.versions import version_for_export
from tests import factories, uploading
from tests.images import encoded
from tests.tagging.doing import adding, apply, writing
person = User.objects.create_user("ada", password="correct horse")
group = Group.objects.create(name="taggers")
group.permissions.add(*Permission.objects.order_by("-pk")[:3])
person.groups.add(group)
dataset = factories.make_dataset(name="K\u00e4tzchen \u2603")
job = uploading.start(dataset)
for seed in range(6):
    item = uploading.bring(job, f"p{seed}.jpg", encoded("JPEG", seed=seed, width=96, height=64))
    apply(item.image, adding(f"tag {seed % 3}"), writing(f"A caption \U0001f600 {seed}"))
version_for_export(dataset, None)
first, *_others, last = Tag.objects.order_by("pk")
first.successor = last
first.save()
User.objects.create_user("gone").delete()
uploading.send(job, "waits.jpg", encoded("JPEG", seed=99))
"""
