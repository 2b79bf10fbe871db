"""A dataset of any number of images straight in the database: rows and tags, no files.

Run in a program's environment: `manage.py shell -c "from tests.many_images import make; print(make('Many', 2000))"`.
"""

from __future__ import annotations

import hashlib
import random
from itertools import count

from datasets.models import Dataset, Image
from datasets.names import stem_key
from tagging.models import ImageTag, Source, Tag

_AT_ONCE = 2_000
SHAPES = [(1024, 768), (768, 1024), (1024, 1024), (1536, 640)]
COLOURS = ["#7a8ca0", "#a08c7a", "#6f8f6f", "#8f6f8f", "#b0a080"]


def make(name: str, images: int, *, tags: int = 40, tags_each: int = 6) -> int:
    """Make a dataset whose every tenth image has no tags; returns its number."""
    facts = {"name": name, "file_prefix": f"many{Dataset.objects.count()}"}
    dataset = Dataset.objects.create(**facts, next_position=images + 1)
    words = [Tag.objects.get_or_create(name=f"word {number:03d}")[0].pk for number in range(tags)]
    chance = random.Random(11)
    # The first words are common, the last ones rare.
    weights = [1 / (place + 1) for place in range(tags)]
    for start in range(0, images, _AT_ONCE):
        numbers = range(start, min(start + _AT_ONCE, images))
        rows = Image.objects.bulk_create([_image(dataset, number) for number in numbers])
        tagged = [row for row in rows if row.is_tagged]
        ImageTag.objects.bulk_create(
            ImageTag(image=row, tag_id=word, position=place, source=Source.SIDECAR)
            for row in tagged
            for place, word in zip(count(1), set(chance.choices(words, weights, k=tags_each)), strict=False)
        )
    return int(dataset.pk)


def _image(dataset: Dataset, number: int) -> Image:
    width, height = SHAPES[number % len(SHAPES)]
    file_name = f"picture{number + 1:06d}.jpg"
    return Image(
        dataset=dataset,
        position=number + 1,
        sha256=hashlib.sha256(f"{dataset.pk} {number}".encode()).hexdigest(),
        original_name=file_name,
        stem_key=stem_key("", file_name),
        format="JPEG",
        width=width,
        height=height,
        byte_size=100_000 + number * 7 % 90_000,
        colour=COLOURS[number % len(COLOURS)],
        is_tagged=number % 10 != 0,
    )
