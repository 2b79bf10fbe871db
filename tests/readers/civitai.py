"""CivitAI's trainer in the browser: what its form makes of a zip."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from PIL import Image

MOST_FILES = 1000
LEAST_SIDE, SMALL, LONGEST_SIDE = 64, 256, 2048
EXTENSIONS = frozenset({"png", "jpg", "jpeg", "webp"})
LabelKind = Literal["tag", "caption"]


@dataclass(frozen=True)
class Labelled:
    """A picture as the form shows it; `label` is empty where no text was found."""

    name: str
    label: str
    size: tuple[int, int]
    content: bytes


@dataclass(frozen=True)
class Form:
    """What the form took in; `refused` says why of each name, `ignored` is passed over without a word."""

    pictures: list[Labelled]
    refused: dict[str, str]
    ignored: list[str]
    cut_off: int = 0

    @property
    def kind(self) -> LabelKind:
        """What it guesses that labels are, by the first of them."""
        first = next((picture.label for picture in self.pictures if picture.label), "")
        return "caption" if len(first) > 80 and len(first.split(",")) < len(first) * 0.05 else "tag"


def read_zip(content: bytes) -> Form:
    """Pictures with their labels, in the order of the zip."""
    form = Form([], {}, [])
    texts: set[str] = set()
    taken = 0
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        for name in names:
            if name.endswith("/") or name.startswith("__MACOSX/"):
                continue
            if name.rpartition(".")[2].lower() not in EXTENSIONS:
                form.ignored.append(name)
                continue
            taken += 1
            if taken > MOST_FILES:
                continue
            text = f"{name.rpartition('.')[0]}.txt"
            label = archive.read(text).decode() if text in names else ""
            texts.add(text)
            _take_in(form, name, label, archive.read(name))
    ignored = [name for name in form.ignored if name not in texts]
    return Form(form.pictures, form.refused, ignored, max(0, taken - MOST_FILES))


def _take_in(form: Form, name: str, label: str, content: bytes) -> None:
    try:
        with Image.open(io.BytesIO(content)) as picture:
            picture.load()
            size = picture.size
    except (OSError, ValueError):
        form.refused[name] = "corrupt"
        return
    if min(size) < LEAST_SIDE:
        form.refused[name] = "too small"
        return
    form.pictures.append(Labelled(name, label, _resized(size), content))


def _resized(size: tuple[int, int]) -> tuple[int, int]:
    longest = max(size)
    wanted = LONGEST_SIDE if longest > LONGEST_SIDE else SMALL if longest < SMALL else longest
    return round(size[0] * wanted / longest), round(size[1] * wanted / longest)


def with_trigger(label: str, word: str, kind: LabelKind) -> str:
    """The label that is sent: the trigger word goes in front where the form does not find it there."""
    if not word:
        return label
    end = r"(,|$)" if kind == "tag" else r"( |$)"
    if re.match(f"{word}{end}", label):  # the form puts it in unescaped
        return label
    if not label:
        return word
    return f"{word}, {label}" if kind == "tag" else f"{word} {label}"


def tags_shown(label: str) -> list[str]:
    """Tags as the form shows them; once one is touched, they are written back so."""
    return [tag for tag in (part.strip().lower() for part in label.split(",")) if tag]


def renamed(pictures: Iterable[Labelled]) -> dict[str, bytes]:
    """What is uploaded: numbers for names, and a text only where there is a label."""
    files: dict[str, bytes] = {}
    for number, picture in enumerate(pictures):
        files[f"{number:03}.{picture.name.rpartition('.')[2]}"] = picture.content
        if picture.label:
            files[f"{number:03}.txt"] = picture.label.encode()
    return files
