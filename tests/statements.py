"""A plugin that records, for each test with a database, what it has the product execute, and where.

For `tests/on_sqlite_alone.py`, which says how to use it.
"""

import json
import os
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
RECORDS = ROOT / ".pytest_cache" / "d" / "statements"
_NOT_PRODUCT = tuple(f"{ROOT}/{name}/" for name in ("tests", ".venv", "clients"))


class Statement(NamedTuple):
    """What the product executes: its text without values, and the file and function that do it."""

    text: str
    place: str

    @property
    def kind(self) -> str:
        """What could make PostgreSQL answer differently."""
        first = self.text.split()[0]
        if first in {"SAVEPOINT", "RELEASE", "BEGIN"}:
            return ""  # what is inside counts
        if first == "SELECT":
            return "reads" if _COULD_DIFFER.search(_BY_KEY.sub("", self.text)) else ""
        return _KINDS.get(first, "other")

    @property
    def wanted(self) -> "Statement | None":
        """What has to be executed on PostgreSQL for it."""
        if self.kind in {"reads", "rolls back"}:
            return Statement(self.text, "")
        return self if self.kind else None


# Comparing values is the same everywhere; order, text, sums and functions need not be.
_COULD_DIFFER = re.compile(
    r"ORDER BY|GROUP BY|DISTINCT|UNION|OVER|CASE|LIKE|COLLATE|CAST|JSON|\w\(|\|\||CURRENT"
)
_BY_KEY = re.compile(r'ORDER BY "\w+"\."id" (ASC|DESC)(?= LIMIT|$)')
_KINDS = {
    "INSERT": "inserts",
    "UPDATE": "updates",
    "DELETE": "deletes",
    "ROLLBACK": "rolls back",
    "LOCKING": "locks",
    "REFUSED": "refused",
    "NUL": "text with a NUL",
    "BROKER": "broker",
}


class Recorder:
    """The plugin: keeps the statements of the test that runs, of all its threads."""

    def __init__(self) -> None:
        self.seen: set[Statement] | None = None
        self.lock = threading.local()

    def execute(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """What Django has every statement pass through."""
        locking, self.lock.words = getattr(self.lock, "words", ""), ""
        text = locking + _without_values(sql)
        if _has_nul(params):
            self._note(f"NUL {text}")
        try:
            result = execute(sql, params, many, context)
        except Exception as error:
            self._note(f"REFUSED {type(error).__name__} {text}")
            raise
        self._note(text)
        return result

    def install(self, connection: Any, **_: Any) -> None:
        """Watch this connection, which was just made."""
        if self.execute not in connection.execute_wrappers:
            connection.execute_wrappers.append(self.execute)

    def watch_locks(self) -> None:
        """Mark what asks for locks: SQLite has no words for that."""
        from django.db.models.sql.compiler import SQLCompiler

        original = SQLCompiler.execute_sql

        def execute_sql(compiler: Any, *arguments: Any, **options: Any) -> Any:
            if getattr(compiler.query, "select_for_update", False):
                skips = "SKIP " if compiler.query.select_for_update_skip_locked else ""
                self.lock.words = f"LOCKING {skips}"
            return original(compiler, *arguments, **options)

        setattr(SQLCompiler, "execute_sql", execute_sql)  # noqa: B010 - no other type would fit

    def watch_broker(self) -> None:
        """Note who uses Celery's connection."""
        from kombu import Connection

        original = Connection.channel

        def channel(connection: Any) -> Any:
            self._note("BROKER")
            return original(connection)

        setattr(Connection, "channel", channel)  # noqa: B010 - no other type would fit

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Write down what this test causes."""
        from tests import second_run

        if not second_run.is_choosable(item):
            return (yield)
        self.seen = set()
        before = sum(os.times()[:4])
        try:
            return (yield)
        finally:
            seconds = round(sum(os.times()[:4]) - before, 3)
            record = [item.nodeid, seconds, second_run.commits(item), sorted(self.seen)]
            self.seen = None
            worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
            with (RECORDS / f"{worker}.jsonl").open("a") as file:
                file.write(json.dumps(record) + "\n")

    def _note(self, text: str) -> None:
        seen = self.seen
        if seen is not None and (place := _place()):
            seen.add(Statement(text, place))


def pytest_configure(config: pytest.Config) -> None:
    from django.db.backends.signals import connection_created

    if "PYTEST_XDIST_WORKER" not in os.environ:
        RECORDS.mkdir(parents=True, exist_ok=True)
        for old in RECORDS.glob("*.jsonl"):
            old.unlink()
    recorder = Recorder()
    connection_created.connect(recorder.install, weak=False)
    recorder.watch_locks()
    recorder.watch_broker()
    config.pluginmanager.register(recorder)


def _place() -> str | None:
    """The innermost function of the product that runs now; None in a test's own statement."""
    frame = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(f"{ROOT}/") and not name.startswith(_NOT_PRODUCT):
            return f"{name[len(str(ROOT)) + 1 :]}:{frame.f_code.co_name}"
        frame = frame.f_back  # type: ignore[assignment]
    return None


_COLUMN = r'"\w+"(?:\."\w+")?(?: AS "\w+")?'
_SET = r'(?<=SET )"\w+" = (?:%s|NULL)(?:, "\w+" = (?:%s|NULL))*'
_TEXTS: dict[str, str] = {}


def _without_values(sql: str) -> str:
    if (known := _TEXTS.get(sql)) is not None:
        return known
    text = re.sub(r"'(?:[^']|'')*'", "?", sql)
    text = re.sub(r"\"?\bs\d+_x\d+\b\"?", "s", text)  # the names of savepoints
    text = re.sub(r"(?<![\w\"])\d+(\.\d+)?(?![\w\"])", "?", text)
    text = re.sub(r"\((?:%s|NULL|\?)(?:, *(?:%s|NULL|\?))*\)", "(…)", text)
    text = re.sub(r"\(…\)(?:, *\(…\))+", "(…)", text)
    text = re.sub(rf"{_COLUMN}(?:, {_COLUMN})+", "…", text)
    text = re.sub(_SET, "…", text)
    text = re.sub(r"(WHEN \([^()]*\) THEN \S+ ?){2,}", r"\1", text)
    text = re.sub(r"\b(OR|AND) \((.{5,400}?)\)(?: \1 \(\2\))+", r"\1 (\2)…", text)
    _TEXTS[sql] = text = " ".join(text.split())
    return text


def _has_nul(params: Any) -> bool:
    """Whether a text is among them that SQLite takes and PostgreSQL refuses."""
    values = params if isinstance(params, tuple | list) else ()
    return any(isinstance(value, str) and "\0" in value for value in values)
