"""Images of which the text says nothing, or less than of others."""

from __future__ import annotations

from typing import Final

from tagging.filters.patterns import literal
from tagging.filters.tree import And, Category, Has, Is, Node, Not, all_of
from tagging.linting.facts import Facts
from tagging.linting.findings import Fix, Found, Level, Rule
from tagging.trainers.reading import CAPTION, TAGS, TRIGGER, Optional, Word

# Without a text the training stops, or the image is not in it.
_LOSES_IMAGES: Final = frozenset({"simpletuner", "diffusion-pipe", "musubi-tuner"})
_UNTAGGED = Is("untagged")


def no_text(facts: Facts) -> Found | None:
    """Nothing is written for an image, so it has no file of text."""
    nothing = _nothing_to_say(facts)
    if nothing is None or facts.writes_trigger or _always_says_something(facts):
        return None
    is_kept = facts.options.profile == "musubi-tuner" and facts.options.variant == "list"
    level: Level = "error" if facts.options.profile in _LOSES_IMAGES and not is_kept else "warning"
    return Found(level, nothing, wording="list" if is_kept else "", fix=_leaving_out(nothing))


def only_trigger(facts: Facts) -> Found | None:
    """The text is the trigger word alone, or what the template says of every image."""
    nothing = _nothing_to_say(facts)
    if nothing is None or not (facts.writes_trigger or _always_says_something(facts)):
        return None
    wording = "" if facts.writes_trigger else "template"
    return Found("warning", nothing, wording=wording, named={"trigger": facts.trigger}, fix=_leaving_out(nothing))


def left_out(facts: Facts) -> Found | None:
    """Images without words that the export was told to leave out."""
    if not facts.left_out:
        return None
    fix = Fix("include", options={"untagged": "include"})
    return Found("hint", _UNTAGGED, fix=fix, is_absolute=True, count=facts.left_out)


def mixed_labels(facts: Facts) -> Found | None:
    """Some images have tags only and others prose only: their texts are of two kinds."""
    if not (facts.writes_tags and facts.writes_captions and facts.only_tags and facts.only_prose):
        return None
    level: Level = "warning" if facts.options.profile == "civitai" else "hint"
    # Those that are fewer are the exception.
    if facts.only_tags < facts.only_prose:
        return Found(level, And((Has("tags"), Not(Has("caption")))), wording="tags")
    return Found(level, And((Has("caption"), Not(Has("tags")))), wording="prose")


def _leaving_out(nothing: Node) -> Fix | None:
    return Fix("leave-out", options={"untagged": "leave-out"}) if nothing == _UNTAGGED else None


def _always_says_something(facts: Facts) -> bool:
    """Whether the template has words of its own, or writes names, numbers and the like."""
    for node in facts.template.nodes:
        leaves = node.nodes if isinstance(node, Optional) else (node,)
        for leaf in leaves:
            if isinstance(leaf, Word) and not isinstance(node, Optional):
                return True
            if getattr(leaf, "word", TAGS) not in {TAGS, CAPTION, TRIGGER}:
                return True
    return False


def _nothing_to_say(facts: Facts) -> Node | None:
    """Return which images have none of the words that the template asks for; `None` where it asks for none."""
    parts: list[Node] = []
    if facts.writes_tags:
        parts.append(_without_written_tags(facts))
    if facts.writes_captions:
        parts.append(Not(Has("caption")))
    if parts == [Not(Has("tags")), Not(Has("caption"))]:
        return _UNTAGGED
    return all_of(parts) if parts else None


def _without_written_tags(facts: Facts) -> Node:
    slots = [slot for slot in facts.template.slots if slot.word == TAGS]
    named = sorted(facts.template.categories)
    # Tags without a category cannot be asked for, nor "all but": images without any tag are told at least.
    if any(slot.takes_the_rest for slot in slots) or "" in named:
        return Not(Has("tags"))
    return all_of(Not(Category(literal(name))) for name in named)


RULES = (
    Rule("no-text", no_text),
    Rule("only-trigger", only_trigger),
    Rule("left-out", left_out),
    Rule("mixed-labels", mixed_labels),
)
