"""Nobody sees what is not theirs, on any surface; and the search would find it."""

import logging
from datetime import datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from leaktest import running
from leaktest.marks import Audience, Marks
from tests.customer_pages import people

pytestmark = [pytest.mark.django_db, pytest.mark.req("R3", "R11", "A12")]


def test_no_surface_shows_anybody_what_is_not_theirs(
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As in the product, the customers' pages are cut from one world that is kept for them."""
    # What nobody may see is refused, again and again.
    caplog.set_level(logging.ERROR, "django.request")
    people.keep_the_world(settings, monkeypatch)
    settings.PUBLISHED_DIR = tmp_path
    settings.ALLOWED_HOSTS = ["localhost", ".example"]

    found = running.run(folder=tmp_path, now=datetime.now().astimezone())

    assert [str(leak) for leak in found.leaks] == []
    assert found.unseen == ()
    assert found.surfaces > 500


def test_a_mark_where_it_must_not_be_is_a_leak_and_one_that_is_shown_nowhere_is_told() -> None:
    marks = Marks()
    mark = marks.new("a secret", Audience.A, Audience.B)

    marks.look(Audience.A, "a page", f"<b>{mark.upper()}</b>")
    marks.look(Audience.PUBLIC, "a feed", f"x{mark}x")

    assert [str(leak) for leak in marks.leaks] == ["the main page sees a secret at a feed"]
    assert list(marks.unseen()) == ["customer B was never shown a secret"]
