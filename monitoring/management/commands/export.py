"""`bin/manage export`: print the configuration as a file for `bin/manage apply`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from common import sealing
from monitoring.config_file import exporting


class Command(BaseCommand):
    help = "Print what is watched as a config file. Secrets stay out: headers are null, references say stored."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(exporting.export(now=timezone.now()), ending="")
        except sealing.SealBroken as error:
            raise CommandError(str(error)) from None
