"""The response-time section of a component's page: the chart with its words and its table.

Called while the page is rendered, once for each range. Days of the 30 and 90 day charts are UTC
days, because that is how they are summed up; their labels say so.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from monitoring.models import Span
from public_pages import charts, figures, times
from public_pages.charts import Chart, Range, Slot
from public_pages.page_views import SPAN_LENGTHS, ComponentView, DetailView, Response

_LATEST = {
    Span.QUARTER: gettext_lazy("Last 15 minutes"),
    Span.HOUR: gettext_lazy("Last hour"),
    Span.DAY: gettext_lazy("Last whole day"),
}


def file_name(slug: str, chosen: Range) -> str:
    """Return where the page with this range lies in the published folder."""
    return f"components/{slug}.html" if chosen is Range.DAY else f"components/{slug}/{chosen}.html"


def path(slug: str, chosen: Range) -> str:
    """Return the address of the page with this range, below that of the page."""
    return f"/components/{slug}" if chosen is Range.DAY else f"/components/{slug}/{chosen}"


def context(
    component: ComponentView, detail: DetailView, chosen: Range, *, now: datetime, base: str
) -> dict[str, Any]:
    """Return what `_response.html` needs; `base` is the path that links begin with."""
    slots = charts.slots_of(
        detail.responses[chosen.span], span=chosen.span, points=chosen.points, now=now
    )
    chart = charts.chart(
        slots,
        span=chosen.span,
        limit_s=min((node.sick_after_s for node in component.nodes), default=None),
        outages=figures.outages(
            detail.changes,
            start=slots[0].start_at,
            end=slots[-1].start_at + SPAN_LENGTHS[chosen.span],
        ),
    )
    return {
        "ranges": [
            {
                "path": f"{base}{path(component.slug, choice)}",
                "words": range_words(choice),
                "is_current": choice is chosen,
            }
            for choice in Range
        ],
        "chart": chart,
        "legend": _legend(chart),
        "readouts": _readouts(slots, chart.span),
        "y_labels": [times.seconds(label / 1000) if label else "0" for label in chart.y_labels],
        "x_labels": _x_labels(chart),
        "table": _table(detail, chosen, now),
    }


def range_words(chosen: Range) -> str:
    """Return the name of a range."""
    return {
        Range.DAY: _("24 h"),
        Range.WEEK: _("7 days"),
        Range.MONTH: _("30 days"),
        Range.QUARTER: _("90 days"),
    }[chosen]


def _legend(chart: Chart) -> dict[str, str]:
    """The key of the chart; the figures are those of the newest span, when it was measured."""
    latest = chart.latest
    medians = [slot.response.p50_ms for slot in chart.slots if slot.response]
    measured = [value for value in medians if value is not None]
    return {
        "when": str(_LATEST[chart.span]) if latest else "",
        "p50": times.milliseconds(latest.p50_ms) if latest else "",
        "p95": times.milliseconds(latest.p95_ms) if latest else "",
        "limit": _("Slow from %(limit)s") % {"limit": times.seconds(chart.limit_s)}
        if chart.limit_s is not None
        else "",
        "summary": _("The median response time was between %(low)s and %(high)s.")
        % {"low": times.milliseconds(min(measured)), "high": times.milliseconds(max(measured))}
        if measured
        else "",
        "holes": _holes(chart),
    }


def _holes(chart: Chart) -> str:
    holes = sum(1 for slot in chart.slots if not slot.has_answers)
    if not holes:
        return ""
    return ngettext(
        "%(count)s of %(all)s points has no measurement.",
        "%(count)s of %(all)s points have no measurement.",
        holes,
    ) % {"count": holes, "all": len(chart.slots)}


def _readouts(slots: Sequence[Slot], span: Span) -> list[str]:
    unmeasured, unanswered = _("%(when)s · no measurement"), _("%(when)s · no answer")
    answered = _("%(when)s · median %(p50)s · 95th percentile %(p95)s")
    found = []
    for when, slot in zip(_whens(slots, span), slots, strict=True):
        response = slot.response
        if response is None:
            found.append(unmeasured % {"when": when})
        elif not slot.has_answers:
            found.append(unanswered % {"when": when})
        else:
            p50, p95 = times.milliseconds(response.p50_ms), times.milliseconds(response.p95_ms)
            found.append(answered % {"when": when, "p50": p50, "p95": p95})
    return found


def _whens(slots: Sequence[Slot], span: Span) -> Sequence[str]:
    """The names of spans: the same for every component at one moment."""
    starts = tuple(slot.start_at for slot in slots)
    return _named(starts, span, timezone.get_current_timezone(), get_language())


@lru_cache(maxsize=32)
def _named(
    starts: tuple[datetime, ...], span: Span, zone: tzinfo, language: str | None
) -> Sequence[str]:
    del zone, language  # parts of the cache key only
    return tuple(_when(at, span) for at in starts)


def _when(at: datetime, span: Span) -> str:
    """The name of a span: a time of day in the page's zone, or a day in UTC."""
    if span == Span.DAY:
        return times.day(at.astimezone(UTC))
    return _("%(day)s, %(time)s") % {
        "day": times.day(timezone.localtime(at)),
        "time": times.clock(at),
    }


def _x_labels(chart: Chart) -> Sequence[str]:
    if chart.span == Span.QUARTER:
        return [f"{timezone.localtime(at):%H:%M}" for at in chart.x_labels]
    if chart.span == Span.HOUR:
        return [times.day(timezone.localtime(at)) for at in chart.x_labels]
    return [times.day(at.astimezone(UTC)) for at in chart.x_labels]


def _table(detail: DetailView, chosen: Range, now: datetime) -> dict[str, Any]:
    span = chosen.rows_span
    count = {Range.DAY: 24, Range.WEEK: 7, Range.MONTH: 30, Range.QUARTER: 90}[chosen]
    slots = charts.slots_of(detail.responses[span], span=span, points=count, now=now)
    return {
        "name": _("Response time, %(range)s") % {"range": range_words(chosen)},
        "head": _("Hour from") if span == Span.HOUR else _("Day, UTC"),
        "rows": [
            _table_row(when, slot.response)
            for when, slot in zip(reversed(_whens(slots, span)), reversed(slots), strict=True)
        ],
    }


def _table_row(when: str, response: Response | None) -> dict[str, str]:
    if response is None:
        return {"words": when, "p50": "–", "p95": "–", "failed": "–"}
    checks = response.answered + response.failed
    return {
        "words": when,
        "p50": times.milliseconds(response.p50_ms),
        "p95": times.milliseconds(response.p95_ms),
        "failed": _("%(failed)s of %(checks)s") % {"failed": response.failed, "checks": checks},
    }
