"""The export page: what can be chosen is printed, what it comes to is asked for by its script."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from datasets.permissions import get_may, visible_datasets
from tagger_project.auth import person
from tagging.exports_schemas import ProfileOut
from tagging.queries.template_sentences import sentence_of_profile, sentence_of_variant
from tagging.queries.versions_page import get_choices
from tagging.trainers.options import limits_of
from tagging.trainers.profiles import PROFILES, Profile

_LIMITED = ("kept", "longest_side", "quality", "repeats", "resolution")


@require_safe
def export_page(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Show what can be exported, for which trainer, and how."""
    user = person(request)
    dataset = get_object_or_404(visible_datasets(user), pk=dataset_id)
    may = get_may(dataset, user)
    context = {
        "dataset": dataset,
        "can_edit": may.edit,
        "may": may,
        "profiles": [{"slug": each.slug, "title": each.title, "sentence": sentence_of_profile(each.slug)}
                     for each in PROFILES.values()],
        "rules": [_rules(each) for each in PROFILES.values()],
        "versions": get_choices(dataset),
        "limits": {name: limits_of(name) for name in _LIMITED},
        "has_images": dataset.images.exists(),
    }  # fmt: skip
    return render(request, "tagging/export.html", context)


def _rules(profile: Profile) -> dict[str, Any]:
    """Return what a page needs to know of a profile, with a sentence about each variant."""
    rules = ProfileOut.of(profile).model_dump()
    for variant in rules["variants"]:
        variant["sentence"] = sentence_of_variant(profile.slug, variant["slug"])
    return rules
