"""The time by the clock of the database, by which everything of a sign-in is judged (reliability C8).

A link that ran out stays out where the clock of one web host is set back. The one place of this app
that reads a clock; views and tasks call it and pass `now` on. On SQLite there is one host, whose clock
it is.
"""

from datetime import UTC, datetime

from django.db import connection

_STATEMENTS = {
    "postgresql": "SELECT clock_timestamp()",
    "sqlite": "SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')",
}


def now() -> datetime:
    """The time it is now, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENTS[connection.vendor])
        found = cursor.fetchone()[0]
    if isinstance(found, str):
        return datetime.fromisoformat(found).replace(tzinfo=UTC)
    return datetime.fromtimestamp(found.timestamp(), tz=UTC)
