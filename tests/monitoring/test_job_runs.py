"""The runs of a job: a table of what is pinged, and what is still open."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from monitoring import job_runs
from monitoring.job_runs import Call, Called

pytestmark = [pytest.mark.req("C3")]

BEGAN = datetime(2026, 11, 21, 3, tzinfo=UTC)
A, B = UUID(int=1), UUID(int=2)
S, OK, F, L = Call.START, Call.SUCCESS, Call.FAIL, Call.LOG


def _calls(*told: tuple[Call, UUID | None]) -> list[Called]:
    """One ping a second."""
    return [
        Called(at=BEGAN + timedelta(seconds=place), call=call, run=run)
        for place, (call, run) in enumerate(told)
    ]


@pytest.mark.parametrize(
    ("told", "still_open"),
    [
        ([], {}),
        ([(S, None)], {None: 0}),
        ([(S, None), (S, None)], {None: 1}),
        ([(S, None), (L, None)], {None: 0}),
        ([(S, None), (OK, None)], {}),
        ([(S, None), (F, None)], {}),
        ([(OK, None), (S, None)], {None: 1}),
        ([(S, A), (OK, None)], {A: 0}),
        ([(S, A), (S, B), (OK, A)], {B: 1}),
    ],
)
def test_a_run_is_open_until_its_own_end(
    told: list[tuple[Call, UUID | None]], still_open: dict[UUID | None, int]
) -> None:
    found = job_runs.open_starts(_calls(*told))

    assert found == {run: BEGAN + timedelta(seconds=place) for run, place in still_open.items()}


def test_the_first_run_that_is_not_late_yet_says_by_when_one_must_end() -> None:
    calls = _calls((S, A), (S, B))

    def by(second: int) -> datetime | None:
        now = BEGAN + timedelta(seconds=second)
        return job_runs.must_end_by(calls, grace_s=10, now=now)

    assert by(5) == BEGAN + timedelta(seconds=10)
    assert by(10) == BEGAN + timedelta(seconds=11)
    assert by(11) is None


def test_a_clock_that_was_set_back_makes_no_time_negative() -> None:
    ended = Called(at=BEGAN - timedelta(hours=1), call=OK)

    assert job_runs.took_ms(_calls((S, None)), ended) == 0
