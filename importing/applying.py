"""Write what an importer found, or say what it would write.

Each thing is one transaction together with the note that it came (`models.ImportedRow`): a run that
was interrupted goes on where it stopped, a second one changes nothing. Nobody is told anything of
what is imported, now or later: rows are written as they were said, and their marks for being told
stay off.
"""

from datetime import datetime

from django.db import transaction

from importing import events, people, reporters, services, words, works
from importing.plans import Plan
from importing.reports import Outcome
from importing.run import Run


def apply(plan: Plan, *, now: datetime, dry_run: bool) -> Outcome:
    """Write a plan; what was created, skipped, refused and not mapped.

    A dry run makes every change in one transaction and takes it back.
    """
    run = Run(plan, now=now)
    if not dry_run:
        _write(run)
        return run.outcome(is_dry_run=False)
    with transaction.atomic():
        _write(run)
        transaction.set_rollback(True)
    return run.outcome(is_dry_run=True)


def _write(run: Run) -> None:
    services.write_groups(run)
    services.write_components(run)
    reporters.write_tokens(run)
    works.write_maintenances(run)
    events.write_incidents(run)
    words.write_templates(run)
    words.write_announcements(run)
    people.write_subscribers(run)
