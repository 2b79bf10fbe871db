"""Signs in tags and captions that a trainer reads otherwise than people do."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tagging.filters.patterns import literal
from tagging.filters.tree import Caption, Has, Node, Tag, any_of
from tagging.linting.facts import Facts, TagUse, few_names
from tagging.linting.findings import MOST_RENAMED, Fix, Found, Level, Mending, Rule
from tagging.linting.marks import CAPITALS, COMMA_LIKE, INVISIBLE, LINES, PLACEHOLDER
from tagging.text import BadTagName, normalise_tag_name

_PLACEHOLDER = re.compile(PLACEHOLDER, re.IGNORECASE)
_CHOICE = re.compile(r"\{.*\|.*\}")
_ESCAPED = re.compile(r"\\([()])")
_SHUFFLES = frozenset({"kohya"})


def lines(facts: Facts) -> Found | None:
    """Captions with line breaks: most trainers read the first line, others each as a caption of its own."""
    if not facts.writes_captions or "lines" not in facts.marks:
        return None
    fix = Fix("one-line", Mending(pattern=rf"\s*{LINES}\s*", replacement=" "))
    return Found("hint", Has("lines"), fix=fix)


def invisible(facts: Facts) -> Found | None:
    """Captions with signs that nobody sees and every tokenizer reads."""
    if not facts.writes_captions or "invisible" not in facts.marks:
        return None
    return Found("hint", Has("invisible"), fix=Fix("take-out", Mending(pattern=INVISIBLE)))


def beyond_ascii(facts: Facts) -> Found | None:
    """diffusion-pipe reads texts in the encoding of the system: on Windows that is not UTF-8."""
    in_captions = facts.writes_captions and "beyond-ascii" in facts.marks
    in_tags = facts.writes_tags and not facts.names.isascii()
    return Found("hint", Has("beyond-ascii")) if in_captions or in_tags else None


def kept_separator(facts: Facts) -> Found | None:
    """`|||` tells kohya which tags stay in front; others train it."""
    return _sign(facts, "|||", "kept-separator")


def group_separator(facts: Facts) -> Found | None:
    """`;;;` tells kohya which tags are shuffled together; others train it."""
    return _sign(facts, ";;;", "group-separator")


def _sign(facts: Facts, sign: str, mark: str) -> Found | None:
    tags = _tags_with(facts, re.compile(re.escape(sign)))
    where = _where(facts, tags, mark, [f"*{literal(sign)}*"], [literal(sign)])
    if where is None:
        return None
    renames = tuple((tag.name, _names_of(tag.name.split(sign))) for tag in tags)
    mending = Mending(renames, rf"\s*{re.escape(sign)}\s*" if facts.writes_captions else "", ", ")
    wording = "kohya" if facts.options.profile in _SHUFFLES else ""
    return Found("warning", where, wording=wording, named={"sign": sign}, fix=Fix("comma", mending))


def choice(facts: Facts) -> Found | None:
    """`{a|b}` is a choice to kohya with wildcards on; else the braces are trained."""
    tags = _tags_with(facts, _CHOICE)
    where = _where(facts, tags, "choice", ["*{*|*}*"], ["{*|*}"])
    if where is None:
        return None
    wording = "kohya" if facts.options.profile in _SHUFFLES else ""
    return Found("warning", where, wording=wording)


def placeholder(facts: Facts) -> Found | None:
    """`[trigger]` and `[name]`: ai-toolkit puts its trigger word there, or nothing; others train it."""
    tags = _tags_with(facts, _PLACEHOLDER)
    patterns = [literal("[trigger]"), literal("[name]")]
    where = _where(facts, tags, "placeholder", [f"*{pattern}*" for pattern in patterns], patterns)
    if where is None:
        return None
    wording = "ai-toolkit" if facts.options.profile == "ai-toolkit" else ""
    return Found("warning", where, wording=wording, fix=_with_trigger(facts, tags))


def _with_trigger(facts: Facts, tags: Iterable[TagUse]) -> Fix | None:
    if not facts.trigger:
        return None
    renames = tuple(
        (tag.name, () if name == facts.trigger and facts.writes_trigger else _names_of([name]))
        for tag in tags
        for name in [_PLACEHOLDER.sub(facts.trigger, tag.name)]
    )
    replacement = facts.trigger.replace("\\", "\\\\")
    mending = Mending(renames, f"(?i){PLACEHOLDER}" if facts.writes_captions else "", replacement)
    return Fix("trigger", mending, named={"trigger": facts.trigger})


def escaped_parentheses(facts: Facts) -> Found | None:
    r"""`\(`: trained with the backslash, unless the trainer weighs captions."""
    tags = _tags_with(facts, _ESCAPED)
    backslash = literal("\\")
    where = _where(
        facts, tags, "escaped", [f"*{backslash}{sign}*" for sign in "()"], [f"{backslash}{sign}" for sign in "()"]
    )
    if where is None:
        return None
    renames = tuple((tag.name, _names_of([_ESCAPED.sub(r"\1", tag.name)])) for tag in tags)
    mending = Mending(renames, _ESCAPED.pattern if facts.writes_captions else "", r"\1")
    return Found("warning", where, fix=Fix("unescape", mending))


def escaping_style(facts: Facts) -> Found | None:
    """The export itself is told to write the backslashes."""
    if not facts.options.style.escape_parentheses or not facts.writes_tags:
        return None
    names = sum("(" in tag.name or ")" in tag.name for tag in facts.tags)
    if not names:
        return None
    where = any_of([Tag("*(*"), Tag("*)*")])
    fix = Fix("bare-parentheses", options={"style": {"escape_parentheses": False}})
    return Found("warning", where, named={"tags": names}, fix=fix)


def comma_like(facts: Facts) -> Found | None:
    """Signs that look like a comma: no trainer splits there."""
    if not facts.writes_tags:
        return None
    tags = _tags_with(facts, re.compile(f"[{COMMA_LIKE}]"))
    if not tags:
        return None
    where = _tags_node(tags, [f"*{sign}*" for sign in COMMA_LIKE])
    renames = tuple((tag.name, _names_of(re.split(f"[{COMMA_LIKE}]", tag.name))) for tag in tags)
    named = {"tags": [tag.name for tag in tags]}
    return Found("warning", where, named=named, fix=Fix("split", Mending(renames), named=named))


def empty_parts(facts: Facts) -> Found | None:
    """Two commas with nothing between: where tags are shuffled the empty part is shuffled with them."""
    if not facts.writes_captions or "empty-parts" not in facts.marks:
        return None
    where = any_of([Caption(",,"), Caption(", ,")])
    level: Level = "warning" if facts.options.profile in _SHUFFLES else "hint"
    fix = Fix("one-comma", Mending(pattern=r",([ _]?,)+", replacement=","))
    return Found(level, where, fix=fix)


def capitals(facts: Facts) -> Found | None:
    """CivitAI writes tags in small letters as soon as one is edited there."""
    tags = _tags_with(facts, re.compile(CAPITALS))
    if not tags or not facts.writes_tags:
        return None
    renames = tuple((tag.name, (tag.name.lower(),)) for tag in tags)
    fix = Fix("small-letters", Mending(renames)) if len(tags) <= MOST_RENAMED else None
    return Found("hint", Has("capitals"), named={"tags": [tag.name for tag in tags]}, fix=fix)


def _tags_with(facts: Facts, pattern: re.Pattern[str]) -> list[TagUse]:
    """Return the tags with something in their names, as far as tags are written; mostly there are none."""
    if not facts.writes_tags or not pattern.search(facts.names):
        return []
    return [tag for tag in facts.tags if pattern.search(tag.name)]


def _where(
    facts: Facts, tags: list[TagUse], mark: str, tag_patterns: list[str], caption_patterns: list[str]
) -> Node | None:
    """Return which images have it in a tag or in their caption, as far as either is written."""
    nodes: list[Node] = [_tags_node(tags, tag_patterns)] if tags else []
    if facts.writes_captions and mark in facts.marks:
        nodes += [Caption(pattern) for pattern in caption_patterns]
    return any_of(nodes) if len(nodes) > 1 else nodes[0] if nodes else None


def _tags_node(tags: list[TagUse], patterns: list[str]) -> Node:
    """Name tags where they are few, as an index finds them; else ask for what they have in them."""
    names = [tag.name for tag in tags]
    few = few_names(names)
    nodes: list[Node] = [Tag(literal(name)) for name in few] if len(few) == len(names) else list(map(Tag, patterns))
    return any_of(nodes) if len(nodes) > 1 else nodes[0]


def _names_of(parts: Iterable[str]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for part in parts:
        try:
            names.setdefault(normalise_tag_name(part))
        except BadTagName:
            continue
    return tuple(names)


RULES = (
    Rule("lines", lines),
    Rule("invisible", invisible),
    Rule("beyond-ascii", beyond_ascii, frozenset({"diffusion-pipe"})),
    Rule("kept-separator", kept_separator),
    Rule("group-separator", group_separator),
    Rule("choice", choice),
    Rule("placeholder", placeholder),
    Rule("escaped-parentheses", escaped_parentheses),
    Rule("escaping-style", escaping_style),
    Rule("comma-like", comma_like),
    Rule("empty-parts", empty_parts),
    Rule("capitals", capitals, frozenset({"civitai"})),
)
