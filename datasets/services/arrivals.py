"""Images with the texts that an import brought for them: what `datasets` sends to whoever reads words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from datasets import signals
from datasets.models import Image, ImportJob, SidecarText

Reading = SidecarText.Reading


@dataclass(frozen=True)
class IncomingText:
    """A text for an image, and how it is to be read."""

    text: str
    reading: Reading


class Texts(tuple[IncomingText, ...]):
    """All that an import says of an image, in the order in which it counts."""

    __slots__ = ()

    @property
    def raw(self) -> str:
        """The texts as they were, one below the other."""
        return "\n".join(text.text for text in self)


@dataclass(frozen=True)
class Arrival:
    """An image, and all that its import says of it."""

    image: Image
    texts: Texts


class TextEnd(Enum):
    """What became of the texts for one image."""

    APPLIED = auto()
    SAME = auto()
    """All that they say was there already."""
    LEFT = auto()
    """The image has words of its own, and they were left as they are."""


def tell_ready(job: ImportJob, arrivals: Sequence[Arrival]) -> list[TextEnd]:
    """Send the news, keep the texts that were taken with their images, and return what became of each.

    To be called inside a transaction that holds the dataset's row.
    """
    ends = [TextEnd.LEFT] * len(arrivals)
    for _receiver, answer in signals.image_ready.send(sender=Image, job=job, arrivals=list(arrivals)):
        if isinstance(answer, list):
            ends = answer
    changed = []
    for arrival, end in zip(arrivals, ends, strict=True):
        if end is TextEnd.APPLIED and arrival.image.sidecar_text != arrival.texts.raw:
            arrival.image.sidecar_text = arrival.texts.raw
            changed.append(arrival.image)
    Image.everything.bulk_update(changed, ["sidecar_text"], batch_size=200)
    return ends
