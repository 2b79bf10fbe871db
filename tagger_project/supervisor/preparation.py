"""What is brought up to date before anything serves: the tables and the static files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import OperationalError, connections
from django.utils.translation import gettext as _

from tagger_project import auth
from tagger_project.accounts import first_account
from tagger_project.supervisor.refusal import CannotStart


def uses_sqlite() -> bool:
    """Whether the database is the file in the data folder."""
    return str(settings.DATABASES["default"]["ENGINE"]) == "django.db.backends.sqlite3"


def migrate() -> None:
    """Bring the tables up to date.

    Raises:
        CannotStart: the database does not answer, or a newer program has written it.
    """
    try:
        call_command("migrate", interactive=False, verbosity=0)
    except CommandError as error:
        raise CannotStart(str(error)) from error
    except (OperationalError, ImproperlyConfigured) as error:
        what = _("The database in the data folder") if uses_sqlite() else _("The database in DATABASE_URL")
        reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise CannotStart(_("%(what)s does not answer: %(reason)s") % {"what": what, "reason": reason}) from error
    finally:
        connections.close_all()  # this process asks nothing more; an open file would only stand in others' way


def first_account_link(address: str) -> str:
    """Return the link that makes the first account; empty where nobody needs one.

    Raises:
        FirstAccountRefused: there is an account.
    """
    if auth.is_open():
        return ""
    try:
        return first_account.make_link(address)
    finally:
        connections.close_all()


def collect_static(data_dir: Path) -> bool:
    """Collect the static files where one was added, changed or taken away since the last time.

    Returns:
        Whether there was anything to do.
    """
    mark = data_dir / "run" / "static-files"
    now = "\n".join([str(settings.STORAGES["staticfiles"]["BACKEND"]), *sorted(_source_files())])
    fingerprint = hashlib.sha256(now.encode()).hexdigest()
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if manifest.is_file() and mark.is_file() and mark.read_text(encoding="ascii") == fingerprint:
        return False
    call_command("collectstatic", interactive=False, verbosity=0)
    mark.write_text(fingerprint, encoding="ascii")
    return True


def _source_files() -> Iterator[str]:
    # Size and time of every file, not the newest time: an upgraded package's files may be older than the last start.
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            yield f"{storage.path(name)} {status.st_size} {status.st_mtime_ns}"
