"""Which tests `bin/test` runs a second time, on PostgreSQL and Redis.

By default every test with a database does, and a new one with it. Left out are those that drive a
browser, property tests, whose many examples one store is enough for (one of them that asks the
database much is marked `stores`), and what `on_sqlite_alone.txt` names: tests whose every statement another
test of the second run has the product execute as well. `tests/on_sqlite_alone.py` draws that list
up from what it recorded. What commits is not on it, unless it costs seconds and others do the same.
"""

import functools
import re
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parents[1]
LIST = Path(__file__).with_name("on_sqlite_alone.txt")
NEVER = {
    "tests/leaktest/test_leaktest.py": "reads what was published",
    "tests/management_api/test_fuzzed.py": "two thousand requests are as much work as all the rest",
    "tests/security/test_authorisation_matrix.py": "asks who may, at every address",
}
"""Files that have no part in it, with the reason."""
_TEST = re.compile(r"^ *(?:async )?def (test_\w+)", re.MULTILINE)
_ALWAYS = ("mark.stores", "mark.postgres", "mark.story")


def runs_twice(item: pytest.Item) -> bool:
    """Whether the second run has this test."""
    if item.get_closest_marker("postgres") or item.get_closest_marker("stores"):
        return True
    return is_choosable(item) and not _is_listed(item)


def is_choosable(item: pytest.Item) -> bool:
    """Whether it is a test with a database that could run on either."""
    return (
        item.get_closest_marker("django_db") is not None
        and item.nodeid.split("::")[0] not in NEVER
        and item.get_closest_marker("browser") is None
        and not hypothesis.is_hypothesis_test(getattr(item, "obj", None))
    )


def commits(item: pytest.Item) -> bool:
    """Whether its transactions are real ones, for another reason than a server in another thread."""
    marker = item.get_closest_marker("django_db")
    used = set(getattr(item, "fixturenames", ()))
    is_transactional = "transactional_db" in used or (marker and marker.kwargs.get("transaction"))
    return bool(is_transactional) and "live_server" not in used


def has_nothing_for(path: Path) -> bool:
    """Whether no test in this file can be of the second run, told from its text: importing costs more."""
    if not path.name.startswith("test_") or path.suffix != ".py":
        return False
    text = path.read_text()
    if any(mark in text for mark in _ALWAYS):
        return False
    listed = names_listed().get(path.relative_to(ROOT).as_posix(), frozenset())
    return "django_db" not in text or set(_TEST.findall(text)) <= listed


@functools.cache
def names_listed() -> dict[str, frozenset[str]]:
    """By file, the tests of the list: with all their cases, or one case in brackets."""
    found: dict[str, set[str]] = {}
    names: set[str] = set()
    for line in LIST.read_text().splitlines():
        if line.startswith("  "):
            names.add(line[2:])
        elif line and not line.startswith("#"):
            names = found.setdefault(line, set())
    return {path: frozenset(names) for path, names in found.items()}


def _is_listed(item: pytest.Item) -> bool:
    path, *_, name = item.nodeid.split("::", 1)
    listed = names_listed().get(path, frozenset())
    return name in listed or name.split("[")[0] in listed
