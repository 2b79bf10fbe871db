"""Rename, merge and split tags in three steps: what is asked for, the exact numbers, the work. Without a script, too.

The work of one request takes a few seconds at most. Where more is left, the page that answers sends itself again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from datasets.asking import number_from
from datasets.permissions import check_can_edit, visible_datasets
from tagger_project.auth import person
from tagging.forms import MOST_TAGS, RewordingForm
from tagging.permissions import check_can_edit_vocabulary
from tagging.queries.rewording import Forecast, count_distinct_images
from tagging.services.rewording import (
    Kind,
    Reworded,
    Rewording,
    RewordingRefused,
    carry_out_all,
    describe,
    forecast_all,
)
from tagging.services.vocabulary import TagRefused

_SECONDS = 3.0


@dataclass
class Step:
    """Where a person is on the way.

    Attributes:
        kind: rename, merge or split.
        form: what is asked for.
        told: the numbers, once it was.
        images: on how many images together, the trash left out.
        done: on how many it was done so far, of `total`; -1 before anything was.
        is_done: whether nothing is left.
    """

    kind: Kind
    form: RewordingForm
    told: list[Forecast] = field(default_factory=list)
    images: int = 0
    done: int = -1
    total: int = 0
    is_done: bool = False

    @property
    def title(self) -> str:
        """What the page is called."""
        names = ", ".join(f"“{name}”" for name in self.form.tags[:5]) + (" …" if len(self.form.tags) > 5 else "")
        texts = {Kind.RENAME: _("Rename %(tags)s"), Kind.MERGE: _("Merge %(tags)s"), Kind.SPLIT: _("Split %(tags)s")}
        return texts[self.kind] % {"tags": names}

    @property
    def sentence(self) -> str:
        """What was done, with the number of images."""
        # What is there by now tells no more: the old words are gone.
        into = tuple(dict.fromkeys(name for each in self.form.rewordings() for name in each.into))
        what = describe(self.kind, self.form.tags[0], into) if len(self.form.tags) == 1 else self.title
        count = ngettext("on %(count)d image", "on %(count)d images", self.done) % {"count": self.done}
        return _("%(what)s, %(count)s. The history of each dataset can take it back.") % {"what": what, "count": count}


@require_http_methods(["GET", "HEAD", "POST"])
def reword_page(request: HttpRequest, kind: str) -> HttpResponse:
    """Ask, show the numbers, do it."""
    by = person(request)
    check_can_edit_vocabulary(by)
    step = take_step(request, read_kind(kind), read_tags(request), by=by)
    home = reverse("tagging:vocabulary")
    if step.is_done:
        messages.success(request, step.sentence)
        return redirect(home)
    return render(request, "tagging/reword.html", {"step": step, "home": home})


def read_kind(text: str) -> Kind:
    """Return the kind that an address names.

    Raises:
        Http404: it names none.
    """
    if text not in list(Kind):
        raise Http404
    return Kind(text)


def read_tags(request: HttpRequest) -> list[str]:
    """Return the tags that an address names, each once.

    Raises:
        Http404: it names none.
    """
    tags = list(dict.fromkeys(request.GET.getlist("tag")))[:MOST_TAGS]
    if not tags:
        raise Http404
    return tags


def take_step(request: HttpRequest, kind: Kind, tags: Sequence[str], *, by: User | None) -> Step:
    """Do what the pressed button says: look at the numbers, or do it, as far as some seconds lead."""
    tags = list(tags) if kind == Kind.MERGE else list(tags)[:1]
    if request.method != "POST":
        return Step(kind, RewordingForm(kind, tags, visible_datasets(by)))
    form = RewordingForm(kind, tags, visible_datasets(by), request.POST)
    step = Step(kind, form)
    if not form.is_valid():
        return step
    _check_reach(form.rewordings(is_begun="done" in request.POST), by)
    try:
        pressed = request.POST.get("step")
        if pressed == "do":
            _do(request, step, by)
        elif pressed != "back":
            _look(step, form.rewordings())
    except (RewordingRefused, TagRefused) as error:
        form.add_error("into", str(error))
    return step


def _check_reach(rewordings: Sequence[Rewording], by: User | None) -> None:
    """Raise `PermissionDenied` where datasets would change that somebody may not change, or does not even see."""
    if by is None or by.is_superuser:
        return
    for rewording in rewordings:
        if rewording.dataset is None:
            raise PermissionDenied(_("Everywhere is for administrators. Choose one of your datasets."))
        check_can_edit(rewording.dataset, by)


def _look(step: Step, rewordings: Sequence[Rewording]) -> None:
    step.told = forecast_all(rewordings)
    first = rewordings[0]
    tags = [told.tag for told in step.told]
    step.images = step.told[0].images if len(tags) == 1 else count_distinct_images(tags, dataset=first.dataset)
    step.total = sum(told.images + told.in_trash for told in step.told)


def _do(request: HttpRequest, step: Step, by: User | None) -> None:
    facts: dict[str, Any] = step.form.cleaned_data
    before = number_from(request.POST.get("done", ""))
    rewordings = step.form.rewordings(is_begun="done" in request.POST)
    result: Reworded = carry_out_all(rewordings, by=by, key=facts["key"], reason=facts["reason"], seconds=_SECONDS)
    step.done, step.is_done = before + result.images, result.is_done
    step.total = step.done + result.left
