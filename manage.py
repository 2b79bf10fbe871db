#!/usr/bin/env python
"""Django's door: `manage.py up` starts everything on this machine."""

import argparse
import os
import sys
from pathlib import Path


def take_data_folder(arguments: list[str]) -> None:
    """Put `up --data DIR` into the environment, where the settings and every child read the data folder."""
    if arguments[:1] != ["up"]:
        return
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--data", type=Path)
    known, _rest = parser.parse_known_args(arguments[1:])
    if known.data is not None:
        os.environ["DATA_DIR"] = str(known.data.expanduser().absolute())


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tagger_project.settings")
    take_data_folder(sys.argv[1:])
    from django.core.management import execute_from_command_line

    from tagger_project.secret_key import NoDataFolder

    try:
        execute_from_command_line(sys.argv)
    except NoDataFolder as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
