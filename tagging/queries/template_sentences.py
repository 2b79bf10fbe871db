"""What is said of a caption template, or of an export's options, that cannot be read; and of each profile."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from tagging.trainers.options import BadOptions, choices_of, limits_of
from tagging.trainers.profiles import PROFILES
from tagging.trainers.reading import LONGEST_TEMPLATE, SLOT_WORDS, BadTemplate

_LONGEST_GIVEN = 40

_OF_TEMPLATES = {
    "unopened": gettext_noop("The } at %(place)d closes nothing. To write a brace itself, double it: }}."),
    "unclosed": gettext_noop("The %(word)s at %(place)d is not closed: put } behind it. To write a brace, double it."),
    "nested": gettext_noop("The part at %(place)d stands in another one. Close that first: {?…}{?…}."),
    "unknown": gettext_noop("{%(word)s} at %(place)d is none of the placeholders: %(known)s."),
    "selector": gettext_noop("Only {tags:…} takes a category; write {%(word)s} at %(place)d."),
    "category": gettext_noop(
        "A category is missing in {%(word)s} at %(place)d: write {tags:character}, or {tags:-meta} for all but one."
    ),
    "mixed": gettext_noop(
        "“%(word)s” at %(place)d names categories and leaves others out. Do one of both: {tags:a,b} or {tags:-a,-b}."
    ),
    "empty": gettext_noop(
        "There is no placeholder in this. Write for example {trigger}, {tags}, {caption}, and {? by {tags:artist}} for "
        "a part that may be missing."
    ),
    "long": gettext_noop("A template has at most %(longest)d characters."),
}
_OF_OPTIONS = {
    "profile": gettext_noop("There is no profile “%(value)s”. There are: %(profiles)s."),
    "variant": gettext_noop("This profile has no variant “%(value)s”. Leave it out for the usual one."),
    "unknown": gettext_noop("There is no option “%(key)s”: leave it out."),
    "kind": gettext_noop("“%(value)s” is not what %(key)s takes."),
    "choice": gettext_noop("%(key)s is one of: %(choices)s."),
    "range": gettext_noop("%(key)s is a whole number from %(least)s to %(most)s."),
    "long": gettext_noop("%(key)s is too long."),
    "colour": gettext_noop("%(key)s is a colour like #ffffff."),
    "separator": gettext_noop(
        "%(key)s stands between tags, on one line and without braces: a comma and a blank are usual."
    ),
    "shuffle": gettext_noop("%(value)s cannot keep tags in front when it shuffles them: leave %(key)s out."),
    "marker": gettext_noop("This trainer does not know “%(value)s” as a mark behind the tags that stay in front."),
    "secondary": gettext_noop("This trainer does not know “%(value)s” as a sign that keeps tags together."),
}
_OF_PROFILES = {
    "kohya": gettext_noop("A folder and its dataset.toml; or a folder that says how often it repeats."),
    "ai-toolkit": gettext_noop("A folder, and the part of the YAML configuration that speaks of it."),
    "onetrainer": gettext_noop("A folder, and concepts.json with one concept."),
    "musubi-tuner": gettext_noop("A folder or a list of captions, and dataset.toml."),
    "diffusion-pipe": gettext_noop("A folder and its dataset.toml."),
    "simpletuner": gettext_noop("A folder and multidatabackend.json."),
    "huggingface": gettext_noop("train/ with metadata.jsonl, as load_dataset reads it."),
    "civitai": gettext_noop("Zips of at most 1,000 pictures for the trainer on the site."),
    "plain": gettext_noop("Pictures and texts in one folder: every trainer loads it."),
}
_OF_VARIANTS = {
    ("kohya", "folder"): gettext_noop("One folder; dataset.toml says the rest."),
    ("kohya", "repeats"): gettext_noop("A folder named like 10_ohwx: kohya's own way to say how often."),
    ("kohya", "metadata"): gettext_noop("Captions in one file, meta_cap.json, as well."),
    ("musubi-tuner", "folder"): gettext_noop("A text beside each picture; pictures without one are not trained."),
    ("musubi-tuner", "list"): gettext_noop("All captions in one file; pictures without words are trained too."),
    ("civitai", "tag"): gettext_noop("Labels are tags: for SD 1.5 and SDXL."),
    ("civitai", "caption"): gettext_noop("Labels are sentences: for Flux."),
}
_USUAL_VARIANT = gettext_noop("A text beside each picture.")


def sentence_of_template(error: BadTemplate) -> str:
    """Return what is wrong with a template and what to do about it."""
    values = {
        "place": error.at + 1,
        "word": _shortened(error.word),
        "known": ", ".join(f"{{{word}}}" for word in SLOT_WORDS),
        "longest": LONGEST_TEMPLATE,
    }
    return _said(_OF_TEMPLATES[error.code], values)


def sentence_of_options(error: BadOptions) -> str:
    """Return what is wrong with an export's options and what to do about it."""
    name = error.key.rpartition(".")[2]
    least, most = limits_of(name) if error.code == "range" else (0, 0)
    values = {
        "key": error.key,
        "value": _shortened(error.value),
        "profiles": ", ".join(PROFILES),
        "choices": ", ".join(choices_of(name)) if error.code == "choice" else "",
        "least": least,
        "most": most,
    }
    return _said(_OF_OPTIONS[error.code], values)


def sentence_of_profile(slug: str) -> str:
    """Return what a profile's archive holds, in one sentence."""
    return _said(_OF_PROFILES[slug], {})


def sentence_of_variant(slug: str, variant: str) -> str:
    """Return what a variant of a profile is good for, in one sentence."""
    return _said(_OF_VARIANTS.get((slug, variant), _USUAL_VARIANT), {})


def _said(sentence: str, values: dict[str, object]) -> str:
    translated: Callable[[str], str] = _
    return translated(sentence) % values


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_GIVEN else f"{text[:_LONGEST_GIVEN]}…"
