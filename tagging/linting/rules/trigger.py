"""The trigger word: missing, not written, written twice, or read as something else."""

from __future__ import annotations

import re
from dataclasses import replace

from tagging.filters.tree import Has
from tagging.linting.facts import Facts
from tagging.linting.findings import Fix, Found, Level, Mending, Rule
from tagging.suggesting.folding import fold
from tagging.trainers.records import FrozenImage, FrozenTag

# These put it in front themselves where a person tells them to.
_ADD_IT = frozenset({"ai-toolkit", "civitai"})
# How CivitAI guesses: longer, and of fewer parts between commas to a sign, is prose.
_SHORT_LABEL, _COMMAS_OF_A_LIST = 80, 0.05
# What a regular expression reads otherwise.
_SIGNS = re.compile(r"[\\^$.|?*+()\[\]{}/]")


def no_trigger(facts: Facts) -> Found | None:
    """The template asks for a trigger word, and the dataset has none."""
    return Found("warning") if facts.template.has_trigger and not facts.trigger else None


def trigger_not_written(facts: Facts) -> Found | None:
    """The dataset has a trigger word, and the template does not write it."""
    if not facts.trigger or facts.template.has_trigger:
        return None
    level: Level = "hint" if facts.options.profile in _ADD_IT else "warning"
    usual = facts.profile.template_of(facts.options.variant)
    fix = Fix("usual-template", options={"template": usual}, named={"template": usual})
    return Found(level, named={"trigger": facts.trigger}, fix=fix)


def trigger_twice(facts: Facts) -> Found | None:
    """Captions have the trigger word, and the template writes it as well."""
    if not facts.writes_trigger or not facts.writes_captions or "trigger" not in facts.marks:
        return None
    return Found("warning", Has("trigger"), named={"trigger": facts.trigger})


def trigger_as_tag(facts: Facts) -> Found | None:
    """A tag is the trigger word in another spelling: both are written."""
    if not facts.writes_trigger or not facts.writes_tags:
        return None
    wanted = fold(facts.trigger)
    pairs = zip(facts.tags, facts.folded, strict=True)
    twins = [tag.name for tag, folded in pairs if folded == wanted and tag.name != facts.trigger]
    if not twins:
        return None
    mending = Mending(renames=tuple((name, ()) for name in twins))
    fix = Fix("take-off", mending, named={"tags": twins})
    return Found("warning", Has("trigger-tag"), named={"trigger": facts.trigger, "tags": twins}, fix=fix)


def trigger_pattern(facts: Facts) -> Found | None:
    """CivitAI puts the trigger word into a regular expression as it is."""
    found = _SIGNS.search(facts.trigger)
    return Found("warning", named={"trigger": facts.trigger, "sign": found[0]}) if found else None


def trigger_join(facts: Facts) -> Found | None:
    """CivitAI looks for `W,` before tags and `W ` before prose, and else puts the trigger word there once more."""
    if not facts.writes_trigger:
        return None
    text = facts.template.compose(facts.dataset, _PROBE, facts.options.style)
    wanted = " " if facts.options.variant == "caption" else ","
    if text == facts.trigger or text.startswith(facts.trigger + wanted):
        return None
    usual = facts.profile.template_of(facts.options.variant)
    fixed = replace(facts.options, template=usual).read_template().compose(facts.dataset, _PROBE, facts.options.style)
    helps = fixed.startswith(facts.trigger + wanted)
    fix = Fix("usual-template", options={"template": usual}, named={"template": usual}) if helps else None
    named = {"trigger": facts.trigger, "begins": text[: len(facts.trigger) + 12]}
    return Found("warning", wording=facts.options.variant, named=named, fix=fix)


def label_kind(facts: Facts) -> Found | None:
    """CivitAI asks what labels are and suggests an answer by the first; a wrong one brings the trigger word twice."""
    text = facts.first_text
    guess = "caption" if len(text) > _SHORT_LABEL and len(text.split(",")) < len(text) * _COMMAS_OF_A_LIST else "tag"
    if not text or guess == facts.options.variant:
        return None
    return Found("hint", wording=facts.options.variant)


_PROBE = FrozenImage(
    position=1,
    sha256="0" * 64,
    format="PNG",
    width=1024,
    height=1024,
    byte_size=1,
    orientation=1,
    is_plain=True,
    colour="#808080",
    dhash=None,
    sharpness=None,
    original_name="probe.png",
    relative_path="",
    review_state="READY",
    tags=(FrozenTag("probe tag"),),
    caption="Probe of a caption.",
)

RULES = (
    Rule("no-trigger", no_trigger),
    Rule("trigger-not-written", trigger_not_written),
    Rule("trigger-twice", trigger_twice),
    Rule("trigger-as-tag", trigger_as_tag),
    Rule("trigger-pattern", trigger_pattern, frozenset({"civitai"})),
    Rule("trigger-join", trigger_join, frozenset({"civitai"})),
    Rule("label-kind", label_kind, frozenset({"civitai"})),
)
