"""What may follow what in a maintenance, and wall clocks turned into instants."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents import windows
from incidents.windows import State, StepNotAllowed


@pytest.mark.req("K4")
def test_every_state_has_words_and_an_icon() -> None:
    assert [state.label for state in State] == [
        "Scheduled",
        "In progress",
        "Verification",
        "Completed",
        "Cancelled",
    ]
    assert all(state.meaning.endswith(".") and state.icon for state in State)


ALLOWED = {
    (State.SCHEDULED, State.IN_PROGRESS),
    (State.SCHEDULED, State.CANCELLED),
    (State.IN_PROGRESS, State.VERIFICATION),
    (State.IN_PROGRESS, State.COMPLETED),
    (State.IN_PROGRESS, State.CANCELLED),
    (State.VERIFICATION, State.IN_PROGRESS),
    (State.VERIFICATION, State.COMPLETED),
    (State.VERIFICATION, State.CANCELLED),
}


@pytest.mark.req("K4")
@pytest.mark.parametrize("previous", State)
@pytest.mark.parametrize("state", State)
def test_only_these_steps_are_allowed(previous: State, state: State) -> None:
    if previous == state or (previous, state) in ALLOWED:
        windows.check_step(previous, state)
    else:
        with pytest.raises(StepNotAllowed):
            windows.check_step(previous, state)


@pytest.mark.parametrize(
    ("previous", "state", "words"),
    [
        (State.COMPLETED, State.IN_PROGRESS, "is over"),
        (State.CANCELLED, State.SCHEDULED, "is over"),
        (State.IN_PROGRESS, State.SCHEDULED, "has begun"),
        (State.SCHEDULED, State.COMPLETED, "Start it first"),
    ],
)
def test_a_refused_step_says_why(previous: State, state: State, words: str) -> None:
    with pytest.raises(StepNotAllowed, match=words):
        windows.check_step(previous, state)


# Of each clock change: a time that the clock skips, and one that it shows twice. Both are
# (wall clock, what UTC says), written out by hand from the zones' published rules.
GAPS = [
    ("Europe/Paris", "2026-03-29T02:30", "2026-03-29T01:30"),
    ("Europe/Paris", "2027-03-28T02:00", "2027-03-28T01:00"),
    ("Europe/Paris", "2028-03-26T02:59", "2028-03-26T01:59"),
    ("Europe/Paris", "2029-03-25T02:30", "2029-03-25T01:30"),
    ("Europe/Paris", "2030-03-31T02:30", "2030-03-31T01:30"),
    ("America/New_York", "2026-03-08T02:30", "2026-03-08T07:30"),
    ("America/New_York", "2027-03-14T02:15", "2027-03-14T07:15"),
    ("America/New_York", "2028-03-12T02:30", "2028-03-12T07:30"),
    ("America/New_York", "2029-03-11T02:30", "2029-03-11T07:30"),
    ("America/New_York", "2030-03-10T02:30", "2030-03-10T07:30"),
    # Half an hour is skipped: 02:00 to 02:30.
    ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:45"),
    ("Australia/Lord_Howe", "2027-10-03T02:15", "2027-10-02T15:45"),
    ("Australia/Lord_Howe", "2030-10-06T02:15", "2030-10-05T15:45"),
    # The clock goes back for Ramadan and forward after it.
    ("Africa/Casablanca", "2026-03-22T02:30", "2026-03-22T02:30"),
    ("Africa/Casablanca", "2027-03-14T02:30", "2027-03-14T02:30"),
]
TWICE = [
    ("Europe/Paris", "2026-10-25T02:30", "2026-10-25T00:30"),
    ("Europe/Paris", "2027-10-31T02:00", "2027-10-31T00:00"),
    ("Europe/Paris", "2028-10-29T02:59", "2028-10-29T00:59"),
    ("Europe/Paris", "2029-10-28T02:30", "2029-10-28T00:30"),
    ("Europe/Paris", "2030-10-27T02:30", "2030-10-27T00:30"),
    ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30"),
    ("America/New_York", "2027-11-07T01:30", "2027-11-07T05:30"),
    ("America/New_York", "2028-11-05T01:30", "2028-11-05T05:30"),
    ("America/New_York", "2029-11-04T01:30", "2029-11-04T05:30"),
    ("America/New_York", "2030-11-03T01:30", "2030-11-03T05:30"),
    ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45"),
    ("Australia/Lord_Howe", "2028-04-02T01:45", "2028-04-01T14:45"),
    ("Africa/Casablanca", "2026-02-15T02:30", "2026-02-15T01:30"),
    ("Africa/Casablanca", "2027-02-07T02:30", "2027-02-07T01:30"),
]
PLAIN = [
    ("Asia/Kolkata", "2026-03-29T02:30", "2026-03-28T21:00"),
    ("Asia/Kolkata", "2030-10-27T02:30", "2030-10-26T21:00"),
    ("America/Sao_Paulo", "2026-02-15T00:00", "2026-02-15T03:00"),
    ("America/Sao_Paulo", "2030-11-03T00:00", "2030-11-03T03:00"),
    ("UTC", "2028-02-29T23:59", "2028-02-29T23:59"),
    ("Europe/Paris", "2026-03-29T03:00", "2026-03-29T01:00"),
    ("Europe/Paris", "2026-10-25T03:00", "2026-10-25T02:00"),
    ("America/New_York", "2026-03-08T01:59", "2026-03-08T06:59"),
    ("America/New_York", "2026-11-01T02:00", "2026-11-01T07:00"),
]


@pytest.mark.req("K6")
@pytest.mark.parametrize(("zone", "wall", "utc"), [*GAPS, *TWICE, *PLAIN])
def test_a_wall_clock_is_one_defined_instant(zone: str, wall: str, utc: str) -> None:
    at = windows.instant(datetime.fromisoformat(wall), zone=ZoneInfo(zone))

    assert at == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize(("zone", "wall", "_utc"), GAPS)
def test_a_skipped_time_is_shown_later_by_the_gap(zone: str, wall: str, _utc: str) -> None:
    info, asked = ZoneInfo(zone), datetime.fromisoformat(wall)

    shown = windows.wall_clock(windows.instant(asked, zone=info), zone=info)

    gap = timedelta(minutes=30) if zone == "Australia/Lord_Howe" else timedelta(hours=1)
    assert shown - asked == gap


ZONES = [
    "Europe/Paris",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kolkata",
    "America/Sao_Paulo",
    "Pacific/Apia",
    "UTC",
]
_FIRST = datetime(2026, 1, 1)
_MINUTES = 5 * 366 * 24 * 60


@given(st.integers(0, _MINUTES), st.sampled_from(ZONES))
def test_an_instant_shows_its_wall_clock_unless_the_clock_skips_it(minute: int, zone: str) -> None:
    info, asked = ZoneInfo(zone), _FIRST + timedelta(minutes=minute)

    at = windows.instant(asked, zone=info)
    shown = windows.wall_clock(at, zone=info)

    assert shown >= asked
    if shown == asked:  # and no earlier instant shows the same time
        earlier = [at - timedelta(minutes=30 * half) for half in range(1, 5)]
        assert all(windows.wall_clock(one, zone=info) != asked for one in earlier)
    else:
        assert shown - asked in {timedelta(minutes=30), timedelta(hours=1)}


@given(st.integers(0, _MINUTES - 180), st.sampled_from(ZONES))
def test_later_on_the_clock_is_never_earlier_by_more_than_a_gap(minute: int, zone: str) -> None:
    info, first = ZoneInfo(zone), _FIRST + timedelta(minutes=minute)
    asked = [first + timedelta(minutes=15 * quarter) for quarter in range(12)]

    for one, following in pairwise(windows.instant(wall, zone=info) for wall in asked):
        assert following - one >= timedelta(minutes=-45)


def test_an_aware_time_is_no_wall_clock(now: datetime) -> None:
    with pytest.raises(ValueError, match="no zone"):
        windows.instant(now, zone=ZoneInfo("UTC"))


@pytest.mark.req("K6")
def test_it_takes_a_step_by_itself_only_where_the_switch_is_on(now: datetime) -> None:
    end = now + timedelta(hours=1)

    def step(state: State, *, start: bool = True, finish: bool = True) -> datetime | None:
        return windows.next_step(
            state, starts_at=now, ends_at=end, auto_start=start, auto_finish=finish
        )

    assert step(State.SCHEDULED) == now
    assert step(State.SCHEDULED, start=False) is None
    assert step(State.IN_PROGRESS) == step(State.VERIFICATION) == end
    assert step(State.IN_PROGRESS, finish=False) is None
    assert step(State.COMPLETED) is step(State.CANCELLED) is None


def test_only_a_running_maintenance_takes_longer_than_planned(now: datetime) -> None:
    end = now - timedelta(minutes=20)

    assert windows.overrun(State.VERIFICATION, ends_at=end, now=now) == timedelta(minutes=20)
    assert windows.overrun(State.IN_PROGRESS, ends_at=now, now=now) == timedelta()
    assert windows.overrun(State.COMPLETED, ends_at=end, now=now) == timedelta()
    assert windows.overrun(State.SCHEDULED, ends_at=end, now=now) == timedelta()
