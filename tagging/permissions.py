"""Who may change the words themselves: the one place to ask."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _


def can_edit_vocabulary(user: User | None) -> bool:
    """Whether this person may rename, merge and sort tags for everybody: staff that may change tags.

    Without logins there is nobody to ask, and it is one's own machine. With logins no role in a dataset gives the
    right: the words are everybody's, and everybody may make a dataset of which they are the owner.
    """
    return user is None or (user.is_staff and user.has_perm("tagging.change_tag"))


def check_can_edit_vocabulary(user: User | None) -> None:
    """Raise `PermissionDenied` with a sentence where `can_edit_vocabulary` says no."""
    if not can_edit_vocabulary(user):
        raise PermissionDenied(_("You may look at the vocabulary but not change it. Ask somebody of the staff."))
