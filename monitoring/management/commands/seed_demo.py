"""`bin/manage seed_demo`: make the demo; `bin/up --demo` runs it at each start."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from monitoring.demo import seeding


class Command(BaseCommand):
    help = "Fill an empty installation with the demo's components and 90 days of made-up history."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = seeding.seed(folder=settings.DATA_DIR / "demo", now=timezone.now())
        except seeding.DemoRefused as error:
            raise CommandError(str(error)) from None
        if count:
            self.stdout.write(f"The demo is ready ({count} items made or changed).")
        else:
            self.stdout.write("The demo is there already. Nothing to change.")
