from datetime import UTC, datetime, timedelta

import pytest

from monitoring import packing, recording, retention
from monitoring.models import HealthChange, PackedHour, ResponseSummary, Sample, Span
from tests import build
from tests.monitoring.observing import answered, refused

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)


def test_a_finished_quarter_is_packed_and_summed_up_and_the_running_one_is_left() -> None:
    replica = build.replica()
    for minute in range(20):
        at = NOON + timedelta(minutes=minute)
        observation = (
            refused(replica, at) if minute == 7 else answered(replica, at, latency_ms=100 + minute)
        )
        recording.record(observations=[observation], now=at)
    now = NOON + timedelta(minutes=20)

    assert retention.pack_finished_quarter(now=now) == 15
    assert retention.pack_finished_quarter(now=now) == 0
    assert Sample.objects.count() == 5
    samples = packing.unpack(bytes(PackedHour.objects.get(hour=NOON).data))
    assert [sample.latency_ms for sample in samples] == [*range(100, 107), None, *range(108, 115)]
    summary = ResponseSummary.objects.get()
    assert (summary.span, summary.start_at) == (Span.QUARTER, NOON)
    assert (summary.answered, summary.failed, summary.p50_ms, summary.p95_ms) == (14, 1, 106, 114)


def test_a_late_sample_joins_its_packed_hour_and_corrects_the_sum() -> None:
    replica = build.replica()
    recording.record(observations=[answered(replica, NOON, latency_ms=100)], now=NOON)
    now = NOON + timedelta(minutes=16)
    retention.pack_finished_quarter(now=now)
    Sample.objects.create(
        replica=replica, at=NOON + timedelta(minutes=1), latency_ms=300, outcome=0
    )
    retention.pack_finished_quarter(now=now)
    assert ResponseSummary.objects.get().answered == 2
    assert ResponseSummary.objects.get().p95_ms == 300
    assert len(packing.unpack(bytes(PackedHour.objects.get().data))) == 2


def test_hours_and_days_are_summed_up_from_the_samples_themselves() -> None:
    replica = build.replica()
    day = datetime(2026, 11, 18, tzinfo=UTC)
    for hour in range(24):
        for minute in (0, 20, 40):
            at = day + timedelta(hours=hour, minutes=minute)
            Sample.objects.create(replica=replica, at=at, latency_ms=hour * 10, outcome=0)
    now = day + timedelta(days=1, hours=1, minutes=1)
    while retention.pack_finished_quarter(now=now):
        pass
    assert retention.sum_up_finished(now=now) == 24 + 1
    assert retention.sum_up_finished(now=now) == 0, "once"
    assert ResponseSummary.objects.filter(span=Span.HOUR).count() == 24
    summary = ResponseSummary.objects.get(span=Span.DAY)
    assert (summary.start_at, summary.answered, summary.p50_ms, summary.p95_ms) == (
        day,
        72,
        110,
        220,
    )


def test_measurements_beyond_their_retention_are_forgotten(settings: object) -> None:
    replica = build.replica()
    for days in (1, 60, 100, 500):
        at = NOON - timedelta(days=days)
        PackedHour.objects.create(replica=replica, hour=at, data=packing.pack([]))
        HealthChange.objects.create(replica=replica, health="dead", at=at, recorded_at=at)
        for span in Span:
            ResponseSummary.objects.create(
                component=replica.node.component, span=span, start_at=at, answered=1, failed=0
            )
    retention.forget(now=NOON)
    assert PackedHour.objects.count() == 2
    assert HealthChange.objects.count() == 3
    kept = {span: ResponseSummary.objects.filter(span=span).count() for span in Span}
    assert kept == {Span.QUARTER: 1, Span.HOUR: 1, Span.DAY: 3}
