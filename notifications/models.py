"""The outbox: one row a message and recipient, kept until its end is known."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    PENDING = "pending", _("waiting")
    LEASED = "leased", _("being sent")
    SENT = "sent", _("sent")
    FAILED = "failed", _("failed")
    UNKNOWN = "unknown", _("perhaps sent")
    EXPIRED = "expired", _("too late")
    CANCELLED = "cancelled", _("cancelled")


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self, *, now: datetime) -> "DeliveryQuerySet":
        """Waiting deliveries whose time has come, and those whose sender died holding the lease."""
        return self.filter(state__in=[State.PENDING, State.LEASED], next_attempt_at__lte=now)


class Delivery(models.Model):
    """One message to one address over one channel (reliability 3.1).

    `next_attempt_at` is when it may be tried; while leased it is the end of the lease. `handed_at`
    is set just before the point of no return: a sender that dies after it leaves "perhaps sent".
    """

    dedupe_key = models.CharField(max_length=200)
    channel = models.CharField(max_length=32)
    address = models.CharField(max_length=320)
    message = models.JSONField()  # messages.Message.as_json
    state = models.CharField(max_length=16, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    lease_token = models.CharField(max_length=32, default="")
    handed_at = models.DateTimeField(null=True, default=None)
    sent_at = models.DateTimeField(null=True, default=None)
    expires_at = models.DateTimeField(null=True, default=None)
    is_sensitive = models.BooleanField(default=False)
    last_error = models.CharField(max_length=500, default="")
    created_at = models.DateTimeField()

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(fields=["dedupe_key", "channel", "address"], name="one_delivery_a_recipient")
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="delivery_due",
                condition=models.Q(state__in=["pending", "leased"]),
            ),
            models.Index(fields=["created_at"], name="delivery_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} to {self.address}"
