"""How many checks there were, and how long they took: counters that only grow.

What is packed is counted when it is packed (`add`); what is not packed yet is counted when somebody
reads. Samples that are deleted later stay counted.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate

from django.db import models, transaction

from monitoring.models import CheckTotal, Sample
from monitoring.packing import Outcome

# Upper bounds in seconds, as Prometheus has them by default, up to the longest time limit.
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """Checks with one outcome: how many, and of those with a response time how many took up to each
    bound of `BUCKETS_S` (cumulative), how many in all, and how many seconds together."""

    count: int = 0
    timed: int = 0
    buckets: tuple[int, ...] = (0,) * len(BUCKETS_S)
    seconds: float = 0.0

    def __add__(self, other: "Total") -> "Total":
        return Total(
            count=self.count + other.count,
            timed=self.timed + other.timed,
            buckets=tuple(map(sum, zip(self.buckets, other.buckets, strict=True))),
            seconds=self.seconds + other.seconds,
        )


def of_samples(samples: Iterable[tuple[int, int | None]]) -> Mapping[Outcome, Total]:
    """Count samples given as outcome and milliseconds; every outcome has an entry."""
    counts = dict.fromkeys(Outcome, 0)
    timed = dict.fromkeys(Outcome, 0)
    millis = dict.fromkeys(Outcome, 0)
    within = {outcome: [0] * (len(BUCKETS_S) + 1) for outcome in Outcome}
    for number, latency_ms in samples:
        outcome = Outcome(number)
        counts[outcome] += 1
        if latency_ms is not None:
            timed[outcome] += 1
            millis[outcome] += latency_ms
            within[outcome][bisect_left(BUCKETS_S, latency_ms / 1000)] += 1
    return {
        outcome: Total(
            count=counts[outcome],
            timed=timed[outcome],
            buckets=tuple(accumulate(within[outcome][:-1])),
            seconds=millis[outcome] / 1000,
        )
        for outcome in Outcome
    }


def add(samples: Iterable[tuple[int, int | None]]) -> None:
    """Count samples for good; call in the transaction that deletes them."""
    with transaction.atomic():
        stored = _stored(CheckTotal.objects.select_for_update())
        for outcome, found in of_samples(samples).items():
            total = stored.get(outcome, Total()) + found
            CheckTotal.objects.update_or_create(
                outcome=outcome,
                defaults={
                    "count": total.count,
                    "timed": total.timed,
                    "buckets": list(total.buckets),
                    "seconds": total.seconds,
                },
            )


def read() -> Mapping[Outcome, Total]:
    """Return what was counted ever; every outcome has an entry.

    In three statements, as a rule. Samples that are packed in between would be missed or counted
    twice, and a counter must never step back: then it is all read again.
    """
    stored = _stored(CheckTotal.objects.all())
    while True:
        fresh = of_samples(Sample.objects.values_list("outcome", "latency_ms").iterator())
        after = _stored(CheckTotal.objects.all())
        if after == stored:
            return {outcome: stored.get(outcome, Total()) + fresh[outcome] for outcome in Outcome}
        stored = after


def _stored(rows: "models.QuerySet[CheckTotal]") -> dict[Outcome, Total]:
    return {
        Outcome(row.outcome): Total(
            count=row.count, timed=row.timed, buckets=tuple(row.buckets), seconds=row.seconds
        )
        for row in rows
    }
