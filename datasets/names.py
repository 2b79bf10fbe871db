"""What a person's machine calls a file, made fit to be stored, shown and compared. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata

_LONGEST = 1000


def clean_name(raw: str) -> str:
    """Return a name that every database holds: valid Unicode without NUL, at most 1,000 characters.

    Nothing else is changed: the name is data and is never used as a path.
    """
    valid = raw.encode("utf-8", "replace").decode("utf-8")
    return valid.replace("\x00", "\ufffd")[:_LONGEST]


def bare_name(raw: str) -> str:
    """Return the last part of what may be a path, with slashes or backslashes: `../a.jpg` is `a.jpg`."""
    return clean_name(re.split(r"[/\\]", raw)[-1]) or "?"


def clean_folder(raw: str) -> str:
    """Return a relative folder with `/`, without empty parts, `.` and `..`."""
    parts = [part for part in re.split(r"[/\\]", clean_name(raw)) if part not in {"", ".", ".."}]
    return "/".join(parts)


def bare_stem(name: str) -> str:
    """Return a name without its extension; a leading dot is part of the name."""
    return name.rsplit(".", 1)[0] if "." in name.lstrip(".") else name


def stem_key(folder: str, name: str) -> str:
    """Return what a picture and the text beside it have in common: folder and name without extension, as 32 hex digits.

    Upper and lower case, and the two Unicode spellings of an accent, do not tell files apart: they do not on every
    system that people copy their folders over. A digest, because an index takes no text of any length.
    """
    path = unicodedata.normalize("NFC", f"{folder}/{bare_stem(name)}".lower())
    return hashlib.blake2b(path.encode("utf-8", "replace"), digest_size=16).hexdigest()


def is_sidecar_name(name: str) -> bool:
    """Whether a name announces a text beside an image."""
    return name.lower().endswith((".txt", ".caption"))


def is_metadata_name(name: str) -> bool:
    """Whether a name announces a list of captions, such as `metadata.jsonl` or `meta_lat.json`."""
    return name.lower().endswith((".json", ".jsonl"))


def is_archive_name(name: str) -> bool:
    """Whether a name announces an archive of images."""
    return name.lower().endswith(".zip")


def natural_key(text: str) -> list[tuple[int, int, str]]:
    """Return a sort key that puts `a2` before `a10`."""
    parts = re.split(r"([0-9]+)", text.lower())
    return [(0, int(part), "") if part.isdigit() and part.isascii() else (1, 0, part) for part in parts]
