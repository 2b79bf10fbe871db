"""What a filter finds, told without a database: each condition asked of each picture in turn."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tagging.filters import tree
from tagging.text import compose_caption_text
from tagging.tokens import count_clip_tokens, count_t5_tokens
from tagging.trainers.bucketing import BUCKETERS

_FEWEST_PIXELS, _EXTREME, _BLURRED = 512 * 512, 3, 20
TRIGGER, DEPRECATED = "miku", "bluesky"


@dataclass(frozen=True)
class Put:
    """A tag on a picture."""

    name: str
    category: str
    source: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Picture:
    """A picture as far as filters see it; `caption` is its text, who wrote it, and when."""

    name: str
    folder: str
    width: int
    height: int
    byte_size: int
    format: str
    state: str
    sharpness: float | None
    dhash: int | None
    tags: list[Put] = field(default_factory=list)
    caption: tuple[str, str, datetime] | None = None
    orientation: int = 1
    is_plain: bool = True

    @property
    def text(self) -> str:
        """What stands in its caption."""
        return self.caption[0] if self.caption else ""


def found_by(node: tree.Node, pictures: Sequence[Picture], now: datetime) -> list[int]:
    """Return the places of the pictures that match."""
    return [place for place, picture in enumerate(pictures) if _matches(node, picture, pictures, now)]


def _matches(node: tree.Node, picture: Picture, among: Sequence[Picture], now: datetime) -> bool:
    match node:
        case tree.And(nodes):
            return all(_matches(each, picture, among, now) for each in nodes)
        case tree.Or(nodes):
            return any(_matches(each, picture, among, now) for each in nodes)
        case tree.Not(inner):
            return not _matches(inner, picture, among, now)
        case tree.Is("duplicate"):
            alike = [other for other in among if other.dhash is not None and other.dhash == picture.dhash]
            return len(alike) > 1
        case tree.Is("namesake"):
            return sum(_stem(other) == _stem(picture) for other in among) > 1
        case tree.Has("single"):
            return any(
                sum(put.name == each.name for other in among for each in other.tags) == 1 for put in picture.tags
            )
        case tree.On() | tree.Ago():
            return any(_is_then(node, moment, now) for moment in _moments(picture))
    return _has(node, picture)


def _has(node: tree.Node, picture: Picture) -> bool:
    match node:
        case tree.Tag(pattern):
            return any(_like(put.name, pattern) for put in picture.tags)
        case tree.Category(pattern):
            return any(put.category and _like(put.category, pattern) for put in picture.tags)
        case tree.From(source):
            return any(put.source == source for put in picture.tags)
        case tree.By(pattern):
            people = [put.by for put in picture.tags] + (
                [picture.caption[1]] if picture.caption and picture.text else []
            )
            return any(name and _like(name, pattern) for name in people)
        case tree.Caption(pattern):
            return picture.text != "" and _like(picture.text, f"*{pattern}*")
        case tree.Name(pattern):
            return _is_named(picture.name, pattern)
        case tree.Path(pattern):
            return _is_named(f"{picture.folder}/{picture.name}", pattern)
        case tree.Has(part):
            return _has_in_words(part, picture)
    return _is(node, picture)


def _has_in_words(part: str, picture: Picture) -> bool:
    names, text = [put.name for put in picture.tags], picture.text
    again = re.search(rf"\W{TRIGGER}(?!\w)", text, re.IGNORECASE)
    begins = re.match(rf"{TRIGGER}(?!\w)", text, re.IGNORECASE) and not re.match(rf"{TRIGGER}( |,|$)", text)
    return {
        "tags": bool(names),
        "caption": bool(text),
        "deprecated": DEPRECATED in names,
        "twins": len({_fold(name) for name in names}) < len(names),
        "capitals": any("A" <= sign <= "Z" for name in names for sign in name),
        "beyond-ascii": any(ord(sign) > 127 for sign in "".join([*names, text])),
        "lines": "\n" in text,
        "invisible": "\u200b" in text,
        "trigger": bool(again or begins),
        "trigger-tag": any(name != TRIGGER and _fold(name) == TRIGGER for name in names),
    }[part]


def _stem(picture: Picture) -> tuple[str, str]:
    return picture.folder.lower(), picture.name.rpartition(".")[0].lower()


def _is(node: tree.Node, picture: Picture) -> bool:
    shape = picture.width / picture.height
    match node:
        case tree.Is(kind):
            return {
                "tagged": bool(picture.tags or picture.text),
                "untagged": not (picture.tags or picture.text),
                "small": picture.width * picture.height < _FEWEST_PIXELS,
                "extreme": max(shape, 1 / shape) > _EXTREME,
                "plain": picture.is_plain,
                "turned": picture.orientation > 1,
                "blurred": picture.sharpness is not None and picture.sharpness < _BLURRED,
            }[kind]
        case tree.State(state):
            return picture.state == state
        case tree.Format(name):
            return picture.format == name
        case tree.Dimensions(width, height):
            return (picture.width, picture.height) == (width, height)
        case tree.Bucket(width, height):
            return _bucket(picture.width, picture.height) == (width, height)
        case tree.Cut(trainer, resolution, sign, percent):
            cut = BUCKETERS[trainer].fit(picture.width, picture.height, resolution).cut * 100
            return (
                (cut > percent or ("=" in sign and cut == percent))
                if ">" in sign
                else (cut < percent or ("=" in sign and cut == percent))
            )
        case tree.Number(of, least, most):
            number = _number(of, picture)
            return (least is None or number >= least) and (most is None or number <= most)
        case tree.Ratio(low, high, with_low, with_high):
            above = low is None or shape > low or (with_low and shape == low)
            return above and (high is None or shape < high or (with_high and shape == high))
    raise AssertionError(node)


def _number(of: str, picture: Picture) -> int:
    parts = [put.name for put in picture.tags] + [picture.text] * bool(picture.text)
    if of in {"tokens", "t5"}:
        names = [put.name for put in picture.tags]
        written = compose_caption_text(trigger_word=TRIGGER, tags=names, caption=picture.text)
        return (count_clip_tokens(written) if of == "tokens" else count_t5_tokens(written)) or 0
    return {
        "tags": len(picture.tags),
        "chars": len(", ".join(parts)),
        "w": picture.width,
        "h": picture.height,
        "size": picture.byte_size,
    }[of]


def _moments(picture: Picture) -> list[datetime]:
    written = [picture.caption[2]] if picture.caption and picture.text else []
    return [put.at for put in picture.tags] + written


def _is_then(node: tree.On | tree.Ago, moment: datetime, now: datetime) -> bool:
    if isinstance(node, tree.Ago):
        return (now - moment >= timedelta(hours=node.hours)) == node.longer
    day = moment.astimezone(UTC).date()
    return (node.first is None or day >= node.first) and (node.last is None or day <= node.last)


def _is_named(text: str, pattern: str) -> bool:
    is_wild = any(sign in "*?" for sign, escape in _signs(pattern) if not escape)
    return _like(text, pattern if is_wild else f"*{pattern}*")


def _like(text: str, pattern: str) -> bool:
    wild = {"*": ".*", "?": "."}
    parts = [re.escape(_fold(sign)) if escape or sign not in wild else wild[sign] for sign, escape in _signs(pattern)]
    return re.fullmatch("".join(parts), _fold(text), re.DOTALL) is not None


def _signs(pattern: str) -> list[tuple[str, bool]]:
    return [(found[-1], len(found) > 1) for found in re.findall(r"\\[*?\\]|.", pattern, re.DOTALL)]


def _fold(text: str) -> str:
    return text.replace("_", " ").lower()


def _bucket(width: int, height: int) -> tuple[int, int]:
    """Kohya's rule, written again from the notes on it."""
    area, sizes = 1024 * 1024, {(1024, 1024)}
    for one in range(256, 2049, 64):
        other = min(2048, area // one // 64 * 64)
        if other >= 256:
            sizes |= {(one, other), (other, one)}
    if (width, height) in sizes:
        return width, height
    best = sorted(sizes)[0]
    for size in sorted(sizes):
        if abs(size[0] / size[1] - width / height) < abs(best[0] / best[1] - width / height):
            best = size
    return best
