"""`bin/manage apply FILE`: make the database what a config file says."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone

from common import migrated
from monitoring.config_file import applying, loading, yaml_source
from monitoring.config_file.plans import Action, Plan
from monitoring.config_file.problems import ConfigInvalid


class Command(BaseCommand):
    help = (
        "Apply a config file (docs/reference/config-file.md). Nothing changes when a line is wrong."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="a YAML file, or - for standard input")
        parser.add_argument(
            "--dry-run", action="store_true", help="print what would change, change nothing"
        )
        parser.add_argument(
            "--prune", action="store_true", help="remove what is not in the file, with its history"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        name, is_dry_run = options["file"], options["dry_run"]
        try:
            loaded = loading.load(_read(name))
            plan = applying.apply(
                loaded=loaded, now=timezone.now(), prunes=options["prune"], is_dry_run=is_dry_run
            )
        except ConfigInvalid as error:
            for problem in error.problems:
                self.stderr.write(str(problem))
            count = len(error.problems)
            wrong = "1 mistake" if count == 1 else f"{count} mistakes"
            raise CommandError(f"{name} has {wrong}. Nothing was changed.") from None
        except DatabaseError as error:
            said = migrated.explained(error)
            raise CommandError(
                f"The database could not be written: {said} Nothing was changed."
            ) from error
        for line in plan.lines():
            self.stdout.write(line)
        self.stdout.write(_summary(plan, is_dry_run=is_dry_run))


def _read(name: str) -> bytes:
    """The file's bytes; one more than allowed is enough to see that it is too large."""
    limit = yaml_source.SIZE_LIMIT + 1
    if name == "-":
        return sys.stdin.buffer.read(limit)
    try:
        with Path(name).open("rb") as file:
            return file.read(limit)
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.") from None


def _summary(plan: Plan, *, is_dry_run: bool) -> str:
    if plan.is_empty:
        return "Nothing to change."
    counts = [
        f"{plan.count(action)} {word}"
        for action, word in (
            (Action.ADDED, "added"),
            (Action.CHANGED, "changed"),
            (Action.REMOVED, "removed"),
        )
        if plan.count(action)
    ]
    summary = ", ".join(counts)
    return (
        f"Dry run, nothing was changed. Applying would say: {summary}."
        if is_dry_run
        else f"{summary}."
    )
