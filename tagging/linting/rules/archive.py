"""What the archives of an export are as a whole."""

from __future__ import annotations

from tagging.linting.facts import Facts
from tagging.linting.findings import Fix, Found, Rule
from tagging.trainers.stems import safe_prefix


def no_images(facts: Facts) -> Found | None:
    """Nothing would be exported."""
    if facts.images:
        return None
    return Found("error", images=None, wording="filter" if facts.options.filter.strip() else "")


def more_than_a_part(facts: Facts) -> Found | None:
    """More images than the trainer takes at once: the export makes several archives."""
    most = facts.profile.most_images_a_part
    if most is None or facts.images <= most:
        return None
    return Found("warning", named={"most": most, "parts": facts.parts})


def large_archive(facts: Facts) -> Found | None:
    """More than a browser can hold: the export makes several archives."""
    most = facts.profile.most_bytes_a_part
    if most is None or facts.bytes <= most:
        return None
    side = facts.profile.image_rule.largest_side
    longest = facts.options.pixels.longest_side
    helps = side is not None and (longest is None or longest > side)
    fix = Fix("shrink", options={"pixels": {"longest_side": side}}) if helps else None
    return Found("warning", named={"gigabytes": round(facts.bytes / 10**9, 1), "parts": facts.parts}, fix=fix)


def file_prefix(facts: Facts) -> Found | None:
    """The file prefix has signs or words that a loader trips over: stems are written otherwise."""
    given, written = facts.dataset.file_prefix, safe_prefix(facts.dataset.file_prefix)
    if given.lower().replace("_", "-") == written or not facts.images:
        return None
    return Found("hint", named={"given": given, "written": written})


RULES = (
    Rule("no-images", no_images),
    Rule("over-1000", more_than_a_part, frozenset({"civitai"})),
    Rule("large-archive", large_archive, frozenset({"civitai"})),
    Rule("file-prefix", file_prefix),
)
