"""Uptime over the API: the figures that the page shows, and any other time."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from components import catalogue, uptime
from components.by_hand import choose
from components.models import Component, StatusChange
from components.status import Status
from public_pages import figures, reading
from tests import build
from tests.management_api.calling import Caller

pytestmark = [pytest.mark.django_db, pytest.mark.req("P1")]


def _component(now: datetime) -> Component:
    """One that was down for an hour, ten days ago, and for half an hour, yesterday."""
    row = build.component(created_at=now - timedelta(days=60))
    for begins, length in ((timedelta(days=10), 3600), (timedelta(days=1), 1800)):
        down = now - begins
        choose(choices={row.pk: Status.MAJOR_OUTAGE}, now=down, by="Ada")
        choose(choices={row.pk: None}, now=down + timedelta(seconds=length), by="Ada")
    return row


def test_the_days_say_what_the_page_says() -> None:
    now = timezone.now()
    catalogue.change_page(page=catalogue.page(), time_zone="Asia/Tokyo")
    row = _component(now)
    said = Caller().get(f"/components/{row.public_id}/uptime").json()
    end = datetime.fromisoformat(said["end"])
    page = reading.page(now=end)
    shown = figures.history(
        page.components[0].changes,
        weights=page.site.weights,
        now=end,
        time_zone=ZoneInfo("Asia/Tokyo"),
    )
    assert said["percent"] == float(str(shown.percent))
    assert said["seconds"] == {each.value: shown.spent.seconds(each) for each in Status}
    assert said["unknown_minutes"] == uptime.unknown_minutes(shown.spent) > 0
    assert said["seconds"]["major_outage"] == 5400
    assert said["down_minutes"] == 90


def test_any_time_is_counted_and_what_nobody_saw_is_unknown() -> None:
    now = timezone.now()
    row = _component(now)
    api, path = Caller(), f"/components/{row.public_id}/uptime"
    start = (now - timedelta(days=10, minutes=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    end = (now - timedelta(days=10)).strftime("%Y-%m-%dT%H:%M:%SZ")
    before = api.get(f"{path}?from={start}&to={end}").json()
    assert (before["percent"], before["down_minutes"]) == (100.0, 0)
    long_ago = api.get(f"{path}?from=2025-01-01T00:00:00Z&to=2025-01-02T00:00:00Z").json()
    assert (long_ago["percent"], long_ago["unknown_minutes"]) == (None, 1440)


def test_the_list_says_the_same_of_every_component_also_hidden_ones() -> None:
    now = timezone.now()
    row, hidden = _component(now), build.component(is_visible=False)
    api = Caller()
    said = api.get("/uptime?days=1").json()["data"]
    assert [each["component_id"] for each in said] == [row.public_id, hidden.public_id]
    assert StatusChange.objects.exists()
    span = "from=2026-01-01T00:00:00Z&to=2026-06-01T00:00:00Z"
    one = api.get(f"/components/{row.public_id}/uptime?{span}").json()
    assert api.get(f"/uptime?{span}").json()["data"][0] == one


@pytest.mark.parametrize(
    "query",
    [
        "days=0",
        "days=99999999999999999999",
        "days=7&from=2026-01-01T00:00:00Z",
        "to=2026-01-01T00:00:00Z",
        "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
        "from=2099-01-01T00:00:00Z",
        "from=1990-01-01T00:00:00Z",
        "from=2026-01-01T00:00:00",
        "from=yesterday",
        "from=0001-01-01T00:00:00%2B23:59",
    ],
)
def test_a_time_that_cannot_be_counted_is_refused(query: str) -> None:
    answer = Caller().get(f"/components/{build.component().public_id}/uptime?{query}")
    assert answer.status_code == 422, answer.content
    assert next(iter(answer.json()["errors"])).startswith("query.")
