"""The response-time chart as geometry: honest about holes, readable in its scale."""

from datetime import UTC, datetime, timedelta

import pytest

from monitoring.models import Span
from public_pages import charts
from public_pages.charts import Range
from public_pages.figures import Outage
from public_pages.page_views import Response

NOW = datetime(2026, 11, 19, 14, 32, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
LAST = datetime(2026, 11, 19, 14, 15, tzinfo=UTC)


def response(back: int, p50_ms: int | None, p95_ms: int | None = None) -> Response:
    return Response(
        start_at=LAST - QUARTER * back,
        answered=0 if p50_ms is None else 30,
        failed=30 if p50_ms is None else 0,
        p50_ms=p50_ms,
        p95_ms=p95_ms if p95_ms is not None else p50_ms,
    )


def draw(*responses: Response, limit_s: float | None = None, points: int = 4) -> charts.Chart:
    slots = charts.slots_of(responses, span=Span.QUARTER, points=points, now=NOW)
    return charts.chart(slots, span=Span.QUARTER, limit_s=limit_s, outages=[])


def test_a_span_without_answers_breaks_the_line_and_is_never_bridged() -> None:
    chart = draw(*(response(back, 100) for back in (7, 6, 3, 2, 1, 0)), points=8)

    assert chart.p50.count("M") == 2
    assert chart.p50.startswith("M62.5 ")
    assert "L187.5 " in chart.p50
    assert "M562.5 " in chart.p50


def test_a_span_in_which_every_check_failed_is_a_hole_too() -> None:
    chart = draw(response(3, 100), response(2, 100), response(1, None), response(0, 100))

    assert chart.p50.count("M") == 2


def test_a_lone_point_is_drawn_as_wide_as_the_span_it_stands_for() -> None:
    assert draw(response(1, 100)).p50 == "M500 33.3h250"


def test_the_newest_figures_are_given_only_while_they_are_new() -> None:
    assert draw(response(0, 120)).latest == response(0, 120)
    assert draw(response(1, 120)).latest is None


def test_the_span_that_is_still_being_summed_up_is_not_part_of_the_chart() -> None:
    just_after = datetime(2026, 11, 19, 14, 46, tzinfo=UTC)

    slots = charts.slots_of([], span=Span.QUARTER, points=96, now=just_after)

    assert slots[-1].start_at == LAST
    assert len(slots) == 96


@pytest.mark.parametrize(
    ("highest_ms", "step_ms"),
    [(0, 1), (1, 1), (27, 10), (100, 40), (370, 200), (990, 400), (4000, 2000)],
)
def test_the_scale_is_round_and_reaches_above_the_line(highest_ms: int, step_ms: int) -> None:
    assert charts.nice_step(highest_ms) == step_ms
    assert step_ms * 3 >= highest_ms


def test_the_limit_is_drawn_when_it_fits_and_only_told_when_it_would_press_the_line_flat() -> None:
    assert draw(response(0, 300, 400), limit_s=0.8).limit == "M0 66.7H1000"
    assert draw(response(0, 20, 30), limit_s=5.0).limit == ""
    assert draw(response(0, 20, 30), limit_s=5.0).limit_s == 5.0


def test_an_outage_of_a_moment_is_still_wide_enough_to_be_seen() -> None:
    slots = charts.slots_of([], span=Span.DAY, points=90, now=NOW)
    start = slots[40].start_at

    chart = charts.chart(
        slots,
        span=Span.DAY,
        limit_s=None,
        outages=[Outage(start, start + timedelta(minutes=1))],
    )

    assert chart.outages == [("444.4", "3")]


def test_each_range_has_a_span_that_gives_it_a_readable_number_of_points() -> None:
    assert {chosen: chosen.points for chosen in Range} == {
        Range.DAY: 96,
        Range.WEEK: 168,
        Range.MONTH: 30,
        Range.QUARTER: 90,
    }
