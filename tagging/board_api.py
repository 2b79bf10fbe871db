"""`/api/v1`: a dataset in numbers, and its goals."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Status
from ninja.errors import HttpError

from datasets.permissions import check_can_edit, visible_datasets
from datasets.schemas import BadFilterOut
from tagger_project.auth import person
from tagging.board_schemas import BoardOut, GoalIn, GoalOut, GoalsOut
from tagging.models import Goal
from tagging.queries.board.board import get_board
from tagging.queries.board.goals import get_goal, get_goals
from tagging.queries.board.shapes import USUAL_BASE, USUAL_TRAINER, ShapesAsked
from tagging.schemas import ErrorOut
from tagging.services.goals import GoalRefused, TooManyGoals, add_goal, change_goal, remove_goal

router = Router(tags=["board"])


@router.get("/datasets/{int:dataset_id}/board", response=BoardOut)
def read_board(
    request: HttpRequest, dataset_id: int, trainer: str = USUAL_TRAINER, base: int = USUAL_BASE
) -> BoardOut:  # fmt: skip
    """What a dataset has and lacks: tags, sizes, lengths, pace, goals.

    `trainer` and `base` (512, 768, 1024) say whose buckets are told; what is not known is the usual.
    """
    dataset = get_object_or_404(visible_datasets(person(request)), pk=dataset_id)
    return BoardOut.of(get_board(dataset, ShapesAsked(trainer, base)))


@router.get("/datasets/{int:dataset_id}/goals", response=GoalsOut)
def list_goals(request: HttpRequest, dataset_id: int) -> GoalsOut:
    """The goals of a dataset and how far they are reached."""
    dataset = get_object_or_404(visible_datasets(person(request)), pk=dataset_id)
    return GoalsOut(goals=[GoalOut.of(goal) for goal in get_goals(dataset)])


@router.post("/datasets/{int:dataset_id}/goals", response={201: GoalOut, 409: ErrorOut, 422: BadFilterOut | ErrorOut})
def create_goal(request: HttpRequest, dataset_id: int, body: GoalIn) -> Status[GoalOut]:
    """Set a goal; a filter that cannot be read is refused with its place, one goal too many with 409."""
    user = person(request)
    dataset = get_object_or_404(visible_datasets(user), pk=dataset_id)
    check_can_edit(dataset, user)
    try:
        goal = add_goal(dataset, name=body.name, filter=body.filter, wanted=body.wanted)
    except GoalRefused as error:
        raise HttpError(409 if isinstance(error, TooManyGoals) else 422, str(error)) from error
    return Status(201, GoalOut.of(get_goal(goal, dataset)))


@router.put("/goals/{int:goal_id}", response={200: GoalOut, 422: BadFilterOut | ErrorOut})
def replace_goal(request: HttpRequest, goal_id: int, body: GoalIn) -> GoalOut:
    """Let a goal be another."""
    goal = _editable(person(request), goal_id)
    try:
        changed = change_goal(goal, name=body.name, filter=body.filter, wanted=body.wanted)
    except GoalRefused as error:
        raise HttpError(422, str(error)) from error
    except Goal.DoesNotExist as error:
        raise HttpError(404, "Not Found") from error
    return GoalOut.of(get_goal(changed, changed.dataset))


@router.delete("/goals/{int:goal_id}", response={204: None})
def delete_goal(request: HttpRequest, goal_id: int) -> Status[None]:
    """Give a goal up; no picture changes."""
    remove_goal(_editable(person(request), goal_id))
    return Status(204, None)


def _editable(user: User | None, goal_id: int) -> Goal:
    goals = Goal.objects.filter(dataset__in=visible_datasets(user)).select_related("dataset")
    goal = get_object_or_404(goals, pk=goal_id)
    check_can_edit(goal.dataset, user)
    return goal
