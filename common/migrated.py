"""What to say when the database was not set up for this version, which it answers with bare SQL errors."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor


def explained(error: DatabaseError) -> str:
    """What a person reads about an error of the database; what to do, where migrations are missing."""
    said = str(error).strip().rstrip(".") + "."
    if not is_behind():
        return said
    return (
        f"{said} It is not set up for this version: start bin/up once, or run bin/manage migrate."
    )


def is_behind() -> bool:
    """Whether it lacks migrations of this version; not when it does not answer at all."""
    try:
        executor = MigrationExecutor(connection)
        return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError:
        return False
