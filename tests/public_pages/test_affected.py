"""How long an incident touched a component: sequences with a reason a step, and what always holds."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.status import Status
from public_pages import affected
from public_pages.affected import Seen, Spent

START = datetime(2026, 11, 19, 14, 5, tzinfo=UTC)
FINE, SLOW, PART, DOWN = (
    Status.OPERATIONAL,
    Status.DEGRADED_PERFORMANCE,
    Status.PARTIAL_OUTAGE,
    Status.MAJOR_OUTAGE,
)


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def spent(minutes: int, worst: Status) -> Spent:
    return Spent(time=timedelta(minutes=minutes), worst=worst)


@pytest.mark.req("I10")
def test_time_runs_from_the_start_over_every_update_until_a_component_is_back() -> None:
    seen = [
        Seen(at=at(2), statuses={"checkout": SLOW}),  # counts from the start, two minutes earlier
        Seen(at=at(13), statuses={"checkout": PART, "hooks": SLOW}),  # hooks join here
        Seen(at=at(59), statuses={"checkout": FINE, "hooks": SLOW}),  # checkout is back
        Seen(at=at(79), statuses={"checkout": FINE, "hooks": FINE}, is_over=True),
    ]

    assert affected.times(seen, start=START, end=at(79)) == {
        "checkout": spent(59, PART),
        "hooks": spent(66, SLOW),
    }


def test_nothing_counts_while_the_incident_was_resolved_even_if_something_else_was_down() -> None:
    seen = [
        Seen(at=at(0), statuses={"checkout": DOWN}),
        Seen(at=at(10), statuses={"checkout": DOWN}, is_over=True),  # a monitor still says down
        Seen(at=at(30), statuses={"checkout": PART}),  # re-opened
    ]

    assert affected.times(seen, start=START, end=at(45)) == {"checkout": spent(25, DOWN)}


def test_unknown_and_maintenance_are_no_trouble_and_a_component_that_had_none_is_listed() -> None:
    seen = [
        Seen(at=at(0), statuses={"a": Status.UNKNOWN, "b": Status.UNDER_MAINTENANCE, "c": FINE})
    ]

    found = affected.times(seen, start=START, end=at(45))

    assert found == dict.fromkeys("abc", spent(0, FINE))


statuses = st.dictionaries(st.sampled_from("abc"), st.sampled_from(list(Status)), max_size=3)
timelines = st.lists(
    st.tuples(st.integers(-30, 300), statuses, st.booleans()), min_size=1, max_size=8
)


@given(timelines, st.integers(0, 240))
def test_no_component_is_longer_in_trouble_than_the_incident_lasted(
    timeline: list[tuple[int, dict[str, Status], bool]], length: int
) -> None:
    seen = [
        Seen(at=at(minutes), statuses=shown, is_over=is_over)
        for minutes, shown, is_over in sorted(timeline, key=lambda entry: entry[0])
    ]

    found = affected.times(seen, start=START, end=at(length))

    listed = {key for update in seen for key in update.statuses}
    assert found.keys() == listed
    for key, value in found.items():
        assert timedelta() <= value.time <= timedelta(minutes=length)
        shown = [
            update.statuses[key] for update in seen if key in update.statuses and not update.is_over
        ]
        assert value.worst == affected.impact(shown)
        if value.worst == FINE:
            assert value.time == timedelta()


@given(timelines, st.integers(0, 240), st.integers(0, 240))
def test_an_update_that_repeats_what_was_shown_changes_no_time(
    timeline: list[tuple[int, dict[str, Status], bool]], length: int, minute: int
) -> None:
    ordered = sorted(timeline, key=lambda entry: entry[0])
    seen = [Seen(at=at(when), statuses=shown, is_over=over) for when, shown, over in ordered]
    before = [update for update in seen if update.at <= at(minute)]
    if not before:
        return
    repeated = Seen(at=at(minute), statuses=before[-1].statuses, is_over=before[-1].is_over)
    longer = [*before, repeated, *seen[len(before) :]]

    assert affected.times(longer, start=START, end=at(length)) == affected.times(
        seen, start=START, end=at(length)
    )
