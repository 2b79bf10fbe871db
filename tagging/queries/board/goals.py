"""How far the goals of a dataset are reached."""

from __future__ import annotations

from dataclasses import dataclass

from datasets.filter_reading import BadFilter
from datasets.models import Dataset
from datasets.queries.images import Asked
from tagging.models import Goal


@dataclass(frozen=True)
class GoalProgress:
    """A goal, and how many pictures count for it.

    Attributes:
        problem: why its filter cannot be read any more; then `have` is 0.
    """

    id: int
    name: str
    filter: str
    wanted: int
    have: int
    problem: str = ""

    @property
    def is_reached(self) -> bool:
        """Whether there are as many as wanted."""
        return self.have >= self.wanted

    @property
    def missing(self) -> int:
        """How many are still wanted."""
        return max(0, self.wanted - self.have)

    @property
    def share(self) -> float:
        """How far it is reached, 1 at most."""
        return min(1.0, self.have / self.wanted)


def get_goals(dataset: Dataset) -> list[GoalProgress]:
    """Return the goals of a dataset, in the order in which they were set."""
    return [get_goal(goal, dataset) for goal in Goal.objects.filter(dataset=dataset).order_by("pk")]


def get_goal(goal: Goal, dataset: Dataset) -> GoalProgress:
    """Return how far one goal of a dataset is reached."""
    have, problem = 0, ""
    try:
        asked = Asked(dataset, goal.filter)
        have = asked.count(asked.matching())
    except BadFilter as error:
        problem = str(error)
    return GoalProgress(goal.pk, goal.name, goal.filter, goal.wanted, have, problem)
