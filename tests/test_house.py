"""What is written in two places says the same in both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from importlib import import_module
from textwrap import wrap

import pytest
from django.apps import apps
from django.utils.module_loading import module_has_submodule

from tagger_project.env import BASE_DIR, VARIABLES, Variable
from tagger_project.live import Message, Notice

EXAMPLE = BASE_DIR / ".env.example"


def example_lines(variable: Variable) -> str:
    """How one variable stands in `.env.example`: its reason, and its default commented out."""
    reason = "\n".join(f"# {line}" for line in wrap(variable.why, 100))
    default = variable.default
    if isinstance(default, list):
        text = ",".join(default)
    elif isinstance(default, bool):
        text = str(default).lower()
    else:
        text = str(default).removeprefix(f"{BASE_DIR}/")
    return f"{reason}\n#{variable.name}={text}"


def example_file() -> str:
    """`.env.example` as it has to be."""
    head = "# Copy to .env and set what you want otherwise. A variable of the real environment wins over this file."
    return "\n\n".join([head, *map(example_lines, VARIABLES)]) + "\n"


def public_messages(base: type[Message] = Message) -> Iterator[type[Message]]:
    """Every message that pages are sent; notices stay inside the server."""
    for message in base.__subclasses__():
        if message.__module__.startswith("tests.") or issubclass(message, Notice):
            continue
        if "type" in message.__dict__:
            yield message
        yield from public_messages(message)


@pytest.fixture(scope="module")
def messages() -> dict[str, set[str]]:
    """The messages that the code knows: type, and the names of the fields."""
    for config in apps.get_app_configs():
        if config.module is not None and module_has_submodule(config.module, "messages"):
            import_module(f"{config.name}.messages")
    return {message.type: {field.name for field in fields(message)} for message in public_messages()}


def documented_messages(document: str) -> dict[str, set[str]]:
    """The messages that a document describes: a heading each, with a table of the fields below it."""
    found = {}
    for section in re.split(r"^## ", document, flags=re.MULTILINE)[1:]:
        heading, _, text = section.partition("\n")
        if name := re.fullmatch(r"`(\w+\.\w+)`", heading):
            cells = re.findall(r"^\| (`.*?`) \|", text, re.MULTILINE)
            found[name[1]] = set(re.findall(r"`(\w+)`", " ".join(cells)))
    return found


def test_env_example_lists_every_variable_with_its_reason() -> None:
    assert EXAMPLE.read_text(encoding="utf-8") == example_file()


def test_every_variable_is_used() -> None:
    source = (BASE_DIR / "tagger_project" / "env.py").read_text(encoding="utf-8")
    declared = re.findall(r"^([A-Z][A-Z0-9_]*)(?:: .+?)? = (?:Path\(\s*)?_declare\(", source, re.MULTILINE)
    assert len(declared) == len(VARIABLES)
    others = "\n".join(
        path.read_text(encoding="utf-8")
        for room in ("tagger_project", "datasets", "tagging", "sessions_app", "deploy")
        for path in (BASE_DIR / room).rglob("*.py")
        if path.name != "env.py"
    )
    used = set(re.findall(r"\benv\.([A-Z][A-Z0-9_]*)", others))
    # The file that the others stand in is opened where it is declared.
    assert set(declared) - used == {"ENV_FILE"}


def test_the_scripts_know_the_message_types(messages: dict[str, set[str]]) -> None:
    script = (BASE_DIR / "static" / "js" / "live" / "messages.js").read_text(encoding="utf-8")
    assert set(re.findall(r'export const \w+ = "([\w.]+)";', script)) == set(messages)


def test_the_document_describes_every_message_and_field(messages: dict[str, set[str]]) -> None:
    document = (BASE_DIR / "docs" / "live-messages.md").read_text(encoding="utf-8")
    assert documented_messages(document) == messages
