"""`bin/manage setup_link`: print a new one-time link for the first administrator."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts import setting_up


class Command(BaseCommand):
    help = "Print a new one-time link that makes the first administrator; older links stop working."
    requires_system_checks: list[str] = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        url = setting_up.link(now=timezone.now())
        if url is None:
            raise CommandError(
                "Set-up is complete: an account exists or has existed. Use `createsuperuser` "
                "or `changepassword` instead."
            )
        self.stdout.write(url)
