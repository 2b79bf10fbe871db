"""Pictures: refused, blown up, cut off, shrunk, written anew, or worth a look."""

from __future__ import annotations

from typing import Final

from tagging.filters.tree import CUTTERS, And, Cut, Format, Is, Name, Node, Not, Number, any_of
from tagging.filters.writing import write_filter
from tagging.linting.facts import Facts
from tagging.linting.findings import Fix, Found, Level, Rule

SMALLEST_SIDE: Final = 64
LARGEST_SIDE: Final = 2048
BLOWN_UP_BELOW: Final = 256
MOST_CUT: Final = 20.0
SMALL_RESOLUTION: Final = 512
# What CivitAI does is not public, and the last two train nothing.
_WITHOUT_BUCKETS: Final = frozenset({"civitai", "huggingface", "plain"})
_OTHER_FORMATS: Final[Node] = any_of([Format("gif"), Format("bmp"), Format("tiff"), Format("avif")])
_MASKS: Final[Node] = any_of([Name("*-masklabel.*"), Name("*-condlabel.*")])


def _at_least(side: int) -> tuple[Node, Node]:
    return Number("w", side, None), Number("h", side, None)


def below_smallest(facts: Facts) -> Found | None:
    """A side of fewer pixels than a bucket needs."""
    level: Level = "error" if facts.options.profile == "civitai" else "warning"
    where = any_of([Number("w", None, SMALLEST_SIDE - 1), Number("h", None, SMALLEST_SIDE - 1)])
    fix = Fix("without", options={"filter": _without(facts, where)})
    return Found(level, where, named={"side": SMALLEST_SIDE}, fix=fix)


def small(facts: Facts) -> Found | None:
    """Fewer pixels than the smallest usual training size: they are blown up, and their blur is learned."""
    if facts.options.resolution < SMALL_RESOLUTION:
        return None
    where: list[Node] = [Is("small"), *_at_least(SMALLEST_SIDE)]
    if facts.options.profile == "civitai":
        where.append(Not(_both_below(BLOWN_UP_BELOW)))
    return Found("warning", And(tuple(where)))


def below_256(facts: Facts) -> Found | None:
    """CivitAI blows up what is smaller on both sides."""
    return Found("warning", And((*_both_below(BLOWN_UP_BELOW).nodes, *_at_least(SMALLEST_SIDE))))


def _both_below(side: int) -> And:
    return And((Number("w", None, side - 1), Number("h", None, side - 1)))


def above_2048(facts: Facts) -> Found | None:
    """CivitAI shrinks what is longer, into a JPEG."""
    longest = facts.options.pixels.longest_side
    if longest is not None and longest <= LARGEST_SIDE:
        return None
    where = any_of([Number("w", LARGEST_SIDE + 1, None), Number("h", LARGEST_SIDE + 1, None)])
    fix = Fix("shrink", options={"pixels": {"longest_side": LARGEST_SIDE}})
    return Found("warning", where, named={"side": LARGEST_SIDE}, fix=fix)


def cut_off(facts: Facts) -> Found | None:
    """The trainer's nearest bucket is of another shape: the ends are cut off."""
    where = Cut(facts.options.profile, facts.options.resolution, ">", MOST_CUT)
    return Found("warning", where, named={"percent": round(MOST_CUT), "resolution": facts.options.resolution})


def extreme(facts: Facts) -> Found | None:
    """Longer than three to one, for whoever trains with it."""
    return Found("warning", Is("extreme"))


def near_duplicates(facts: Facts) -> Found | None:
    """Pictures that look alike count double."""
    return Found("warning", Is("duplicate"))


def blurred(facts: Facts) -> Found | None:
    """Hardly an edge: the blur is learned."""
    return Found("hint", Is("blurred"))


def turned(facts: Facts) -> Found | None:
    """A note in the file says how it is turned; half of the trainers do not read it. The export turns the pixels."""
    return Found("hint", Is("turned"))


def other_formats(facts: Facts) -> Found | None:
    """Formats that not every loader knows: written anew."""
    return Found("hint", And((_OTHER_FORMATS, Not(Is("turned")))), wording=_written(facts))


def other_pixels(facts: Facts) -> Found | None:
    """Transparency, 16 bits, CMYK, palettes, animation: each loader makes something else of them. Written anew."""
    where = And((Not(Is("plain")), Not(Is("turned")), Not(_OTHER_FORMATS)))
    return Found("hint", where, named={"background": facts.options.pixels.background})


def _written(facts: Facts) -> str:
    return facts.options.pixels.format if facts.options.pixels.format != "keep" else "png"


def masks(facts: Facts) -> Found | None:
    """Masks among the pictures: they would be trained as pictures."""
    return Found("warning", _MASKS, fix=Fix("without", options={"filter": _without(facts, _MASKS)}))


def _without(facts: Facts, where: Node) -> str:
    """Return the export's filter without some images."""
    given = facts.options.filter.strip()
    rest = f"-({write_filter(where)})"
    return f"({given}) {rest}" if given else rest


def namesakes(facts: Facts) -> Found | None:
    """`a.png` beside `a.jpg`: they would share a text. The export gives each a number."""
    return Found("hint", Is("namesake"))


RULES = (
    Rule("below-64", below_smallest),
    Rule("small", small),
    Rule("below-256", below_256, frozenset({"civitai"})),
    Rule("above-2048", above_2048, frozenset({"civitai"})),
    Rule("cut-off", cut_off, frozenset(CUTTERS)),
    Rule("extreme", extreme, _WITHOUT_BUCKETS),
    Rule("masks", masks),
    Rule("near-duplicates", near_duplicates),
    Rule("blurred", blurred),
    Rule("turned", turned),
    Rule("other-formats", other_formats),
    Rule("other-pixels", other_pixels),
    Rule("namesakes", namesakes),
)
