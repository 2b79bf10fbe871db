"""The vocabulary: its words with what they say, sorted into categories by hand. Works without a script."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from tagger_project.auth import is_open, person
from tagging.forms import MOST_TAGS
from tagging.models import Tag, TagCategory
from tagging.permissions import can_edit_vocabulary, check_can_edit_vocabulary
from tagging.queries.vocabulary_page import (
    WORDS_A_PAGE,
    Show,
    Wanted,
    count_words,
    get_categories,
    get_vocabulary_page,
)
from tagging.services.rewording import Kind
from tagging.services.sorting import sort_tags, unsort_tags

_UNDO = "vocabulary_undo"


@require_safe
def vocabulary_page(request: HttpRequest) -> HttpResponse:
    """Show the words that are looked for."""
    user = person(request)
    wanted = _read_wanted(request.GET)
    counts = count_words()
    context = {
        "wanted": wanted,
        "page": get_vocabulary_page(wanted),
        "categories": [{"row": row, "count": counts.get(row.pk, 0)} for row in get_categories()],
        "without": counts.get(None, 0),
        "total": sum(counts.values()),
        "query": _query(wanted),
        "can_edit": can_edit_vocabulary(user),
        "has_desk": is_open() or (user is not None and user.is_staff),
        # Offered right after the form was sent, not for ever.
        "can_undo": "done" in request.GET and _UNDO in request.session,
    }
    return render(request, "tagging/vocabulary.html", context)


@require_POST
def change_words(request: HttpRequest) -> HttpResponse:
    """Do with the chosen tags what the pressed button says: sort them, or lead to the page that rewords them."""
    check_can_edit_vocabulary(person(request))
    wanted = _read_wanted(request.POST)
    keys = [number for text in request.POST.getlist("word")[:WORDS_A_PAGE] if (number := _number(text))]
    if not keys:
        messages.info(request, _("Choose one or more tags first."))
        return redirect(_address(wanted))
    action = request.POST.get("action", "")
    if action in list(Kind):
        names = Tag.objects.filter(pk__in=keys).order_by("name").values_list("name", flat=True)[:MOST_TAGS]
        return redirect(f"{reverse('tagging:reword', args=[action])}?{urlencode({'tag': list(names)}, doseq=True)}")
    category = _read_category(request.POST)
    if category == -1:
        messages.info(request, _("Choose a category first."))
        return redirect(_address(wanted))
    _sort(request, keys, get_object_or_404(TagCategory, pk=category) if category else None)
    return redirect(_address(wanted, done=1))


@require_POST
def undo_sorting(request: HttpRequest) -> HttpResponse:
    """Take back what the last form of this browser sorted."""
    by = person(request)
    check_can_edit_vocabulary(by)
    came_from = request.session.pop(_UNDO, None)
    if came_from:
        count = unsort_tags({int(pk) or None: keys for pk, keys in came_from.items()}, by=by)
        messages.success(request, ngettext("%(n)d tag is back.", "%(n)d tags are back.", count) % {"n": count})
    return redirect(_address(_read_wanted(request.POST)))


def _sort(request: HttpRequest, keys: list[int], category: TagCategory | None) -> None:
    came_from = sort_tags(keys, category, by=person(request))
    count = sum(map(len, came_from.values()))
    request.session.pop(_UNDO, None)
    if count:
        request.session[_UNDO] = {str(pk or 0): moved for pk, moved in came_from.items()}
    text = (
        ngettext("%(n)d tag is now in “%(category)s”.", "%(n)d tags are now in “%(category)s”.", count)
        if category
        else ngettext("%(n)d tag has no category now.", "%(n)d tags have no category now.", count)
    )
    messages.success(request, text % {"n": count, "category": category})


def _read_wanted(facts: QueryDict) -> Wanted:
    shown = facts.get("show", "")
    category = facts.get("in", "")
    return Wanted(
        search=" ".join(facts.get("q", "").replace("\x00", "").split())[:200],
        show=Show(shown) if shown in list(Show) else Show.USED,
        category=int(category) if _is_number(category) else None,
        after=facts.get("after", "").replace("\x00", "")[:200],
    )


def _query(wanted: Wanted, **more: Any) -> str:
    facts = {"q": wanted.search, "show": "" if wanted.show == Show.USED else wanted.show.value}
    facts |= {"in": "" if wanted.category is None else str(wanted.category)}
    return urlencode({name: value for name, value in {**facts, **more}.items() if value not in {"", None}})


def _address(wanted: Wanted, **more: Any) -> str:
    return f"{reverse('tagging:vocabulary')}?{_query(wanted, after=wanted.after, **more)}"


def _read_category(facts: QueryDict) -> int:
    """Return the number of the chosen category, 0 for none of them, -1 where nothing was chosen."""
    text = facts.get("category", "")
    return int(text) if _is_number(text) else -1


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _number(text: str) -> int:
    """Read a number from a form; nonsense is 0, which nothing has."""
    return int(text) if _is_number(text) else 0
