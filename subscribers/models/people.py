"""Subscribers: an address on one channel, what it wants to hear, and how we know that it wants it."""

from datetime import datetime
from typing import cast

from django.db import models
from django.utils.translation import gettext_lazy as _

from common import sealing
from components import catalogue
from components.models import Component, Page, PageComponent, PageGroup
from subscribers import shown_events
from subscribers.shown_events import Shown


class State(models.TextChoices):
    """Where a subscription stands; only the active ones are told anything."""

    WAITING = "waiting", _("Waiting for confirmation")
    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused: deliveries fail")  # soft bounces, or a receiver that is gone
    ENDED = "ended", _("Unsubscribed")


class Origin(models.TextChoices):
    """Where the consent came from; kept, shown and exported."""

    FORM = "form", _("Subscribe form")
    OPERATOR = "operator", _("Added by an operator")
    IMPORT = "import", _("Imported")
    API = "api", _("API")
    SMS = "sms", _("Text message")


class SubscriberQuerySet(models.QuerySet["Subscriber"]):
    def active(self) -> "SubscriberQuerySet":
        """Those that are told what concerns them."""
        return self.filter(state=State.ACTIVE)

    def seeing(self, shown: Shown) -> "SubscriberQuerySet":
        """Those whose page shows an event, whatever they want to hear of."""
        return self.filter(page__in=shown_events.pages_of(shown).values("pk"))

    def concerned(self, shown: Shown, *, topic: str) -> "SubscriberQuerySet":
        """Those whose page shows an event, and who want to hear of it."""
        return self.seeing(shown).filter(wanting(shown, topic=topic))


def wanting(shown: Shown, *, topic: str) -> models.Q:
    """Of those whose page shows an event, who wants to hear of it.

    Of those who chose components, each counts only while the page shows it. An event without
    components concerns only those who want everything (AMB-15).
    """
    wanted = models.Q(follows="", wants_all=True)
    if shown.visible:
        wanted |= models.Q(models.Exists(_shown_choices(shown)), follows="")
    if topic:
        wanted |= models.Q(follows=topic)
    return wanted


def _shown_choices(shown: Shown) -> "models.QuerySet[Subscription]":
    """Those choices of an outer subscriber that an event touches and its page shows."""
    if not shown.is_chosen:  # then all the pages that show it are of every service
        return Subscription.objects.filter(
            subscriber=models.OuterRef("pk"), component_id__in=shown.general
        )
    page = models.OuterRef("subscriber__page")
    by_itself = PageComponent.objects.filter(page=page, component=models.OuterRef("component"))
    in_group = PageGroup.objects.filter(page=page, group=models.OuterRef("component__group"))
    on_page = models.Q(subscriber__page__shows_all=True, component_id__in=shown.general)
    on_page |= models.Q(subscriber__page__shows_all=False) & (
        models.Q(models.Exists(by_itself)) | models.Q(models.Exists(in_group))
    )
    rows = Subscription.objects.filter(
        subscriber=models.OuterRef("pk"), component_id__in=shown.visible
    )
    return rows.filter(on_page)


def _main_page() -> int:
    return catalogue.page().pk


class Subscriber(models.Model):
    """One address on one channel of one page.

    Of a customer page, `holder` is the mailbox that signed in to subscribe: while its domain may not
    see the page, nothing is sent (AMB-13).

    `address` is what a person recognises and, for e-mail and SMS, what is sent to. `canonical` is
    the mailbox or number behind it, one row each (A5). `sealed` holds what other channels need
    (hook addresses, push endpoints, signing secrets). `follows` names the one event that the
    subscription is for ("incident:9k2…"); it ends with it.
    """

    page = models.ForeignKey(
        Page, on_delete=models.CASCADE, default=_main_page, related_name="subscribers"
    )
    holder = models.CharField(max_length=320, blank=True, default="", editable=False)
    channel = models.CharField(_("channel"), max_length=16)
    address = models.CharField(_("address"), max_length=320)
    canonical = models.CharField(max_length=320)
    sealed = models.TextField(blank=True, default="", editable=False)
    options = models.JSONField(default=dict, blank=True)
    state = models.CharField(_("state"), max_length=16, default=State.WAITING)
    wants_all = models.BooleanField(_("everything"), default=True)
    wants_postmortems = models.BooleanField(_("postmortems too"), default=False)
    follows = models.CharField(max_length=64, blank=True, default="")
    language = models.CharField(max_length=16, blank=True, default="")

    origin = models.CharField(_("consent"), max_length=16, default=Origin.FORM)
    consent_note = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField(_("since"))
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, default=None)
    ended_at = models.DateTimeField(null=True, default=None)
    ended_reason = models.CharField(max_length=100, blank=True, default="")
    # Links in mails name the subscription by this: opaque, and never the same as the id (D2).
    unsubscribe_digest = models.CharField(max_length=64, unique=True, null=True, default=None)  # noqa: DJ001 - unique
    failing_since = models.DateTimeField(null=True, default=None)

    objects = SubscriberQuerySet.as_manager()

    class Meta:
        verbose_name = _("subscriber")
        verbose_name_plural = _("subscribers")
        constraints = [
            models.UniqueConstraint(
                fields=["page", "channel", "canonical", "follows"],
                name="one_open_subscription_a_page",
                condition=~models.Q(state="ended"),
            )
        ]
        indexes = [
            models.Index(fields=["state", "channel", "id"], name="subscriber_by_state"),
            models.Index(fields=["canonical"], name="subscriber_by_mailbox"),
            models.Index(
                fields=["follows"], name="subscriber_follows", condition=~models.Q(follows="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel}: {self.address}"

    @property
    def secrets(self) -> dict[str, str]:
        return sealing.unseal_mapping(self.sealed)

    @secrets.setter
    def secrets(self, secrets: dict[str, str]) -> None:
        self.sealed = sealing.seal_mapping(secrets)

    @property
    def is_active(self) -> bool:
        return self.state == State.ACTIVE

    @property
    def page_pk(self) -> int:
        """The id of its page, without reading it; the column is never empty."""
        return cast("int", self.page_id)


class Subscription(models.Model):
    """One component that a subscriber chose; without any, `wants_all` decides."""

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="chosen")
    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subscriber", "component"], name="chosen_once")
        ]

    def __str__(self) -> str:
        return f"{self.subscriber_id} → {self.component_id}"


class Purpose(models.TextChoices):
    """What a proof lets its holder do; one for another purpose is no use (C4)."""

    CONFIRM = "confirm"
    MANAGE = "manage"
    VISIT = "visit"  # the holder has opened a link, and changes what they get for half an hour


class ProofQuerySet(models.QuerySet["Proof"]):
    def usable(self, *, now: datetime) -> "ProofQuerySet":
        return self.filter(used_at__isnull=True, expires_at__gt=now)


class Proof(models.Model):
    """A link or code that was sent to an address: whoever brings it back reads what is sent there.

    Only digests are stored. Used by one conditional update; `attempts` counts wrong codes (C5).
    """

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="proofs")
    purpose = models.CharField(max_length=16)
    token_digest = models.CharField(max_length=64, unique=True)
    code_digest = models.CharField(max_length=64, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, default=None)

    objects = ProofQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["subscriber", "purpose", "created_at"], name="proof_by_time")
        ]

    def __str__(self) -> str:
        return f"{self.purpose} of {self.subscriber_id}"
