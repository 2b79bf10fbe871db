"""Module imports get their hashes: once each, and only where a statement begins."""

from __future__ import annotations

from pathlib import Path

from django.core.files.base import ContentFile

from tagger_project.static_files import HashedStaticFilesStorage

PAGE = """// The export page: what import means, and where it is taken from "./elsewhere.js";
import { one } from "./one.js";
import {
  two,
  three,
} from "./two.js";
import "./one.js";
export { four } from "./two.js";
const later = () => import("./one.js");
"""


def test_each_import_is_hashed_once(tmp_path: Path) -> None:
    storage = HashedStaticFilesStorage(location=tmp_path, base_url="/static/")
    files = {"page.js": PAGE, "one.js": "export const one = 1;\n", "two.js": "export const two = 2;\n"}
    for name, content in files.items():
        storage.save(name, ContentFile(content.encode()))
    names = {old: new for old, new, _ in storage.post_process({name: (storage, name) for name in files})}
    page = (tmp_path / str(names["page.js"])).read_text()
    assert page.count(f'"./{names["one.js"]}"') == 3
    assert page.count(f'"./{names["two.js"]}"') == 2
    assert page.startswith('// The export page: what import means, and where it is taken from "./elsewhere.js";')
