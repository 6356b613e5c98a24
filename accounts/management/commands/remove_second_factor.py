"""Take off somebody's second factor: for the last Owner, whose phone and recovery codes are gone."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import team
from accounts.models import User


class Command(BaseCommand):
    help = "Take off somebody's second factor; the password alone signs them in then."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        member = User.objects.filter(username=options["username"]).first()
        if member is None:
            raise CommandError(f"There is no account “{options['username']}”.")
        team.remove_second_factor(member=member, by=None)
        self.stdout.write(f"“{member}” signs in with the password alone until a factor is added.")
