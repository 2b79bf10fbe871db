"""What lint says: of each rule what is wrong, what becomes of it with this trainer, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from tagging.linting.findings import Fix

_MOST_NAMED = 3

# By rule, by rule and wording, or by rule and profile.
_SENTENCES: dict[str, Promise] = {
    "no-images": gettext_lazy("There is no picture in this dataset yet. Add some, then export."),
    "no-images/filter": gettext_lazy("The filter finds no picture. Change it, or leave it empty for all."),
    "over-1000": ngettext_lazy(
        "%(number)s picture: %(title)s takes %(most)d at once. The export makes %(parts)d archives of at most "
        "%(most)d; train with one, or choose by a filter.",
        "%(number)s pictures: %(title)s takes %(most)d at once. The export makes %(parts)d archives of at most "
        "%(most)d; train with one, or choose by a filter.",
        "count",
    ),
    "large-archive": gettext_lazy(
        "The pictures have %(gigabytes)s GB, and %(title)s unpacks an archive in the browser's memory: the export "
        "makes %(parts)d archives of about 1 GB. Train with one, or make large pictures smaller."
    ),
    "file-prefix": gettext_lazy(
        "Files cannot begin with “%(given)s” for every trainer: they are written as “%(written)s-0001”. The manifest "
        "keeps the original names."
    ),
    "no-text": ngettext_lazy(
        "%(number)s picture has no text: it would be trained with an empty caption. Tag it, or leave it out.",
        "%(number)s pictures have no text: they would be trained with an empty caption. Tag them, or leave them out.",
        "count",
    ),
    "no-text/list": ngettext_lazy(
        "%(number)s picture has no text: its row of the list has an empty caption. Tag it, or leave it out.",
        "%(number)s pictures have no text: their rows of the list have an empty caption. Tag them, or leave them out.",
        "count",
    ),
    "no-text/kohya": ngettext_lazy(
        "%(number)s picture has no text: kohya trains it with the folder's class words, or with nothing. Tag it, or "
        "leave it out.",
        "%(number)s pictures have no text: kohya trains them with the folder's class words, or with nothing. Tag them, "
        "or leave them out.",
        "count",
    ),
    "no-text/simpletuner": ngettext_lazy(
        "%(number)s picture has no text: SimpleTuner stops there, as it misses the file. Tag it, or leave it out.",
        "%(number)s pictures have no text: SimpleTuner stops at the first, as it misses the file. Tag them, or leave "
        "them out.",
        "count",
    ),
    "no-text/diffusion-pipe": ngettext_lazy(
        "%(number)s picture has no text: diffusion-pipe skips it. Tag it to train with it.",
        "%(number)s pictures have no text: diffusion-pipe skips them. Tag them to train with them.",
        "count",
    ),
    "no-text/musubi-tuner": ngettext_lazy(
        "%(number)s picture has no text: musubi-tuner drops it without a word. Tag it, or choose the list.",
        "%(number)s pictures have no text: musubi-tuner drops them without a word. Tag them, or choose the list.",
        "count",
    ),
    "only-trigger": ngettext_lazy(
        "%(number)s picture has nothing but “%(trigger)s” in its text: everything on it is learned as that word. Tag "
        "it, or leave it out.",
        "%(number)s pictures have nothing but “%(trigger)s” in their text: everything on them is learned as that word. "
        "Tag them, or leave them out.",
        "count",
    ),
    "only-trigger/template": ngettext_lazy(
        "%(number)s picture has no words of its own: its text is what the template says of every picture.",
        "%(number)s pictures have no words of their own: their texts are what the template says of every picture.",
        "count",
    ),
    "left-out": ngettext_lazy(
        "%(number)s picture has neither tag nor caption, and is left out as you asked.",
        "%(number)s pictures have neither tag nor caption, and are left out as you asked.",
        "count",
    ),
    "mixed-labels/tags": ngettext_lazy(
        "%(number)s picture has tags and no prose, while others have prose only. A model learns one manner better: "
        "write a caption, or choose a template with tags alone.",
        "%(number)s pictures have tags and no prose, while more have prose only. A model learns one manner better: "
        "write captions, or choose a template with tags alone.",
        "count",
    ),
    "mixed-labels/prose": ngettext_lazy(
        "%(number)s picture has prose and no tags, while others have tags only. A model learns one manner better: tag "
        "it, or choose a template with prose alone.",
        "%(number)s pictures have prose and no tags, while others have tags only. A model learns one manner better: "
        "tag them, or choose a template with prose alone.",
        "count",
    ),
    "no-trigger": gettext_lazy(
        "This dataset has no trigger word, so nothing calls up what is trained. Give it a rare one in its settings, "
        "or take {trigger} out of the template if none is wanted."
    ),
    "trigger-not-written": gettext_lazy(
        "The template does not write the trigger word “%(trigger)s”: no text will have it. Put {trigger} in front."
    ),
    "trigger-not-written/ai-toolkit": gettext_lazy(
        "The template does not write the trigger word “%(trigger)s”: set trigger_word in ai-toolkit's configuration, "
        "or put {trigger} in front."
    ),
    "trigger-not-written/civitai": gettext_lazy(
        "The template does not write the trigger word “%(trigger)s”: type it in on CivitAI, or put {trigger} in front."
    ),
    "trigger-twice": ngettext_lazy(
        "%(number)s caption has “%(trigger)s” in it again, behind the one that the template writes. Say it once: in "
        "the caption or in the template.",
        "%(number)s captions have “%(trigger)s” in them again, behind the one that the template writes. Say it once: "
        "in the captions or in the template.",
        "count",
    ),
    "trigger-as-tag": ngettext_lazy(
        "%(number)s picture has the trigger word “%(trigger)s” once more as the tag %(tags)s, spelled otherwise: both "
        "would be trained.",
        "%(number)s pictures have the trigger word “%(trigger)s” once more as the tag %(tags)s, spelled otherwise: "
        "both would be trained.",
        "count",
    ),
    "trigger-pattern": gettext_lazy(
        "CivitAI reads the trigger word “%(trigger)s” as a pattern, and “%(sign)s” means something in one. Use "
        "letters and digits alone."
    ),
    "trigger-join/tag": gettext_lazy(
        "Texts begin “%(begins)s…”. Before tags CivitAI looks for “%(trigger)s,” and else puts the trigger word there "
        "a second time. Put a comma behind {trigger}."
    ),
    "trigger-join/caption": gettext_lazy(
        "Texts begin “%(begins)s…”. Before prose CivitAI looks for “%(trigger)s” and a blank, and else puts the "
        "trigger word there a second time. Put a blank behind {trigger}."
    ),
    "label-kind/tag": gettext_lazy(
        "CivitAI will take the labels for captions, as the first one is long. Choose “tags” there: else it puts the "
        "trigger word in front a second time."
    ),
    "label-kind/caption": gettext_lazy(
        "CivitAI will take the labels for tags, by the first one. Choose “captions” there: else it puts the trigger "
        "word in front a second time."
    ),
    "long-for-clip": ngettext_lazy(
        "%(number)s text is longer than the %(most)d tokens that CLIP reads: the rest is lost for SD 1.5 and SDXL, "
        "unless max_token_length is set to 150 or 225. Flux reads on through T5.",
        "%(number)s texts are longer than the %(most)d tokens that CLIP reads: the rest is lost for SD 1.5 and SDXL, "
        "unless max_token_length is set to 150 or 225. Flux reads on through T5.",
        "count",
    ),
    "long-for-t5": ngettext_lazy(
        "%(number)s text is longer than the %(most)d tokens that T5 reads: the rest is lost. Flux schnell and SD 3 "
        "read 256.",
        "%(number)s texts are longer than the %(most)d tokens that T5 reads: the rest is lost. Flux schnell and SD 3 "
        "read 256.",
        "count",
    ),
    "long-for-t5/onetrainer": ngettext_lazy(
        "%(number)s text is longer than the %(most)d tokens of T5 that OneTrainer reads by itself. Set "
        "text_encoder_2_sequence_length to 512 for Flux, or shorten it.",
        "%(number)s texts are longer than the %(most)d tokens of T5 that OneTrainer reads by itself. Set "
        "text_encoder_2_sequence_length to 512 for Flux, or shorten them.",
        "count",
    ),
    "tokens-not-counted": ngettext_lazy(
        "The tokens of %(number)s text are not counted yet: look again in a moment.",
        "The tokens of %(number)s texts are not counted yet: look again in a moment.",
        "count",
    ),
    "tokens-not-counted/template": ngettext_lazy(
        "The tokens of %(number)s text were not counted: with a template of your own, only the first ones are, while "
        "you wait.",
        "The tokens of %(number)s texts were not counted: with a template of your own, only the first ones are, while "
        "you wait.",
        "count",
    ),
    "tokens-not-counted/version": ngettext_lazy(
        "The tokens of %(number)s text were not counted: of a version only the first ones are, while you wait.",
        "The tokens of %(number)s texts were not counted: of a version only the first ones are, while you wait.",
        "count",
    ),
    "lines": ngettext_lazy(
        "%(number)s caption has line breaks. Trainers read the first line alone, or each as a caption of its own: the "
        "export writes it on one line.",
        "%(number)s captions have line breaks. Trainers read the first line alone, or each as a caption of its own: "
        "the export writes them on one line.",
        "count",
    ),
    "invisible": ngettext_lazy(
        "%(number)s caption has invisible signs, which a tokenizer reads all the same: the export leaves them out.",
        "%(number)s captions have invisible signs, which a tokenizer reads all the same: the export leaves them out.",
        "count",
    ),
    "beyond-ascii": ngettext_lazy(
        "%(number)s picture has words with signs beyond English. diffusion-pipe reads them in the system's encoding: "
        "on Windows set PYTHONUTF8=1 before training.",
        "%(number)s pictures have words with signs beyond English. diffusion-pipe reads them in the system's encoding: "
        "on Windows set PYTHONUTF8=1 before training.",
        "count",
    ),
    "kept-separator": ngettext_lazy(
        "%(number)s picture has “%(sign)s” in its words: it is trained as it stands.",
        "%(number)s pictures have “%(sign)s” in their words: it is trained as it stands.",
        "count",
    ),
    "kept-separator/kohya": ngettext_lazy(
        "%(number)s picture has “%(sign)s” in its words. kohya takes it for the end of the tags that stay in front, or "
        "trains it as it stands.",
        "%(number)s pictures have “%(sign)s” in their words. kohya takes it for the end of the tags that stay in "
        "front, or trains it as it stands.",
        "count",
    ),
    "group-separator": ngettext_lazy(
        "%(number)s picture has “%(sign)s” in its words: it is trained as it stands.",
        "%(number)s pictures have “%(sign)s” in their words: it is trained as it stands.",
        "count",
    ),
    "group-separator/kohya": ngettext_lazy(
        "%(number)s picture has “%(sign)s” in its words. kohya makes it a comma where that is its separator, and else "
        "trains it as it stands.",
        "%(number)s pictures have “%(sign)s” in their words. kohya makes it a comma where that is its separator, and "
        "else trains it as it stands.",
        "count",
    ),
    "choice": ngettext_lazy(
        "%(number)s picture has a choice like {a|b} in its words: the braces are trained as they stand.",
        "%(number)s pictures have a choice like {a|b} in their words: the braces are trained as they stand.",
        "count",
    ),
    "choice/kohya": ngettext_lazy(
        "%(number)s picture has a choice like {a|b} in its words. kohya draws one of them with enable_wildcard, and "
        "else trains the braces as they stand.",
        "%(number)s pictures have a choice like {a|b} in their words. kohya draws one of them with enable_wildcard, "
        "and else trains the braces as they stand.",
        "count",
    ),
    "placeholder": ngettext_lazy(
        "%(number)s picture has [trigger] or [name] in its words: it is trained as it stands.",
        "%(number)s pictures have [trigger] or [name] in their words: it is trained as it stands.",
        "count",
    ),
    "placeholder/ai-toolkit": ngettext_lazy(
        "%(number)s picture has [trigger] or [name] in its words. ai-toolkit puts its trigger word there, or nothing "
        "where it has none.",
        "%(number)s pictures have [trigger] or [name] in their words. ai-toolkit puts its trigger word there, or "
        "nothing where it has none.",
        "count",
    ),
    "escaped-parentheses": ngettext_lazy(
        "%(number)s picture has a backslash before a parenthesis in its words: trainers learn the backslash too.",
        "%(number)s pictures have a backslash before a parenthesis in their words: trainers learn the backslash too.",
        "count",
    ),
    "escaping-style": ngettext_lazy(
        "%(number)s picture has tags with parentheses, and the style writes a backslash before them: trainers learn it "
        "too, unless captions are weighted.",
        "%(number)s pictures have tags with parentheses, and the style writes a backslash before them: trainers learn "
        "it too, unless captions are weighted.",
        "count",
    ),
    "comma-like": ngettext_lazy(
        "%(number)s picture has a tag with a sign that only looks like a comma: %(tags)s. Trainers take it for one "
        "tag.",
        "%(number)s pictures have tags with a sign that only looks like a comma: %(tags)s. Trainers take each for one "
        "tag.",
        "count",
    ),
    "empty-parts": ngettext_lazy(
        "%(number)s caption has two commas with nothing between them: the empty part is trained.",
        "%(number)s captions have two commas with nothing between them: the empty part is trained.",
        "count",
    ),
    "empty-parts/kohya": ngettext_lazy(
        "%(number)s caption has two commas with nothing between them: kohya shuffles the empty part with the others.",
        "%(number)s captions have two commas with nothing between them: kohya shuffles the empty part with the others.",
        "count",
    ),
    "capitals": ngettext_lazy(
        "%(number)s picture has tags with capitals, such as %(tags)s. CivitAI writes them small as soon as one is "
        "edited there, and then the same tag has two spellings.",
        "%(number)s pictures have tags with capitals, such as %(tags)s. CivitAI writes them small as soon as one is "
        "edited there, and then the same tag has two spellings.",
        "count",
    ),
    "deprecated-tags": ngettext_lazy(
        "%(number)s picture has tags that are not used any more: %(tags)s.",
        "%(number)s pictures have tags that are not used any more: %(tags)s.",
        "count",
    ),
    "twin-tags": ngettext_lazy(
        "%(number)s picture has a tag in two spellings, which differ in case or underscores only: both are trained.",
        "%(number)s pictures have a tag in two spellings, which differ in case or underscores only: both are trained.",
        "count",
    ),
    "everywhere-tags": ngettext_lazy(
        "More than %(share)d %% of the pictures with tags have %(tags)s: what is always there is learned by that tag "
        "instead of by the trigger word. %(number)s picture has it.",
        "More than %(share)d %% of the pictures with tags have %(tags)s: what is always there is learned by these "
        "words instead of by the trigger word. It concerns %(number)s pictures.",
        "count",
    ),
    "single-tags": ngettext_lazy(
        "%(number)s picture has a tag that no other has, such as %(tags)s. Right for what is rare; look for slips of "
        "spelling.",
        "%(number)s pictures have a tag that no other has, such as %(tags)s. Right for what is rare; look for slips of "
        "spelling.",
        "count",
    ),
    "below-64": ngettext_lazy(
        "%(number)s picture has a side below %(side)d pixels: no bucket is that small, and some trainers stop. Leave "
        "it out.",
        "%(number)s pictures have a side below %(side)d pixels: no bucket is that small, and some trainers stop. Leave "
        "them out.",
        "count",
    ),
    "below-64/civitai": ngettext_lazy(
        "%(number)s picture has a side below %(side)d pixels: CivitAI rejects it. Leave it out.",
        "%(number)s pictures have a side below %(side)d pixels: CivitAI rejects them. Leave them out.",
        "count",
    ),
    "small": ngettext_lazy(
        "%(number)s picture has fewer pixels than 512 × 512: it is blown up, and its blur is learned.",
        "%(number)s pictures have fewer pixels than 512 × 512: they are blown up, and their blur is learned.",
        "count",
    ),
    "small/ai-toolkit": ngettext_lazy(
        "%(number)s picture has fewer pixels than 512 × 512: ai-toolkit trains it as small as it is.",
        "%(number)s pictures have fewer pixels than 512 × 512: ai-toolkit trains them as small as they are.",
        "count",
    ),
    "small/simpletuner": ngettext_lazy(
        "%(number)s picture has fewer pixels than 512 × 512: SimpleTuner blows it up, or leaves it out where "
        "minimum_image_size is raised.",
        "%(number)s pictures have fewer pixels than 512 × 512: SimpleTuner blows them up, or leaves them out where "
        "minimum_image_size is raised.",
        "count",
    ),
    "below-256": ngettext_lazy(
        "%(number)s picture is smaller than 256 pixels on both sides: CivitAI blows it up to 256, and its blur is "
        "learned.",
        "%(number)s pictures are smaller than 256 pixels on both sides: CivitAI blows them up to 256, and their blur "
        "is learned.",
        "count",
    ),
    "above-2048": ngettext_lazy(
        "%(number)s picture has a side above %(side)d pixels: CivitAI shrinks it into a JPEG. Let the export do it, "
        "and better.",
        "%(number)s pictures have a side above %(side)d pixels: CivitAI shrinks them into JPEGs. Let the export do it, "
        "and better.",
        "count",
    ),
    "cut-off": ngettext_lazy(
        "%(number)s picture loses more than %(percent)d %% at its ends: no bucket of %(title)s at %(resolution)d has "
        "its shape. Crop it yourself to say what stays.",
        "%(number)s pictures lose more than %(percent)d %% at their ends: no bucket of %(title)s at %(resolution)d has "
        "their shape. Crop them yourself to say what stays.",
        "count",
    ),
    "extreme": ngettext_lazy(
        "%(number)s picture is longer than 3 to 1: trainers cut off its ends.",
        "%(number)s pictures are longer than 3 to 1: trainers cut off their ends.",
        "count",
    ),
    "masks": ngettext_lazy(
        "%(number)s picture is named like a mask (-masklabel, -condlabel): it would be trained as a picture.",
        "%(number)s pictures are named like masks (-masklabel, -condlabel): they would be trained as pictures.",
        "count",
    ),
    "near-duplicates": ngettext_lazy(
        "%(number)s picture looks like another: what is on it counts double. Keep the best of each group.",
        "%(number)s pictures look like others: what is on them counts double. Keep the best of each group.",
        "count",
    ),
    "blurred": ngettext_lazy(
        "%(number)s picture has hardly an edge: unless it is meant so, its blur is learned.",
        "%(number)s pictures have hardly an edge: unless it is meant so, their blur is learned.",
        "count",
    ),
    "turned": ngettext_lazy(
        "%(number)s picture is turned by a note in its file (EXIF), which half of the trainers do not read: it will be "
        "written anew, upright.",
        "%(number)s pictures are turned by a note in their files (EXIF), which half of the trainers do not read: they "
        "will be written anew, upright.",
        "count",
    ),
    "other-formats": ngettext_lazy(
        "%(number)s picture is of a format that not every loader knows: it will be written anew as %(format)s.",
        "%(number)s pictures are of formats that not every loader knows: they will be written anew as %(format)s.",
        "count",
    ),
    "other-pixels": ngettext_lazy(
        "%(number)s picture is transparent, animated, of 16 bits, or not RGB: it will be written anew, its first frame "
        "in 8-bit RGB on %(background)s.",
        "%(number)s pictures are transparent, animated, of 16 bits, or not RGB: they will be written anew, their first "
        "frame in 8-bit RGB on %(background)s.",
        "count",
    ),
    "namesakes": ngettext_lazy(
        "%(number)s picture shares its name with another, like a.png with a.jpg, and they would share a text: each "
        "gets a number of its own.",
        "%(number)s pictures share their names, like a.png with a.jpg, and would share a text: each gets a number of "
        "its own.",
        "count",
    ),
}

_LABELS: dict[str, Promise] = {
    "leave-out": gettext_lazy("Leave them out"),
    "include": gettext_lazy("Take them along"),
    "without": gettext_lazy("Leave them out"),
    "usual-template": gettext_lazy("Use “%(template)s”"),
    "take-off": gettext_lazy("Take off %(tags)s"),
    "one-line": gettext_lazy("Put them on one line"),
    "take-out": gettext_lazy("Take them out of the captions"),
    "comma": gettext_lazy("Put a comma there"),
    "trigger": gettext_lazy("Put “%(trigger)s” there"),
    "unescape": gettext_lazy("Take the backslashes out"),
    "bare-parentheses": gettext_lazy("Write parentheses as they are"),
    "split": gettext_lazy("Make them tags of their own"),
    "one-comma": gettext_lazy("Leave one comma"),
    "small-letters": gettext_lazy("Write them small"),
    "successors": gettext_lazy("Put their successors there"),
    "first-spelling": gettext_lazy("Keep the first of each"),
    "shrink": gettext_lazy("Make them at most 2048 long"),
}

_REASONS: dict[str, Promise] = {
    "take-off": gettext_lazy("Before an export: took off %(tags)s"),
    "one-line": gettext_lazy("Before an export: put captions on one line"),
    "take-out": gettext_lazy("Before an export: took invisible signs out of captions"),
    "comma": gettext_lazy("Before an export: put commas for signs of a trainer"),
    "trigger": gettext_lazy("Before an export: put “%(trigger)s” for its placeholder"),
    "unescape": gettext_lazy("Before an export: took backslashes before parentheses out"),
    "split": gettext_lazy("Before an export: split %(tags)s at signs that look like commas"),
    "one-comma": gettext_lazy("Before an export: left one comma of several"),
    "small-letters": gettext_lazy("Before an export: wrote tags in small letters"),
    "successors": gettext_lazy("Before an export: put successors for tags that are not used any more"),
}


def sentence_of(rule: str, wording: str, profile: str, count: int, named: Mapping[str, Any]) -> str:
    """Return what a finding says.

    Args:
        rule: the id of its rule.
        wording: which of the rule's sentences; empty where the profile decides.
        profile: whose.
        count: on how many images.
        named: what the sentence names.
    """
    keys = [f"{rule}/{wording}"] if wording else []
    keys += [f"{rule}/{profile}", rule]
    words = next(_SENTENCES[key] for key in keys if key in _SENTENCES)
    # Where a wording is no sentence of its own it is the name of a format.
    number = number_format(count, force_grouping=True)
    return str(words % {**_shown(named), "count": count, "number": number, "format": wording.upper()})


def label_of(fix: Fix) -> str:
    """Return what stands on the button of a fix."""
    return str(_LABELS[fix.id] % _shown(fix.named)) if fix.named else str(_LABELS[fix.id])


def reason_of(fix: Fix) -> str:
    """Return what the history tells of a fix that mends words."""
    return str(_REASONS[fix.id] % _shown(fix.named)) if fix.named else str(_REASONS[fix.id])


def known_wordings() -> frozenset[str]:
    """Return what there are sentences of: rules, and rules with a wording or a profile."""
    return frozenset(_SENTENCES)


def _shown(named: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _list_of(value) if isinstance(value, list) else value for key, value in named.items()}


def _list_of(names: list[str]) -> str:
    told = ", ".join(f"“{name}”" for name in names[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    return told if more <= 0 else _("%(names)s and %(count)d more") % {"names": told, "count": more}
