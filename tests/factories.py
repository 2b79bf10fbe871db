"""One factory a model: a valid row from nothing, with what the test cares about given by name."""

from __future__ import annotations

import hashlib
import itertools
from typing import Any

from django.contrib.auth.models import User

from datasets.models import Dataset, Image, Membership, Role
from datasets.names import stem_key
from tagging.models import ImageTag, Source, Tag

_numbers = itertools.count(1)


def make_user(**fields: Any) -> User:
    """A person who can sign in with the password `correct horse`."""
    number = next(_numbers)
    return User.objects.create_user(
        username=fields.pop("username", f"person{number}"), password="correct horse", **fields
    )


def make_dataset(**fields: Any) -> Dataset:
    """An empty dataset; `owner` is made its owner."""
    number = next(_numbers)
    owner = fields.pop("owner", None)
    dataset = Dataset.objects.create(**{"name": f"Dataset {number}", "file_prefix": f"set{number}", **fields})
    if owner is not None:
        make_member(dataset, owner, Role.OWNER)
    return dataset


def make_member(dataset: Dataset, user: User | None = None, role: Role = Role.TAGGER) -> User:
    """Somebody who belongs to a dataset; made where nobody is given."""
    user = user or make_user()
    Membership.objects.create(dataset=dataset, user=user, role=role)
    return user


def make_image(dataset: Dataset, **fields: Any) -> Image:
    """A ready image's row; its files are not there (`tests.datasets` imports real ones)."""
    number = next(_numbers)
    defaults = {
        "position": number,
        "sha256": hashlib.sha256(str(number).encode()).hexdigest(),
        "original_name": f"picture{number}.jpg",
        "stem_key": stem_key("", f"picture{number}.jpg"),
        "format": "JPEG",
        "width": 640,
        "height": 480,
        "byte_size": 1000,
        "colour": "#808080",
    }
    return Image.objects.create(dataset=dataset, **{**defaults, **fields})


def make_image_tag(image: Image, name: str, **fields: Any) -> ImageTag:
    """A tag on an image, after those already there."""
    tag, _ = Tag.objects.get_or_create(name=name)
    position = float(image.image_tags.count() + 1)
    if not image.is_tagged:
        image.is_tagged = True
        image.save(update_fields=["is_tagged"])
    return ImageTag.objects.create(image=image, tag=tag, **{"position": position, "source": Source.PERSON, **fields})
