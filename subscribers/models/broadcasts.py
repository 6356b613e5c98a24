"""What is to be told to many: one row an event, written in the transaction of the event itself."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from components.models import Page


class BroadcastQuerySet(models.QuerySet["Broadcast"]):
    def unfinished(self) -> "BroadcastQuerySet":
        """Those whose deliveries are not all written yet, oldest first."""
        open_ones = self.filter(expanded_at__isnull=True, cancelled_at__isnull=True)
        return open_ones.order_by("id")

    def recent(self, *, since: datetime) -> "BroadcastQuerySet":
        return self.filter(created_at__gte=since).order_by("-id")


class Broadcast(models.Model):
    """One event and who hears of it: those of one page alone, where it has an `audience`. `key` names the event ("update:9k2…") and is told once.

    `topic` is the incident or maintenance ("incident:9k2…"): what follows in one topic supersedes
    what was not sent yet, and follows it. `content` is what is said, rendered once, as
    `subscribers.content.Content` reads it. `dedicated_ids` are the components of the event that only
    some pages chose, as it was announced: they may be gone when it is expanded. `lane` is the group of channels being expanded (see
    `subscribers.fanout.LANES`) and `cursor` the id of the last subscriber of it whose delivery was
    written: a worker that dies resumes there.
    """

    key = models.CharField(max_length=100, unique=True)
    topic = models.CharField(max_length=64)
    stage = models.CharField(max_length=32)
    component_ids = models.JSONField(default=list)
    dedicated_ids = models.JSONField(default=list)
    audience = models.ForeignKey(Page, null=True, on_delete=models.CASCADE, related_name="+")
    content = models.JSONField(default=dict)
    ends_topic = models.BooleanField(default=False)  # followers are let go afterwards
    created_at = models.DateTimeField(_("posted"))
    lane = models.PositiveSmallIntegerField(default=0, db_default=0)
    cursor = models.PositiveBigIntegerField(default=0)
    expanded_at = models.DateTimeField(null=True, default=None)
    cancelled_at = models.DateTimeField(null=True, default=None)
    # By channel, how many deliveries were written.
    written = models.JSONField(default=dict)
    missed_at = models.DateTimeField(null=True, default=None)  # a promised time passed, told once
    # How often in a row its deliveries could not be written, why, and when it is tried again.
    failures = models.PositiveSmallIntegerField(default=0, db_default=0)
    error = models.CharField(max_length=300, default="", db_default="", blank=True)
    retry_at = models.DateTimeField(null=True, default=None)

    objects = BroadcastQuerySet.as_manager()

    class Meta:
        verbose_name = _("broadcast")
        verbose_name_plural = _("broadcasts")
        indexes = [
            models.Index(fields=["topic", "id"], name="broadcast_by_topic"),
            models.Index(
                fields=["id"],
                name="broadcast_unfinished",
                condition=models.Q(expanded_at__isnull=True, cancelled_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.key


class Integration(models.Model):
    """A place of the page itself that gets every event: Slack, X (Q1-Q3). `sealed` holds its keys."""

    kind = models.CharField(max_length=16, unique=True)
    is_enabled = models.BooleanField(_("on"), default=False)
    sealed = models.TextField(blank=True, default="", editable=False)
    options = models.JSONField(default=dict, blank=True)
    changed_at = models.DateTimeField(null=True, default=None)

    class Meta:
        verbose_name = _("integration")
        verbose_name_plural = _("integrations")

    def __str__(self) -> str:
        return self.kind
