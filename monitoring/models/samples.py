"""What was measured: single outcomes, packed hours, and summaries of response times."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from components.models import Component
from monitoring.models.replicas import Replica


class Sample(models.Model):
    """One recent outcome; packed into `PackedHour` and deleted soon after its quarter hour ended."""

    replica = models.ForeignKey(Replica, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()
    latency_ms = models.PositiveIntegerField(null=True)
    outcome = models.PositiveSmallIntegerField()  # packing.Outcome
    place = models.CharField(max_length=100, default="", db_default="")  # as in Ballot

    class Meta:
        indexes = [models.Index(fields=["at"], name="sample_by_time")]

    def __str__(self) -> str:
        return f"{self.at}: {self.latency_ms} ms"


class PackedHour(models.Model):
    """The samples of one replica in one hour (UTC), packed by `monitoring.packing`."""

    pk = models.CompositePrimaryKey(
        "replica_id", "hour"
    )  # no surrogate key: 8 bytes a sample count
    replica = models.ForeignKey(Replica, on_delete=models.CASCADE, related_name="+", db_index=False)
    hour = models.DateTimeField()
    data = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.hour}"


class Span(models.TextChoices):
    QUARTER = "quarter", _("quarter hour")
    HOUR = "hour", _("hour")
    DAY = "day", _("day")


class ResponseSummary(models.Model):
    """Response times of a component's replicas over a quarter hour, an hour or a day (UTC).

    Percentiles are exact: computed from the samples themselves, never from other percentiles.
    """

    component = models.ForeignKey(
        Component, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    span = models.CharField(max_length=8)
    start_at = models.DateTimeField()
    answered = models.PositiveIntegerField()
    failed = models.PositiveIntegerField()
    p50_ms = models.PositiveIntegerField(null=True)
    p95_ms = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["component", "span", "start_at"], name="one_summary_a_span"
            )
        ]

    def __str__(self) -> str:
        return f"{self.span} {self.start_at}"


class CheckTotal(models.Model):
    """How many packed outcomes of one kind there were ever: what counters are made from.

    `buckets` are how many of them took up to each of `monitoring.totals.BUCKETS_S`, `seconds` how
    long they took together. Counted when samples are packed, so a check itself pays nothing.
    """

    outcome = models.PositiveSmallIntegerField(primary_key=True)  # packing.Outcome
    count = models.PositiveBigIntegerField(default=0)
    timed = models.PositiveBigIntegerField(default=0)  # of these, how many have a response time
    buckets = models.JSONField(default=list)
    seconds = models.FloatField(default=0)

    def __str__(self) -> str:
        return f"{self.outcome}: {self.count}"
