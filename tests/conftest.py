"""Fixtures that every test may use."""

from datetime import UTC, datetime

import pytest


@pytest.fixture
def now() -> datetime:
    """A fixed moment: Thursday 19 November 2026, 14:32 UTC."""
    return datetime(2026, 11, 19, 14, 32, tzinfo=UTC)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the stories first: they take longest, and one worker must not be left alone with them."""
    items.sort(key=lambda item: "story" not in item.keywords)
