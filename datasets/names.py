"""What a person's machine calls a file, made fit to be stored, shown and compared. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata

_LONGEST = 1000

_ARCHIVES = "zip 7z rar tar gz tgz bz2 tbz2 xz txz zst lz lz4 lzh cab iso dmg jar cbz cbr"
_NESTED = frozenset(_ARCHIVES.split())
# What lies beside pictures and is certainly none. Every other name is for the decoder to judge: pictures come without
# extensions, and with wrong ones.
_NO_PICTURES = """
    pdf doc docx odt rtf xls xlsx ods ppt pptx odp epub htm html css js ts mjs map xml yaml yml toml ini cfg conf log md
    rst py pyc ipynb sh bat cmd ps1 php rb java c h cpp rs go exe dll so dylib msi apk app bin dat db sqlite sqlite3 lnk
    url torrent part crdownload tmp bak swp safetensors ckpt pt pth onnx gguf npz npy pkl parquet mp3 wav flac ogg m4a
    aac mp4 mov avi mkv webm wmv m4v mpg mpeg srt vtt ttf otf woff woff2
"""
# A file of a flat folder whose name holds one of these words is moved into that split by Hugging Face's loader.
SPLIT_WORDS = frozenset(
    ("train", "training", "validation", "valid", "dev", "val", "test", "testing", "eval", "evaluation")
)
_NOT_NEEDED = frozenset(_NO_PICTURES.split())


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


def stem_key(folder: str, name: str, *, apart: int = 0) -> str:
    """Return what a picture and the text beside it have in common: folder and name without extension, as 32 hex digits.

    Upper and lower case, and the two Unicode spellings of an accent, do not tell files apart: they do not on every
    system that people copy their folders over. A digest, because an index takes no text of any length. `apart` is the
    number of an archive whose file is not to be taken for another one's of the same name.
    """
    path = unicodedata.normalize("NFC", f"{folder}/{bare_stem(name)}".lower())
    if apart:
        path = f"\0{apart}/{path}"  # no name holds a NUL
    return hashlib.blake2b(path.encode("utf-8", "replace"), digest_size=16).hexdigest()


def is_sidecar_name(name: str) -> bool:
    """Whether a name announces a text beside an image."""
    return name.lower().endswith((".txt", ".caption"))


def is_metadata_name(name: str) -> bool:
    """Whether a name announces a list of captions, such as `metadata.jsonl` or `meta_lat.json`."""
    return name.lower().endswith((".json", ".jsonl"))


def is_manifest_name(name: str) -> bool:
    """Whether a name is that of what lies in each export of this program."""
    return name == "manifest.json"


def is_archive_name(name: str) -> bool:
    """Whether a name announces an archive of images."""
    return name.lower().endswith(".zip")


def reason_to_leave_out(folder: str, name: str) -> str:
    """Return why nobody needs a file of an archive, a name of `datasets.reasons.Reason`; empty where it may count."""
    parts = [*folder.split("/"), name]
    if "__MACOSX" in parts or name.startswith("._") or name == ".DS_Store":
        return "MAC_LEFTOVER"
    if any(_is_hidden(part) for part in parts):
        return "HIDDEN"
    extension = name.rstrip(". ").rpartition(".")[2].lower() if "." in name else ""
    if extension in _NESTED:
        return "NESTED_ARCHIVE"
    return "NOT_NEEDED" if extension in _NOT_NEEDED else ""


def _is_hidden(part: str) -> bool:
    return len(part) > 1 and part[0] == "." and part[1] not in ". "


def natural_key(text: str) -> list[tuple[int, int, str]]:
    """Return a sort key that puts `a2` before `a10`."""
    parts = re.split(r"([0-9]+)", text.lower())
    return [(0, int(part), "") if part.isdigit() and part.isascii() else (1, 0, part) for part in parts]


def natural_bytes(text: str) -> bytes:
    """Return a sort key like `natural_key`, as short as the text: for a hundred thousand of them at once."""
    return re.sub(rb"[0-9]+", _number_bytes, text.lower().encode("utf-8", "replace"))


def _number_bytes(found: re.Match[bytes]) -> bytes:
    digits = found[0].lstrip(b"0") or b"0"
    # Before every letter, and the longer number after the shorter one.
    return b"\0" + len(digits).to_bytes(2, "big") + digits
