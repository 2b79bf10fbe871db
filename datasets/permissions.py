"""Who may see and do what: the one place to ask.

Without logins (`user` is `None`) everybody is the one person at this machine. With logins a person sees the datasets
they are a member of, and what they may do there is their role's to say; superusers see and may everything. Checks come
in pairs: `can_x` answers, `check_can_x` refuses with a sentence. They are asked of what a person sees: what they do not
see is left out by the `visible_…` querysets, and answers 404 like what does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from datasets.models import Dataset, Image, ImageQuerySet, ImportJob, Membership, Role


@dataclass(frozen=True)
class May:
    """What somebody may do in a dataset they see.

    Attributes:
        edit: words, captions, imports, the trash.
        review: approve, send back, take back others' work, restore versions.
        manage: settings, members, deleting for ever.
    """

    edit: bool = False
    review: bool = False
    manage: bool = False


_MAY = {
    None: May(),
    Role.VIEWER: May(),
    Role.TAGGER: May(edit=True),
    Role.REVIEWER: May(edit=True, review=True),
    Role.OWNER: May(edit=True, review=True, manage=True),
}


def visible_datasets(user: User | None) -> QuerySet[Dataset]:
    """The datasets this person may see; what is not in here answers 404."""
    if _sees_all(user):
        return Dataset.objects.all()
    return Dataset.objects.filter(pk__in=Membership.objects.filter(user=user).values("dataset"))


def visible_images(user: User | None) -> ImageQuerySet:
    """The images of visible datasets, each with its dataset; the trash is on no page but its own."""
    return Image.objects.filter(**_in_visible(user)).select_related("dataset")


def visible_thumbnails(user: User | None) -> ImageQuerySet:
    """The images whose small picture this person may see: those of visible datasets, and of their trash."""
    return Image.everything.filter(**_in_visible(user))


def visible_imports(user: User | None) -> QuerySet[ImportJob]:
    """The imports into visible datasets, each with its dataset."""
    return ImportJob.objects.filter(dataset__in=visible_datasets(user)).select_related("dataset")


def get_role(dataset: Dataset, user: User | None) -> Role | None:
    """Return somebody's role in a dataset: that of an owner for who may everything, `None` for a stranger."""
    if _sees_all(user):
        return Role.OWNER
    role = Membership.objects.filter(dataset=dataset, user=user).values_list("role", flat=True).first()
    return None if role is None else Role(role)


def may_of(role: Role | None) -> May:
    """Return all that a role may do; that of a stranger is `None`."""
    return _MAY[role]


def get_may(dataset: Dataset, user: User | None) -> May:
    """Return all that somebody may do in a dataset, for a page to show."""
    return may_of(get_role(dataset, user))


def can_edit(dataset: Dataset, user: User | None) -> bool:
    """Whether this person may tag, write captions, add images, and use the trash: taggers and up."""
    return get_may(dataset, user).edit


def check_can_edit(dataset: Dataset, user: User | None) -> None:
    """Raise `PermissionDenied` with a sentence where `can_edit` says no."""
    if not can_edit(dataset, user):
        raise PermissionDenied(_("You may look at “%(name)s” but not change it.") % {"name": dataset.name})


def can_review(dataset: Dataset, user: User | None) -> bool:
    """Whether this person may approve, send back, take back others' work and restore versions: reviewers and up."""
    return get_may(dataset, user).review


def check_can_review(dataset: Dataset, user: User | None) -> None:
    """Raise `PermissionDenied` with a sentence where `can_review` says no."""
    if not can_review(dataset, user):
        text = _("This is for the reviewers and owners of “%(name)s”. Ask one of them.")
        raise PermissionDenied(text % {"name": dataset.name})


def can_manage(dataset: Dataset, user: User | None) -> bool:
    """Whether this person may change settings and members, and delete for ever: owners."""
    return get_may(dataset, user).manage


def check_can_manage(dataset: Dataset, user: User | None) -> None:
    """Raise `PermissionDenied` with a sentence where `can_manage` says no."""
    if not can_manage(dataset, user):
        raise PermissionDenied(_("This is for the owners of “%(name)s”. Ask one of them.") % {"name": dataset.name})


def check_can_take_back(dataset: Dataset, user: User | None, *, made_by: int | None) -> None:
    """Raise `PermissionDenied` where it is another's work, for who may not review; one's own an editor may take back.

    Args:
        dataset: where it was done.
        user: who takes it back.
        made_by: the number of who did it.
    """
    if user is not None and made_by == user.pk:
        check_can_edit(dataset, user)
    else:
        check_can_review(dataset, user)


def _sees_all(user: User | None) -> bool:
    return user is None or (user.is_active and user.is_superuser)


def _in_visible(user: User | None) -> dict[str, object]:
    # One list of a few numbers; through the datasets it would be a list of a list.
    if _sees_all(user):
        return {"dataset__in": visible_datasets(user)}
    return {"dataset__in": Membership.objects.filter(user=user).values("dataset")}
