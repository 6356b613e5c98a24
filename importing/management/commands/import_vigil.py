"""`bin/manage import_vigil FILE|URL`: services, nodes and replicas of Vigil."""

from typing import Any

from django.core.management.base import CommandParser

from importing import vigil
from importing.management.commands import _access, _frame
from importing.plans import Plan
from importing.sources import Source


class Command(_frame.ImportCommand):
    help = (
        "Import what a config.cfg of Vigil says. Variables in it are taken from the environment of "
        "this command."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--keep-reporter-token",
            action="store_true",
            help="let the token of Vigil's reporters report here as well",
        )

        parser.add_argument(
            "--services-as-components",
            action="store_true",
            help="make each service one component with its nodes, which reporters call as before",
        )

    def read(self, source: Source, options: dict[str, Any]) -> Plan:
        content = source.content(limit=vigil.SIZE_LIMIT)
        return vigil.plan(
            content,
            _access.environment(source),
            keeps_reporter_token=options["keep_reporter_token"],
            services_are_components=options["services_as_components"],
        )
