"""Take a mail that came back from the mail server: `bin/manage take_bounce [--recipient ADDRESS] < mail`."""

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import Error
from django.utils import timezone

from subscribers import bounce_reports, bounce_taking


class Command(BaseCommand):
    help = "Act on a mail that came back, read from the standard input: a pipe of the mail server."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--recipient", default="", help="The envelope recipient, where the server tells it."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        source = sys.stdin.buffer
        raw = source.read(bounce_reports.READ_MAX)
        while source.read(2**16):  # the server must get rid of the rest, however long it is
            pass
        try:
            kind = bounce_taking.take(raw=raw, recipient=options["recipient"], now=timezone.now())
        except Error as error:
            # Tells the mail server to keep the mail and to try again.
            self.stderr.write(f"The database is away: {error}")
            sys.exit(os.EX_TEMPFAIL)
        self.stdout.write(kind.value)
