"""`bin/manage openapi [--check]`: write the API's document, or tell whether the written one is it."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from management_api.api import document

WRITTEN = Path(settings.BASE_DIR) / "docs" / "reference" / "openapi.json"


class Command(BaseCommand):
    help = "Write docs/reference/openapi.json from the code; --check fails when they differ."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="write nothing; fail if it differs"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        made = json.dumps(document(), indent=2, ensure_ascii=False) + "\n"
        if not options["check"]:
            WRITTEN.write_text(made, encoding="utf-8")
        elif not WRITTEN.is_file() or WRITTEN.read_text(encoding="utf-8") != made:
            raise CommandError(
                "The API and docs/reference/openapi.json differ. Look at what changed, then run "
                "`bin/manage openapi` and commit the file."
            )
