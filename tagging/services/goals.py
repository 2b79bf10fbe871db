"""The goals of a dataset: so many pictures of a kind."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from datasets.models import Dataset
from datasets.services.datasets import touch_dataset
from tagging.models import Goal
from tagging.queries.filtering import read_filter

# Each is a question to the database whenever the board is shown.
MOST_GOALS = 30
MOST_WANTED = 1_000_000
LONGEST_NAME = 120
LONGEST_FILTER = 2_000


class GoalRefused(Exception):
    """A goal cannot be as asked; `field` names the field of the form and the text is a sentence."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


class TooManyGoals(GoalRefused):
    """A dataset has as many as it can have."""


def add_goal(dataset: Dataset, *, name: str, filter: str, wanted: int) -> Goal:
    """Set a goal.

    Args:
        dataset: one that the person may edit.
        name: what it is called on the board.
        filter: which pictures count; empty for all.
        wanted: how many there shall be.

    Raises:
        GoalRefused: the name is empty or too long, or the number is none that can be reached.
        BadFilter: the filter cannot be read.
    """
    facts = _checked(dataset, name, filter, wanted)
    with transaction.atomic():
        touch_dataset(dataset.pk)  # holds the dataset's row: two who add come one after the other
        if Goal.objects.filter(dataset=dataset).count() >= MOST_GOALS:
            text = _("A dataset has at most %(most)d goals. Remove one that is reached.") % {"most": MOST_GOALS}
            raise TooManyGoals("name", text)
        return Goal.objects.create(dataset=dataset, **facts)


def change_goal(goal: Goal, *, name: str, filter: str, wanted: int) -> Goal:
    """Let a goal be another; what it takes and refuses is as in `add_goal`.

    Raises:
        GoalRefused: as there.
        BadFilter: as there.
        Goal.DoesNotExist: somebody removed it meanwhile.
    """
    facts = _checked(goal.dataset, name, filter, wanted)
    with transaction.atomic():
        touch_dataset(goal.dataset_id)
        if not Goal.objects.filter(pk=goal.pk).update(**facts):
            raise Goal.DoesNotExist
    for field, value in facts.items():
        setattr(goal, field, value)
    return goal


def remove_goal(goal: Goal) -> None:
    """Give a goal up; one that is gone already stays so. No picture changes."""
    with transaction.atomic():
        touch_dataset(goal.dataset_id)
        Goal.objects.filter(pk=goal.pk).delete()


def _checked(dataset: Dataset, name: str, filter: str, wanted: int) -> dict[str, str | int]:
    name, filter = " ".join(name.replace("\x00", "").split()), filter.replace("\x00", "").strip()
    if not name:
        raise GoalRefused("name", _("Give the goal a name, such as “profile shots”."))
    if len(name) > LONGEST_NAME:
        raise GoalRefused("name", _("A goal's name has at most %(most)d characters.") % {"most": LONGEST_NAME})
    if len(filter) > LONGEST_FILTER:
        raise GoalRefused("filter", _("A goal's filter has at most %(most)d characters.") % {"most": LONGEST_FILTER})
    if not 1 <= wanted <= MOST_WANTED:
        raise GoalRefused("wanted", _("A goal wants 1 to 1,000,000 pictures."))
    read_filter(filter, dataset)
    return {"name": name, "filter": filter, "wanted": wanted}
