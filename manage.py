#!/usr/bin/env python
"""Django's command line; `bin/manage` runs it in the project's own environment."""

import os
import sys

from django.core.management import execute_from_command_line
from django.db import DatabaseError


def main() -> None:
    """Run a command; a database that was never set up is told in a sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "statuspage.settings")
    try:
        execute_from_command_line(sys.argv)
    except DatabaseError as error:
        from common import migrated  # noqa: PLC0415 - needs the settings

        if sys.argv[1] in {"migrate", "prepare"} or not migrated.is_behind():
            raise
        sys.exit(f"The database cannot be used: {migrated.explained(error)}")


if __name__ == "__main__":
    main()
