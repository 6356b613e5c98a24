"""`bin/manage import_statuspage URL|FILE`: a page of Statuspage, or one that speaks its API."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from importing import reading_apis, sources, statuspage_v1, statuspage_v2
from importing.management.commands import _access, _frame
from importing.plans import Plan
from importing.problems import SourceUnreadable
from importing.source_values import json_value
from importing.sources import Source


class Command(_frame.ImportCommand):
    help = (
        "Import a page in Statuspage's form. With a key (the file of --key-file, or the variable "
        "STATUSPAGE_API_KEY) name the management API, https://api.statuspage.io/v1: everything comes "
        "along. Without one name the page, or a folder of its documents: the newest 50 incidents do."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--key-file", default="", help="a file that holds the key")
        parser.add_argument("--page", default="", help="the id of the page, if a key has several")
        parser.add_argument(
            "--pause",
            metavar="SECONDS",
            type=float,
            default=1.0,
            help="the time between two requests; Statuspage takes one a second (1)",
        )

    def read(self, source: Source, options: dict[str, Any]) -> Plan:
        pause_s = options["pause"]
        if not 0 <= pause_s <= 60:
            raise CommandError("--pause is a number of seconds from 0 to 60.")
        if not source.is_url:
            return statuspage_v2.plan(_documents(source))
        key = _access.key(options, variable="STATUSPAGE_API_KEY")
        if not key:
            asker = _access.asker(source, pause_s=pause_s)
            return statuspage_v2.plan(reading_apis.statuspage_documents(asker, source.name))
        headers = {"Authorization": f"OAuth {key}"}
        asker = _access.asker(source, headers=headers, pause_s=pause_s)
        export = reading_apis.statuspage_export(asker, source.name, page_id=options["page"])
        return statuspage_v1.plan(export)


def _documents(source: Source) -> dict[str, object]:
    """The documents of a folder, named as in the API, or the one of a file (a summary, say)."""
    if not source.path.is_dir():
        return {source.name: json_value(source.content(), source.name)}
    found = {}
    for name in statuspage_v2.NAMES:
        path = source.path / f"{name}.json"
        if path.is_file():
            found[name] = json_value(sources.read_file(str(path)), str(path))
    if not found:
        raise SourceUnreadable(
            f"{source.name} has none of {', '.join(f'{name}.json' for name in statuspage_v2.NAMES)}."
        )
    return found
