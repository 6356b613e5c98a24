"""The made-up past: complete, plausible, free of contradictions and the same every time."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from components import uptime
from components.status import Status
from components.uptime import Change
from monitoring.demo import history

SLUGS = [*history.SPEEDS, "support-desk"]


@pytest.mark.parametrize("slug", SLUGS)
def test_events_lie_within_ninety_days_and_do_not_overlap(slug: str, now: datetime) -> None:
    past = history.events(slug, now=now)

    assert all(now - timedelta(days=90) < event.start_at < event.end_at < now for event in past)
    assert all(one.end_at <= other.start_at for one, other in pairwise(past))
    assert past == history.events(slug, now=now), "chance is seeded"


def test_the_past_holds_an_outage_a_degraded_day_a_maintenance_and_an_unknown_stretch(
    now: datetime,
) -> None:
    seen = {event.status for slug in SLUGS for event in history.events(slug, now=now)}

    assert seen == set(Status) - {Status.OPERATIONAL}


@pytest.mark.parametrize("minute", [0, 7, 59])
def test_a_demo_made_at_any_time_of_day_has_the_same_story(minute: int) -> None:
    for hour in (0, 12, 23):
        now = datetime(2027, 3, 1, hour, minute, tzinfo=UTC)
        past = history.events("public-api", now=now)
        assert past[-1].end_at < now
        assert sum(event.status is Status.MAJOR_OUTAGE for event in past) == 1


@pytest.mark.parametrize("slug", history.SPEEDS)
def test_uptime_of_the_past_is_what_a_good_service_has(slug: str, now: datetime) -> None:
    changes = [Change(now - timedelta(days=90), Status.OPERATIONAL)]
    for event in history.events(slug, now=now):
        changes += [Change(event.start_at, event.status), Change(event.end_at, Status.OPERATIONAL)]

    bars = uptime.day_bars(changes, now=now, time_zone=ZoneInfo("UTC"))
    percent = uptime.percent(uptime.total(bars), uptime.Weights())

    assert percent is not None
    assert 99.5 < percent <= 100
    assert all(bar.worst is not None for bar in bars), "no day without data"


@pytest.mark.parametrize("slug", history.SPEEDS)
def test_response_times_follow_what_happened(slug: str, now: datetime) -> None:
    quarters = list(history.quarters(slug, now=now))
    usual_ms = history.SPEEDS[slug].usual_ms

    assert all(one.start_at < other.start_at for one, other in pairwise(quarters))
    assert quarters[-1].start_at + history.QUARTER <= now
    assert len(quarters) == 90 * 96 - 13, "nobody looked for 200 minutes"
    for event in history.events(slug, now=now):
        inside = [
            quarter
            for quarter in quarters
            if event.start_at <= quarter.start_at
            and quarter.start_at + history.QUARTER <= event.end_at
        ]
        for quarter in inside:
            if event.status is Status.MAJOR_OUTAGE:
                assert (quarter.answered, quarter.p50_ms) == (0, None)
            if event.status is Status.DEGRADED_PERFORMANCE:
                assert quarter.p50_ms is not None
                assert quarter.p50_ms > 2 * usual_ms
            assert event.status is not Status.UNKNOWN


def test_what_is_not_measured_has_no_response_times(now: datetime) -> None:
    assert list(history.quarters("support-desk", now=now)) == []
