"""Write TOML as trainers read it: kohya, musubi-tuner and diffusion-pipe parse it with `toml` 0.10.

Tables are written out as `[[tables]]` and lists stand on one line. The usual writers make inline tables of small ones,
and in those that parser takes quotes within quotes for structure: where a folder is named `it's`, no dataset is left,
without a word (tried). Only what configurations need: texts, numbers, yes and no, lists of these, tables and lists of
tables.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def as_toml(table: Mapping[str, Any]) -> str:
    """Return a table as TOML; keys are bare words.

    Raises:
        TypeError: it holds something else than what is named above.
    """
    return "\n".join(_lines(table, "")).lstrip("\n") + "\n"


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) or (
        isinstance(value, Sequence) and not isinstance(value, str) and any(isinstance(each, Mapping) for each in value)
    )


def _lines(table: Mapping[str, Any], path: str) -> Iterator[str]:
    for key, value in table.items():
        if not _is_table(value):
            yield f"{key} = {_value(value)}"
    for key, value in table.items():
        if not _is_table(value):
            continue
        name = f"{path}.{key}" if path else key
        is_one = isinstance(value, Mapping)
        for each in [value] if is_one else value:
            yield ""
            yield f"[{name}]" if is_one else f"[[{name}]]"
            yield from _lines(each, name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        # JSON's escapes are TOML's too; it leaves one control character as it is.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Sequence):
        return f"[{', '.join(map(_value, value))}]"
    raise TypeError(f"{type(value).__name__} is not written as TOML here.")
