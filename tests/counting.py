"""Count SQL statements: twice the rows must cost the same."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collect the statements run inside the block."""
    collected: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield collected
    collected.extend(query["sql"] for query in captured.captured_queries)
