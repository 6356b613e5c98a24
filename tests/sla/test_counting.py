"""What a month came to, stretch by stretch."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from components.status import Status
from components.uptime import Change, Weights
from sla import counting
from sla.counting import Reason, Stretch

START = datetime(2026, 11, 1, tzinfo=UTC)
END = START + timedelta(days=30)


def _count(changes: list[Change], **fields: object) -> counting.Count:
    values = {"start": START, "end": END, "promised": [(START, END)], "weights": Weights()}
    return counting.count(
        [(1, "API", changes)],
        cause=lambda _pk, stretch: f"because {stretch.status}",
        **(values | fields),  # type: ignore[arg-type]
    )


def _at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def test_an_outage_counts_with_its_cause_and_length() -> None:
    count = _count(
        [
            Change(START - timedelta(days=9), Status.OPERATIONAL),
            Change(_at(10), Status.MAJOR_OUTAGE),
            Change(_at(13), Status.OPERATIONAL),
        ]
    )

    (row,) = count.rows
    assert (row.start, row.end, row.minutes) == (_at(10), _at(13), 180)
    assert (row.reason, row.share, row.is_counted) == (Reason.DOWN, Fraction(1), True)
    assert row.cause == "because major_outage"
    assert count.together.percent == Decimal("99.58")  # 717 of 720 hours, rounded down
    assert count.together.down_minutes == 180


def test_an_outage_over_the_edge_of_service_hours_is_told_in_two_rows() -> None:
    promised = [(_at(8), _at(18))]
    count = _count(
        [
            Change(START, Status.OPERATIONAL),
            Change(_at(7), Status.PARTIAL_OUTAGE),
            Change(_at(9), Status.OPERATIONAL),
        ],
        promised=promised,
    )

    assert [(row.start, row.end, row.reason) for row in count.rows] == [
        (_at(7), _at(8), Reason.OUTSIDE),
        (_at(8), _at(9), Reason.DOWN),
    ]
    assert count.together.percent == Decimal("90.00")


def test_maintenance_and_unknown_time_are_taken_out_of_the_base() -> None:
    count = _count(
        [
            Change(START, Status.OPERATIONAL),
            Change(_at(100), Status.UNDER_MAINTENANCE),
            Change(_at(400), Status.UNKNOWN),
            Change(_at(700), Status.MAJOR_OUTAGE),
            Change(_at(710), Status.OPERATIONAL),
        ]
    )

    assert [row.reason for row in count.rows] == [
        Reason.MAINTENANCE,
        Reason.UNKNOWN,
        Reason.DOWN,
    ]
    # 120 hours are left: 10 of them down.
    assert count.together.percent == Decimal("91.66")
    assert count.together.excluded_minutes == 300 * 60
    assert count.together.unknown_minutes == 300 * 60


def test_what_has_a_weight_counts_by_it_and_degraded_does_not() -> None:
    count = _count(
        [
            Change(START, Status.DEGRADED_PERFORMANCE),
            Change(_at(1), Status.PARTIAL_OUTAGE),
            Change(_at(2), Status.OPERATIONAL),
        ],
        weights=Weights(partial_outage=Decimal("0.3")),
    )

    assert [(row.reason, row.share) for row in count.rows] == [
        (Reason.NOT_DOWN, 0),
        (Reason.DOWN, Fraction(3, 10)),
    ]
    assert count.together.down_minutes == 18


def test_a_month_that_nobody_measured_has_no_figure() -> None:
    count = _count([])

    assert count.together.percent is None
    assert [row.reason for row in count.rows] == [Reason.UNKNOWN]


@given(
    marks=st.lists(st.tuples(st.integers(-100, 800), st.sampled_from(list(Status))), max_size=12),
    hours=st.lists(st.integers(0, 720), max_size=6, unique=True),
)
def test_rows_and_operational_time_make_the_whole_month_and_counted_rows_make_the_figure(
    marks: list[tuple[int, Status]], hours: list[int]
) -> None:
    edges = sorted(hours)
    promised = [(_at(a), _at(b)) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    changes = sorted((Change(_at(at), status) for at, status in marks), key=lambda one: one.at)
    count = _count(changes, promised=promised)

    found = counting.stretches(changes, start=START, end=END)
    assert [found[0].start, *(one.end for one in found)] == [*(one.start for one in found), END]
    rows = [(row.start, row.end) for row in count.rows]
    assert all(first[1] <= second[0] for first, second in pairwise(rows))
    fine = sum(_us(one) for one in found if one.status is Status.OPERATIONAL)
    assert fine + sum(_length(a, b) for a, b in rows) == _length(START, END)
    down = sum(_length(row.start, row.end) * row.share for row in count.rows)
    assert count.together.spent.weighted_down_s(Weights()) * 1_000_000 == down


def _us(stretch: Stretch) -> int:
    return _length(stretch.start, stretch.end)


def _length(start: datetime, end: datetime) -> int:
    return (end - start) // timedelta(microseconds=1)
