"""What the documents name is there: pages and headings, variables, commands, targets."""

from __future__ import annotations

import re
import shlex
import subprocess
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands, load_command_class

from tagger_project.env import BASE_DIR, VARIABLES
from tagger_project.watching.health import CHECKS
from tests.compose_checks import schema
from tests.compose_file import load_compose

# What others wrote, and what lies in folders that are not ours.
_FOREIGN = {"tests", "static", ".venv", "data", "node_modules"}
_ROOMS = ("tagger_project", "datasets", "tagging", "sessions_app")
_FOLDERS = (*_ROOMS, "bench", "deploy", "docs", "requirements", "static", "templates", "tests")
# Named to say what they are called today.
_FORMER_NAMES = {"WORKER_MEMORY_BYTES"}
# Docker Compose's own.
_OF_COMPOSE = {"COMPOSE_FILE", "COMPOSE_PROFILES"}
# What a reader is asked to write.
_OF_THE_READER = {"docker-compose.override.yml"}
_ENDINGS = "py|js|css|html|sh|conf|yml"
# Of the commands of `docker compose` that the documents use: those that name services, and options that take a value.
_ABOUT_SERVICES = {"up", "run", "exec", "stop", "restart", "kill", "logs", "ps", "build"}
_WITH_A_VALUE = {"--scale", "--volume", "-v", "--profile", "--signal", "--index", "--env", "-e"}
DOCUMENTS = sorted(
    path for path in BASE_DIR.rglob("*.md") if not _FOREIGN.intersection(path.relative_to(BASE_DIR).parts)
)

_FENCE = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?<=\n\n)(?: {4}.*\n)+")
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
_LOUD_NAME = re.compile(r"(?<![\w.<-])([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?![\w-])")
_SETTING = re.compile(r"(?:^|\s)([A-Z][A-Z0-9_]+)=\S", re.MULTILINE)


def prose_of(text: str) -> str:
    """A document without its code."""
    return _CODE.sub("", _FENCE.sub("", text))


def code_of(text: str) -> list[str]:
    """What a document writes as code, in lines and in blocks."""
    blocks = [match[0] for pattern in (_FENCE, _INDENTED) for match in pattern.finditer(text)]
    return blocks + _CODE.findall(_FENCE.sub("", text))


@cache
def anchors_of(path: Path) -> frozenset[str]:
    """The anchors that a forge makes of the headings of a document."""
    found: list[str] = []
    for heading in _HEADING.findall(_FENCE.sub("", path.read_text(encoding="utf-8"))):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        kept = "".join(sign for sign in plain if sign in " -_" or unicodedata.category(sign)[0] in "LN")
        anchor = kept.replace(" ", "-")
        found.append(f"{anchor}-{count}" if (count := found.count(anchor)) else anchor)
    return frozenset(found)


@cache
def names_of_the_code() -> frozenset[str]:
    """What the program itself writes in capitals: constants, and the states of its models."""
    sources = [path for room in _ROOMS for path in (BASE_DIR / room).rglob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    return frozenset(re.findall(r"^\s*([A-Z][A-Z0-9_]+)(?::[^=\n]+)? =", text, re.MULTILINE))


@cache
def variables() -> frozenset[str]:
    """The variables that somebody can set: of the program, of compose, of the Makefile, of the tests."""
    compose = (BASE_DIR / "docker-compose.yml").read_text(encoding="utf-8")
    makefile = (BASE_DIR / "Makefile").read_text(encoding="utf-8")
    of_compose = re.findall(r"\$\{([A-Z][A-Z0-9_]*)", compose)
    of_make = re.findall(r"\$?\$[({]([A-Z][A-Z0-9_]*)|^([A-Z][A-Z0-9_]*) \??:?=", makefile, re.MULTILINE)
    of_tests = [
        name
        for path in (BASE_DIR / "tests").rglob("*.py")
        for name in re.findall(r'environ\.get\("([A-Z][A-Z0-9_]*)"\)', path.read_text(encoding="utf-8"))
    ]
    return frozenset({variable.name for variable in VARIABLES}).union(of_compose, of_tests, _OF_COMPOSE, *of_make)


def _name(path: Path) -> str:
    return str(path.relative_to(BASE_DIR))


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_links_lead_to_pages_and_headings_that_are_there(document: Path) -> None:
    broken = []
    for target in _LINK.findall(prose_of(document.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        page, _, anchor = target.partition("#")
        path = (document.parent / page).resolve() if page else document
        is_there = path.exists() and path.is_relative_to(BASE_DIR)
        if not is_there or (anchor and anchor not in anchors_of(path)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_variables_that_are_named_can_be_set(document: Path) -> None:
    code = code_of(document.read_text(encoding="utf-8"))
    named = {name for part in code for name in _LOUD_NAME.findall(part)}
    assert named - variables() - names_of_the_code() - _FORMER_NAMES == set()
    # What a line sets in front of a command, or in a file, is a variable and no constant.
    assert {name for part in code for name in _SETTING.findall(part)} - variables() == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_commands_and_targets_that_are_named_are_there(document: Path) -> None:
    code = "\n".join(code_of(document.read_text(encoding="utf-8")))
    makefile = (BASE_DIR / "Makefile").read_text(encoding="utf-8")
    commands = set(re.findall(r"manage\.py ([a-z]\w*)", code))
    assert commands - set(get_commands()) == set()
    targets = set(re.findall(r"(?:^|[\s`;&])make ([a-z][a-z-]*+)(?!\w)", code))
    assert targets - set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE)) == set()
    modules = set(re.findall(r"python -m ((?:bench|tests)\.\w+)", code))
    assert {name for name in modules if not (BASE_DIR / f"{name.replace('.', '/')}.py").is_file()} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_files_that_are_named_by_their_path_are_there(document: Path) -> None:
    code = "\n".join(code_of(document.read_text(encoding="utf-8")))
    named = re.findall(rf"^((?:{'|'.join(_FOLDERS)})/[\w./-]+)$", code, re.MULTILINE)
    assert [name for name in named if not (BASE_DIR / name).exists()] == []


@cache
def kept_files() -> frozenset[str]:
    """Every file of the project, and each end of its path that begins with a name: `a/b.py` is `b.py`, too."""
    found: set[str] = set()
    for path in BASE_DIR.rglob("*.*"):
        parts = path.relative_to(BASE_DIR).parts
        if not {".venv", "data", "node_modules", ".git"}.intersection(parts):
            found.update("/".join(parts[start:]) for start in range(len(parts)))
    return frozenset(found)


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_modules_and_scripts_that_are_named_are_there(document: Path) -> None:
    spans = _CODE.findall(_FENCE.sub("", document.read_text(encoding="utf-8")))
    pattern = rf"(?<![\w/.*<…-])([\w-][\w./-]*\.(?:{_ENDINGS}))(?![\w/])"
    named = {name for span in spans for name in re.findall(pattern, span)}
    assert named - kept_files() - _OF_THE_READER == set()
    dotted = rf"\b((?:{'|'.join((*_ROOMS, 'bench', 'tests'))})(?:\.[a-z_]\w*)+)\b"
    modules = {name for span in spans if "/" not in span for name in re.findall(dotted, span)}
    assert [name for name in sorted(modules) if not _leads_somewhere(name)] == []


def _leads_somewhere(dotted: str) -> bool:
    """Whether a dotted name is a module, or something that a module of its name writes down; tasks are, too."""
    whole, _, last = dotted.rpartition(".")
    for path in (BASE_DIR / dotted.replace(".", "/"), BASE_DIR / whole.replace(".", "/")):
        if path.is_dir() and path.name == last:
            return True
        if path.with_suffix(".py").is_file():
            return (
                path.name == last or re.search(rf"\b{last}\b", path.with_suffix(".py").read_text("utf-8")) is not None
            )
    return any(f'"{dotted}"' in source.read_text("utf-8") for source in (BASE_DIR / dotted.split(".")[0]).rglob("*.py"))


def command_lines(document: Path, start: str) -> list[list[str]]:
    """The words behind `start` of each line that a document writes as code, up to what a shell does with them."""
    lines = [line for part in code_of(document.read_text(encoding="utf-8")) for line in part.splitlines()]
    ends = r"\s+#|[|;>]|&&|$"
    found = [match[1] for line in lines for match in re.finditer(rf"{re.escape(start)} (.*?)(?:{ends})", line)]
    return [shlex.split(words.strip().rstrip("`")) for words in found]


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_options_that_are_named_are_taken(document: Path) -> None:
    unknown = []
    for name, *words in command_lines(document, "manage.py"):
        application = get_commands().get(name)
        assert isinstance(application, str), name
        options = load_command_class(application, name).create_parser("manage.py", name)._option_string_actions
        unknown += [(name, word) for word in words if word.startswith("--") and word.partition("=")[0] not in options]
    assert unknown == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_docker_compose_is_asked_for_services_that_are_there(document: Path) -> None:
    compose = load_compose()
    profiles = {profile for service in compose["services"].values() for profile in service.get("profiles", [])}
    for words in command_lines(document, "docker compose"):
        services, asked = [], iter(words)
        command = ""
        for word in asked:
            if word in _WITH_A_VALUE:
                value = next(asked)
                if word == "--scale":
                    services.append(value.partition("=")[0])
                assert word != "--profile" or value in profiles, words
            elif not word.startswith("-") and not command:
                command = word
            elif not word.startswith("-") and command in _ABOUT_SERVICES:
                services.append(word)
                if command in {"run", "exec"}:
                    break
        assert set(services) <= set(compose["services"]), words


def _override_files() -> list[dict[str, Any]]:
    text = (BASE_DIR / "docs" / "deployment.md").read_text(encoding="utf-8")
    return [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)]


def test_what_is_to_be_written_beside_the_compose_file_fits_it() -> None:
    compose, overrides = load_compose(), _override_files()
    assert overrides
    for override in overrides:
        assert schema(override) == []
        assert set(override["services"]) <= set(compose["services"])
        for service in override["services"].values():
            assert set(service.get("networks", [])) <= set(compose["networks"])


def test_numbers_and_checks_that_are_explained_are_told() -> None:
    document = (BASE_DIR / "docs" / "deployment.md").read_text(encoding="utf-8")
    sources = "\n".join(
        path.read_text(encoding="utf-8") for path in (BASE_DIR / "tagger_project/watching").glob("*.py")
    )
    # A counter's name gets its ending where it is told.
    explained = {name.removesuffix("_total") for name in re.findall(r"`(tagger_\w+)`", document) if name not in _ROOMS}
    assert explained == set(re.findall(r'"(tagger_[a-z_]+)"', sources))
    line = re.search(r"`/readyz` is the one to watch\*\*: it asks (.*?), and\s", document, re.DOTALL)
    assert line is not None
    assert set(re.findall(r"\w+", re.sub(r"\([^)]*\)", "", line[1]))) - {"and"} == set(CHECKS)


def test_a_website_is_rolled_over_by_new_ones_first(tmp_path: Path) -> None:
    """`deploy/roll.sh`, with a Docker that notes what it is asked for."""
    asked = tmp_path / "asked"
    docker = tmp_path / "docker"
    answer = 'case "$1 $2" in "compose ps") echo old-1; echo old-2 ;; esac'
    docker.write_text(f'#!/bin/sh\necho "$@" >> {asked}\n{answer}\n', encoding="utf-8")
    docker.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    subprocess.run([BASE_DIR / "deploy" / "roll.sh"], env=environment, check=True, timeout=30)
    up = "compose up --detach --no-deps --no-recreate --scale web={} --wait web"
    assert asked.read_text(encoding="utf-8").splitlines() == [
        "compose ps --quiet web",
        up.format(4),
        *("stop -t 30 old-1", "rm old-1", "stop -t 30 old-2", "rm old-2"),
        up.format(2),
    ]
    # New ones that do not get well: they go, and the old ones stay.
    asked.unlink()
    all_of_them = 'case "$*" in "compose ps --all"*) echo new-3; echo old-1; echo new-4; echo old-2; exit ;; esac'
    docker.write_text(
        f'#!/bin/sh\necho "$@" >> {asked}\n{all_of_them}\n{answer}\n[ "$2" != up ]\n',
        encoding="utf-8",
    )
    assert subprocess.run([BASE_DIR / "deploy" / "roll.sh"], env=environment, timeout=30).returncode != 0
    told = asked.read_text(encoding="utf-8").splitlines()
    assert told[:2] == ["compose ps --quiet web", up.format(4)]
    assert [line for line in told[2:] if line.startswith(("rm", "stop"))] == ["rm --force new-3", "rm --force new-4"]


def test_every_document_is_told_of_in_the_readme() -> None:
    readme = (BASE_DIR / "README.md").read_text(encoding="utf-8")
    told = {target.partition("#")[0] for target in _LINK.findall(prose_of(readme))}
    assert [_name(path) for path in DOCUMENTS if path.parent.name == "docs" and _name(path) not in told] == []
