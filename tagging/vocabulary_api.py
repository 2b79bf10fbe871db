"""`/api/v1`: one tag of the vocabulary: what it is for, its rules, where it is meant for, and pictures that show it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Query, Router
from ninja.errors import HttpError

from datasets.models import Dataset
from datasets.permissions import visible_datasets, visible_images
from tagger_project.auth import person
from tagging.models import Tag, TagAlias, TagCategory, TagImplication
from tagging.permissions import can_edit_vocabulary, check_can_edit_vocabulary
from tagging.queries.tag_detail import find_described, find_tags, get_tag_detail
from tagging.schemas import ErrorOut
from tagging.services.describing import (
    AliasTaken,
    TooManyExamples,
    add_alias,
    add_examples,
    categorise_tag,
    describe_tag,
    remove_example,
    remove_rule,
    set_scope,
    use_again,
)
from tagging.services.implications import ImplicationCircle, SuccessorCircle, add_implication, deprecate_tag
from tagging.services.vocabulary import TagRefused, checked_name, resolve_aliases
from tagging.vocabulary_schemas import DeprecationIn, ExamplesIn, NameIn, ScopeIn, TagDetailOut, TagPatch, WordOut

router = Router(tags=["vocabulary"])

_REFUSED = (AliasTaken, TooManyExamples, ImplicationCircle, SuccessorCircle)


@router.get("/vocabulary/tags/{int:tag_id}", response=TagDetailOut)
def read_tag(request: HttpRequest, tag_id: int) -> TagDetailOut:
    """A tag with its rules, its datasets and its pictures; what one may not see is only counted."""
    return _told(get_object_or_404(_tags(), pk=tag_id), person(request))


@router.get("/vocabulary/tags", response=list[WordOut])
def complete_tag(request: HttpRequest, q: str = "") -> list[WordOut]:
    """Tags that begin with a text, at most 12, whatever they are meant for."""
    return [WordOut(id=tag.pk, name=tag.name) for tag in find_tags(" ".join(q.replace("\x00", "").split())[:200])]


@router.get("/datasets/{int:dataset_id}/tag-meaning", response=TagDetailOut)
def read_tag_by_name(request: HttpRequest, dataset_id: int, name: Query[NameIn]) -> TagDetailOut:
    """The same of a tag as a dataset spells it; 404 where no such word is known."""
    user = person(request)
    dataset = get_object_or_404(visible_datasets(user), pk=dataset_id)
    tag = find_described(dataset, _checked(name.name))
    if tag is None:
        raise HttpError(404, _("“%(name)s” is not in the vocabulary yet.") % {"name": name.name[:200]})
    return _told(tag, user)


@router.patch("/vocabulary/tags/{int:tag_id}", response={200: TagDetailOut, 422: ErrorOut})
def change_tag(request: HttpRequest, tag_id: int, body: TagPatch) -> TagDetailOut:
    """Say what a tag is for, or sort it into a category."""
    tag, user = _editable(request, tag_id)
    if body.category is not None:
        category = get_object_or_404(TagCategory, pk=body.category) if body.category else None
        categorise_tag(tag, category, by=user)
    if body.description is not None:
        describe_tag(tag, body.description.replace("\x00", "").strip(), by=user)
    return _told(tag, user)


@router.post("/vocabulary/tags/{int:tag_id}/aliases", response={200: TagDetailOut, 409: ErrorOut, 422: ErrorOut})
def give_alias(request: HttpRequest, tag_id: int, body: NameIn) -> TagDetailOut:
    """Give a tag another name; 409 where that means something else already."""
    tag, user = _editable(request, tag_id)
    return _done(tag, user, lambda: add_alias(tag, body.name, by=user))


@router.delete("/vocabulary/tags/{int:tag_id}/aliases/{int:alias_id}", response=TagDetailOut)
def take_alias(request: HttpRequest, tag_id: int, alias_id: int) -> TagDetailOut:
    """Take another name of a tag away."""
    tag, user = _editable(request, tag_id)
    remove_rule(get_object_or_404(TagAlias, tag=tag, pk=alias_id), by=user)
    return _told(tag, user)


@router.post("/vocabulary/tags/{int:tag_id}/implications", response={200: TagDetailOut, 409: ErrorOut, 422: ErrorOut})
def give_implication(request: HttpRequest, tag_id: int, body: NameIn) -> TagDetailOut:
    """Let a tag say another one as well; 409 names the way where that would lead in a circle."""
    tag, user = _editable(request, tag_id)
    implies = _named(body.name)
    return _done(tag, user, lambda: add_implication(tag, implies, by=user))


@router.delete("/vocabulary/tags/{int:tag_id}/implications/{int:implied_id}", response=TagDetailOut)
def take_implication(request: HttpRequest, tag_id: int, implied_id: int) -> TagDetailOut:
    """Let a tag not say another one any more; images keep what they have."""
    tag, user = _editable(request, tag_id)
    remove_rule(get_object_or_404(TagImplication, tag=tag, implies=implied_id), by=user)
    return _told(tag, user)


@router.put("/vocabulary/tags/{int:tag_id}/deprecation", response={200: TagDetailOut, 409: ErrorOut, 422: ErrorOut})
def take_out_of_use(request: HttpRequest, tag_id: int, body: DeprecationIn) -> TagDetailOut:
    """Take a tag out of use from now on; 409 where what takes its place leads back to it."""
    tag, user = _editable(request, tag_id)
    successor = _named(body.successor) if body.successor.strip() else None
    return _done(tag, user, lambda: deprecate_tag(tag, successor, by=user))


@router.delete("/vocabulary/tags/{int:tag_id}/deprecation", response=TagDetailOut)
def take_back_into_use(request: HttpRequest, tag_id: int) -> TagDetailOut:
    """Take a tag back into use."""
    tag, user = _editable(request, tag_id)
    use_again(tag, by=user)
    return _told(tag, user)


@router.put("/vocabulary/tags/{int:tag_id}/datasets", response=TagDetailOut)
def scope_tag(request: HttpRequest, tag_id: int, body: ScopeIn) -> TagDetailOut:
    """Say which datasets a tag is meant for, none for all; those that one may not see stay as they are."""
    tag, user = _editable(request, tag_id)
    seen = visible_datasets(user)
    chosen = [get_object_or_404(seen, pk=pk) for pk in dict.fromkeys(body.datasets)]
    unseen = Dataset.objects.filter(tag_scopes__tag=tag).exclude(pk__in=seen.values("pk"))
    set_scope(tag, [*chosen, *unseen], by=user)
    return _told(tag, user)


@router.post("/vocabulary/tags/{int:tag_id}/examples", response={200: TagDetailOut, 409: ErrorOut, 422: ErrorOut})
def give_examples(request: HttpRequest, tag_id: int, body: ExamplesIn) -> TagDetailOut:
    """Let pictures show a tag, beside those that do already; 409 where they would be more than six."""
    tag, user = _editable(request, tag_id)
    images = [get_object_or_404(visible_images(user), pk=pk) for pk in dict.fromkeys(body.images)]
    return _done(tag, user, lambda: add_examples(tag, images, by=user))


@router.delete("/vocabulary/tags/{int:tag_id}/examples/{int:image_id}", response=TagDetailOut)
def take_example(request: HttpRequest, tag_id: int, image_id: int) -> TagDetailOut:
    """Let a picture show a tag no more."""
    tag, user = _editable(request, tag_id)
    image = get_object_or_404(visible_images(user).filter(tag_examples__tag=tag), pk=image_id)
    remove_example(tag, image.pk, by=user)
    return _told(tag, user)


def _tags() -> QuerySet[Tag]:
    return Tag.objects.select_related("category", "successor")


def _editable(request: HttpRequest, tag_id: int) -> tuple[Tag, User | None]:
    user = person(request)
    tag = get_object_or_404(_tags(), pk=tag_id)
    check_can_edit_vocabulary(user)
    return tag, user


def _done(tag: Tag, user: User | None, work: Callable[[], object]) -> TagDetailOut:
    """Do it and tell the tag, or answer with the sentence that refuses it."""
    try:
        work()
    except _REFUSED as error:
        raise HttpError(409, str(error)) from error
    except TagRefused as error:
        raise HttpError(422, str(error)) from error
    return _told(tag, user)


def _told(tag: Tag, user: User | None) -> TagDetailOut:
    return TagDetailOut.of(get_tag_detail(tag, user), can_edit=can_edit_vocabulary(user))


def _checked(text: str) -> str:
    try:
        return checked_name(text)
    except TagRefused as error:
        raise HttpError(422, str(error)) from error


def _named(text: str) -> Tag:
    """Return the tag of a name or an alias; a slip must not make a new word here."""
    name = _checked(text)
    tag = Tag.objects.filter(name=resolve_aliases([name]).get(name, name)).select_related("successor").first()
    if tag is None:
        raise HttpError(422, _("There is no tag “%(name)s”. Choose one that is there.") % {"name": name})
    return tag
