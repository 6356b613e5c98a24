"""Codes by text message: who asks for messages proves that the phone is theirs (N7, N8).

Anybody can make us send a code, and each costs money (reliability A6): few to a number, few for a
network, and a budget for all. A number that has had its codes is told nothing more, and who asks
cannot tell.
"""

from datetime import datetime, timedelta

from django.utils import translation
from django.utils.translation import gettext as _

from components import page_addresses
from components.models import Page
from notifications import outbox
from notifications.messages import Message
from subscribers import code_links, limits, operators, phones, proofs, way_settings
from subscribers.limits import Limit, NotNow, TooManyRequests
from subscribers.models import Purpose, Subscriber, WaySettings
from subscribers.proofs import Occasion

OF_A_NUMBER = (Limit(3, timedelta(hours=24)), Limit(1, timedelta(seconds=60)))
# Neighbours of one number of addresses: a /24, and what one site of IPv6 holds.
OF_A_NETWORK = (Limit(10, timedelta(hours=1)),)
_BUDGET = "sms-budget"


def admit(*, client: str, now: datetime) -> None:
    """Count a visitor who wants a code, with the neighbours, and see that codes are sent at all.

    Raises:
        TooManyRequests: there were too many from there lately.
        NotNow: the budget is used up; owners have been told.
    """
    row = way_settings.current()
    if not way_settings.offers_sms(row):
        raise NotNow(_("Text messages are not offered here."))
    if not _has_budget(row, now):
        _tell_owners(row, now)
        raise NotNow(
            _("No text messages can be sent at the moment. Choose another way, or come back.")
        )
    network = limits.network_of(client, v4=24, v6=48)
    if not limits.take(kind="sms-network", key=network, limits=OF_A_NETWORK, now=now):
        raise TooManyRequests(_("Too many requests from your network. Try again in an hour."))


def prove(*, subscriber: Subscriber, occasion: Occasion, now: datetime) -> bool:
    """Send a code to the phone, whatever the occasion: it also opens what is known already.

    Raises:
        NotNow, TooManyRequests: why none is sent, to an operator; visitors never learn it (A3).
    """
    try:
        _admit_phone(subscriber, now)
    except (NotNow, TooManyRequests):
        if occasion is Occasion.AGAIN:
            raise
        return False
    issued = proofs.issue(
        subscriber=subscriber,
        purpose=Purpose.CONFIRM,
        now=now,
        lives=proofs.CODE_LIVES,
        with_code=True,
    )
    # Who did not ask on the page just now has to be told where the code is typed.
    where = code_links.url(subscriber, now=now) if occasion in proofs.NOT_ON_THE_PAGE else ""
    with translation.override(subscriber.language or subscriber.page.language):
        said = _words(issued.code, page=subscriber.page, where=where)
        message = Message(subject=_("Your code"), text=said)
    return outbox.put(
        channel="sms",
        address=subscriber.address,
        message=message,
        dedupe_key=f"proof:{issued.proof_id}",
        expires_at=issued.expires_at,
        is_sensitive=True,
        now=now,
    )


def used(*, now: datetime) -> tuple[int, int, int]:
    """The codes that were sent within an hour, within 24 hours and within 30 days."""
    hour, day, month = (
        limits.used(kind=_BUDGET, key="", within=timedelta(hours=hours), now=now)
        for hours in (1, 24, 30 * 24)
    )
    return hour, day, month


def _admit_phone(subscriber: Subscriber, now: datetime) -> None:
    """Count a code for this phone. Raises NotNow or TooManyRequests, with a sentence for operators."""
    row = way_settings.current()
    if not way_settings.offers_sms(row):
        raise NotNow(_("No code was sent: text messages are not offered here."))
    if not phones.is_written_to(subscriber.address, countries=way_settings.countries(row)):
        raise NotNow(
            _(
                "No code was sent: the country of this phone is not among the chosen ones, or it is no mobile."
            )
        )
    if not limits.take(kind="sms", key=subscriber.canonical, limits=OF_A_NUMBER, now=now):
        raise TooManyRequests(
            _("No code was sent: a phone gets one a minute and three in 24 hours. Try again later.")
        )
    if not limits.take(kind=_BUDGET, key="", limits=_budget(row), now=now):
        _tell_owners(row, now)
        raise NotNow(
            _(
                "No code was sent: the budget for codes is used up. Raise it under Ways to subscribe, or wait."
            )
        )


def _words(code: str, *, page: Page, where: str) -> str:
    """The code, and a last line by which phones offer to fill it in on our page and no other."""
    text = _("%(code)s is your code for %(page)s. It works for 15 minutes. Reply STOP to get none.")
    host = page_addresses.canonical(page).host
    said = text % {"code": code, "page": page.name[:60]}
    return "\n\n".join(part for part in (said, where, f"@{host} #{code}") if part)


def _budget(row: WaySettings) -> tuple[Limit, ...]:
    return (
        Limit(row.sms_per_hour, timedelta(hours=1)),
        Limit(row.sms_per_day, timedelta(days=1)),
        Limit(row.sms_per_month, timedelta(days=30)),
    )


def _has_budget(row: WaySettings, now: datetime) -> bool:
    return limits.has_room(kind=_BUDGET, key="", limits=_budget(row), now=now)


def _tell_owners(row: WaySettings, now: datetime) -> None:
    operators.tell(
        key=f"{_BUDGET}:{now:%Y-%m-%d}:{row.sms_per_hour}:{row.sms_per_day}:{row.sms_per_month}",
        subject=_("Text messages: the budget for codes is used up"),
        text=_(
            "%(hour)d codes in an hour, %(day)d in 24 hours or %(month)d in 30 days were sent to phones, so no visitor gets "
            "one for now. Subscribers who confirmed before hear of events as ever.\n\nIf that is not "
            "what your readers do, somebody may be earning money with it: look at the countries."
        )
        % {"hour": row.sms_per_hour, "day": row.sms_per_day, "month": row.sms_per_month},
        path="/admin/ways/",
        now=now,
    )
