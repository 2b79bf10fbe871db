"""Whatever is asked of a version: the same images are found as in the database it was made from, or it is refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from datasets.filter_reading import BadFilter
from datasets.models import Image
from tagging.filters import tree, write_filter
from tagging.filters.tree import Node
from tagging.models import TagAlias
from tagging.queries.filtering import read_filter
from tagging.queries.version_filtering import read_version_filter
from tagging.queries.versions import read_images
from tagging.services.versions import version_for_export
from tests import factories
from tests.tagging.naive_filters import Picture
from tests.tagging.test_filters_property import World, anything, leaves, pictures_of, trees_of

pytestmark = pytest.mark.django_db

_KINDS = {"untagged", "tagged", "small", "blurred", "extreme", "plain", "turned"}
_NUMBERS = {"tags", "chars", "w", "h", "size"}


def is_known(node: Node) -> bool:
    """Whether a version knows the answer."""
    if isinstance(node, tree.Is):
        return node.kind in _KINDS
    if isinstance(node, tree.Has):
        return node.part in {"tags", "caption"}
    if isinstance(node, tree.Number):
        return node.of in _NUMBERS
    return not isinstance(node, tree.By | tree.From | tree.On | tree.Ago | tree.Cut)


def places_in_version(world: World, text: str) -> list[int]:
    """The places of the pictures that a version finds."""
    judge = read_version_filter(text)
    version = version_for_export(world.dataset, None)
    positions = {image.position for image in read_images(version) if judge(image)}
    found = Image.objects.filter(dataset=world.dataset, position__in=positions)
    return sorted(world.pks.index(pk) for pk in found.values_list("pk", flat=True))


@settings(max_examples=40, **anything)
@given(pictures=pictures_of, asked=st.lists(trees_of(leaves.filter(is_known)), min_size=1, max_size=8))
def test_a_version_answers_as_the_database_does(pictures: list[Picture], asked: list[Node]) -> None:
    with transaction.atomic():
        world = World(pictures)
        world.tell_of_change()
        for node in asked:
            text = write_filter(node)
            assert places_in_version(world, text) == world.found_by(text), text
        transaction.set_rollback(True)


@settings(max_examples=60, **anything)
@given(leaf=leaves)
def test_what_a_version_does_not_know_is_refused(leaf: Any) -> None:
    assume(not is_known(leaf))
    with pytest.raises(BadFilter, match="A version does not know"):
        read_version_filter(f"a OR ({write_filter(leaf)})")


def test_another_spelling_finds_the_tag() -> None:
    image = factories.make_image(factories.make_dataset())
    put = factories.make_image_tag(image, "automobile")
    TagAlias.objects.create(name="car", tag=put.tag)
    [frozen] = read_images(version_for_export(image.dataset, None))
    for text in ("car", "CAR", "automobile", "-lorry", ""):
        assert read_version_filter(text)(frozen), text
        assert Image.objects.filter(
            read_filter(text, image.dataset) if text else read_filter("*"), pk=image.pk
        ).exists()
    assert not read_version_filter("lorry")(frozen)
