"""A worker that is asked for its settings, as flower asks, keeps its passwords to itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tagger_project.env import BASE_DIR
from tests.program import clean_environment

SECRET = "planted-secret"
_ASK = """
import json
from types import SimpleNamespace
from celery.signals import celeryd_init
from celery.worker.control import Panel
from tagger_project.celery import app
celeryd_init.send(sender="celery@here", instance=None, conf=app.conf, options={})
for name in ("conf", "dump_conf"):
    print(json.dumps(Panel.data[name](SimpleNamespace(app=app), with_defaults=True)))
"""


def test_a_worker_tells_its_settings_without_a_password(tmp_path: Path) -> None:
    planted = {
        "REDIS_URL": f"redis://:{SECRET}@127.0.0.1:1/0",
        "EMAIL_URL": f"smtp://mail:{SECRET}@127.0.0.1:1",
        "SECRET_KEY": SECRET * 4,
        "AUTH_MODE": "oidc",
        "OIDC_ISSUER": "https://id.example",
        "OIDC_CLIENT_ID": "tagger",
        "OIDC_CLIENT_SECRET": SECRET,
    }
    command = [sys.executable, "manage.py", "shell", "--verbosity=0", "-c", _ASK]
    environment = clean_environment(tmp_path / "data", planted)
    told = subprocess.run(command, cwd=BASE_DIR, env=environment, check=True, capture_output=True, text=True).stdout
    assert told.count('"CELERY_TASK_ACKS_LATE": true') == 2
    assert SECRET not in told
