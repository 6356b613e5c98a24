"""The frame of every `bin/manage import_<source>`: read a source, write its plan, print what came of it."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone

from common import migrated
from importing import applying
from importing.plans import Plan
from importing.problems import SourceUnreadable
from importing.sources import Source

# Some things were refused by our own checks: what a script has to look at.
REFUSED = 3


class ImportCommand(BaseCommand):
    """A thin base: a command names its source in `help` and says in `read` what a source holds.

    Exit codes: 0 when all that can be imported is here, 3 when Candor refused something of it, 1
    when the source could not be read or the database not be written, 2 for a wrong command line.
    """

    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", metavar="FILE|URL", help="a file, a web address, or - ")
        parser.add_argument(
            "--dry-run", action="store_true", help="print what would be created, change nothing"
        )
        parser.add_argument("--json", action="store_true", help="print the report as JSON")
        parser.add_argument(
            "--allow-private",
            action="store_true",
            help="the address may be inside your own network",
        )

    def read(self, source: Source, options: dict[str, Any]) -> Plan:
        """What the source holds. Raises SourceUnreadable."""
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        source = Source(name=options["source"], allows_private=options["allow_private"])
        try:
            plan = self.read(source, options)
        except SourceUnreadable as error:
            raise CommandError(f"{error} Nothing was imported.") from None
        try:
            outcome = applying.apply(plan, now=timezone.now(), dry_run=options["dry_run"])
        except DatabaseError as error:
            raise CommandError(
                f"The database could not be written: {migrated.explained(error)} Run the same "
                "command again: it goes on where it stopped."
            ) from error
        if options["json"]:
            self.stdout.write(json.dumps(outcome.as_json(), indent=2))
        else:
            for line in outcome.lines():
                self.stdout.write(line)
        if outcome.refused:
            raise SystemExit(REFUSED)
