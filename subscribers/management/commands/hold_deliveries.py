"""`bin/manage hold_deliveries`: after a restore, let nothing leave that may have left already."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from subscribers import restoring


class Command(BaseCommand):
    help = "After a restore, before the first start: hold every message that was waiting."
    requires_system_checks: list[str] = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        held = restoring.hold(now=timezone.now())
        self.stdout.write(f"Held {held} messages. Try again in the console what is still news.")
