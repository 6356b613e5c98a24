"""The ways to subscribe besides e-mail, feed and calendar that this page offers, in their order."""

from functools import partial

from django.utils.translation import gettext as _

from notifications import vapid
from subscribers import hooking, phones, pushing, way_settings, ways_taking
from subscribers.models import WaySettings
from subscribers.offers import Way
from subscribers.pages import Door

# Longer lists say nothing.
_CODES_MAX = 8
_CHATS = {"slack": "Slack", "teams": "Teams", "discord": "Discord"}


def offered(door: Door) -> list[Way]:
    """Only what is configured, so that nobody chooses what cannot work on this page."""
    row = way_settings.current()
    ways = [_sms(row)] if way_settings.offers_sms(row) else []
    # The host of a customer's own has nothing but their page: no worker for the browser.
    has_worker = bool(door.base) or not door.page.is_customer
    if row.offers_webpush and has_worker:
        ways.append(_webpush())
    if row.offers_chat:
        ways += [_hook(kind, label, "chat") for kind, label in _CHATS.items()]
    if row.offers_webhook:
        ways.append(_hook(hooking.WEBHOOK, _("Webhook"), "hook"))
    return ways


def _sms(row: WaySettings) -> Way:
    named = way_settings.countries(row)
    codes = sorted({phones.calling_code(country) for country in named})
    return Way(
        channel="sms",
        label=_("SMS"),
        icon="sms",
        template="subscribers/ways/sms.html",
        take=ways_taking.sms,
        part={"codes": ", ".join(codes) if len(codes) <= _CODES_MAX else "+…"},
    )


def _webpush() -> Way:
    return Way(
        channel=pushing.CHANNEL,
        label=_("Browser"),
        icon="bell",
        template="subscribers/ways/webpush.html",
        take=ways_taking.webpush,
        part={"key": vapid.public_key()},
    )


def _hook(kind: str, label: str, icon: str) -> Way:
    return Way(
        channel=kind,
        label=label,
        icon=icon,
        template=f"subscribers/ways/{kind}.html",
        take=partial(ways_taking.hook, kind),
        part={},
    )
