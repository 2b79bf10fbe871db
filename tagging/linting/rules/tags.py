"""Tags over the whole dataset: on nearly all images, on one, or not used any more."""

from __future__ import annotations

from typing import Final

from tagging.filters.patterns import literal
from tagging.filters.tree import Has, Node, Tag, any_of
from tagging.linting.facts import Facts, few_names
from tagging.linting.findings import MOST_RENAMED, Fix, Found, Mending, Rule
from tagging.suggesting.folding import fold

MOST_SHARE: Final = 0.8
# In fewer images a share says nothing.
FEWEST_IMAGES: Final = 10


def is_everywhere(count: int, with_tags: int) -> bool:
    """Whether a tag is on nearly all images: the board and lint mean the same by it.

    A share of the images that have tags: what is half tagged would else be told that nothing is everywhere, and prose
    beside tagged images says nothing of tags.

    Args:
        count: on how many images the tag is.
        with_tags: how many images have a tag at all.
    """
    return with_tags >= FEWEST_IMAGES and count > MOST_SHARE * with_tags


def is_the_trigger(name: str, trigger: str) -> bool:
    """Whether a tag is the trigger word, however it is spelled: it is meant to be everywhere."""
    return fold(name) == fold(trigger)


def deprecated_tags(facts: Facts) -> Found | None:
    """Tags that are not used any more; their successors take their place."""
    tags = [tag for tag in facts.tags if tag.is_deprecated] if facts.writes_tags else []
    if not tags:
        return None
    renames = tuple((tag.name, (tag.successor,)) for tag in tags if tag.successor)
    fix = Fix("successors", Mending(renames)) if 0 < len(renames) <= MOST_RENAMED else None
    return Found("warning", Has("deprecated"), named={"tags": [tag.name for tag in tags]}, fix=fix)


def twins(facts: Facts) -> Found | None:
    """Two spellings of a tag on one image."""
    if not facts.writes_tags or len(set(facts.folded)) == len(facts.folded):
        return None
    return Found("warning", Has("twins"), fix=Fix("first-spelling", Mending(without_twins=True)))


def everywhere(facts: Facts) -> Found | None:
    """Tags on nearly all images: what is always there is learned by them instead of by the trigger word."""
    if not facts.writes_tags:
        return None
    often = [tag for tag in facts.tags if is_everywhere(tag.count, facts.with_tags)]
    tags = [tag for tag in often if not is_the_trigger(tag.name, facts.trigger)]
    if not tags:
        return None
    names = few_names([tag.name for tag in tags])
    nodes: list[Node] = [Tag(literal(name)) for name in names]
    mending = Mending(renames=tuple((name, ()) for name in names))
    return Found(
        "hint",
        any_of(nodes) if len(nodes) > 1 else nodes[0],
        named={"tags": names, "share": round(MOST_SHARE * 100)},
        fix=Fix("take-off", mending, named={"tags": names}),
    )


def single_use(facts: Facts) -> Found | None:
    """Tags on one image of the whole dataset: a rare thing, or a slip of spelling."""
    tags = [tag.name for tag in facts.tags if tag.count == 1] if facts.writes_tags else []
    if not tags or facts.images < FEWEST_IMAGES:
        return None
    return Found("hint", Has("single"), named={"tags": tags})


RULES = (
    Rule("deprecated-tags", deprecated_tags),
    Rule("twin-tags", twins),
    Rule("everywhere-tags", everywhere),
    Rule("single-tags", single_use),
)
