"""What is claimed of components, and every change of what visitors see."""

from django.db import models

from components.models.services import Component
from components.status import Source


class StatusClaim(models.Model):
    """What one source says about one component, while it says so (decisions 1).

    `source` is the kind, `reference` names the speaker inside it ("monitors", later an incident's id).
    """

    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="claims")
    source = models.CharField(max_length=16)
    reference = models.CharField(max_length=64, default="")
    status = models.CharField(max_length=32)
    claimed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["component", "source", "reference"], name="one_claim_a_speaker"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.reference}: {self.status}"

    @property
    def source_kind(self) -> Source:
        return Source(self.source)


class StatusChange(models.Model):
    """One change of what visitors see of a component: history, and the source of uptime.

    `at` is when it holds from; `recorded_at` is later when nobody was looking at the time
    (a gap is only known once a deadline has passed). `cause` is the source of the deciding claim.
    """

    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="changes")
    previous = models.CharField(max_length=32, default="")
    status = models.CharField(max_length=32)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    cause = models.CharField(max_length=16)
    note = models.CharField(max_length=300, default="")
    is_demo = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["component", "at"], name="status_change_by_time")]

    def __str__(self) -> str:
        return f"{self.previous or 'new'} → {self.status}"


class DeclaredPeriod(models.Model):
    """A status that somebody declared of a time that was over already, as a retroactive incident does.

    It is laid over the recorded changes when uptime is counted (`uptime.overlaid`) and goes with
    the event that declared it; the recorded history itself is never rewritten.
    """

    component = models.ForeignKey(
        Component, on_delete=models.CASCADE, related_name="declared_periods"
    )
    source = models.CharField(max_length=16)
    reference = models.CharField(max_length=64)
    status = models.CharField(max_length=32)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["component", "ends_at"], name="declared_by_time")]
        constraints = [
            models.UniqueConstraint(
                fields=["component", "source", "reference"], name="one_period_a_speaker"
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="period_has_length"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.reference}: {self.status}"
