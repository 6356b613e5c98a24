"""A mail server for each test that asks for one, and Django set up to use it."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.notifications import post, sinks


@pytest.fixture
def sink(settings: Settings) -> Iterator[sinks.Sink]:
    with sinks.sink() as kept:
        post.use_smtp(settings, kept.port)
        yield kept
