"""Two datasets with one of everything: one with members of every role, one with other people's members alone."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User

from datasets.models import Dataset, Image, ReviewState, Role
from datasets.services import members
from datasets.services.trash import move_to_trash
from sessions_app.models import TaggingSession
from tagger_project.api.tokens import make_token
from tagging.models import BulkJob, Change, Tag, TagAlias, TagExample, TagImplication
from tagging.services.goals import add_goal
from tagging.services.labelling import apply_edits
from tagging.services.quick_tags import pin_tag
from tagging.services.versions import freeze
from tests import factories, images, uploading
from tests.tagging.doing import adding, bring_in, picture_of
from tests.tagging.exporting import export

# Nothing has this number.
NOWHERE = 10**15
ROLES = {"viewer": Role.VIEWER, "tagger": Role.TAGGER, "reviewer": Role.REVIEWER, "owner": Role.OWNER}


@dataclass
class Place:
    """A dataset, and the numbers of what is in it by how routes call them; `jobs` by the first word of the route.

    Walks and tokens are people's own, by their names.
    """

    dataset: Dataset
    numbers: dict[str, Any]
    jobs: dict[str, int]
    walks: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=dict)

    def nowhere(self) -> Place:
        """The same with numbers that nothing has."""
        gone = {name: NOWHERE if isinstance(value, int) else value for name, value in self.numbers.items()}
        gone |= {"tag_id": self.numbers["tag_id"], "slot": 1}
        return Place(
            self.dataset,
            gone,
            *(dict.fromkeys(known, NOWHERE) for known in (self.jobs, self.walks, self.tokens)),
        )


@dataclass
class World:
    """Everybody, and both datasets."""

    people: dict[str, User]
    own: Place
    other: Place


def make_world() -> World:
    """Make it; the actors are members of `own` by their names, the stranger and nobody else of none."""
    people = {name: factories.make_user(username=name) for name in ("stranger", *ROLES)}
    people["superuser"] = factories.make_user(username="superuser", is_staff=True, is_superuser=True)
    places = []
    for name in ("own", "other"):
        somebody = factories.make_user(username=f"somebody of {name}")
        dataset = factories.make_dataset(name=f"The {name} one", owner=somebody)
        places.append(_fill(dataset, somebody, people))
    for name, role in ROLES.items():
        factories.make_member(places[0].dataset, people[name], role)
    return World(people, *places)


def _fill(dataset: Dataset, by: User, people: dict[str, User]) -> Place:
    kept, trashed = (
        picture_of(item) for item in bring_in(dataset, [(f"{n}.png", images.encoded("PNG", seed=n)) for n in (1, 2)])
    )
    apply_edits(kept, [adding("sofa")], by=by)
    version = freeze(dataset, name="as it was", by=by)
    move_to_trash(dataset, [trashed.pk], by=by)
    apply_edits(kept, [adding("lamp")], by=by)
    Image.objects.filter(pk=kept.pk).update(review_state=ReviewState.READY)
    goal = add_goal(dataset, name="All", filter="", wanted=2)
    pin_tag(dataset, "sofa", slot=1)
    job = uploading.start(dataset)
    item = uploading.announce(job, "waiting.png", 1000)
    made = export(dataset)
    bulk = BulkJob.objects.create(key=uuid.uuid4(), dataset=dataset, started_by=by, action={"kind": "add"}, total=9)
    link, secret = members.invite(dataset, Role.VIEWER, lasts=timedelta(days=1), by=by)
    member = factories.make_user(username=f"member of {dataset.pk}")
    factories.make_member(dataset, member, Role.TAGGER)
    tag = Tag.objects.get(name="sofa")
    TagExample.objects.create(tag=tag, image=kept)
    numbers = {
        "dataset_id": dataset.pk,
        "image_id": kept.pk,
        "trashed_id": trashed.pk,
        "sha256": kept.sha256,
        "item_id": item.pk,
        "change_id": Change.objects.filter(dataset=dataset).latest("pk").pk,
        "goal_id": goal.pk,
        "version_id": version.pk,
        "member_id": dataset.memberships.get(user=member).pk,
        "invitation_id": link.pk,
        "secret": secret,
        "file_name": made.archives.get().file_name,
        "slot": 1,
        "kind": "rename",
        "provider_id": "sso",
        "pk": NOWHERE,
        **_words(tag),
    }
    walks = {
        name: TaggingSession.objects.create(dataset=dataset, person=person, name="Mine", is_default=False).pk
        for name, person in people.items()
    }
    tokens = {name: make_token(person, name="mine", scopes=["read"])[0].pk for name, person in people.items()}
    return Place(dataset, numbers, {"imports": job.pk, "exports": made.pk, "bulk-jobs": bulk.pk}, walks, tokens)


def _words(tag: Tag) -> dict[str, int]:
    alias, _ = TagAlias.objects.get_or_create(tag=tag, name="settee")
    implied, _ = Tag.objects.get_or_create(name="seat")
    TagImplication.objects.get_or_create(tag=tag, implies=implied)
    return {"tag_id": tag.pk, "alias_id": alias.pk, "implied_id": implied.pk}
