"""The response-time chart as numbers and SVG paths: pure geometry, no words.

Called while a component's page is rendered. A span in which nothing was measured is a hole in the
line: it is never bridged, because a bridge would claim an answer that nobody got.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import groupby

from monitoring.models import Span
from public_pages.figures import Outage
from public_pages.page_views import SPAN_LENGTHS, Response

WIDTH = 1000
HEIGHT = 200
_GRID_STEPS = 3
_NICE = (1, 2, 4, 5, 10, 20, 25, 40, 50)
# A limit far above the line would press the line flat: then the words alone state it.
_LIMIT_FITS = 4
# Sums are stored a little after their span has ended; until then the span is not part of the chart.
_SETTLED_AFTER = {
    Span.QUARTER: timedelta(minutes=2),
    Span.HOUR: timedelta(minutes=3),
    Span.DAY: timedelta(hours=1, minutes=5),
}


class Range(StrEnum):
    """The stretches of time a chart can show; the value is the last part of the page's address."""

    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"
    QUARTER = "90d"

    @property
    def span(self) -> Span:
        """The span one point stands for."""
        return _SHAPES[self][0]

    @property
    def points(self) -> int:
        """How many spans there are."""
        return _SHAPES[self][1]

    @property
    def rows_span(self) -> Span:
        """The span one row of the table stands for; never finer than an hour."""
        return Span.HOUR if self is Range.DAY else Span.DAY


_SHAPES = {
    Range.DAY: (Span.QUARTER, 96),
    Range.WEEK: (Span.HOUR, 168),
    Range.MONTH: (Span.DAY, 30),
    Range.QUARTER: (Span.DAY, 90),
}


@dataclass(frozen=True, slots=True)
class Slot:
    """One span of the chart; `response` is None where nothing was measured."""

    start_at: datetime
    response: Response | None

    @property
    def has_answers(self) -> bool:
        """Whether there is a point to draw."""
        return self.response is not None and self.response.p50_ms is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Everything drawn, in units of a WIDTH by HEIGHT box, and the slots behind it."""

    start: datetime
    end: datetime
    slots: Sequence[Slot]
    p50: str
    p95: str
    grid: str
    limit: str  # empty when the limit lies far above the line
    limit_s: float | None
    outages: Sequence[tuple[str, str]]  # x and width
    y_labels: Sequence[int]  # milliseconds, top first
    x_labels: Sequence[datetime]
    span: Span

    @property
    def has_answers(self) -> bool:
        """Whether there is any point to draw."""
        return any(slot.has_answers for slot in self.slots)

    @property
    def latest(self) -> Response | None:
        """The newest span, when it holds a point."""
        last = self.slots[-1]
        return last.response if last.has_answers else None


def slots_of(
    responses: Iterable[Response], *, span: Span, points: int, now: datetime
) -> list[Slot]:
    """Return the last `points` finished spans, oldest first, with what was measured in each."""
    length = SPAN_LENGTHS[span]
    end = _floor(now - _SETTLED_AFTER[span], length)
    measured = {response.start_at.astimezone(UTC): response for response in responses}
    starts = [end - length * back for back in range(points, 0, -1)]
    return [Slot(start_at=start, response=measured.get(start)) for start in starts]


def chart(
    slots: Sequence[Slot], *, span: Span, limit_s: float | None, outages: Sequence[Outage]
) -> Chart:
    """Return the drawing of these slots; `limit_s` is where an answer counts as slow."""
    start, end = slots[0].start_at, slots[-1].start_at + SPAN_LENGTHS[span]
    highest = max(
        (slot.response.p95_ms or slot.response.p50_ms or 0 for slot in slots if slot.response),
        default=0,
    )
    has_limit = limit_s is not None and limit_s * 1000 <= max(highest, 1) * _LIMIT_FITS
    if limit_s is not None and has_limit:
        highest = max(highest, round(limit_s * 1000))
    step = nice_step(highest)
    top = step * _GRID_STEPS
    return Chart(
        start=start,
        end=end,
        slots=slots,
        p50=_line([slot.response.p50_ms if slot.response else None for slot in slots], top),
        p95=_line([slot.response.p95_ms if slot.response else None for slot in slots], top),
        grid="".join(f"M0 {_y(step * line, top)}H{WIDTH}" for line in range(_GRID_STEPS, -1, -1)),
        limit=f"M0 {_y(limit_s * 1000, top)}H{WIDTH}" if limit_s is not None and has_limit else "",
        limit_s=limit_s,
        outages=[_box(outage, start, end) for outage in outages],
        y_labels=[step * line for line in range(_GRID_STEPS, -1, -1)],
        x_labels=[start + (end - start) / 4 * quarter for quarter in range(5)],
        span=span,
    )


def nice_step(highest_ms: int) -> int:
    """Return the distance of the grid lines in ms: round, and three of them reach above the line."""
    wanted = highest_ms * 1.05 / _GRID_STEPS
    scale = 1
    while True:
        for nice in _NICE:
            if nice * scale >= wanted:
                return nice * scale
        scale *= 10


def _line(values: Sequence[int | None], top: int) -> str:
    """The path through the points, broken wherever there is none."""
    width = WIDTH / len(values)
    path = []
    for is_hole, run in groupby(enumerate(values), key=lambda point: point[1] is None):
        points = [(index, value) for index, value in run if value is not None]
        if is_hole:
            continue
        if len(points) == 1:  # a lone point has no line: draw the span it stands for
            index, value = points[0]
            path.append(f"M{_number(index * width)} {_y(value, top)}h{_number(width)}")
            continue
        path.append(
            "M"
            + "L".join(
                f"{_number((index + 0.5) * width)} {_y(value, top)}" for index, value in points
            )
        )
    return "".join(path)


def _box(outage: Outage, start: datetime, end: datetime) -> tuple[str, str]:
    """Where an outage lies; a short one stays wide enough to be seen."""
    left = (outage.start - start) / (end - start) * WIDTH
    width = max((outage.end - outage.start) / (end - start) * WIDTH, 3.0)
    return _number(min(left, WIDTH - width)), _number(width)


def _y(value_ms: float, top: int) -> str:
    return _number(HEIGHT * (1 - value_ms / top))


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _floor(at: datetime, length: timedelta) -> datetime:
    seconds = length.total_seconds()
    return datetime.fromtimestamp(at.timestamp() // seconds * seconds, tz=UTC)
