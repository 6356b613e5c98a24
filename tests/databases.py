"""The database of the tests: migrated once for a state of the models, and copied after that.

Running all migrations costs seven seconds of work, in each process of each round. On SQLite the cache
of pytest keeps the file, on PostgreSQL the cluster keeps a template, and `bin/test` the cluster; a
changed model, migration or dependency makes a new one.
"""

import fcntl
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from tests import sharing

ROOT = Path(__file__).resolve().parents[1]
CLUSTER = "cluster"
"""The name of the folder of databases that `bin/test` begins PostgreSQL with."""
_PATTERNS = (
    "*/migrations/*.py",
    "*/models.py",
    "*/models/*.py",
    "*/apps.py",
    "statuspage/settings.py",
    "tests/settings.py",
    "requirements/*.txt",
)


def use_prepared(folder: Path) -> None:
    """Have the test database copied from what is kept after the first time, here or in the cluster."""
    creation: Any = connection.creation  # Django's types leave out what its backends are built with
    migrate = creation.create_test_db

    def create_test_db(*arguments: Any, **options: Any) -> str:
        name: str = creation._get_test_db_name()
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            is_file = connection.vendor == "sqlite"
            copy, keep = (_copy_file, _keep_file) if is_file else (_copy_cluster, _keep_cluster)
            kept = str(migrated_file(folder)) if is_file else f"prepared_{_digest()}"
            if not copy(kept, name):
                name = migrate(*arguments, **options)
                keep(kept, name)
                if not is_file:
                    shutil.rmtree(folder / CLUSTER, ignore_errors=True)
                return name
        settings.DATABASES[connection.alias]["NAME"] = name
        connection.settings_dict["NAME"] = name
        return name

    creation.create_test_db = create_test_db  # what pytest-django calls


def migrated_file(folder: Path) -> Path:
    """The SQLite file that is kept in this folder for the present state of the models, if it is there."""
    return folder / f"{_digest()}.sqlite3"


def _keep_cluster(kept: str, name: str) -> None:
    connection.close()
    creation: Any = connection.creation
    with creation._nodb_cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'prepared_%'")
        for (old,) in cursor.fetchall():
            cursor.execute(f'DROP DATABASE "{old}"')
        cursor.execute(f'CREATE DATABASE "{kept}" TEMPLATE "{name}"')


def _copy_cluster(kept: str, name: str) -> bool:
    connection.close()
    creation: Any = connection.creation
    with creation._nodb_cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [kept])
        if cursor.fetchone() is None:
            return False
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{kept}"')
    return True


def _keep_file(kept: str, _name: str) -> None:
    target = Path(kept)
    for old in target.parent.glob("*.sqlite3*"):
        old.unlink()
    being_made = target.with_suffix(f".sqlite3-{os.getpid()}")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(being_made)])
    being_made.rename(target)


def _copy_file(kept: str, name: str) -> bool:
    if not Path(kept).exists():
        return False
    connection.close()
    shutil.copyfile(kept, name)
    return True


def _digest() -> str:
    """Equal for equal tables: of everything that says what is in a migrated database."""
    return sharing.digest(_sources(), ROOT)


def _sources() -> Iterable[Path]:
    return sorted({path for pattern in _PATTERNS for path in ROOT.glob(pattern)})
