"""`manage.py leaktest`: show a made-up world to everybody, and print who sees what is not theirs.

It runs in a database and a data folder of its own, which are thrown away: yours is not touched.
"""

import logging
import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from leaktest import running

_OURS = ("DATABASE_URL", "BROKER_URL", "SECRET_KEY_FILE", "CANDOR_SERVICE_DOMAIN", "EMAIL_URL")


class Command(BaseCommand):
    help = "Ask every surface as every audience for what is not theirs; print the leaks."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--inside", action="store_true", help="Used by the command itself: run right here."
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if not options["inside"]:
            self._run_apart()
            return
        call_command("migrate", verbosity=0, interactive=False)
        call_command("collectstatic", verbosity=0, interactive=False)
        logging.disable(logging.WARNING)  # what nobody may see is refused, again and again
        found = running.run(folder=Path(settings.PUBLISHED_DIR), now=timezone.now())
        for leak in found.leaks:
            self.stdout.write(f"LEAK: {leak}")
        for sentence in found.unseen:
            self.stdout.write(f"NOT SEEN: {sentence}")
        self.stdout.write(f"{len(found.leaks)} leaks on {found.surfaces} surfaces.")
        if found.leaks or found.unseen:
            raise CommandError("The proof failed.")

    def _run_apart(self) -> None:
        with tempfile.TemporaryDirectory(prefix="candor-leaktest-") as folder:
            kept = {name: value for name, value in os.environ.items() if name not in _OURS}
            environment = kept | {
                "CANDOR_DATA": folder,
                "CANDOR_ORIGIN": "http://localhost:8000",
                "SECRET_KEY": secrets.token_urlsafe(32),
            }
            command = [sys.executable, sys.argv[0], "leaktest", "--inside"]
            ended = subprocess.run(command, env=environment, check=False)  # noqa: S603 - ourselves
        if ended.returncode:
            raise CommandError("There are leaks, or the proof could not be made.")
