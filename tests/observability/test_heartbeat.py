"""The dead-man's switch: called while all is well, silent while something is wrong."""

import os
from datetime import datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from observability import heartbeat
from tests import build, web

pytestmark = pytest.mark.django_db


@pytest.fixture
def published(settings: Settings, tmp_path: Path, now: datetime) -> Path:
    """A page that was published at this moment, so that nothing is wrong."""
    settings.PUBLISHED_DIR = tmp_path
    page = tmp_path / "index.html"
    page.write_text("published")
    os.utime(page, (now.timestamp(), now.timestamp()))
    return page


def test_the_switch_is_called_while_all_is_well(
    published: Path, settings: Settings, now: datetime
) -> None:
    assert published.exists()
    with web.server() as server:
        settings.HEARTBEAT_URL = f"{server.url}/ping/abc"

        assert heartbeat.call(now=now)
        (got,) = server.got
    assert (got.method, got.path) == ("GET", "/ping/abc")


def test_nothing_is_called_while_something_is_wrong(
    published: Path, settings: Settings, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    published.unlink()
    with web.server() as server:
        settings.HEARTBEAT_URL = server.url

        assert not heartbeat.call(now=now)
        assert server.got == []
    assert "Nothing has been published yet" in caplog.text


@pytest.mark.usefixtures("published")
def test_a_switch_that_fails_is_told_and_breaks_nothing(
    settings: Settings, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    with web.server(lambda _got: web.answer(500)) as server:
        settings.HEARTBEAT_URL = server.url
        assert not heartbeat.call(now=now)
    assert not heartbeat.call(now=now)  # nobody listens any more

    assert "answered with 500" in caplog.text
    assert "cannot be reached" in caplog.text


@pytest.mark.usefixtures("published")
def test_without_an_address_nothing_is_called(settings: Settings, now: datetime) -> None:
    settings.HEARTBEAT_URL = ""
    build.component()

    assert not heartbeat.call(now=now)
