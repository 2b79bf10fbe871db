"""The first account, by a link that works once.

A server that nobody has an account on cannot ask anyone to sign in. Who starts the program gets a link; whoever opens
it makes the account that may do everything, and owns what was made before there were accounts.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from datasets.services.members import give_to_first_owner
from tagger_project import auth

SECONDS = 24 * 3600


class FirstAccountRefused(Exception):
    """There is an account already, or the link does not hold; the text says which and what to do."""


def has_accounts() -> bool:
    """Whether anybody can sign in."""
    return User.objects.exclude(username=auth.LOCAL_OWNER).exists()


def make_link(address: str) -> str:
    """Return a link that makes the first account; what an earlier one was good for is over.

    Args:
        address: where the pages are, such as http://127.0.0.1:8000.

    Raises:
        FirstAccountRefused: there is an account.
    """
    if has_accounts():
        raise FirstAccountRefused(_("There is an account already: sign in with it, and invite others from a dataset."))
    secret = secrets.token_urlsafe(32)
    path = _file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        json.dump({"digest": digest_of(secret), "until": time.time() + SECONDS}, file)
    temporary.replace(path)
    return f"{address.rstrip('/')}{reverse('first_account')}?key={secret}"


def digest_of(secret: str) -> str:
    """What is kept of a link's secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_link_open(digest: str) -> bool:
    """Whether a link still makes an account."""
    try:
        kept = json.loads(_file().read_text(encoding="ascii"))
    except (OSError, ValueError):
        return False
    return hmac.compare_digest(kept["digest"], digest) and time.time() < kept["until"] and not has_accounts()


@contextmanager
def using_link(digest: str) -> Iterator[None]:
    """Make the first account inside: one at a time, and only the first.

    Raises:
        FirstAccountRefused: somebody was faster, or the link does not hold.
    """
    with transaction.atomic():
        # A row that is always there: whoever comes second waits here, and finds the account.
        ContentType.objects.select_for_update().get(app_label="auth", model="user")
        if not is_link_open(digest):
            raise FirstAccountRefused(
                _("This link has been used or is too old. Start the program again for a new one.")
            )
        yield
    _file().unlink(missing_ok=True)


def give_everything(user: User) -> None:
    """Make somebody the one who may do everything, and the owner of what was made without a name."""
    user.is_staff = user.is_superuser = True
    user.save(update_fields=["is_staff", "is_superuser"])
    give_to_first_owner(user)


def _file() -> Path:
    # Web and command share the data folder, in compose as well; the database would carry it into backups.
    folder: Path = settings.DATA_DIR
    return folder / "run" / "first-account.json"
