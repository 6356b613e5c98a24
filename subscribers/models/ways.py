"""Which ways to be told the page offers its visitors, and what text messages may cost."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class WaySettings(models.Model):
    """One row. E-mail, feeds and the calendar need no switch; a text message needs a provider too.

    The budget is for codes: messages that anybody can make us send. What operators post to confirmed
    subscribers is not stopped by it.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    offers_sms = models.BooleanField(
        _("text messages"),
        default=True,
        help_text=_("As soon as a provider is set up and a country is chosen."),
    )
    offers_webpush = models.BooleanField(_("notifications in the browser"), default=True)
    offers_chat = models.BooleanField(_("Slack, Microsoft Teams and Discord"), default=True)
    offers_webhook = models.BooleanField(
        _("webhooks"),
        default=False,
        help_text=_(
            "Anybody could make this server call any public address. Addresses of private networks "
            "are never called for visitors."
        ),
    )
    sms_countries = models.CharField(
        _("countries"),
        max_length=800,
        blank=True,
        default="",
        help_text=_(
            "Two letters each, like DE AT CH. Codes go to mobile phones of these countries only; "
            "without one no text messages are offered."
        ),
    )
    sms_per_day = models.PositiveIntegerField(
        _("codes in a day"),
        default=200,
        help_text=_("When so many codes were sent in 24 hours no more are, and owners are told."),
    )
    sms_per_hour = models.PositiveIntegerField(
        _("codes in an hour"),
        default=40,
        help_text=_("The same for one hour: what somebody can make you pay before you look."),
    )
    sms_per_month = models.PositiveIntegerField(
        _("codes in 30 days"), default=2000, help_text=_("The same for 30 days.")
    )
    sms_test_number = models.CharField(
        _("number for tests"),
        max_length=20,
        blank=True,
        default="",
        help_text=_("Where the test goes: a mobile of yours, with its country."),
    )

    class Meta:
        verbose_name = _("ways to subscribe")
        verbose_name_plural = _("ways to subscribe")
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="way_settings_are_single")
        ]

    def __str__(self) -> str:
        return "ways to subscribe"
