"""`docs/user-guide.md` as a test reads it: what each part names, and the pictures it shows."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from PIL import Image, ImageChops, ImageStat

from tagger_project.env import BASE_DIR

DOCUMENT = BASE_DIR / "docs" / "user-guide.md"
LARGEST_PICTURE = 150_000
# Few colours and the time of day make up to 4, another page most often more than 7.
LIKENESS = 6
# How the guide writes keys that a keyboard has words for, and how the program does.
_SIGNS = {"Enter": "↵", "Backspace": "⌫", "Delete": "Del", "PageUp": "Page ↑", "PageDown": "Page ↓"}
_KEY = re.compile(r"(?:(?:Ctrl|Alt|Shift)\+)*(?:[A-Z0-9?/]|F1|Esc|Space|Tab|[←→↑↓]|" + "|".join(_SIGNS) + ")")
_COLOURS = (256, 160, 96, 64, 48, 32)


def _keys(text: str) -> list[str]:
    """The keys of a text, as the program writes them: `Ctrl J`."""
    codes = [code for code in re.findall(r"`([^`]+)`", text) if _KEY.fullmatch(code)]
    return [" ".join(_SIGNS.get(part, part) for part in code.split("+")) for code in codes]


@dataclass
class Part:
    """What stands under one heading of the guide."""

    title: str
    text: str
    seen: set[str] = field(default_factory=set)

    @property
    def names(self) -> list[str]:
        """What is in bold: words that stand on the pages of this part."""
        return re.findall(r"\*\*(.+?)\*\*", self.text, re.DOTALL)

    @property
    def keys(self) -> set[str]:
        """The keys it names."""
        return set(_keys(self.text))

    @property
    def table(self) -> dict[str, list[str]]:
        """The table of keys, if it has one: what a key does, and the keys."""
        rows = re.findall(r"^\| ([^|`]+?) \| (`[^|]+`) \|$", self.text, re.MULTILINE)
        return {does: _keys(keys) for does, keys in rows}

    @property
    def missing(self) -> list[str]:
        """The names in bold that were on no page."""
        return [name for name in self.names if " ".join(name.split()) not in self.seen]


class Guide:
    """The document."""

    def __init__(self) -> None:
        self.text = DOCUMENT.read_text(encoding="utf-8")

    @cached_property
    def parts(self) -> dict[str, Part]:
        """Its parts by their titles."""
        found = re.split(r"^## ", self.text, flags=re.MULTILINE)[1:]
        parts = [Part(*section.split("\n", 1)) for section in found]
        return {part.title: part for part in parts}

    @cached_property
    def pictures(self) -> dict[str, Path]:
        """The pictures it shows, by their names."""
        found = re.findall(r"!\[[^\]]+\]\((screenshots/guide/[^)]+)\)", self.text)
        return {Path(path).stem: DOCUMENT.parent / path for path in found}


def _palette(picture: Image.Image, colours: int) -> Image.Image:
    """Few colours for a page: those of its surfaces and letters as they are, and others for what is shown on it."""
    counted = sorted(picture.getcolors(picture.width * picture.height) or [], reverse=True)
    flat = [colour for _count, colour in counted if isinstance(colour, tuple)]
    others = picture.quantize(colours, dither=Image.Dither.NONE).getpalette() or []
    chosen: dict[tuple[int, ...], tuple[int, ...]] = {}
    # Pillow looks for the nearest by the upper bits alone: neighbours would take the place of white.
    for colour in flat:
        if len(chosen) < colours * 3 // 4:
            chosen.setdefault(tuple(part >> 3 for part in colour), colour)
    for colour in _colours(others):
        chosen.setdefault(tuple(part >> 3 for part in colour), colour)
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in list(chosen.values())[:colours] for part in colour])
    return palette


def _colours(parts: list[int]) -> list[tuple[int, ...]]:
    """The colours of a palette, which is red, green and blue in turn."""
    return list(zip(parts[::3], parts[1::3], parts[2::3], strict=True))


def write_small(shot: bytes, path: Path) -> None:
    """Write a picture of a page with as many colours as keep it small."""
    picture = Image.open(io.BytesIO(shot)).convert("RGB")
    for colours in _COLOURS:
        buffer = io.BytesIO()
        few = picture.quantize(palette=_palette(picture, colours), dither=Image.Dither.NONE)
        few.save(buffer, "PNG", optimize=True)
        if buffer.tell() <= LARGEST_PICTURE:
            break
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue())


def difference(shot: bytes, path: Path) -> float:
    """How far a page is from the picture that is kept of it, 0 to 255, seen from afar; 255 where sizes differ."""
    now, kept = (Image.open(source).convert("L") for source in (io.BytesIO(shot), path))
    if now.size != kept.size:
        return 255
    small = [picture.resize((32, 20), Image.Resampling.BOX) for picture in (now, kept)]
    return ImageStat.Stat(ImageChops.difference(*small)).mean[0]
