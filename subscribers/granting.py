"""Whether a delivery is still wanted, asked just before it leaves (`settings.DELIVERY_GRANTS`).

And whether it may still be read: a subscriber of a customer page hears of it only as long as the
mailbox that stands for them may see that page (AMB-13, reliability B9).
"""

from collections.abc import Collection, Iterable, Mapping

from django.db.models import Exists, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from catalog import access
from catalog.access import Listed
from components.models import PageKind
from subscribers import recipients
from subscribers.models import State, Subscriber
from subscribers.models.people import SubscriberQuerySet

# Why a subscription to one event ended: with it.
EVENT_OVER = "The event is over."
ACCESS_REVOKED = gettext_noop("Access revoked: this mailbox may not see the page any more.")
PAGE_RETIRED = gettext_noop("The page was retired.")

_SUBSCRIBER, _READER = "subscriber", "reader"


def grant_of(subscriber_id: int) -> str:
    """The grant that a message to this subscriber is sent under."""
    return f"{_SUBSCRIBER}:{subscriber_id}"


def reader_of(subscriber_id: int) -> str:
    """The grant that a letter to somebody who need not be active is sent under: they may see the page."""
    return f"{_READER}:{subscriber_id}"


def subscriber_id(grant: str) -> int | None:
    """The subscriber of a grant; None for a grant of somebody else."""
    return _number(grant, _SUBSCRIBER)


def still_granted(grants: Collection[str]) -> set[str]:
    """Those grants whose subscriber is active, or let go with its event, not suppressed, and may read."""
    # Who followed one event is let go with its last message, and still gets that one.
    let_go = Q(state=State.ENDED, ended_reason=EVENT_OVER)
    rows = Subscriber.objects.filter(Q(state=State.ACTIVE) | let_go, id__in=_ids(grants))
    rows = rows.exclude(Exists(recipients.suppressions()))
    return {grant_of(pk) for pk in _readers(rows)}


def still_readers(grants: Collection[str]) -> set[str]:
    """Those grants whose subscriber may see the page, whatever has become of the subscription."""
    rows = Subscriber.objects.filter(id__in=_ids(grants, _READER))
    return {reader_of(pk) for pk in _readers(rows)}


def reasons(grants: Collection[str]) -> dict[str, str]:
    """Why some of these are not sent, where it is not for what the subscriber did."""
    found = {}
    for kind, grant_for in ((_SUBSCRIBER, grant_of), (_READER, reader_of)):
        rows = Subscriber.objects.filter(id__in=_ids(grants, kind))
        may_read = _readers(rows)
        for pk, retired_at in rows.values_list("id", "page__retired_at"):
            if pk not in may_read:
                found[grant_for(pk)] = _(PAGE_RETIRED if retired_at else ACCESS_REVOKED)
    return found


def may_read(subscriber: Subscriber) -> bool:
    """Whether what this subscriber's page says may be shown to whoever holds a link of theirs."""
    return subscriber.pk in _readers(Subscriber.objects.filter(pk=subscriber.pk))


def _readers(rows: SubscriberQuerySet) -> set[int]:
    """The ids of those who may see their page now; two statements, and one without customer pages."""
    found = list(
        rows.filter(page__retired_at__isnull=True).values_list(
            "id", "page_id", "page__kind", "channel", "address", "holder"
        )
    )
    customers = {page for _pk, page, kind, *_rest in found if kind == PageKind.CUSTOMER}
    lists: Mapping[int, Listed] = access.listed_by(customers) if customers else {}
    return {
        pk
        for pk, page, kind, channel, address, holder in found
        if kind != PageKind.CUSTOMER
        or _stand_for(lists[page], _mailboxes(channel=channel, address=address, holder=holder))
    }


def _mailboxes(*, channel: str, address: str, holder: str) -> list[str]:
    """The mailboxes that stand for a subscription: who signed in to make it, and whom mail goes to."""
    return [one for one in (holder, address if channel == "email" else "") if one]


def _stand_for(listed: Listed, mailboxes: Iterable[str]) -> bool:
    """Whether all of them are let in; without one nobody stands for it."""
    found = list(mailboxes)
    return bool(found) and all(access.lets_in(listed, one) for one in found)


def _ids(grants: Collection[str], kind: str = _SUBSCRIBER) -> list[int]:
    return [found for grant in grants if (found := _number(grant, kind)) is not None]


def _number(grant: str, kind: str) -> int | None:
    name, _colon, number = grant.partition(":")
    return int(number) if name == kind and number.isdigit() else None
