"""What was found out about replicas and about the page, and what made it so."""

from django.db import models

from monitoring.models.replicas import Replica


class Pulse(models.Model):
    """When a job of ours last ran: afterwards it knows how long it was away."""

    name = models.CharField(max_length=32, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Ballot(models.Model):
    """What one place last said of one replica; `place` is a location's slug, empty for here.

    `health` is empty while a place has not made up its mind. Damping is done place by place.
    """

    replica = models.ForeignKey(Replica, on_delete=models.CASCADE, related_name="ballots")
    place = models.CharField(max_length=100, blank=True, default="")
    health = models.CharField(max_length=8, blank=True, default="")
    streak_health = models.CharField(max_length=8, default="")
    streak = models.PositiveIntegerField(default=0)
    streak_far = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()
    fresh_until = models.DateTimeField()
    latency_ms = models.FloatField(null=True, default=None)
    reason = models.CharField(max_length=32, default="")
    detail = models.CharField(max_length=200, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["replica", "place"], name="one_ballot_a_place")
        ]

    def __str__(self) -> str:
        return f"{self.place or 'here'}: {self.health}"


class Blindness(models.Model):
    """A stretch in which our own network was down, so that nothing we saw meant anything (F-28).

    In the database, so that all workers and pages agree; at most one is open.
    """

    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, default=None)
    is_open = models.BooleanField(default=True)
    good_rounds = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_open"], condition=models.Q(is_open=True), name="one_open_blindness"
            )
        ]

    def __str__(self) -> str:
        return f"blind since {self.started_at}"


class HealthChange(models.Model):
    """One change of a replica's health, with what the probe saw; null is unknown.

    `verdict` is what made it so (JSON of `monitoring.judging.Verdict`): ballots, limits, the checks
    in a row, and the sentence that explains it.
    """

    replica = models.ForeignKey(Replica, on_delete=models.CASCADE, related_name="changes")
    previous = models.CharField(max_length=8, null=True, default=None)  # noqa: DJ001 - null is unknown
    health = models.CharField(max_length=8, null=True, default=None)  # noqa: DJ001 - null is unknown
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    reason = models.CharField(max_length=32, default="")
    detail = models.CharField(max_length=200, default="")
    phases = models.JSONField(default=dict)
    attempts = models.PositiveSmallIntegerField(default=1)
    verdict = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["replica", "at"], name="health_change_by_time")]

    def __str__(self) -> str:
        return f"{self.previous or 'unknown'} → {self.health or 'unknown'}"


class PageHealthChange(models.Model):
    """One change of the page's general health (G1); the latest row is the present health."""

    previous = models.CharField(max_length=8, default="")
    health = models.CharField(max_length=8)
    at = models.DateTimeField()
    nodes = models.JSONField(default=list)  # [{"label", "replica"}], as the webhook tells them

    class Meta:
        indexes = [models.Index(fields=["at"], name="page_health_by_time")]

    def __str__(self) -> str:
        return f"{self.previous or 'new'} → {self.health}"
