"""Bring database and static files up to date before the processes start."""

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from accounts import setting_up


def collect_static() -> None:
    """Collect and compress static files, when they are others than last time: that takes two seconds."""
    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in finders.get_finders():
        for name, storage in finder.list([]):
            digest.update(
                f"{name} {storage.size(name)} {storage.get_modified_time(name)}\n".encode()
            )
    stamp = Path(settings.STATIC_ROOT) / "collected.stamp"
    if stamp.exists() and stamp.read_text("utf-8") == digest.hexdigest():
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(digest.hexdigest(), encoding="utf-8")


class Command(BaseCommand):
    help = (
        "Migrate, collect static files and print the set-up link; bin/up runs this at each start."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--demo", action="store_true", help="also make the demo's components and history"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        collect_static()
        if options["demo"]:
            call_command("seed_demo")
        if token := setting_up.ensure_link(now=timezone.now()):
            self.stdout.write("No operator yet. Make the first one here (the link works once):")
            self.stdout.write(f"  {settings.CANDOR_ORIGIN}/setup/{token}/")
