"""docker-compose.yml and the Dockerfile, checked without Docker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from deploy.healthcheck import host_header
from tests import compose_checks
from tests.compose_file import PROJECT, Unset, copies, dockerfile_lines, interpolate, lay_out_image, load_compose

Check = Callable[[compose_checks.Compose], list[str]]


@pytest.mark.parametrize("check", compose_checks.ALL, ids=lambda check: check.__name__)
def test_the_compose_file_keeps_to(check: Check) -> None:
    assert check(load_compose()) == []


def set_in(compose: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split("/")
    for part in parents:
        compose = compose[part]
    compose[last] = value


# One way to break each rule: a check that never fails checks nothing.
DAMAGE: list[tuple[Check, str, Any]] = [
    (compose_checks.schema, "services/web/comand", ["daphne"]),
    (compose_checks.schema, "services/web/depends_on", {"db": {"condition": "service_well"}}),
    (compose_checks.variables_documented, "services/web/environment/TIME_ZONE", "${TIMEZONE:-}"),
    (compose_checks.variables_documented, "services/proxy/ports", ["${HTTP_BIND:-0.0.0.0}:8080:8080"]),
    (compose_checks.variables_documented, "services/web/environment/TIME_ZONE", "${TIME_ZONE:?Set TIME_ZONE}"),
    (compose_checks.variables_known, "services/worker/environment/TIMEZONE", "UTC"),
    (compose_checks.secrets_required, "services/web/environment/SECRET_KEY", "${SECRET_KEY:-changeme}"),
    (compose_checks.secrets_required, "services/db/environment/POSTGRES_PASSWORD", "tagger"),
    (compose_checks.nothing_published_but_the_proxy, "services/db/ports", ["5432:5432"]),
    (compose_checks.nothing_published_but_the_proxy, "services/broker/networks", ["edge"]),
    (compose_checks.nothing_published_but_the_proxy, "services/proxy/ports", ["8080:8080"]),
    (compose_checks.nothing_published_but_the_proxy, "networks/back", {}),
    (compose_checks.nothing_published_but_the_proxy, "services/flower/ports", ["5555:5555"]),
    (compose_checks.nothing_published_but_the_proxy, "services/prometheus/profiles", []),
    (compose_checks.health, "services/broker/healthcheck", {}),
    (compose_checks.health, "services/broker/healthcheck/test", ["CMD-SHELL", "valkey-cli -a $$BROKER_PASSWORD ping"]),
    (compose_checks.health, "services/web/depends_on/migrate/condition", "service_healthy"),
    (compose_checks.order, "services/worker/depends_on", {}),
    (compose_checks.order, "services/worker/container_name", "worker"),
    (compose_checks.order, "services/beat/scale", 2),
    (compose_checks.hardened, "services/web/read_only", False),
    (compose_checks.hardened, "services/proxy/user", "101:101"),
    (compose_checks.hardened, "services/web/environment/AUTH_MODE", "open"),
    (compose_checks.volumes, "services/db/volumes", ["db:/var/lib/postgresql/data"]),
    (compose_checks.volumes, "services/proxy/volumes", ["./deploy/proxy.conf:/etc/nginx/nginx.conf:ro"]),
    (compose_checks.volumes, "services/web/volumes", ["pictures:/data"]),
    (compose_checks.commands, "services/sockets/command", ["daphne", "tagger_project.asgi:app"]),
    (compose_checks.commands, "services/web/command", ["uvicorn", "tagger_project.asgi:application"]),
    (
        compose_checks.commands,
        "services/web/command",
        ["gunicorn", "--config", "deploy/gunicorn_conf.py", "tagger_project.wsgi:app"],
    ),
    (
        compose_checks.commands,
        "services/worker/command",
        ["celery", "--app", "tagger_project", "worker", "--pol", "solo"],
    ),
    (compose_checks.commands, "services/worker/command", ["celery", "--app", "tagger", "worker"]),
    (compose_checks.commands, "services/migrate/command", ["sh", "-c", "python manage.py migrat"]),
    (compose_checks.commands, "services/beat/command", ["celery", "--app", "tagger_project", "beat"]),
    (compose_checks.commands, "services/beat/healthcheck/test", ["CMD", "python", "-m", "deploy.healthcheck", "clock"]),
    (compose_checks.proxy_agrees, "services/web/command", ["gunicorn", "--bind", "0.0.0.0:8001"]),
    (compose_checks.proxy_agrees, "services/sockets/command", ["daphne", "--port", "8001"]),
    (compose_checks.proxy_agrees, "services/web/environment/ACCEL_PREFIX", "/files"),
    (compose_checks.addresses_agree, "services/db/environment/POSTGRES_DB", "pictures"),
    (compose_checks.addresses_agree, "services/worker/environment/REDIS_URL", "redis://broker:6379/0"),
]


@pytest.mark.parametrize(("check", "path", "value"), DAMAGE, ids=lambda part: getattr(part, "__name__", None))
def test_each_check_notices_what_it_is_for(check: Check, path: str, value: Any) -> None:
    # Through text and back, because anchors make parts of the file one object: only one place shall break.
    compose = json.loads(json.dumps(load_compose()))
    set_in(compose, path, value)
    assert check(compose) != []


def test_every_check_is_broken_once() -> None:
    assert {check for check, _, _ in DAMAGE} == set(compose_checks.ALL)


def test_values_are_put_in_as_docker_does() -> None:
    assert interpolate("${A:-1}/${B}/$$C/${A:-1}", {"B": "2"}) == "1/2/$C/1"
    assert interpolate("${A:?Set A}", {"A": "3"}) == "3"
    with pytest.raises(Unset, match="Set A"):
        interpolate("${A:?Set A}", {"A": ""})


def test_the_dockerfile_copies_what_is_there() -> None:
    sources = [source for group, _ in copies() for source in group]
    assert len(sources) > 5
    assert [source for source in sources if not (PROJECT / source).exists()] == []


def test_what_the_dockerfile_copies_reaches_the_builder() -> None:
    patterns = (PROJECT / ".dockerignore").read_text(encoding="utf-8").split("\n")
    allowed = {pattern[1:] for pattern in patterns if pattern.startswith("!")}
    assert allowed == {source for group, _ in copies() for source in group}
    assert not any(fnmatch(".env", pattern) for pattern in allowed)


def test_the_image_holds_the_whole_house() -> None:
    copied = {source for group, _ in copies(last_stage=True) for source in group}
    apps = {app for app in settings.INSTALLED_APPS if (PROJECT / app).is_dir()}
    folders = [*settings.TEMPLATES[0]["DIRS"], *settings.STATICFILES_DIRS, *settings.LOCALE_PATHS]
    assert apps | {Path(folder).name for folder in folders if Path(folder).is_dir()} <= copied


def test_the_program_starts_from_what_the_image_holds(tmp_path: Path) -> None:
    lay_out_image(tmp_path / "app")
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path / "data"), "ENV_FILE": "none"}
    for line in (["check"], ["collectstatic", "--noinput", "--verbosity", "0"]):
        done = subprocess.run(
            [sys.executable, "manage.py", *line], cwd=tmp_path / "app", env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "data" / "static" / "staticfiles.json").is_file()


def test_the_image_stops_and_reports_as_it_should() -> None:
    lines = dockerfile_lines()
    assert "STOPSIGNAL SIGTERM" in lines
    assert any(line.startswith("HEALTHCHECK ") and '"deploy.healthcheck", "web"' in line for line in lines)
    installs = [line for line in lines if "pip install" in line or "pip sync" in line]
    assert len(installs) == 2
    assert all("--require-hashes" in line for line in installs)


def test_the_health_check_asks_by_a_name_that_the_pages_accept() -> None:
    assert host_header(["tagger.example", "localhost"]) == "tagger.example"
    assert host_header([".tagger.example"]) == "tagger.example"
    assert host_header(["*"]) == "localhost"
    assert host_header([]) == "localhost"
