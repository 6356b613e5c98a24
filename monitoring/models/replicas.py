"""Replicas, the endpoints themselves, and the last thing seen of each."""

import uuid
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from monitoring.models.nodes import Mode, Node
from probing.health import Health


class ReplicaQuerySet(models.QuerySet["Replica"]):
    def due(self, *, now: datetime) -> "ReplicaQuerySet":
        """Poll replicas whose next check is due."""
        return self.filter(next_probe_at__lte=now)

    def gone_quiet(self, *, now: datetime) -> "ReplicaQuerySet":
        """Replicas whose last outcome, or the wait for a first one, is too old to speak for them."""
        return self.filter(fresh_until__lte=now)


class Replica(models.Model):
    """One monitored endpoint, and the last thing seen of it.

    `health` is null while unknown. `fresh_until` is when the last outcome stops speaking for it
    (for a new replica: when the wait for the first outcome has been too long); null once that
    passed. `dead_told_at` is set while operators were told that it is dead and not yet otherwise.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    node = models.ForeignKey(
        Node, verbose_name=_("node"), on_delete=models.CASCADE, related_name="replicas"
    )
    address = models.CharField(_("address"), max_length=2000)
    position = models.PositiveIntegerField(_("position"), default=0)

    health = models.CharField(max_length=8, null=True, default=None, editable=False)  # noqa: DJ001 - null is unknown
    health_since = models.DateTimeField(null=True, default=None, editable=False)
    checks_in_health = models.PositiveIntegerField(default=0, editable=False)
    next_probe_at = models.DateTimeField(null=True, default=None, editable=False)
    last_outcome_at = models.DateTimeField(null=True, default=None, editable=False)
    fresh_until = models.DateTimeField(null=True, default=None, editable=False)
    dead_told_at = models.DateTimeField(null=True, default=None, editable=False)
    # Flapping (`monitoring.flapping`): when its last death was told, how many changes nobody was
    # told of since, and when the last of these was.
    alerted_at = models.DateTimeField(null=True, default=None, editable=False)
    flaps = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    flapped_at = models.DateTimeField(null=True, default=None, editable=False)
    latency_ms = models.FloatField(null=True, default=None, editable=False)
    # Reported replicas: when silence makes it dead, when a gone one is removed, its last load.
    announced_interval_s = models.FloatField(null=True, default=None, editable=False)
    silent_at = models.DateTimeField(null=True, default=None, editable=False)
    expires_at = models.DateTimeField(null=True, default=None, editable=False)
    cpu = models.FloatField(null=True, default=None, editable=False)
    ram = models.FloatField(null=True, default=None, editable=False)
    # A replica nobody ever saw healthy must not turn a page dead (reliability E2).
    first_healthy_at = models.DateTimeField(null=True, default=None, editable=False)
    # Damping (`monitoring.judging.Streak`): where the last checks point to, how many in a row do, and
    # how many of them point two steps away.
    streak_health = models.CharField(max_length=8, default="", editable=False)
    streak = models.PositiveIntegerField(default=0, editable=False)
    streak_far = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    reason = models.CharField(max_length=32, default="", editable=False)
    detail = models.CharField(max_length=200, default="", editable=False)
    phases = models.JSONField(default=dict, editable=False)
    certificate_expires_at = models.DateTimeField(null=True, default=None, editable=False)

    objects = ReplicaQuerySet.as_manager()

    class Meta:
        verbose_name = _("replica")
        verbose_name_plural = _("replicas")
        constraints = [
            models.UniqueConstraint(fields=["node", "address"], name="replica_address_in_node")
        ]
        indexes = [
            models.Index(
                fields=["next_probe_at"],
                name="replica_due",
                condition=models.Q(next_probe_at__isnull=False),
            ),
            models.Index(
                fields=["fresh_until"],
                name="replica_fresh",
                condition=models.Q(fresh_until__isnull=False),
            ),
            models.Index(
                fields=["silent_at"],
                name="replica_silent",
                condition=models.Q(silent_at__isnull=False),
            ),
            models.Index(
                fields=["expires_at"],
                name="replica_expires",
                condition=models.Q(expires_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def measured(self) -> Health | None:
        return Health(self.health) if self.health else None

    @property
    def is_waiting(self) -> bool:
        """New, and its first outcome is not overdue yet."""
        return self.last_outcome_at is None and self.fresh_until is not None

    @property
    def is_unproven(self) -> bool:
        """Dead, and known from its own reports alone: it has no say in how the page is (E2)."""
        return (
            self.first_healthy_at is None
            and self.health == Health.DEAD
            and Mode(self.node.mode).is_reported
        )
