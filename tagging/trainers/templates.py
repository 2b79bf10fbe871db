"""Caption templates: from an image's words to the one line that a trainer reads. Pure.

The line has no line break, no BOM and no blank at its ends; it is empty only where there is nothing to say, and then no
file is written. The trigger word stands once; a tag stands once; separators around what is empty vanish with it. The
default template says, byte for byte, what `tagging.text.compose_caption_text` says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from datasets.names import bare_stem
from tagging.text import one_line
from tagging.trainers.reading import (
    CAPTION,
    TAGS,
    TRIGGER,
    BadTemplate,
    Leaf,
    Node,
    Optional,
    Separator,
    Slot,
    read_nodes,
)
from tagging.trainers.records import FrozenDataset, FrozenImage
from tagging.trainers.sharing import WrittenTag, share_tags
from tagging.trainers.styles import TagStyle

__all__ = ["BadTemplate", "TagStyle", "Template", "read_template"]

# Words that a person wrote as sentences may end in a sign that the separator brings too.
_OF_SENTENCES = frozenset((CAPTION, "name", "folder", "dataset"))
_ENDING = ".!?…。"


@dataclass(frozen=True, slots=True)
class _Piece:
    """A text that is written.

    Attributes:
        text: not empty.
        word: of the placeholder it stands for; empty for words of the template.
        is_shuffled: tags that the trainer may shuffle.
    """

    text: str
    word: str = ""
    is_shuffled: bool = False


_Item = _Piece | Separator


@dataclass(frozen=True, slots=True)
class Template:
    """A template that can be read.

    Attributes:
        text: as a person wrote it.
        nodes: what it consists of.
    """

    text: str
    nodes: tuple[Node, ...] = field(repr=False)

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Its placeholders in order."""
        return tuple(leaf for leaf in _flat(self.nodes) if isinstance(leaf, Slot))

    @property
    def has_trigger(self) -> bool:
        """Whether it writes the trigger word."""
        return any(slot.word == TRIGGER for slot in self.slots)

    @property
    def has_tags(self) -> bool:
        """Whether it writes tags."""
        return any(slot.word == TAGS for slot in self.slots)

    @property
    def has_caption(self) -> bool:
        """Whether it writes the prose."""
        return any(slot.word == CAPTION for slot in self.slots)

    @property
    def categories(self) -> frozenset[str]:
        """The categories that it names, folded; empty for tags without one."""
        return frozenset[str]().union(*(slot.categories for slot in self.slots))

    def says(self, sign: str) -> bool:
        """Whether a sign stands among what it writes as it is: a marker that a person typed."""
        return any(sign in leaf.text for leaf in _flat(self.nodes) if not isinstance(leaf, Slot))

    def compose(self, dataset: FrozenDataset, image: FrozenImage, style: TagStyle) -> str:
        """Return the line that a trainer reads of an image; empty where there is nothing to say."""
        trigger = one_line(dataset.trigger_word) if self.has_trigger else ""
        marker = style.marker if style.kept is not None and style.marker and not self.says(style.marker) else None
        values = _fill(self.slots, trigger, dataset, image, style, is_marked=marker is not None)
        items = _say_trigger_once(_spread(self.nodes, values), trigger, style)
        return _write_marked(items, marker, style) if marker else _write(items)

    def count_kept(self, dataset: FrozenDataset, style: TagStyle) -> int:
        """Return how many parts between separators a trainer that counts has to keep in front.

        They are the trigger word and the words before the tags, and `style.kept` tags; 0 where it does not shuffle.
        """
        if style.kept is None:
            return 0
        head = ""
        for leaf in _flat(self.nodes):
            if isinstance(leaf, Slot) and leaf.word == TAGS:
                break
            if not isinstance(leaf, Slot):
                head += leaf.text
            elif leaf.word != TRIGGER:
                head += leaf.word
            else:
                head += one_line(dataset.trigger_word)
        sign = style.separator.strip() or style.separator
        return sum(bool(part.strip()) for part in head.split(sign)) + style.kept


def read_template(text: str) -> Template:
    """Read a template.

    Raises:
        BadTemplate: it cannot be read.
    """
    return Template(text, read_nodes(text))


def _flat(nodes: Sequence[Node]) -> Iterator[Leaf]:
    for node in nodes:
        if isinstance(node, Optional):
            yield from node.nodes
        else:
            yield node


# --- What placeholders are filled with --------------------------------------------------------------------------------


def _fill(
    slots: Sequence[Slot],
    trigger: str,
    dataset: FrozenDataset,
    image: FrozenImage,
    style: TagStyle,
    *,
    is_marked: bool,
) -> list[list[_Piece]]:
    """Return the pieces of each placeholder in order; none for one that is empty."""
    shares = share_tags(slots, image.tags, trigger, style)
    still_kept = style.kept or 0
    values: list[list[_Piece]] = []
    is_said = False
    for slot, tags in zip(slots, shares, strict=True):
        if slot.word == TAGS:
            values.append(_pieces_of(tags, style, still_kept if is_marked else len(tags)))
            still_kept -= min(still_kept, len(tags))
            continue
        text = _value(slot.word, trigger, dataset, image)
        if slot.word == TRIGGER:
            text, is_said = ("" if is_said else text), True
        values.append([_Piece(text, slot.word)] if text else [])
    return values


def _pieces_of(tags: Sequence[WrittenTag], style: TagStyle, kept: int) -> list[_Piece]:
    parts = ((tags[:kept], False), (tags[kept:], True))
    return [_Piece(style.join(part), TAGS, is_shuffled) for part, is_shuffled in parts if part]


def _value(word: str, trigger: str, dataset: FrozenDataset, image: FrozenImage) -> str:
    if word == TRIGGER:
        return trigger
    if word == CAPTION:
        prose = one_line(image.caption)
        return "" if prose == trigger else prose
    if word == "name":
        return one_line(bare_stem(image.original_name))
    if word == "folder":
        return one_line(image.relative_path.rpartition("/")[2])
    if word == "dataset":
        return one_line(dataset.name)
    return str({"n": image.position, "width": image.width, "height": image.height}[word])


def _spread(nodes: Sequence[Node], values: Sequence[list[_Piece]]) -> list[_Item]:
    """Return pieces and separators in order, without the parts whose placeholders are all empty."""
    items: list[_Item] = []
    numbers = count()
    for node in nodes:
        leaves = node.nodes if isinstance(node, Optional) else (node,)
        filled = [values[next(numbers)] if isinstance(leaf, Slot) else None for leaf in leaves]
        if isinstance(node, Optional) and not any(filled):
            continue
        for leaf, pieces in zip(leaves, filled, strict=True):
            if isinstance(leaf, Slot):
                items.extend(pieces or ())
            else:
                items.append(leaf if isinstance(leaf, Separator) else _Piece(leaf.text))
    return items


def _say_trigger_once(items: list[_Item], trigger: str, style: TagStyle) -> list[_Item]:
    """Take the trigger word away where prose that begins with it brings it again."""
    at = next((place for place, item in enumerate(items) if isinstance(item, _Piece) and item.word == CAPTION), None)
    of_trigger = next(
        (place for place, item in enumerate(items) if isinstance(item, _Piece) and item.word == TRIGGER), None
    )
    if at is None or of_trigger is None:
        return items
    prose = items[at].text
    if not prose.startswith(trigger) or prose[len(trigger) :][:1] not in {"", " ", ","}:
        return items
    between = items[of_trigger + 1 : at]
    is_next = at > of_trigger and not any(isinstance(item, _Piece) for item in between)
    if at < of_trigger:
        return items[:of_trigger] + items[of_trigger + 1 :]
    if is_next and style.keeps_prose_start:
        return items[:of_trigger] + items[at:]
    rest = prose[len(trigger) :].lstrip(", ")
    return items[:at] + ([_Piece(rest, CAPTION)] if rest else []) + items[at + 1 :]


# --- From pieces to the line ------------------------------------------------------------------------------------------


def _write(items: Sequence[_Item]) -> str:
    """Return pieces with one separator between each two: the one that follows the first of them."""
    text, separator, last = "", "", ""
    for item in items:
        if isinstance(item, Separator):
            separator = separator or item.text
        else:
            text += _between(text, separator, last) + item.text
            separator, last = "", item.word
    # A sentence may end behind its placeholder; any other separator has lost what it separates.
    end = separator.strip()
    if text and end and not end.strip(_ENDING):
        text += _between(text, end, last)
    return text


def _between(text: str, separator: str, word: str) -> str:
    """Return a separator without the sign that a person's own words end in already."""
    if not text:
        return ""
    if word in _OF_SENTENCES and separator[:1] and (text[-1] + separator[0] == ",," or _is_end_twice(text, separator)):
        return separator[1:]
    return separator


def _is_end_twice(text: str, separator: str) -> bool:
    return separator[0] == "." and text[-1] in _ENDING


def _write_marked(items: Sequence[_Item], marker: str, style: TagStyle) -> str:
    """Return the line with a marker before and behind what may be shuffled; a trainer knows one such place."""
    shuffled = [place for place, item in enumerate(items) if isinstance(item, _Piece) and item.is_shuffled]
    if not shuffled:
        text = _write(items)
        # Without a marker the trainer would shuffle everything.
        return f"{text} {marker}" if style.separator.strip() in text and text else text
    first, last = shuffled[0], _end_of_run(items, shuffled[0])
    head, middle, tail = (_write(part) for part in (items[:first], items[first:last], items[last:]))
    if not head and not tail:
        return middle
    return " ".join(part for part in (head, marker, middle, tail and marker, tail) if part)


def _end_of_run(items: Sequence[_Item], start: int) -> int:
    """Return the place behind the tags that may be shuffled, beginning at one."""
    end = start + 1
    for place in range(start, len(items)):
        item = items[place]
        if isinstance(item, _Piece):
            if not item.is_shuffled:
                break
            end = place + 1
    return end
