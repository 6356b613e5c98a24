"""What the console shows of maintenance: the calendar, overlaps, and the preview of a plan."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents import maintenance as work
from incidents import maintenance_reading, maintenance_series, presets, recurrence
from incidents.maintenance_reading import Typed
from incidents.presets import Repeat
from incidents.windows import State
from tests import build

HOUR = timedelta(hours=1)
KOLKATA = ZoneInfo("Asia/Kolkata")


def marked(now: datetime, zone: ZoneInfo) -> list[str]:
    months = maintenance_reading.calendar(now=now, zone=zone)
    return [
        f"{day.day:%m-%d} {day.words}"
        for month in months
        for week in month.weeks
        for day in week
        if day is not None and day.rows
    ]


@pytest.mark.django_db
def test_the_calendar_marks_every_day_of_a_window_in_the_pages_zone(now: datetime) -> None:
    start = datetime(2026, 11, 30, 22, 0)
    build.maintenance(now=now, title="Long", wall_start=start, duration=26 * HOUR)
    cancelled = build.maintenance(now=now, title="Off", wall_start=start)
    work.post_update(maintenance=cancelled, state=State.CANCELLED, notify=False, now=now)

    assert marked(now, ZoneInfo("UTC")) == ["11-30 Long", "12-01 Long"]
    assert marked(now, KOLKATA) == ["12-01 Long", "12-02 Long"]


@pytest.mark.django_db
def test_a_window_that_ends_at_midnight_is_not_on_the_next_day(now: datetime) -> None:
    build.maintenance(now=now, title="Late", wall_start=datetime(2026, 12, 3, 23, 0), duration=HOUR)

    assert marked(now, ZoneInfo("UTC")) == ["12-03 Late"]


@pytest.mark.django_db
def test_the_calendar_has_whole_weeks_from_monday_and_one_today(now: datetime) -> None:
    months = maintenance_reading.calendar(now=now, zone=ZoneInfo("UTC"))

    assert [f"{month.first:%Y-%m-%d}" for month in months] == ["2026-11-01", "2026-12-01"]
    assert all(len(week) == 7 for month in months for week in month.weeks)
    every = [day for month in months for week in month.weeks for day in week if day]
    assert len(every) == 30 + 31
    assert [day.day for day in every if day.is_today] == [now.date()]
    assert months[0].weeks[-1][0] is not None
    assert months[0].weeks[-1][0].day.weekday() == 0


@pytest.mark.django_db
def test_windows_meet_only_if_both_are_open_at_some_moment(now: datetime) -> None:
    row = build.maintenance(now=now)  # from an hour from now on, for an hour

    def meets(start: datetime, length: timedelta = HOUR) -> bool:
        return bool(maintenance_reading.overlapping(starts_at=start, duration=length))

    assert not meets(now)
    assert not meets(now + 2 * HOUR)
    assert meets(now + HOUR / 2)
    assert meets(now, 9 * HOUR)
    work.post_update(maintenance=row, state=State.CANCELLED, notify=False, now=now)
    assert not meets(now, 9 * HOUR)


@pytest.mark.django_db
def test_a_series_that_is_changed_does_not_meet_itself(now: datetime) -> None:
    series = maintenance_series.schedule(
        plan=build.plan(now=now), rule="FREQ=DAILY", notify=True, now=now
    )
    first, second, *_rest = series.occurrences.order_by("starts_at")

    found = maintenance_reading.overlapping(
        starts_at=second.starts_at, duration=HOUR, without=first
    )

    assert found == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"wall_start": None}, "Say when it starts and ends."),
        ({"wall_end": datetime(2026, 11, 24, 22, 0)}, "The end is not after the start."),
        ({"zone": "Mars/Olympus"}, "“Mars/Olympus” is not a time zone."),
        ({"rule": "FREQ=HOURLY"}, "FREQ is DAILY, WEEKLY, MONTHLY or YEARLY, not HOURLY."),
        ({"rule": "FREQ=DAILY;UNTIL=20200101"}, "No day fits this recurrence."),
    ],
)
def test_a_preview_says_why_it_shows_nothing(
    now: datetime, changed: dict[str, object], problem: str
) -> None:
    values: dict[str, object] = {
        "wall_start": datetime(2026, 11, 24, 22, 0),
        "wall_end": datetime(2026, 11, 24, 23, 0),
        "zone": "Europe/Paris",
    }
    typed = Typed(**(values | changed))  # type: ignore[arg-type]

    found = maintenance_reading.preview(typed=typed, page_zone="UTC", now=now)

    assert (found.problem, found.starts) == (problem, ())


@pytest.mark.django_db
def test_the_lists_cost_the_same_however_much_there_is(now: datetime) -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            listed = maintenance_reading.lists(page="1")
            for row in [*listed.running, *listed.scheduled, *listed.past]:
                len(row.affected.all())
        return len(queries)

    def more() -> None:
        build.maintenance(now=now)
        work.begin(plan=build.plan(now=now), notify=False, now=now)
        over = build.maintenance(now=now)
        work.post_update(maintenance=over, state=State.CANCELLED, notify=False, now=now)

    more()
    before = cost()
    for _count in range(5):
        more()

    assert cost() == before


FIRST = datetime(2026, 11, 24, 22, 0)  # the 4th Tuesday of the month, and the last


@pytest.mark.req("K6")
@pytest.mark.parametrize(
    ("repeat", "expected", "following"),
    [
        (Repeat.DAILY, "FREQ=DAILY", "2026-11-25"),
        (Repeat.WEEKLY, "FREQ=WEEKLY;BYDAY=TU", "2026-12-01"),
        (Repeat.MONTHLY_DATE, "FREQ=MONTHLY;BYMONTHDAY=24", "2026-12-24"),
        (Repeat.MONTHLY_DAY, "FREQ=MONTHLY;BYDAY=4TU", "2026-12-22"),
        (Repeat.MONTHLY_LAST, "FREQ=MONTHLY;BYDAY=-1TU", "2026-12-29"),
    ],
)
def test_a_preset_is_a_rule_that_begins_with_the_start(
    repeat: Repeat, expected: str, following: str
) -> None:
    text = presets.rule(repeat, first=FIRST)

    assert text == expected
    parsed = recurrence.parse(text, zone=ZoneInfo("UTC"))
    found = recurrence.upcoming(
        parsed, first=FIRST, zone=ZoneInfo("UTC"), after=datetime(2026, 1, 1, tzinfo=UTC), limit=2
    )
    assert [f"{wall:%Y-%m-%d}" for wall, _at in found] == ["2026-11-24", following]


def test_presets_end_on_the_last_day_and_a_rule_of_ones_own_stays() -> None:
    until = datetime(2027, 1, 31).date()

    assert presets.rule(Repeat.WEEKLY, first=FIRST, week_days=["MO"], until=until) == (
        "FREQ=WEEKLY;BYDAY=MO;UNTIL=20270131"
    )
    assert presets.rule(Repeat.CUSTOM, first=FIRST, until=until, custom=" FREQ=DAILY ") == (
        "FREQ=DAILY"
    )
    assert presets.rule(Repeat.ONCE, first=FIRST, until=until) == ""
    assert set(presets.LABELS) == set(Repeat)
