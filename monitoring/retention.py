"""Keep measurements small: pack samples, sum up response times, forget what is too old.

Runs a minute after each quarter hour at the earliest; every step can be run twice and resumes where
a killed run stopped, because packing and deleting are one transaction.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import models, transaction

from monitoring import packing, totals
from monitoring.models import HealthChange, PackedHour, Replica, ResponseSummary, Sample, Span
from monitoring.packing import Outcome, PackedSample

QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# Outcomes of a quarter may still be on their way when it ends: the longest wave is stored by then.
_LATE = timedelta(seconds=10)
_KEPT = {Span.QUARTER: timedelta(days=8), Span.HOUR: timedelta(days=32)}


def pack_finished_quarter(*, now: datetime) -> int:
    """Pack the samples of the oldest finished quarter hour and sum it up; how many samples that were.

    Call again until it returns 0. The number of statements does not depend on the number of samples.
    """
    finished_before = _floor(now - _LATE, QUARTER)
    oldest = Sample.objects.filter(at__lt=finished_before).aggregate(oldest=models.Min("at"))[
        "oldest"
    ]
    if oldest is None:
        return 0
    start = _floor(oldest, QUARTER)
    with transaction.atomic():
        rows = list(
            Sample.objects.filter(at__gte=start, at__lt=start + QUARTER)
            .order_by("at", "id")
            .values_list("id", "replica_id", "at", "latency_ms", "outcome", "place")
        )
        if not rows:
            return 0
        hours = _merge(_floor(start, HOUR), rows)
        totals.add((outcome, latency_ms) for _, _, _, latency_ms, outcome, _ in rows)
        # By range and highest id: a late sample that arrives meanwhile stays for the next run.
        Sample.objects.filter(
            at__gte=start, at__lt=start + QUARTER, id__lte=max(row[0] for row in rows)
        ).delete()
        _sum_up(Span.QUARTER, start, QUARTER, hours)
    return len(rows)


def sum_up_finished(*, now: datetime) -> int:
    """Sum up hours and days (UTC) that are over and packed; how many were summed up.

    Looks two days back, so that a stop in between leaves no hole.
    """
    done = 0
    for span, length in ((Span.HOUR, HOUR), (Span.DAY, DAY)):
        for start in _missing(span, length, now):
            with transaction.atomic():
                _sum_up_packed(span, start, length)
            done += 1
    return done


def _missing(span: Span, length: timedelta, now: datetime) -> list[datetime]:
    """Starts of finished spans with packed samples and no summary, oldest first."""
    until, since = _floor(now, length), _floor(now - 2 * DAY, length)
    oldest_hot = Sample.objects.aggregate(oldest=models.Min("at"))["oldest"]
    if oldest_hot is not None:  # what is not packed yet waits for the next run
        until = min(until, _floor(oldest_hot, length))
    packed = PackedHour.objects.filter(hour__gte=since, hour__lt=until).values_list(
        "hour", flat=True
    )
    summed_up = ResponseSummary.objects.filter(span=span, start_at__gte=since).values_list(
        "start_at", flat=True
    )
    return sorted({_floor(hour, length) for hour in packed.distinct()} - set(summed_up.distinct()))


def forget(*, now: datetime) -> None:
    """Delete measurements beyond their retention. Health changes go with the daily sums."""
    rollups_kept = timedelta(days=settings.ROLLUP_RETENTION_DAYS)
    for span, kept in {**_KEPT, Span.DAY: rollups_kept}.items():
        ResponseSummary.objects.filter(span=span, start_at__lt=now - kept).delete()
    samples_kept = timedelta(days=settings.SAMPLE_RETENTION_DAYS)
    PackedHour.objects.filter(hour__lt=now - samples_kept).delete()
    HealthChange.objects.filter(at__lt=now - rollups_kept).delete()


_Row = tuple[int, int, datetime, int | None, int, str]


def _merge(hour: datetime, rows: Iterable[_Row]) -> dict[int, list[PackedSample]]:
    """Add samples to the packed hours of their replicas; the whole hours, unpacked, by replica."""
    fresh: dict[int, list[PackedSample]] = defaultdict(list)
    for _, replica_id, at, latency_ms, outcome, place in rows:
        offset_ds = int((at - hour) / timedelta(milliseconds=100))
        fresh[replica_id].append(PackedSample(offset_ds, latency_ms, Outcome(outcome), place))
    stored = PackedHour.objects.filter(hour=hour, replica_id__in=fresh)
    hours = {row.replica_id: packing.unpack(bytes(row.data)) for row in stored}
    for replica_id, samples in fresh.items():
        hours[replica_id] = [*hours.get(replica_id, []), *samples]
    PackedHour.objects.bulk_create(
        [
            PackedHour(replica_id=replica_id, hour=hour, data=packing.pack(samples))
            for replica_id, samples in hours.items()
        ],
        update_conflicts=True,
        unique_fields=["hour", "replica_id"],
        update_fields=["data"],
    )
    return hours


def _sum_up(
    span: Span, start: datetime, length: timedelta, hours: dict[int, list[PackedSample]]
) -> None:
    """Store the summary of the part of these hours that lies in the span, by component."""
    from_ds = int((start - _floor(start, HOUR)) / timedelta(milliseconds=100))
    until_ds = from_ds + int(length / timedelta(milliseconds=100))
    components = dict(Replica.objects.filter(id__in=hours).values_list("id", "node__component_id"))
    by_component: dict[int, list[PackedSample]] = defaultdict(list)
    for replica_id, samples in hours.items():
        by_component[components[replica_id]] += [
            sample for sample in samples if from_ds <= sample.offset_ds < until_ds
        ]
    _store(span, start, by_component)


def _sum_up_packed(span: Span, start: datetime, length: timedelta) -> None:
    by_component: dict[int, list[PackedSample]] = defaultdict(list)
    packed = PackedHour.objects.filter(hour__gte=start, hour__lt=start + length)
    for component_id, data in packed.values_list("replica__node__component_id", "data").iterator():
        by_component[component_id] += packing.unpack(bytes(data))
    _store(span, start, by_component)


def _store(span: Span, start: datetime, by_component: dict[int, list[PackedSample]]) -> None:
    ResponseSummary.objects.bulk_create(
        [
            _summary(component_id, span, start, samples)
            for component_id, samples in by_component.items()
            if samples
        ],
        update_conflicts=True,
        unique_fields=["component", "span", "start_at"],
        update_fields=["answered", "failed", "p50_ms", "p95_ms"],
    )


def _summary(
    component_id: int, span: Span, start: datetime, samples: list[PackedSample]
) -> ResponseSummary:
    answered = [sample for sample in samples if sample.outcome in {Outcome.HEALTHY, Outcome.SICK}]
    latencies = sorted(sample.latency_ms for sample in answered if sample.latency_ms is not None)
    return ResponseSummary(
        component_id=component_id,
        span=span,
        start_at=start,
        answered=len(answered),
        failed=sum(sample.outcome == Outcome.DEAD for sample in samples),
        p50_ms=packing.percentile(latencies, 0.5),
        p95_ms=packing.percentile(latencies, 0.95),
    )


def _floor(at: datetime, step: timedelta) -> datetime:
    """The start of the step (quarter, hour or day, UTC) that the moment lies in."""
    seconds = step.total_seconds()
    return datetime.fromtimestamp(at.timestamp() // seconds * seconds, tz=UTC)
