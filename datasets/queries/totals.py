"""How many images match; for a large dataset held for a moment, so that not every page of a list counts anew."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

from datasets.models import Dataset, ImageQuerySet

# A dataset that got fewer images in its life is counted in a few milliseconds.
_LARGE = 20_000
_SECONDS = 30.0
_MOST_HELD = 256

_lock = threading.Lock()
_held: OrderedDict[tuple[object, ...], tuple[float, int]] = OrderedDict()


def count_matching(dataset: Dataset, matching: ImageQuerySet, *asked: object) -> int:
    """Return how many there are.

    Args:
        dataset: as it was read for this question: a change of it counts its revision up, and the total anew.
        matching: the images.
        asked: what tells this question from others of the dataset. What changes without the dataset, as the name of a
            category, or the hour, is noticed within half a minute.
    """
    if dataset.next_position <= _LARGE:
        return matching.count()
    key = (dataset.pk, dataset.created_at, dataset.revision, *asked)
    with _lock:
        until, total = _held.get(key, (0.0, 0))
    if time.monotonic() < until:
        return total
    total = matching.count()
    with _lock:
        _held[key] = (time.monotonic() + _SECONDS, total)
        while len(_held) > _MOST_HELD:
            _held.popitem(last=False)
    return total
