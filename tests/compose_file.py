"""Reads docker-compose.yml and the Dockerfile the way Docker does, as far as the tests need it."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parent.parent
COMPOSE_FILE = PROJECT / "docker-compose.yml"
NGINX_FILE = PROJECT / "deploy" / "nginx.conf"
OWN_IMAGE = "dataset-tagger:local"

# `$$`, or `${NAME}` with what stands after the name: `:-default`, `:?sentence` or nothing.
VARIABLE = re.compile(r"\$\$|\$\{(?P<name>[A-Z][A-Z0-9_]*)(?P<rest>[^}]*)\}")


class Unset(Exception):
    """A variable without which the file refuses to start has no value."""


def load_compose() -> dict[str, Any]:
    """The compose file with its anchors resolved and its `${…}` as they stand."""
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE_FILE.read_text(encoding="utf-8"))
    return loaded


def own_services(compose: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The services that run this program's image."""
    return {name: service for name, service in compose["services"].items() if service.get("image") == OWN_IMAGE}


def strings(value: Any) -> list[str]:
    """Every string inside a value, keys left out."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for part in value.values() for text in strings(part)]
    if isinstance(value, list):
        return [text for part in value for text in strings(part)]
    return []


def interpolate(text: str, values: Mapping[str, str]) -> str:
    """Put values in for `${NAME}`, `${NAME:-default}` and `${NAME:?sentence}`; `$$` is a dollar sign.

    Raises:
        Unset: a required variable is missing or empty.
    """

    def replace(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        value, rest = values.get(match["name"], ""), match["rest"]
        if rest.startswith(":?") and not value:
            raise Unset(f"{match['name']}: {rest[2:]}")
        return value or (rest[2:] if rest.startswith(":-") else "")

    return VARIABLE.sub(replace, text)


def command_of(compose: Mapping[str, Any], name: str, values: Mapping[str, str]) -> list[str]:
    """A service's command as a list, with its variables put in."""
    return [interpolate(str(part), values) for part in compose["services"][name]["command"]]


def environment_of(compose: Mapping[str, Any], name: str, values: Mapping[str, str]) -> dict[str, str]:
    """A service's environment, with its variables put in."""
    given: dict[str, str] = compose["services"][name]["environment"]
    return {key: interpolate(value, values) for key, value in given.items()}


def dockerfile_lines() -> list[str]:
    """The Dockerfile's instructions: comments gone, continued lines joined."""
    text = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
    bare = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return [line.strip() for line in bare.replace("\\\n", " ").splitlines() if line.strip()]


def copies(*, last_stage: bool = False) -> list[tuple[list[str], str]]:
    """What the Dockerfile copies out of the project: sources and target, in order.

    Args:
        last_stage: leave out what only the build stage sees.
    """
    lines = dockerfile_lines()
    if last_stage:
        lines = lines[max(i for i, line in enumerate(lines) if line.startswith("FROM ")) :]
    words = [shlex.split(line)[1:] for line in lines if line.startswith("COPY ") and "--from=" not in line]
    return [(parts[:-1], parts[-1]) for parts in words]


def lay_out_image(folder: Path) -> None:
    """Make the folder look like `/app` in the image, so that a file which is not copied is missing here too."""
    for sources, target in copies(last_stage=True):
        for source in sources:
            origin, goal = PROJECT / source, folder / target
            if origin.is_dir():
                shutil.copytree(origin, goal, ignore=shutil.ignore_patterns("__pycache__", ".*"), dirs_exist_ok=True)
            else:
                if target.endswith("/"):
                    goal = goal / origin.name
                goal.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(origin, goal)
