"""Is the product doing its work? Real reads and writes, and the age of what should be fresh.

Behind /readyz. A process that answers while nothing is probed, published or delivered is not ready
(reliability 1.1): every check compares the last result with its schedule.
"""

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, models

from components.models import Page
from monitoring.models import Replica
from notifications import outbox
from subscribers import meter

PUBLISHED_WITHIN = timedelta(minutes=3)
PROBED_WITHIN = timedelta(minutes=1)
DELIVERED_WITHIN = timedelta(minutes=5)
_MB = 1_000_000


def problems(*, now: datetime) -> dict[str, str]:
    """Return what is wrong, a sentence by the name of the check; empty when all is well.

    Without a database the checks that need one are not tried: the database is the problem.
    """
    found = {}
    if sentence := _published(now):
        found["publisher"] = sentence
    if sentence := _disk():
        found["disk"] = sentence
    try:
        _write_and_read()
        checks: dict[str, Callable[[datetime], str]] = {"probes": _probed, "deliveries": _delivered}
        for name, check in checks.items():
            if sentence := check(now):
                found[name] = sentence
    except DatabaseError:
        found["database"] = "The database cannot be written and read."
    return found


def _write_and_read() -> None:
    # Changes no value, and is a true write: a read-only or full database fails here.
    Page.objects.filter(id=1).update(revision=models.F("revision"))
    Page.objects.filter(id=1).exists()


def _published(now: datetime) -> str:
    try:
        published_at = (Path(settings.PUBLISHED_DIR) / "index.html").stat().st_mtime
    except OSError:
        return "Nothing has been published yet."
    age = timedelta(seconds=now.timestamp() - published_at)
    return f"The last publish is {_words(age)} old." if age > PUBLISHED_WITHIN else ""


def _disk() -> str:
    """What is full soon: with no room left nothing is published, and SQLite stores nothing."""
    for folder in (Path(settings.PUBLISHED_DIR), settings.DATA_DIR):
        try:
            left_mb = shutil.disk_usage(folder).free // _MB
        except OSError:
            continue  # not there yet; nothing published says more of it
        if left_mb < settings.DISK_LEFT_MB:
            return f"Only {left_mb} MB are left on the disk of {folder.name}."
    return ""


def _probed(now: datetime) -> str:
    if Replica.objects.due(now=now - PROBED_WITHIN).exists():
        return "Checks are due for more than a minute."
    # Due checks are handed out even when nobody carries them out: outcomes have to arrive too.
    expected = Replica.objects.exclude(last_outcome_at=None)
    if expected.exists() and not expected.filter(fresh_until__gt=now).exists():
        return "No check has had an outcome recently."
    return ""


def _delivered(now: datetime) -> str:
    if (stuck := meter.oldest_stuck_age(now=now)) is not None:
        return f"What was announced is not prepared for {_words(stuck)}."
    age = outbox.oldest_due_age(now=now)
    if age is None or age <= DELIVERED_WITHIN:
        return ""
    return f"A message has been waiting for {_words(age)}."


def _words(age: timedelta) -> str:
    return f"{age // timedelta(minutes=1)} min"
