"""`bin/manage import_cachet URL --timezone ZONE`: what Cachet 2.x shows through its API."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.core.management.base import CommandError, CommandParser

from importing import cachet, reading_apis
from importing.management.commands import _access, _frame
from importing.plans import Plan
from importing.problems import SourceUnreadable
from importing.sources import Source

_LONGEST_MINUTES = 30 * 24 * 60


class Command(_frame.ImportCommand):
    help = (
        "Import what Cachet 2.x shows through its API. Its token, for hidden things and subscribers, "
        "is read from the file of --key-file or from the variable CACHET_TOKEN."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--timezone",
            metavar="ZONE",
            default="",
            help="the time zone of Cachet (APP_TIMEZONE), as in Europe/Paris: its times carry none",
        )
        parser.add_argument(
            "--schedule-minutes",
            metavar="MINUTES",
            type=int,
            default=60,
            help="how long planned work lasts, of which Cachet knows no end (60)",
        )
        parser.add_argument("--key-file", default="", help="a file that holds the token")

    def read(self, source: Source, options: dict[str, Any]) -> Plan:
        zone = options["timezone"]
        if zone not in available_timezones():
            raise CommandError(
                "Say in which time zone Cachet runs with --timezone, as in --timezone Europe/Paris: "
                "its times carry none, and a wrong one moves all of history."
            )
        minutes = options["schedule_minutes"]
        if not 1 <= minutes <= _LONGEST_MINUTES:
            raise CommandError(f"--schedule-minutes is a number from 1 to {_LONGEST_MINUTES}.")
        if not source.is_url:
            raise SourceUnreadable("Name the address of Cachet, as in https://status.example.com.")
        token = _access.key(options, variable="CACHET_TOKEN")
        headers = {"X-Cachet-Token": token} if token else None
        asker = _access.asker(source, headers=headers)
        export = reading_apis.cachet_export(asker, source.name, has_token=bool(token))
        return cachet.plan(export, zone=ZoneInfo(zone), schedule_length=timedelta(minutes=minutes))
