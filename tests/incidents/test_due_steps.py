"""What maintenance does by itself: at the planned minute, once, and after a stop in order."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from components.models import Component, StatusChange, StatusClaim
from components.status import Status
from incidents import due_steps
from incidents import maintenance as work
from incidents.models import Maintenance, MaintenanceUpdate
from incidents.windows import Kind, State
from tests import build

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
NOW = datetime(2026, 11, 19, 14, 32, tzinfo=UTC)


def story(row: Maintenance) -> list[tuple[str, datetime]]:
    """What was said after the announcement, with the times shown."""
    said = row.updates.exclude(kind=Kind.SCHEDULED).order_by("id")
    return list(said.values_list("kind", "at"))


@pytest.mark.django_db
@pytest.mark.req("K6")
def test_it_starts_and_ends_by_itself_at_the_planned_minute(now: datetime) -> None:
    component = build.component()
    row = build.maintenance(now=now, components=[component])

    assert not due_steps.take(now=now + HOUR - timedelta.resolution)
    assert due_steps.take(now=now + HOUR + timedelta(seconds=3)).steps == 1
    component.refresh_from_db()
    assert component.shown_status == Status.UNDER_MAINTENANCE
    assert component.status_since == now + HOUR
    assert due_steps.take(now=now + 2 * HOUR + timedelta(seconds=3)).steps == 1

    row.refresh_from_db()
    assert Component.objects.get().shown_status == Status.OPERATIONAL
    assert story(row) == [(Kind.STARTED, now + HOUR), (Kind.COMPLETED, now + 2 * HOUR)]
    assert (row.started_at, row.ended_at) == (now + HOUR, now + 2 * HOUR)
    assert set(row.updates.values_list("notifies", flat=True)) == {True}


@pytest.mark.django_db
@pytest.mark.req("K6")
def test_a_second_beat_finds_nothing_to_do(now: datetime) -> None:
    row = build.maintenance(now=now)

    assert due_steps.take(now=now + HOUR).steps == 1
    assert not due_steps.take(now=now + HOUR)

    assert len(story(row)) == 1


@pytest.mark.django_db
@pytest.mark.req("K6")
def test_a_step_that_was_taken_meanwhile_is_not_taken_again(now: datetime) -> None:
    row = build.maintenance(now=now)
    seen_by_the_other_beat = Maintenance.objects.get(pk=row.pk)
    due_steps.take(now=now + HOUR)

    assert not due_steps._take_step(seen_by_the_other_beat, now + HOUR)

    assert len(story(row)) == 1


@pytest.mark.django_db
@pytest.mark.req("K6")
def test_after_a_stop_a_window_wholly_past_is_told_with_its_planned_times(now: datetime) -> None:
    component = build.component()
    row = build.maintenance(now=now, components=[component])

    due_steps.take(now=now + 9 * HOUR)

    assert story(row) == [(Kind.STARTED, now + HOUR), (Kind.COMPLETED, now + 2 * HOUR)]
    changes = StatusChange.objects.filter(component=component, at__gt=now).order_by("id")
    assert list(changes.values_list("status", "at")) == [
        (Status.UNDER_MAINTENANCE, now + HOUR),
        (Status.OPERATIONAL, now + 2 * HOUR),
    ]
    assert not StatusClaim.objects.exists()


@pytest.mark.django_db
def test_after_a_stop_windows_are_told_in_the_order_of_their_times(now: datetime) -> None:
    wall = now.replace(tzinfo=None)
    outer = build.maintenance(now=now, wall_start=wall + HOUR, duration=4 * HOUR)
    inner = build.maintenance(now=now, wall_start=wall + 2 * HOUR, duration=HOUR)

    due_steps.take(now=now + 9 * HOUR)

    said = MaintenanceUpdate.objects.exclude(kind=Kind.SCHEDULED).order_by("id")
    assert list(said.values_list("maintenance_id", "at")) == [
        (outer.pk, now + HOUR),
        (inner.pk, now + 2 * HOUR),
        (inner.pk, now + 3 * HOUR),
        (outer.pk, now + 5 * HOUR),
    ]


@pytest.mark.django_db
def test_with_its_switches_off_it_waits_for_a_person(now: datetime) -> None:
    row = build.maintenance(now=now, auto_start=False, auto_finish=False)
    assert not due_steps.take(now=now + 9 * HOUR)

    work.post_update(maintenance=row, state=State.IN_PROGRESS, notify=True, now=now + 9 * HOUR)
    assert not due_steps.take(now=now + 99 * HOUR)

    row.refresh_from_db()
    assert row.overrun(now + 99 * HOUR) == 97 * HOUR


@pytest.mark.django_db
def test_started_late_by_hand_it_still_ends_by_itself_as_planned(now: datetime) -> None:
    row = build.maintenance(now=now, auto_start=False)
    at = now + HOUR + 20 * MINUTE
    work.post_update(maintenance=row, state=State.IN_PROGRESS, notify=True, now=at)

    due_steps.take(now=now + 2 * HOUR)

    assert story(row)[-1] == (Kind.COMPLETED, now + 2 * HOUR)


@pytest.mark.django_db
def test_a_quiet_window_starts_and_ends_quietly(now: datetime) -> None:
    row = build.maintenance(now=now, notify=False, lead_minutes=(30,))

    due_steps.take(now=now + 31 * MINUTE)
    due_steps.take(now=now + 9 * HOUR)

    assert len(story(row)) == 2
    assert not row.updates.filter(notifies=True).exists()


def reminders(row: Maintenance) -> list[datetime]:
    return [at for kind, at in story(row) if kind == Kind.REMINDER]


@pytest.mark.django_db
@pytest.mark.req("K3", "O7")
def test_subscribers_are_reminded_at_each_lead_time_once(now: datetime) -> None:
    row = build.maintenance(now=now, lead_minutes=(40, 10))

    for minute in range(60):
        due_steps.take(now=now + minute * MINUTE)

    assert reminders(row) == [now + 20 * MINUTE, now + 50 * MINUTE]
    assert set(row.updates.filter(kind=Kind.REMINDER).values_list("notifies", flat=True)) == {True}
    assert Kind.REMINDER not in row.updates.timeline().values_list("kind", flat=True)


@pytest.mark.django_db
def test_after_a_stop_one_reminder_is_enough(now: datetime) -> None:
    row = build.maintenance(now=now, lead_minutes=(40, 30, 10))

    due_steps.take(now=now + 55 * MINUTE)

    assert reminders(row) == [now + 50 * MINUTE]


@pytest.mark.django_db
def test_no_reminder_of_what_has_begun_or_is_cancelled(now: datetime) -> None:
    begun = build.maintenance(now=now, lead_minutes=(30,))
    cancelled = build.maintenance(now=now, lead_minutes=(30,))
    work.post_update(maintenance=cancelled, state=State.CANCELLED, notify=False, now=now)

    due_steps.take(now=now + 40 * MINUTE + HOUR)

    assert reminders(begun) == reminders(cancelled) == []


@pytest.mark.django_db
def test_a_lead_time_that_has_passed_when_it_is_planned_reminds_nobody(now: datetime) -> None:
    row = build.maintenance(now=now, lead_minutes=(24 * 60,))

    due_steps.take(now=now + MINUTE)

    assert reminders(row) == []


@pytest.mark.django_db
def test_a_look_with_nothing_due_costs_the_same_however_many_there_are(
    now: datetime, django_assert_num_queries: object
) -> None:
    for _count in range(20):
        build.maintenance(now=now)

    with django_assert_num_queries(3):  # type: ignore[operator]
        due_steps.take(now=now)


@pytest.mark.req("K6")
class TestRestarts(TestCase):
    """Whenever beats run, twice at a time or after long stops, the record is the same."""

    # Each example runs some fourteen beats; the neighbours and a beat at an edge are there always.
    @settings(deadline=None, max_examples=settings().max_examples // 4)
    @example(windows=[(60, 30), (90, 30)], beats=[])
    @example(windows=[(60, 30), (70, 5), (80, 30)], beats=[60, 65, 90, 110])
    @given(
        windows=st.lists(st.tuples(st.integers(1, 300), st.integers(5, 120)), max_size=3),
        beats=st.lists(st.integers(0, 500), max_size=6),
    )
    def test_the_record_does_not_depend_on_when_beats_run(
        self, windows: list[tuple[int, int]], beats: list[int]
    ) -> None:
        component = build.component()
        wall = NOW.replace(tzinfo=None)
        rows = [
            build.maintenance(
                now=NOW,
                components=[component],
                wall_start=wall + start * MINUTE,
                duration=length * MINUTE,
            )
            for start, length in windows
        ]

        for minute in sorted(beats):
            due_steps.take(now=NOW + minute * MINUTE)
            due_steps.take(now=NOW + minute * MINUTE)
        due_steps.take(now=NOW + 600 * MINUTE)

        for row, (start, length) in zip(rows, windows, strict=True):
            begin = NOW + start * MINUTE
            assert story(row) == [
                (Kind.STARTED, begin),
                (Kind.COMPLETED, begin + length * MINUTE),
            ]
        component.refresh_from_db()
        assert component.shown_status == Status.OPERATIONAL
        assert not StatusClaim.objects.filter(component=component).exists()
        shown = StatusChange.objects.filter(component=component, at__gt=NOW).order_by("id")
        assert list(shown.values_list("at", flat=True)) == _edges(windows)


def _edges(windows: list[tuple[int, int]]) -> list[datetime]:
    """When the component goes under maintenance and comes back: the edges of the windows' union."""
    edges: list[datetime] = []
    for start, length in sorted(windows):
        begin, end = NOW + start * MINUTE, NOW + (start + length) * MINUTE
        if edges and begin <= edges[-1]:
            edges[-1] = max(edges[-1], end)
        else:
            edges += [begin, end]
    return edges
