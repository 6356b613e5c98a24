"""Declared periods over recorded changes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import overlay, status
from components.overlay import Declared
from components.status import Status
from components.uptime import Change

START = datetime(2026, 11, 1, tzinfo=UTC)
STATUSES = st.sampled_from(list(Status))


def at(hours: int) -> datetime:
    return START + timedelta(hours=hours)


def told(*pairs: tuple[int, Status]) -> list[Change]:
    return [Change(at=at(hours), status=said) for hours, said in pairs]


def declared(start: int, end: int, said: Status = Status.MAJOR_OUTAGE) -> Declared:
    return Declared(start=at(start), end=at(end), status=said)


@pytest.mark.req("AMB-9")
def test_a_declared_hour_counts_and_nothing_around_it() -> None:
    recorded = told((0, Status.OPERATIONAL))

    assert overlay.overlaid(recorded, [declared(2, 3)]) == told(
        (0, Status.OPERATIONAL), (2, Status.MAJOR_OUTAGE), (3, Status.OPERATIONAL)
    )


def test_the_worse_of_recorded_and_declared_counts() -> None:
    recorded = told((0, Status.OPERATIONAL), (2, Status.MAJOR_OUTAGE), (4, Status.OPERATIONAL))

    assert overlay.overlaid(recorded, [declared(1, 5, Status.PARTIAL_OUTAGE)]) == told(
        (0, Status.OPERATIONAL),
        (1, Status.PARTIAL_OUTAGE),
        (2, Status.MAJOR_OUTAGE),
        (4, Status.PARTIAL_OUTAGE),
        (5, Status.OPERATIONAL),
    )


def test_time_before_the_component_existed_stays_untold() -> None:
    recorded = told((5, Status.OPERATIONAL))

    assert overlay.overlaid(recorded, [declared(1, 4)]) == recorded
    assert overlay.overlaid(recorded, [declared(1, 6)]) == told(
        (5, Status.MAJOR_OUTAGE), (6, Status.OPERATIONAL)
    )
    assert overlay.overlaid([], [declared(1, 6)]) == []


@given(
    st.lists(st.tuples(st.integers(0, 30), STATUSES), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10), STATUSES), max_size=4),
    st.integers(0, 45),
)
def test_at_every_moment_the_worst_of_what_was_said_counts(
    changes: list[tuple[int, Status]], periods: list[tuple[int, int, Status]], hour: int
) -> None:
    recorded = told(*sorted(dict(changes).items()))
    said = [declared(start, start + length, word) for start, length, word in periods]

    counted = overlay.overlaid(recorded, said)

    def word(history: list[Change]) -> Status | None:
        return next((one.status for one in reversed(history) if one.at <= at(hour)), None)

    before = word(recorded)
    if before is None:
        assert word(counted) is None
    else:
        meant = [period.status for period in said if period.start <= at(hour) < period.end]
        assert word(counted) == status.worst([before, *meant])
