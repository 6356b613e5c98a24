"""The end of a transactional test: its rows are deleted, and nothing else is touched.

Django's own `flush` goes through all tables, used or not (on PostgreSQL with TRUNCATE, which makes each
a new file), and then has every app make its content types and permissions again: a quarter of a second
of work for each test that commits.
"""

import functools
from typing import Any

from django.apps import apps
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import TransactionTestCase

MADE_BY_MIGRATING = {"django_migrations", "django_content_type", "auth_permission"}
"""What is there before the first test, and what no test changes."""
AUDIT_LOG = "accounts_auditentry"
"""PostgreSQL keeps it from DELETE with a trigger, which TRUNCATE passes."""


def use() -> None:
    """Have transactional tests end this way; what migrations wrote into other tables is put back."""
    first_rows = [
        (model, rows)
        for model in apps.get_models()
        if model._meta.db_table not in MADE_BY_MIGRATING
        and (rows := list(model._base_manager.all()))
    ]

    def end(test: Any) -> None:
        for alias in test._databases_names(include_mirrors=False):
            empty(connections[alias])
        for model, rows in first_rows:
            model._base_manager.bulk_create(rows)

    TransactionTestCase._fixture_teardown = end  # type: ignore[attr-defined]


def empty(connection: BaseDatabaseWrapper) -> None:
    """Delete all rows but those that migrating makes."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(_which_have_rows(connection.alias))
        used = [name for (name,) in cursor.fetchall()]
        for name in sorted(used, key=lambda name: name != AUDIT_LOG):
            may_truncate = name == AUDIT_LOG and connection.vendor == "postgresql"
            cursor.execute(f"{'TRUNCATE' if may_truncate else 'DELETE FROM'} {_quoted(name)}")


@functools.cache
def _which_have_rows(alias: str) -> str:
    connection = connections[alias]
    with connection.cursor() as cursor:
        present = connection.introspection.table_names(cursor)
    names = sorted({name for name in present if not name.startswith("sqlite_")} - MADE_BY_MIGRATING)
    return " UNION ALL ".join(
        f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {_quoted(name)})" for name in names
    )


def _quoted(name: str) -> str:
    return f'"{name}"'
