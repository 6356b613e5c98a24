"""The outbox: one row a message and recipient, kept until its end is known."""

from datetime import datetime
from typing import Any

from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    PENDING = "pending", _("waiting")
    LEASED = "leased", _("being sent")
    SENT = "sent", _("sent")
    FAILED = "failed", _("failed")
    UNKNOWN = "unknown", _("perhaps sent")
    EXPIRED = "expired", _("too late")
    CANCELLED = "cancelled", _("cancelled")
    FOLDED = "folded", _("told with a later one")


OPEN_STATES = (State.PENDING, State.LEASED)
_IS_OPEN = models.Q(state__in=["pending", "leased"])


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def open(self) -> "DeliveryQuerySet":
        """Deliveries whose end is not known yet."""
        return self.filter(state__in=OPEN_STATES)

    def in_doubt(self) -> "DeliveryQuerySet":
        """Those that were handed over without an answer, whose far end is to be asked."""
        return self.filter(state=State.PENDING, handed_at__isnull=False)

    def stoppable(self) -> "DeliveryQuerySet":
        """Open deliveries that nobody is handing over just now."""
        return self.open().exclude(state=State.LEASED, handed_at__isnull=False)

    def due(self, *, now: datetime) -> "DeliveryQuerySet":
        """Waiting deliveries whose time has come, and those whose sender died holding the lease."""
        return self.filter(next_attempt_at__lte=now)


class Body(models.Model):
    """What many deliveries of one event say alike, stored once; each adds its own `parts`."""

    key = models.CharField(max_length=200, unique=True)
    message = models.JSONField()  # messages.Message.as_json
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="body_by_age")]

    def __str__(self) -> str:
        return self.key


class Delivery(models.Model):
    """One message to one address over one channel (reliability 3.1).

    `next_attempt_at` is when it may be tried; while leased it is the end of the lease, and once it
    has ended there is none (SQLite uses a partial index on nothing but "is not null"). `handed_at`
    is set just before the point of no return: a sender that dies after it leaves "perhaps sent".
    While such a row is waiting with its `handed_at`, the far end is asked what it was given (`doubts`).
    `copies` counts the handovers that were not refused, so that no third copy ever leaves.
    `provider_id` is what the far end calls it, `delivered_at` when it said that it had arrived.
    `sealed` holds what the channel needs for this one letter (hook addresses, tokens), sealed;
    `schedule` names a retry schedule other than the channel's. `destination` is the host it goes to:
    what is wrong with one host holds up no other.
    `queued_at` is `created_at`, or when an operator asked to try again.

    What many get alike stands in `body`, and `parts` fills its gaps; `message` is empty then.
    Deliveries of one `topic` reach a recipient in the order of `sequence`: a later one takes in those
    before it that are still unsent, and `folded` counts them. `grant` names what it is sent under
    ("subscriber:17"), which is asked about once more just before it leaves. `scope` tells apart what
    one address gets of the same event for several reasons (it is subscribed on two pages); order and
    folding stay within it.
    """

    dedupe_key = models.CharField(_("event"), max_length=200)
    channel = models.CharField(_("channel"), max_length=32)
    address = models.CharField(_("address"), max_length=320)
    message = models.JSONField(default=dict)  # messages.Message.as_json
    body = models.ForeignKey(
        Body, null=True, default=None, on_delete=models.PROTECT, related_name="+"
    )
    parts = models.JSONField(default=dict, editable=False)
    topic = models.CharField(max_length=64, default="", blank=True, editable=False)
    sequence = models.PositiveBigIntegerField(default=0, editable=False)
    folded = models.PositiveSmallIntegerField(_("earlier updates in it"), default=0)
    grant = models.CharField(max_length=64, default="", blank=True, editable=False)
    scope = models.CharField(max_length=20, default="", db_default="", blank=True, editable=False)
    # Not so for those from before scopes were part of the name: reports of them come for weeks.
    is_named_by_scope = models.BooleanField(default=True, db_default=False, editable=False)
    sealed = models.TextField(default="", blank=True, editable=False)
    schedule = models.CharField(max_length=16, default="", blank=True, editable=False)
    destination = models.CharField(_("host"), max_length=255, default="", blank=True)
    state = models.CharField(_("state"), max_length=16, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    copies = models.PositiveSmallIntegerField(_("copies"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True)
    lease_token = models.CharField(max_length=32, default="")
    handed_at = models.DateTimeField(_("handed over"), null=True, default=None)
    sent_at = models.DateTimeField(_("sent"), null=True, default=None)
    bounced_at = models.DateTimeField(_("address refused"), null=True, default=None)
    provider_id = models.CharField(
        _("name at the provider"), max_length=64, default="", db_default="", blank=True
    )
    delivered_at = models.DateTimeField(_("arrived"), null=True, default=None)
    expires_at = models.DateTimeField(_("not after"), null=True, default=None)
    is_sensitive = models.BooleanField(_("sensitive"), default=False)
    last_error = models.CharField(_("last error"), max_length=500, default="")
    created_at = models.DateTimeField(_("created"))
    queued_at = models.DateTimeField(_("waiting since"))

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(
                fields=["dedupe_key", "channel", "address", "scope"],
                name="one_delivery_a_recipient",
            ),
            models.CheckConstraint(
                condition=(_IS_OPEN & models.Q(next_attempt_at__isnull=False))
                | (~_IS_OPEN & models.Q(next_attempt_at__isnull=True)),
                name="delivery_has_a_time_while_open",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"],
                name="delivery_due",
                condition=models.Q(next_attempt_at__isnull=False),
            ),
            models.Index(
                fields=["bounced_at"],
                name="delivery_bounced",
                condition=models.Q(bounced_at__isnull=False),
            ),
            models.Index(fields=["created_at"], name="delivery_by_age"),
            models.Index(
                fields=["topic", "address", "sequence"],
                name="delivery_by_topic",
                condition=~models.Q(topic=""),
            ),
            models.Index(fields=["grant"], name="delivery_by_grant", condition=~models.Q(grant="")),
        ]

    def __str__(self) -> str:
        return f"{self.channel} to {self.address}"

    @property
    def content(self) -> dict[str, Any]:
        """The message as stored, wherever it stands; its gaps are not filled."""
        return dict(self.body.message if self.body is not None else self.message)

    @property
    def public_id(self) -> str:
        """The name of this delivery for the outside: equal for every copy, and not to be guessed.

        A mailbox shows one of two mails of the same name: what it gets for another page has another.
        """
        parts = [self.dedupe_key, self.channel, self.address]
        if self.scope and self.is_named_by_scope:
            parts.append(self.scope)
        named = "\0".join(parts)
        return salted_hmac("notifications.delivery", named, algorithm="sha256").hexdigest()[:32]

    @property
    def log_ids(self) -> dict[str, str]:
        """What a log line about it names: itself, and the event if it is about one."""
        kind, _, event = self.topic.partition(":")
        about = {"incident_id": event} if kind in {"incident", "maintenance"} else {}
        return {"delivery_id": self.public_id, **about}


class Circuit(models.Model):
    """Whether a channel's server can be reached, shared by all workers; no row or no failures: yes.

    `channel` is the channel's name, with the host behind a space where it has many.
    """

    channel = models.CharField(max_length=300, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    open_until = models.DateTimeField(null=True, default=None)
    failing_since = models.DateTimeField(null=True, default=None)
    last_error = models.CharField(max_length=500, default="")

    def __str__(self) -> str:
        return f"{self.channel}: {self.failures} failures in a row"


class Pace(models.Model):
    """Until when the allowance of a channel with a limited speed is used up."""

    channel = models.CharField(max_length=32, primary_key=True)
    used_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.channel} until {self.used_until}"
