"""What programs of other makers told us: the pings of jobs, the alerts of Alertmanager."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from components.models import Component
from components.status import Status
from monitoring.models.nodes import Node


class PingKind(models.TextChoices):
    START = "start", _("started")
    SUCCESS = "success", _("succeeded")
    FAIL = "fail", _("failed")
    LOG = "log", _("logged")


class Ping(models.Model):
    """One call of a ping URL; `body` is what the job said, for operators only.

    `run` tells the runs of a job that overlap; `duration_ms` is since the start of the same run.
    """

    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="pings", db_index=False)
    at = models.DateTimeField()
    kind = models.CharField(max_length=8, choices=PingKind)
    run = models.UUIDField(null=True, default=None)
    exit_status = models.PositiveSmallIntegerField(null=True, default=None)
    duration_ms = models.PositiveBigIntegerField(null=True, default=None)
    body = models.TextField(blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["node", "at"], name="ping_by_time")]

    def __str__(self) -> str:
        return f"{self.kind} {self.at}"


class AlertEffect(models.TextChoices):
    STATUS = "status", _("set the status of the service")
    DRAFT = "draft", _("draft an incident")


# What a rule may say, in words of a status page; the empty one follows the alert's severity.
ALERT_STATUSES = (Status.DEGRADED_PERFORMANCE, Status.PARTIAL_OUTAGE, Status.MAJOR_OUTAGE)


class AlertRule(models.Model):
    """What alerts with these labels mean for the page; the first rule that fits an alert decides.

    Without a component the alert's label `candor_component` names it; without a status its label
    `severity` says how bad it is.
    """

    position = models.PositiveIntegerField(default=0)
    labels = models.JSONField(default=dict)
    component = models.ForeignKey(
        Component,
        verbose_name=_("service"),
        null=True,
        blank=True,
        default=None,
        on_delete=models.CASCADE,
        related_name="alert_rules",
    )
    status = models.CharField(_("status"), max_length=32, blank=True, default="")
    effect = models.CharField(
        _("what happens"), max_length=8, choices=AlertEffect, default=AlertEffect.DRAFT
    )

    class Meta:
        verbose_name = _("alert rule")
        verbose_name_plural = _("alert rules")

    def __str__(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in sorted(self.labels.items())) or "*"


class OutsideAlert(models.Model):
    """An alert as Alertmanager last told it; known by its fingerprint, whoever sends it.

    It counts until `expires_at` unless it is told again. `drafted_at` is when it led to a draft.
    """

    fingerprint = models.CharField(max_length=64, unique=True)
    labels = models.JSONField(default=dict)
    summary = models.CharField(max_length=300, default="")
    is_firing = models.BooleanField(default=True)
    starts_at = models.DateTimeField()
    received_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    drafted_at = models.DateTimeField(null=True, default=None)

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="outside_alert_expires")]

    def __str__(self) -> str:
        return str(self.labels.get("alertname", self.fingerprint))
