"""Hashed names, and the imports of ES modules that have to follow them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage

from tagger_project.static_files import HashedStaticFilesStorage

IMPORTS = [
    'import { a, b as c } from "./lib.js";',
    'import {\n  a,\n  b,\n} from "./lib.js";',
    'import * as lib from "./lib.js";',
    'import lib from "./lib.js";',
    "import './lib.js';",
    'export { a } from "./lib.js";',
    'export * from "./lib.js";',
    'const lib = await import("./lib.js");',
]


def collected(folder: Path, page: str) -> str:
    """Collect a page's script and the one it imports, and return what became of the first."""
    source = folder / "source"
    source.mkdir()
    (source / "lib.js").write_text("export const a = 1;\n", encoding="utf-8")
    (source / "page.js").write_text(page, encoding="utf-8")
    storage = HashedStaticFilesStorage(location=str(folder / "out"), base_url="/static/")
    files = FileSystemStorage(location=str(source))
    for name in ("lib.js", "page.js"):
        with files.open(name) as file:
            storage.save(name, file)
    for _name, _hashed, outcome in storage.post_process({name: (files, name) for name in ("lib.js", "page.js")}):
        if isinstance(outcome, Exception):
            raise outcome
    return (folder / "out" / storage.stored_name("page.js")).read_text(encoding="utf-8")


@pytest.mark.parametrize("line", IMPORTS)
def test_every_kind_of_import_follows_the_hash(tmp_path: Path, line: str) -> None:
    found = collected(tmp_path, f"{line}\n")
    assert re.search(r"\./lib\.[0-9a-f]{12}\.js", found), found
    assert '"./lib.js"' not in found


def test_words_in_a_comment_are_left_alone(tmp_path: Path) -> None:
    text = '// The export page: import what it needs from there.\nimport { a } from "./lib.js";\n'
    found = collected(tmp_path, text)
    assert found.startswith("// The export page: import what it needs from there.\n")
    assert re.search(r'import \{ a \} from "\./lib\.[0-9a-f]{12}\.js";', found), found
