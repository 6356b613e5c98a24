"""The periods and stretches a page speaks of."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.status import Status
from components.uptime import Change, Weights
from public_pages import figures, wording
from public_pages.figures import Outage

ZONE = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 19, 14, 32, tzinfo=UTC)
WEIGHTS = Weights()


def ago(**length: float) -> datetime:
    return NOW - timedelta(**length)


def test_every_figure_but_the_24_hours_is_the_sum_of_the_days_of_its_bars() -> None:
    changes = [
        Change(ago(days=400), Status.OPERATIONAL),
        Change(ago(days=6), Status.MAJOR_OUTAGE),
        Change(ago(days=6) + timedelta(minutes=30), Status.OPERATIONAL),
        Change(ago(minutes=27), Status.PARTIAL_OUTAGE),
    ]
    history = figures.history(changes, weights=WEIGHTS, now=NOW, time_zone=ZONE)

    found = figures.periods(changes, history.bars, weights=WEIGHTS, now=NOW, time_zone=ZONE)

    assert [figure.hours for figure in found] == [24, 7 * 24, 30 * 24, 90 * 24, 365 * 24]
    assert [figure.down_minutes for figure in found] == [27, 57, 57, 57, 57]
    assert found[3].spent == history.spent
    assert found[0].percent == Decimal("98.12")


@pytest.mark.req("K6")
def test_a_figure_with_maintenance_in_it_says_how_it_would_be_counted_as_down() -> None:
    changes = [
        Change(ago(days=400), Status.OPERATIONAL),
        Change(ago(hours=12), Status.UNDER_MAINTENANCE),
        Change(ago(hours=6), Status.OPERATIONAL),
    ]
    half = Weights(under_maintenance=Decimal("0.5"))

    def notes(weights: Weights) -> list[str]:
        history = figures.history(changes, weights=weights, now=NOW, time_zone=ZONE)
        found = figures.periods(changes, history.bars, weights=weights, now=NOW, time_zone=ZONE)
        return wording.figure_notes(found[0])

    assert notes(WEIGHTS) == ["no downtime", "75.00% with maintenance counted as down"]
    assert notes(Weights(under_maintenance=1)) == ["6 h 00 min down", "100% without maintenance"]
    assert notes(half) == [
        "3 h 00 min down",
        "75.00% with maintenance counted as down",
        "100% without maintenance",
    ]


def test_time_before_the_first_change_is_stated_as_unknown() -> None:
    changes = [Change(ago(hours=12), Status.OPERATIONAL)]
    history = figures.history(changes, weights=WEIGHTS, now=NOW, time_zone=ZONE)

    day = figures.periods(changes, history.bars, weights=WEIGHTS, now=NOW, time_zone=ZONE)[0]

    assert (day.percent, day.unknown_minutes) == (Decimal(100), 12 * 60)


@given(
    st.lists(st.tuples(st.integers(0, 100 * 24 * 60), st.sampled_from(list(Status))), max_size=12),
    st.integers(0, 40 * 60),
)
def test_carrying_over_the_earlier_days_gives_the_same_history(
    events: list[tuple[int, Status]], minutes_later: int
) -> None:
    changes = [Change(ago(minutes=minutes), status) for minutes, status in events]
    later = NOW + timedelta(minutes=minutes_later)
    earlier = figures.history(changes, weights=WEIGHTS, now=NOW, time_zone=ZONE)

    carried = figures.history(changes, weights=WEIGHTS, now=later, time_zone=ZONE, earlier=earlier)

    assert carried == figures.history(changes, weights=WEIGHTS, now=later, time_zone=ZONE)


def test_outages_are_cut_to_the_period_and_joined_where_they_touch() -> None:
    changes = [
        Change(ago(hours=30), Status.PARTIAL_OUTAGE),
        Change(ago(hours=20), Status.MAJOR_OUTAGE),
        Change(ago(hours=19), Status.DEGRADED_PERFORMANCE),
        Change(ago(hours=2), Status.MAJOR_OUTAGE),
    ]

    found = figures.outages(changes, start=ago(hours=24), end=NOW)

    assert found == [Outage(ago(hours=24), ago(hours=19)), Outage(ago(hours=2), NOW)]
