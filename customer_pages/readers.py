"""Addresses that programs of one person read a customer page by: feeds, calendar, JSON, badges (B5).

Not the session: each has a random token of its own, of 128 bits, kept as a digest, for one person, one
page and one thing, and can be ended alone. Whether the person may still see the page is asked at every
fetch, so that an address which was passed on ends with its owner's access.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from common import auditing
from components.models import Page
from customer_pages import access, tokens
from customer_pages.models import Reader, ReaderToken
from public_pages import addresses

AT_MOST = 20
_USED_EVERY = timedelta(minutes=5)
_KEPT_FOR = timedelta(days=60)
# What is read below an address, by its path in small letters.
FILES: Mapping[str, Reader] = {
    "history.rss": Reader.FEED,
    "history.atom": Reader.FEED,
    "maintenance.ics": Reader.CALENDAR,
    "status.json": Reader.JSON,
    "badge/icon": Reader.BADGE,
    "badge/color": Reader.BADGE,
    **{f"api/v2/{name}.json": Reader.JSON for name in addresses.V2_NAMES},
}


_OF_ONE = re.compile(r"components/[a-z0-9_-]{1,100}\.(rss|atom|ics)")


def reads_of(path: str) -> Reader | None:
    """What is read by a path below an address, in any case; None when it is nothing of that kind."""
    found = _OF_ONE.fullmatch(path.lower())
    if found:
        return Reader.CALENDAR if found[1] == "ics" else Reader.FEED
    return FILES.get(path.lower())  # as programs of Statuspage write their paths


class TooMany(Exception):
    """A person has as many addresses on this page as one may have; the sentence is for them."""


def make(*, page: Page, mailbox: str, reads: Reader, now: datetime) -> str:
    """Make an address; its token, which is shown now and never again. Raises TooMany."""
    token = tokens.short_token()
    with transaction.atomic():
        Page.objects.select_for_update().get(pk=page.pk)  # so that two at once are counted
        if len(of_person(page=page, mailbox=mailbox)) >= AT_MOST:
            raise TooMany(_("You have %(count)s addresses. End one first.") % {"count": AT_MOST})
        ReaderToken.objects.create(
            page=page,
            mailbox=mailbox,
            reads=reads,
            digest=tokens.digest(token),
            created_at=now,
        )
    return token


def of_person(*, page: Page, mailbox: str) -> list[ReaderToken]:
    """The addresses that somebody has on a page, the oldest first."""
    rows = ReaderToken.objects.filter(page=page, mailbox=mailbox, revoked_at__isnull=True)
    return list(rows.order_by("id"))


def end(*, page: Page, mailbox: str, token_id: int, now: datetime) -> bool:
    """End one of one's own addresses; whether there was such a one."""
    rows = ReaderToken.objects.filter(
        pk=token_id, page=page, mailbox=mailbox, revoked_at__isnull=True
    )
    return bool(rows.update(revoked_at=now))


def end_by_operator(*, token: ReaderToken, now: datetime) -> bool:
    """End an address on an operator's word, with an entry in the audit log; whether it was open."""
    with transaction.atomic():
        rows = ReaderToken.objects.filter(pk=token.pk, revoked_at__isnull=True)
        if not rows.update(revoked_at=now):
            return False
        auditing.record(
            subject=token, before={"revoked_at": None}, after={"revoked_at": now}, now=now
        )
    return True


def found(*, page: Page, token: str, reads: Reader, now: datetime) -> ReaderToken | None:
    """The address of this token, if its owner may see the page now; notes that it was read."""
    if not tokens.is_short_token(token):
        return None
    rows = ReaderToken.objects.filter(page=page, reads=reads, revoked_at__isnull=True)
    row = rows.filter(digest=tokens.digest(token)).first()
    if row is None or not access.lets_in(page_id=page.pk, mailbox=row.mailbox):
        return None
    if row.used_at is None or row.used_at <= now - _USED_EVERY:
        ReaderToken.objects.filter(pk=row.pk).update(used_at=now)
    return row


def prune(*, now: datetime) -> int:
    """Forget addresses that were ended long ago; how many."""
    return ReaderToken.objects.filter(revoked_at__lte=now - _KEPT_FOR).delete()[0]
