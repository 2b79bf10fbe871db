"""The orders that images are shown in, and the cursors that lead into them.

Each order has an index that is entered at a cursor: page 1,000 costs what page 1 costs.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from django.db.models import F, Q
from django.db.models.expressions import Expression, OrderBy
from django.utils.translation import gettext as _

from datasets.models import ASPECT_RATIO, Image, ImageQuerySet

_LARGEST = 2**63 - 1
_LONGEST_CURSOR = 20_000


class Order(StrEnum):
    """How images are sorted."""

    ADDED = "added"
    NEWEST = "newest"
    NAME = "name"
    SIZE = "size"
    RATIO = "ratio"
    CHANGED = "changed"


class BadCursor(ValueError):
    """What was given as a cursor is none of this order; the text is a sentence."""


@dataclass(frozen=True)
class _Key:
    """What an order sorts by; equal values are sorted by number, the same way round."""

    field: str
    kind: type[int] | type[float] | type[str]
    descending: bool = False


# The largest file first; the tallest picture first; what was changed last first.
_KEYS = {
    Order.ADDED: _Key("position", int),
    Order.NEWEST: _Key("position", int, descending=True),
    Order.NAME: _Key("original_name", str),
    Order.SIZE: _Key("byte_size", int, descending=True),
    Order.RATIO: _Key("ratio", float),
    Order.CHANGED: _Key("changed_at_revision", int, descending=True),
}


def in_order(images: ImageQuerySet, order: Order) -> ImageQuerySet:
    """Sort images."""
    return with_value(images, order).order_by(*sort_keys(order))


def with_value(images: ImageQuerySet, order: Order) -> ImageQuerySet:
    """Let rows hold what an order sorts them by, where that is no column: it becomes part of the cursor."""
    return images.annotate(ratio=ASPECT_RATIO) if order == Order.RATIO else images


def sort_keys(order: Order) -> list[OrderBy]:
    """Return what an order sorts by."""
    key = _KEYS[order]
    value: Expression | F = ASPECT_RATIO if order == Order.RATIO else F(key.field)
    # A position is had once.
    values = [value] if key.field == "position" else [value, F("pk")]
    return [OrderBy(each, descending=key.descending) for each in values]


def cursor_fields(order: Order) -> tuple[str, str]:
    """Return the fields whose values are a cursor."""
    return _KEYS[order].field, "pk"


def cursor_of(order: Order, value: float | str, pk: int) -> str:
    """Return the cursor behind the image of this value and number; in the order of adding it is its plain position."""
    if order == Order.ADDED:
        return str(value)
    text = json.dumps([order.value, value, pk], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def cursor_behind(order: Order, image: Image) -> str:
    """Return the cursor behind an image of a page that `in_order` sorted."""
    return cursor_of(order, getattr(image, _KEYS[order].field), image.pk)


def behind(images: ImageQuerySet, order: Order, cursor: str) -> ImageQuerySet:
    """Return of images in this order those that come after a cursor; empty for the start.

    Raises:
        BadCursor: it is none of this order.
    """
    if cursor in {"", "0"}:
        return images
    value, pk = _read_cursor(order, cursor)
    key = _KEYS[order]
    side = "lt" if key.descending else "gt"
    if key.field == "position":
        return images.filter(Q((f"position__{side}", value)))
    further = Q((f"{key.field}__{side}", value)) | Q((f"pk__{side}", pk))
    # The first condition says nothing new, but lets the database enter its index there.
    return with_value(images, order).filter(Q((f"{key.field}__{side}e", value)) & further)


def _read_cursor(order: Order, cursor: str) -> tuple[float | str, int]:
    if order == Order.ADDED and cursor.isascii() and cursor.isdigit() and len(cursor) <= len(str(_LARGEST)):
        return min(int(cursor), _LARGEST), 0
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        written, value, pk = json.loads(base64.b64decode(padded[:_LONGEST_CURSOR], altchars=b"-_", validate=True))
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise _bad_cursor() from error
    if written != order.value or type(pk) is not int or abs(pk) > _LARGEST or not _is_value(_KEYS[order], value):
        raise _bad_cursor()
    return value, pk


def _is_value(key: _Key, value: object) -> bool:
    if type(value) is int:
        return key.kind is int and abs(value) <= _LARGEST
    if isinstance(value, float):
        return key.kind is float and isfinite(value)
    return isinstance(value, str) and key.kind is str and "\x00" not in value


def _bad_cursor() -> BadCursor:
    return BadCursor(_("This place is not one of the list in this order: start from its beginning."))
