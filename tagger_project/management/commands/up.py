"""`manage.py up`: the one command that starts the program on this machine."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from tagger_project import env
from tagger_project.supervisor.options import Options
from tagger_project.supervisor.ports import refuse_open_mode_for_all
from tagger_project.supervisor.refusal import CannotStart
from tagger_project.supervisor.supervisor import Supervisor


class Command(BaseCommand):
    """Starts broker, worker and web server, and imports a folder where one is named."""

    help = "Start everything on this machine: broker, worker and web server. Ctrl-C stops it."
    requires_system_checks: list[str] = []  # a second that a start has no need of: `make check` runs them

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments; each has a variable of the environment as its default."""
        parser.add_argument("folder", nargs="?", type=Path, help="Pictures to import once it runs.")
        parser.add_argument("--dataset", default=env.DATASET, help="Dataset they go into; else the folder's name.")
        parser.add_argument("--prefix", default=env.PREFIX, help="File prefix of that dataset.")
        parser.add_argument("--trigger-word", default=env.TRIGGER_WORD, help="Trigger word of that dataset.")
        parser.add_argument("--host", default=env.HOST, help="Address to listen on.")
        parser.add_argument("--port", type=int, default=env.PORT, help="Port; a taken one moves to the next free one.")
        # `manage.py` reads it before the settings do; here it is only known.
        parser.add_argument("--data", type=Path, default=settings.DATA_DIR, help="Data folder.")
        parser.add_argument("--workers", type=int, default=env.WORKERS, help="Worker processes; 0 for one a core.")
        parser.add_argument(
            "--open-to-network",
            action="store_true",
            default=env.OPEN_TO_NETWORK,
            help="Without logins, serve other machines too: whoever reaches the port may change everything.",
        )
        parser.add_argument("--open", action="store_true", default=env.OPEN_BROWSER, help="Open the page.")

    def handle(self, **arguments: Any) -> None:
        """Run until Ctrl-C, and leave with the exit code that shells expect."""
        folder: Path | None = arguments["folder"].expanduser().absolute() if arguments["folder"] else None
        options = Options(
            host=arguments["host"],
            port=arguments["port"],
            workers=arguments["workers"],
            open_browser=arguments["open"],
            folder=folder,
            dataset=arguments["dataset"],
            prefix=arguments["prefix"],
            trigger_word=arguments["trigger_word"],
            open_to_network=arguments["open_to_network"],
        )
        try:
            refuse_options(options)
            code = Supervisor(options, self._say).run()
        except CannotStart as error:
            raise CommandError(str(error)) from error
        if code:
            sys.exit(code)

    def _say(self, line: str) -> None:
        with suppress(OSError):  # the terminal may be gone; the program need not be
            self.stdout.write(line)
            self.stdout.flush()


def refuse_options(options: Options) -> None:
    """Refuse what cannot work before anything is started.

    Raises:
        CannotStart: with the sentence that says what.
    """
    if options.folder is not None and not options.folder.is_dir():
        raise CannotStart(_("There is no folder %(folder)s.") % {"folder": options.folder})
    if not 0 <= options.port <= 65535:
        raise CannotStart(_("PORT is %(port)s. Name one from 1 to 65535.") % {"port": options.port})
    if options.workers < 0:
        raise CannotStart(_("WORKERS is %(workers)s. Name 0 or more.") % {"workers": options.workers})
    refuse_open_mode_for_all(options.host, settings.AUTH_MODE, allowed=options.open_to_network)
