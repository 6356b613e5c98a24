"""Bring database and static files up to date before the processes start."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from accounts import setting_up


class Command(BaseCommand):
    help = (
        "Migrate, collect static files and print the set-up link; bin/up runs this at each start."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--demo", action="store_true", help="also make the demo's components and history"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        if options["demo"]:
            call_command("seed_demo")
        if token := setting_up.ensure_link(now=timezone.now()):
            self.stdout.write("No operator yet. Make the first one here (the link works once):")
            self.stdout.write(f"  {settings.CANDOR_ORIGIN}/setup/{token}/")
