"""Open what Uptime Kuma keeps: a backup file (JSON, 1.6 to 1.23), or its SQLite database (1.23 and 2.x).

A database is read from a copy, together with its write-ahead log: Uptime Kuma may be running, and a
reader of its own file would take part in its locking.
"""

import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from importing.problems import SourceUnreadable
from importing.source_values import Row, as_rows, json_value
from importing.sources import Source

LARGEST_DATABASE = 16 * 1024**3
YEARS = range(2000, 2201)  # what lies beyond is damaged, and overflows when it is counted with
_SECONDS = range(946_684_800, 7_258_118_400)
# What is read into memory; a thousand monitors are a tenth of it. Their past is read row by row.
LARGEST_TABLES = 64 * 1024**2
_VALUE_COST = 64
# Views and virtual tables have no page of their own, and may have rows without end.
_REAL_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0"
_MAGIC = b"SQLite format 3\x00"
_TABLES = (
    "monitor",
    "monitor_group",
    "monitor_maintenance",
    "monitor_tag",
    "group",
    "status_page",
    "status_page_cname",
    "incident",
    "maintenance",
    "notification",
    "proxy",
    "docker_host",
    "remote_browser",
    "api_key",
    "user",
    "setting",
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Beat(NamedTuple):  # millions of them: a dataclass takes twice as long
    """One check: when it was done, 0 down, 1 up, 2 pending or 3 maintenance, and the seconds since the one before."""

    at: datetime
    status: int
    duration_s: float
    is_important: bool


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many checks of a day (UTC) found it up and down."""

    start: datetime
    up: int
    down: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dump:
    """The tables by name, and the history of a monitor by its id."""

    tables: Mapping[str, list[Row]]
    beats: Callable[[int], Iterable[Beat]]
    days: Callable[[int], list[DayCount]]

    def rows(self, table: str) -> list[Row]:
        return self.tables.get(table, [])

    @property
    def has_pages(self) -> bool:
        """Whether it says what is on a page; a backup does not."""
        return "status_page" in self.tables


@contextmanager
def opened(source: Source) -> Iterator[Dump]:
    """What the source holds, while the block runs. Raises SourceUnreadable."""
    if not source.is_url and source.name != "-" and _is_database(source):
        with (
            tempfile.TemporaryDirectory(prefix="candor-import-") as folder,
            _connected(_copied(source.path, Path(folder))) as connection,
        ):
            yield _of_database(connection, source.name)
        return
    yield _of_backup(source.content(), source.name)


def _is_database(source: Source) -> bool:
    try:
        with source.path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError as error:
        raise SourceUnreadable(f"{source.name} cannot be read: {error.strerror}.") from None


def _copied(path: Path, folder: Path) -> Path:
    """A copy of the database and of what was not written into it yet."""
    parts = [path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))]
    try:
        present = [part for part in parts if part.exists()]
        size = sum(part.stat().st_size for part in present)
        if size > LARGEST_DATABASE or size > shutil.disk_usage(folder).free:
            raise SourceUnreadable(
                f"{path} has {size // 1024**2} MB, which is more than can be copied to {folder}."
            )
        for part in present:
            shutil.copyfile(part, folder / part.name)
    except OSError as error:
        raise SourceUnreadable(f"{path} cannot be copied: {error.strerror}.") from None
    return folder / path.name


@contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
        # Whoever made the file may have put more into its schema than tables.
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_TABLES)
        connection.row_factory = sqlite3.Row
        # A torn copy may hold text that is none.
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        try:
            yield connection
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise SourceUnreadable(
            f"The database cannot be read ({error}). Stop Uptime Kuma, copy kuma.db again together "
            "with kuma.db-wal, and import the copy."
        ) from None


def _tables(connection: sqlite3.Connection, found: set[str], name: str) -> dict[str, list[Row]]:
    """The tables in memory, as far as they are there. Raises SourceUnreadable when they are too large."""
    tables: dict[str, list[Row]] = {}
    left = LARGEST_TABLES
    for table in _TABLES:
        if table not in found:
            continue
        rows = tables[table] = list[Row]()
        # The names are ours, from the list above.
        found_rows = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608
        for place, row in enumerate(found_rows):
            values = {key: _plain(row[key]) for key in row.keys()}  # noqa: SIM118 - sqlite3.Row
            left -= sum(_cost(value) for value in values.values())
            if left < 0:
                raise SourceUnreadable(f"{name}: its tables without the history are too large.")
            rows.append(Row(values, f"{table}[{place}]"))
    return tables


def _of_database(connection: sqlite3.Connection, name: str) -> Dump:
    found = {row[0] for row in connection.execute(_REAL_TABLES)}
    if not {"monitor", "heartbeat"} <= found:
        raise SourceUnreadable(f"{name} is an SQLite database, but not one of Uptime Kuma.")
    tables = _tables(connection, found, name)
    # Only 2.x counts days, and only it has been migrated by knex.
    counts_days = {"stat_daily", "knex_migrations"} <= found

    def beats(monitor: int) -> Iterator[Beat]:
        rows = connection.execute(
            "SELECT time, status, duration, important FROM heartbeat"
            " WHERE monitor_id = ? ORDER BY time, id",
            (monitor,),
        )
        for row in rows:
            at = moment(row["time"])
            if at is not None and row["status"] in {0, 1, 2, 3}:
                seconds = row["duration"]
                length = float(seconds) if isinstance(seconds, int | float) else 0.0
                yield Beat(at, row["status"], max(0.0, length), bool(row["important"]))

    def days(monitor: int) -> list[DayCount]:
        if not counts_days:
            return []
        rows = connection.execute(
            "SELECT timestamp, up, down FROM stat_daily WHERE monitor_id = ? ORDER BY timestamp",
            (monitor,),
        )
        return [
            DayCount(datetime.fromtimestamp(start, tz=UTC), max(0, up), max(0, down))
            for start, up, down in rows
            if all(isinstance(one, int) for one in (start, up, down))
            and start in _SECONDS
            and start % 86_400 == 0
        ]

    return Dump(tables=tables, beats=beats, days=days)


def _cost(value: object) -> int:
    """About what a value takes in memory."""
    return _VALUE_COST + (len(value) if isinstance(value, str) else 0)


def _plain(value: object) -> object:
    """Text that was stored as bytes, as text."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _of_backup(content: bytes, name: str) -> Dump:
    document = json_value(content, name)
    if not isinstance(document, dict) or "monitorList" not in document:
        raise SourceUnreadable(f"{name} is no backup of Uptime Kuma: it has no monitorList.")
    tables = {
        table: [
            Row(
                {_HUMP.sub("_", key).lower(): value for key, value in row.values.items()}, row.where
            )
            for row in as_rows(document.get(key) or [], key)
        ]
        for table, key in (
            ("monitor", "monitorList"),
            ("notification", "notificationList"),
            ("proxy", "proxyList"),
        )
    }
    return Dump(tables=tables, beats=_no_beats, days=_no_days)


def _no_beats(_monitor: int) -> Iterable[Beat]:
    return ()


def _no_days(_monitor: int) -> list[DayCount]:
    return []


def moment(text: object) -> datetime | None:
    """A time as its tables have it: UTC, without saying so; None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if at.year not in YEARS:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
