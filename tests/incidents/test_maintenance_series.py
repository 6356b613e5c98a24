"""Maintenance that comes again: windows are made ahead, and changed or cancelled from one on."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError

from incidents import due_steps, maintenance_changes, maintenance_series
from incidents import maintenance as work
from incidents import maintenance_plans as plans
from incidents.maintenance_plans import Plan
from incidents.models import Maintenance, MaintenanceSeries
from incidents.windows import Kind, State, StepNotAllowed
from tests import build

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
PARIS = ZoneInfo("Europe/Paris")
TEN_AT_NIGHT = datetime(2026, 11, 24, 22, 0)  # a Tuesday


def night(**fields: object) -> Plan:
    values = {"wall_start": TEN_AT_NIGHT, "zone": "Europe/Paris"} | fields
    return build.plan(**values)  # type: ignore[arg-type]


def weekly(
    now: datetime, rule: str = "FREQ=WEEKLY;BYDAY=TU", **fields: object
) -> MaintenanceSeries:
    return maintenance_series.schedule(plan=night(**fields), rule=rule, notify=True, now=now)


def windows_of(series: MaintenanceSeries) -> list[Maintenance]:
    return list(series.occurrences.order_by("starts_at", "id"))


def days(series: MaintenanceSeries) -> list[str]:
    return [f"{row.starts_at.astimezone(PARIS):%m-%d %H:%M}" for row in windows_of(series)]


@pytest.mark.req("K1", "K6")
def test_the_next_windows_stand_ready_and_one_announcement_is_told(now: datetime) -> None:
    series = weekly(now, lead_minutes=(60,))

    assert days(series) == [
        "11-24 22:00",
        "12-01 22:00",
        "12-08 22:00",
        "12-15 22:00",
        "12-22 22:00",
    ]
    told = [row.updates.get().notifies for row in windows_of(series)]
    assert told == [True, False, False, False, False]
    assert all(row.reminders.count() == 1 for row in windows_of(series))
    assert all(row.affected.count() == 1 for row in windows_of(series))


@pytest.mark.req("K6")
def test_a_new_window_is_made_when_one_begins(now: datetime) -> None:
    series = weekly(now)
    begins = windows_of(series)[0].starts_at

    assert not due_steps.take(now=begins - HOUR)
    taken = due_steps.take(now=begins)

    assert (taken.steps, taken.planned) == (1, 1)
    assert days(series)[-1] == "12-29 22:00"
    assert not due_steps.take(now=begins)
    assert windows_of(series)[-1].updates.get().notifies is False


@pytest.mark.req("K6")
def test_ten_at_night_stays_ten_at_night_over_the_clock_change(now: datetime) -> None:
    series = weekly(now, rule="FREQ=MONTHLY;BYMONTHDAY=24;COUNT=6")
    due_steps.take(now=windows_of(series)[0].ends_at)

    assert {day.split()[1] for day in days(series)} == {"22:00"}
    in_utc = [f"{row.starts_at:%m-%d %H:%M}" for row in windows_of(series)]
    assert in_utc[3:] == ["02-24 21:00", "03-24 21:00", "04-24 20:00"]


def test_a_series_ends_with_its_rule(now: datetime) -> None:
    series = weekly(now, rule="FREQ=WEEKLY;COUNT=2")

    series.refresh_from_db()
    assert len(windows_of(series)) == 2
    assert not series.is_active
    due_steps.take(now=now + 99 * DAY)
    assert len(windows_of(series)) == 2


@pytest.mark.req("K6")
def test_after_a_long_stop_only_windows_that_were_announced_are_told(now: datetime) -> None:
    series = weekly(now)
    back = now + 100 * DAY

    due_steps.take(now=back)

    rows = windows_of(series)
    over = [row for row in rows if row.state_value == State.COMPLETED]
    coming = [row for row in rows if row.state_value == State.SCHEDULED]
    assert [row.ended_at for row in over] == [row.ends_at for row in over]
    assert (len(over), len(coming)) == (5, 5)
    assert all(row.starts_at > back for row in coming)


def test_filling_twice_makes_nothing_twice(now: datetime) -> None:
    series = weekly(now)
    begins = windows_of(series)[0].starts_at
    stale = MaintenanceSeries.objects.get(pk=series.pk)
    due_steps.take(now=begins)

    assert maintenance_series.fill(series=stale, now=begins) == []


def test_a_deleted_or_cancelled_window_is_not_made_again(now: datetime) -> None:
    series = weekly(now)
    first, second, *_rest = windows_of(series)
    work.delete(maintenance=first, now=now)
    work.post_update(maintenance=second, state=State.CANCELLED, notify=False, now=now)

    due_steps.take(now=now)

    assert days(series) == [
        "12-01 22:00",
        "12-08 22:00",
        "12-15 22:00",
        "12-22 22:00",
        "12-29 22:00",
        "01-05 22:00",
    ]


def test_one_window_is_changed_on_its_own(now: datetime) -> None:
    series = weekly(now)
    second = windows_of(series)[1]
    plan = replace(plans.of(second), title="Other", wall_start=TEN_AT_NIGHT + 8 * DAY)

    maintenance_changes.change(maintenance=second, plan=plan, notify=True, now=now)

    assert days(series)[1] == "12-02 22:00"
    assert [row.title == "Other" for row in windows_of(series)] == [
        False,
        True,
        False,
        False,
        False,
    ]
    due_steps.take(now=now)
    assert len(windows_of(series)) == 5


def test_the_series_is_changed_from_one_window_on(now: datetime) -> None:
    series = weekly(now)
    rows = windows_of(series)
    detached = rows[3]
    maintenance_changes.change(
        maintenance=detached, plan=replace(plans.of(detached), title="Own"), notify=False, now=now
    )
    plan = night(wall_start=datetime(2026, 12, 1, 4, 0), title="Early", lead_minutes=(30,))

    new = maintenance_series.change_from_here(
        occurrence=rows[1], plan=plan, rule="FREQ=WEEKLY;BYDAY=TU,TH", notify=True, now=now
    )

    series.refresh_from_db()
    assert not series.is_active
    assert days(series) == ["11-24 22:00", "12-15 22:00"]  # before it, and the one of its own
    assert days(new)[:3] == ["12-01 04:00", "12-03 04:00", "12-08 04:00"]
    assert len(days(new)) == 5
    kept = [rows[1].public_id, rows[2].public_id, rows[4].public_id]
    assert [row.public_id for row in windows_of(new)][:3] == kept
    assert {row.title for row in windows_of(new)} == {"Early"}
    told = [
        row.updates.filter(kind=Kind.RESCHEDULED, notifies=True).count() for row in windows_of(new)
    ]
    assert told == [1, 0, 0, 0, 0]
    assert [row.sequence for row in windows_of(new)][:3] == [1, 1, 1]
    assert not any(row.is_detached for row in windows_of(new))


def test_windows_that_the_new_rule_has_no_day_for_are_cancelled(now: datetime) -> None:
    series = weekly(now)
    rows = windows_of(series)

    new = maintenance_series.change_from_here(
        occurrence=rows[0], plan=night(), rule="FREQ=WEEKLY;COUNT=2", notify=True, now=now
    )

    assert [row.state_value for row in windows_of(new)] == [State.SCHEDULED] * 2
    assert [row.state_value for row in windows_of(series)] == [State.CANCELLED] * 3


def test_cancelling_from_here_ends_the_series_and_tells_once(now: datetime) -> None:
    series = weekly(now)
    rows = windows_of(series)

    cancelled = maintenance_series.cancel_from_here(
        occurrence=rows[2], notify=True, text="No more.", now=now
    )

    assert cancelled == rows[2:]
    states = [row.state_value for row in windows_of(series)]
    assert states == [State.SCHEDULED] * 2 + [State.CANCELLED] * 3
    told = series.occurrences.filter(updates__kind=Kind.CANCELLED, updates__notifies=True)
    assert list(told) == [rows[2]]
    due_steps.take(now=now + 60 * DAY)
    assert len(windows_of(series)) == 5


def test_only_planned_windows_of_a_series_carry_it(now: datetime) -> None:
    alone = build.maintenance(now=now)
    first = windows_of(weekly(now))[0]
    work.post_update(maintenance=first, state=State.IN_PROGRESS, notify=True, now=now)

    for row in (alone, first):
        with pytest.raises(StepNotAllowed):
            maintenance_series.cancel_from_here(occurrence=row, notify=True, now=now)


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ("FREQ=SECONDLY", "rule"),
        ("FREQ=DAILY;COUNT=1000000000", "rule"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "rule"),
        ("", "rule"),
    ],
)
def test_a_hostile_rule_is_refused_and_saves_nothing(now: datetime, rule: str, field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        weekly(now, rule=rule)

    assert list(caught.value.message_dict) == [field]
    assert not MaintenanceSeries.objects.exists()


def test_windows_of_one_series_may_not_meet(now: datetime) -> None:
    with pytest.raises(ValidationError, match="still run"):
        weekly(now, rule="FREQ=DAILY", duration=25 * HOUR)


def test_the_preview_shows_what_is_made(now: datetime) -> None:
    series = weekly(now)

    previewed = maintenance_series.preview(
        wall_start=TEN_AT_NIGHT, zone="Europe/Paris", rule="FREQ=WEEKLY;BYDAY=TU", now=now
    )

    assert len(previewed) == 10
    assert previewed[:5] == [row.starts_at for row in windows_of(series)]
    with pytest.raises(ValidationError):
        maintenance_series.preview(
            wall_start=TEN_AT_NIGHT, zone="Nowhere", rule="FREQ=DAILY", now=now
        )
