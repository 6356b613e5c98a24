"""`bin/manage import_gatus FILE|DIRECTORY|URL`: endpoints, windows and announcements of Gatus."""

from typing import Any

from django.core.management.base import CommandParser

from importing import gatus, gatus_files, gatus_history, reading_apis
from importing.management.commands import _access, _frame
from importing.plans import Plan
from importing.problems import SourceUnreadable
from importing.sources import Source
from monitoring.config_file import yaml_source


class Command(_frame.ImportCommand):
    help = (
        "Import what a configuration of Gatus says: a file, or a directory of .yaml and .yml files. "
        "Variables in it are taken from the environment of this command."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--history", metavar="URL", default="", help="a running Gatus, for what it remembers"
        )
        parser.add_argument(
            "--slow-is-sick",
            action="store_true",
            help="a limit of the response time makes a check sick instead of dead",
        )

    def read(self, source: Source, options: dict[str, Any]) -> Plan:
        top, notes = gatus_files.documents(_files(source), _access.environment(source))
        plan = gatus.plan(top, notes, slow_is_sick=options["slow_is_sick"])
        if not options["history"]:
            return plan
        running = Source(name=options["history"], allows_private=source.allows_private)
        if not running.is_url:
            raise SourceUnreadable("--history is a web address.")
        statuses = reading_apis.gatus_statuses(_access.asker(running), running.name)
        return gatus_history.with_history(plan, statuses)


def _files(source: Source) -> list[tuple[str, bytes]]:
    """The configuration's files by name, in the order in which Gatus reads them."""
    if source.is_url or not source.path.is_dir():
        return [(source.name, source.content(limit=yaml_source.SIZE_LIMIT))]
    paths = sorted(
        path
        for path in source.path.rglob("*")
        if path.suffix in {".yaml", ".yml"}
        and path.is_file()
        and ".." not in str(path.relative_to(source.path))
    )
    if not paths:
        raise SourceUnreadable(f"{source.name} has no .yaml or .yml file in it.")
    return [
        (str(path), Source(name=str(path)).content(limit=yaml_source.SIZE_LIMIT))
        for path in paths[: gatus_files.MAX_FILES + 1]
    ]
