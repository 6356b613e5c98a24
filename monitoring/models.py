"""Nodes and replicas below a component, what was measured of them, and the operators' alerts."""

import uuid
from datetime import datetime, timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from common import sealing
from components.models import Component
from probing.health import Health
from probing.options import HttpOptions, Thresholds

# A replica is unknown once three intervals passed without an outcome (DESIGN.md 2.3).
FRESH_INTERVALS = 3


class Mode(models.TextChoices):
    POLL = "poll", _("Poll")


class Node(models.Model):
    """One way a component is looked at, with the thresholds that judge its replicas.

    Thresholds and options are read at each check, so a change counts from the next one (D8).
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    component = models.ForeignKey(
        Component, verbose_name=_("component"), on_delete=models.CASCADE, related_name="nodes"
    )
    name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(_("slug"), max_length=100)
    position = models.PositiveIntegerField(_("position"), default=0)
    mode = models.CharField(_("mode"), max_length=16, default=Mode.POLL)
    interval_s = models.PositiveIntegerField(
        _("check every (seconds)"),
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(86_400)],
    )
    retries = models.PositiveSmallIntegerField(
        _("retries before dead"), default=2, validators=[MaxValueValidator(10)]
    )
    sick_after_s = models.FloatField(
        _("sick after (seconds)"),
        default=5.0,
        validators=[MinValueValidator(0.001), MaxValueValidator(120)],
        help_text=_("A slower answer makes the replica sick."),
    )
    dead_after_s = models.FloatField(
        _("dead after (seconds)"),
        default=10.0,
        validators=[MinValueValidator(0.05), MaxValueValidator(120)],
        help_text=_("No answer by then makes the replica dead."),
    )
    http_method = models.CharField(_("HTTP method"), max_length=16, default="GET")
    http_status_min = models.PositiveSmallIntegerField(
        _("lowest healthy status code"),
        default=200,
        validators=[MinValueValidator(100), MaxValueValidator(599)],
    )
    http_status_max = models.PositiveSmallIntegerField(
        _("highest healthy status code"),
        default=399,
        validators=[MinValueValidator(100), MaxValueValidator(599)],
    )
    http_body_contains = models.CharField(
        _("body contains"), max_length=500, blank=True, default=""
    )
    http_body_regex = models.CharField(_("body matches"), max_length=500, blank=True, default="")
    http_follow_redirects = models.BooleanField(_("follow redirects"), default=True)
    http_verify_tls = models.BooleanField(_("check the certificate"), default=True)
    # Headers may carry credentials: encrypted at rest, never shown again (reliability F13).
    http_headers_sealed = models.TextField(blank=True, default="", editable=False)

    class Meta:
        verbose_name = _("node")
        verbose_name_plural = _("nodes")
        constraints = [
            models.UniqueConstraint(fields=["component", "slug"], name="node_slug_in_component"),
            models.CheckConstraint(
                condition=models.Q(http_status_min__lte=models.F("http_status_max")),
                name="node_status_range",
                violation_error_message=_("The lowest healthy status code is above the highest."),
            ),
            models.CheckConstraint(
                condition=models.Q(sick_after_s__lte=models.F("dead_after_s")),
                name="node_sick_before_dead",
                violation_error_message=_(
                    "“Sick after” is longer than “dead after”. Make it shorter or equal."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(
            sick_after_s=self.sick_after_s, dead_after_s=self.dead_after_s, retries=self.retries
        )

    @property
    def http_options(self) -> HttpOptions:
        return HttpOptions(
            method=self.http_method,
            headers=self.http_headers,
            status_min=self.http_status_min,
            status_below=self.http_status_max + 1,
            body_contains=self.http_body_contains or None,
            body_regex=self.http_body_regex or None,
            follow_redirects=self.http_follow_redirects,
            verify_tls=self.http_verify_tls,
        )

    @property
    def http_headers(self) -> dict[str, str]:
        return sealing.unseal_mapping(self.http_headers_sealed)

    @http_headers.setter
    def http_headers(self, headers: dict[str, str]) -> None:
        self.http_headers_sealed = sealing.seal_mapping(headers)

    @property
    def fresh_for(self) -> timedelta:
        """How long an outcome speaks for the replica: three intervals and one whole check."""
        longest_check_s = self.dead_after_s * (self.retries + 1)
        return timedelta(seconds=FRESH_INTERVALS * self.interval_s + longest_check_s)


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
    latency_ms = models.FloatField(null=True, default=None, editable=False)
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


class HealthChange(models.Model):
    """One change of a replica's health, with what the probe saw; null is unknown."""

    replica = models.ForeignKey(Replica, on_delete=models.CASCADE, related_name="changes")
    previous = models.CharField(max_length=8, null=True, default=None)  # noqa: DJ001 - null is unknown
    health = models.CharField(max_length=8, null=True, default=None)  # noqa: DJ001 - null is unknown
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    reason = models.CharField(max_length=32, default="")
    detail = models.CharField(max_length=200, default="")
    phases = models.JSONField(default=dict)
    attempts = models.PositiveSmallIntegerField(default=1)

    class Meta:
        indexes = [models.Index(fields=["replica", "at"], name="health_change_by_time")]

    def __str__(self) -> str:
        return f"{self.previous or 'unknown'} → {self.health or 'unknown'}"


class Sample(models.Model):
    """One recent outcome; packed into `PackedHour` and deleted soon after its quarter hour ended."""

    replica = models.ForeignKey(Replica, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()
    latency_ms = models.PositiveIntegerField(null=True)
    outcome = models.PositiveSmallIntegerField()  # packing.Outcome

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


class AlertChannel(models.Model):
    """One way operators are told, with its own switch; off sends nothing (F2).

    `recipients` is a list of addresses in the form the channel wants.
    """

    kind = models.CharField(_("channel"), max_length=32, unique=True)
    is_enabled = models.BooleanField(_("on"), default=True)
    recipients = models.JSONField(_("recipients"), default=list)
    tells_recovery = models.BooleanField(_("also tell when it recovers"), default=True)

    class Meta:
        verbose_name = _("alert channel")
        verbose_name_plural = _("alert channels")

    def __str__(self) -> str:
        return self.kind
