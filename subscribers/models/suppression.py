"""Addresses that are not written to, whoever subscribes them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Reason(models.TextChoices):
    """Why; a complaint is for ever, STOP is lifted only from that phone (AMB-14, D6)."""

    HARD_BOUNCE = "hard_bounce", _("The address does not exist")
    COMPLAINT = "complaint", _("Complained about our mail")
    STOP = "stop", _("Answered STOP")
    OPERATOR = "operator", _("Put here by an operator")


class Suppression(models.Model):
    """One address that beats every subscription of it."""

    channel = models.CharField(_("channel"), max_length=16)
    canonical = models.CharField(_("address"), max_length=320)
    reason = models.CharField(_("reason"), max_length=16)
    note = models.CharField(_("note"), max_length=300, blank=True, default="")
    created_at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("suppressed address")
        verbose_name_plural = _("suppressed addresses")
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "canonical", "reason"], name="suppressed_once_a_reason"
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel}: {self.canonical}"


class InboundMessage(models.Model):
    """A text message that came in, by the provider's id: the same one counts once (D5)."""

    provider_id = models.CharField(max_length=64, primary_key=True)
    canonical = models.CharField(max_length=320)
    keyword = models.CharField(max_length=16)
    received_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.provider_id
