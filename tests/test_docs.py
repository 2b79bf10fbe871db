"""What the documents name is there: pages and headings, variables, commands, targets."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

import pytest
from django.core.management import get_commands

from tagger_project.env import BASE_DIR, VARIABLES

# What others wrote, and what lies in folders that are not ours.
_FOREIGN = {"tests", "static", ".venv", "data", "node_modules"}
_ROOMS = ("tagger_project", "datasets", "tagging", "sessions_app")
_FOLDERS = (*_ROOMS, "bench", "deploy", "docs", "requirements", "static", "templates", "tests")
# Named to say what they are called today.
_FORMER_NAMES = {"WORKER_MEMORY_BYTES"}
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
    of_docker = {"COMPOSE_FILE"}
    return frozenset({variable.name for variable in VARIABLES}).union(of_compose, of_docker, of_tests, *of_make)


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


def test_every_document_is_told_of_in_the_readme() -> None:
    readme = (BASE_DIR / "README.md").read_text(encoding="utf-8")
    told = {target.partition("#")[0] for target in _LINK.findall(prose_of(readme))}
    assert [_name(path) for path in DOCUMENTS if path.parent.name == "docs" and _name(path) not in told] == []
