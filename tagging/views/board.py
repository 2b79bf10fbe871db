"""The board of a dataset: what is there, what is missing, and goals. Works without a script."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from datasets.asking import number_from
from datasets.filter_reading import BadFilter
from datasets.models import Dataset
from datasets.permissions import check_can_edit, get_may, visible_datasets
from tagger_project.auth import person
from tagging.charts import Bars, Mark, draw_bars
from tagging.forms import GoalForm
from tagging.models import Goal
from tagging.queries.board.board import Board, get_board
from tagging.queries.board.filters import with_tag
from tagging.queries.board.goals import GoalProgress
from tagging.queries.board.shapes import BASES, ShapesAsked
from tagging.queries.board.trainers import TRAINERS
from tagging.services.goals import GoalRefused, add_goal, change_goal, remove_goal
from tagging.views.board_pace import length_figures, pace_figure, people_table, time_left_text
from tagging.views.board_shapes import buckets_figure, sizes_figure, trainers_figure, worst_figure
from tagging.views.board_words import (
    Leads,
    categories_figure,
    common_figure,
    pairs_figure,
    tags_figure,
    together_figure,
)
from tagging.views.figures import share_text

_UNDO = "goal_undo"


@require_http_methods(["GET", "HEAD", "POST"])
def board_page(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Show the board; a POST sets a goal, or changes the one that the address names."""
    user = person(request)
    dataset = get_object_or_404(visible_datasets(user), pk=dataset_id)
    goal = _goal(request, dataset)
    initial = {"name": goal.name, "filter": goal.filter, "wanted": goal.wanted} if goal else None
    form = GoalForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST":
        check_can_edit(dataset, user)
        if _take(form, dataset, goal):
            messages.success(request, _("The goal is changed.") if goal else _("The goal is set."))
            return redirect(f"{reverse('tagging:board', args=[dataset.pk])}#goals")
    may = get_may(dataset, user)
    context = _context(dataset, _asked(request)) | {
        "dataset": dataset,
        "can_edit": may.edit,
        "may": may,
        "form": form,
        "goal": goal,
        # Offered right after it was removed, not for ever.
        "removed": request.session.get(_UNDO) if "removed" in request.GET else None,
    }
    return render(request, "tagging/board.html", context)


@require_POST
def remove_goal_page(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Remove the goal that the form names; the page after it offers to undo that."""
    user = person(request)
    dataset = get_object_or_404(visible_datasets(user), pk=dataset_id)
    check_can_edit(dataset, user)
    goal = get_object_or_404(Goal, dataset=dataset, pk=number_from(request.POST.get("goal", "")))
    remove_goal(goal)
    facts = {"name": goal.name, "filter": goal.filter, "wanted": goal.wanted}
    request.session[_UNDO] = {"dataset": dataset.pk, "goal": facts}
    return redirect(f"{reverse('tagging:board', args=[dataset.pk])}?removed=1#goals")


@require_POST
def undo_goal(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Set the goal again that this browser removed last."""
    user = person(request)
    dataset = get_object_or_404(visible_datasets(user), pk=dataset_id)
    check_can_edit(dataset, user)
    removed = request.session.pop(_UNDO, {})
    if removed.get("dataset") == dataset.pk:
        try:
            add_goal(dataset, **removed["goal"])
        except (GoalRefused, BadFilter) as error:
            messages.error(request, str(error))
    return redirect(f"{reverse('tagging:board', args=[dataset.pk])}#goals")


def _context(dataset: Dataset, asked: ShapesAsked) -> dict[str, Any]:
    board = get_board(dataset, asked)
    leads = partial(_address, reverse("datasets:detail", args=[dataset.pk]))
    return {
        "board": board,
        "leads": {name: leads(filter) for name, filter in _HEADLINES.items()},
        "tagged_share": share_text(board.numbers.tagged / board.numbers.images) if board.numbers.images else "",
        "goals": [_goal_row(each, leads) for each in board.goals],
        "reached": sum(each.is_reached for each in board.goals),
        **(_word_figures(dataset, board, leads) if board.words.images else {}),
        **(_shape_figures(board, leads) if board.numbers.images else {}),
        "length_figures": length_figures(board.lengths, leads),
        "pace_figure": pace_figure(board.pace, leads),
        "people": people_table(board.pace, leads),
        "time_left": time_left_text(board.pace),
    }


_HEADLINES = {
    "all": "",
    "untagged": "is:untagged",
    "tagged": "is:tagged",
    "captioned": "has:caption",
    "approved": "state:approved",
}


def _word_figures(dataset: Dataset, board: Board, leads: Leads) -> dict[str, Any]:
    vocabulary = f"{reverse('tagging:vocabulary')}?{urlencode({'in': 0})}"
    return {
        "tags_figure": tags_figure(board.words, leads),
        "categories_figure": categories_figure(board.words, leads, vocabulary),
        "common_figure": common_figure(board.words, leads),
        "together_figure": together_figure(board.words.together, leads),
        "pairs_figure": pairs_figure(board.words.together, leads),
        "rare": [{"tag": tag, "address": leads(with_tag(tag.name))} for tag in board.words.rare],
    }


def _shape_figures(board: Board, leads: Leads) -> dict[str, Any]:
    shapes = board.shapes
    title = TRAINERS[shapes.asked.trainer].title
    return {
        "trainers": [(slug, each.title) for slug, each in TRAINERS.items()],
        "bases": BASES,
        "sizes_figure": sizes_figure(shapes, title, leads),
        "trainers_figure": trainers_figure(shapes, board.numbers.images, leads),
        "buckets_figure": buckets_figure(shapes, title, leads),
        "worst_figure": worst_figure(shapes, title, leads),
    }


def _goal_row(goal: GoalProgress, leads: Leads) -> dict[str, Any]:
    return {"goal": goal, "address": leads(goal.filter), "bar": _goal_bar(goal)}


def _goal_bar(goal: GoalProgress) -> Bars:
    return draw_bars([Mark(goal.name, goal.share, "", goal.name)], most=1.0)


def _address(grid: str, filter: str) -> str:
    return f"{grid}?{urlencode({'filter': filter})}" if filter else grid


def _asked(request: HttpRequest) -> ShapesAsked:
    base = number_from(request.GET.get("base", ""))
    return ShapesAsked(request.GET.get("trainer", ""), base) if "trainer" in request.GET else ShapesAsked()


def _goal(request: HttpRequest, dataset: Dataset) -> Goal | None:
    """Return the goal that is being changed; one that is gone is a new one."""
    number = number_from(request.GET.get("goal", ""))
    return Goal.objects.filter(dataset=dataset, pk=number).first() if number else None


def _take(form: GoalForm, dataset: Dataset, goal: Goal | None) -> bool:
    """Do what the form says; `False` where it cannot be, which then stands in the form."""
    if not form.is_valid():
        return False
    try:
        if goal is None:
            add_goal(dataset, **form.cleaned_data)
        else:
            change_goal(goal, **form.cleaned_data)
    except GoalRefused as error:
        form.add_error(error.field, str(error))
    except BadFilter as error:
        form.add_error("filter", str(error))
    except Goal.DoesNotExist:
        form.add_error("name", _("Somebody removed this goal meanwhile. Press again to set it anew."))
    return not form.errors
