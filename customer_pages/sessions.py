"""Who is signed in to which customer page. Rows of our own, not Django's sessions: they can be listed
and ended, and a cookie of one page is nothing on another (reliability B2, C3, C6)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse

from common import auditing
from components.models import Page
from customer_pages import tokens
from customer_pages.models import SESSION_LIVES, CustomerSession

# How exactly "last seen" is kept: not every request writes.
_SEEN_EVERY = timedelta(minutes=5)
_KEPT_FOR = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Opened:
    """A session just opened: its row, and the key that goes into the cookie and nowhere else."""

    session: CustomerSession
    key: str


def open_session(*, page: Page, mailbox: str, host: str, earlier_key: str, now: datetime) -> Opened:
    """Sign somebody in under a new key; what this browser had before on the page ends (C3)."""
    key = tokens.token()
    with transaction.atomic():
        if tokens.is_token(earlier_key):
            earlier = CustomerSession.objects.filter(
                page=page, key_digest=tokens.digest(earlier_key), revoked_at__isnull=True
            )
            earlier.update(revoked_at=now)
        row = CustomerSession.objects.create(
            page=page,
            mailbox=mailbox,
            host=host,
            key_digest=tokens.digest(key),
            created_at=now,
            seen_at=now,
        )
    return Opened(session=row, key=key)


def current(*, page: Page, host: str, key: str, now: datetime) -> CustomerSession | None:
    """The open session of this key on this page under this host name; notes that it was seen."""
    if not tokens.is_token(key):
        return None
    rows = CustomerSession.objects.open(now=now).filter(page=page, host=host)
    row = rows.filter(key_digest=tokens.digest(key)).first()
    if row is not None and row.seen_at <= now - _SEEN_EVERY:
        CustomerSession.objects.filter(pk=row.pk).update(seen_at=now)
    return row


def end(*, session: CustomerSession, everywhere: bool = False, now: datetime) -> None:
    """Sign out; `everywhere` in every browser in which this mailbox is signed in to the page."""
    mine = CustomerSession.objects.filter(page=session.page_id, mailbox=session.mailbox)
    rows = mine if everywhere else mine.filter(pk=session.pk)
    rows.filter(revoked_at__isnull=True).update(revoked_at=now)


def end_by_operator(*, sessions: Sequence[CustomerSession], now: datetime) -> int:
    """End sessions on an operator's word, with an entry in the audit log for each; how many."""
    ended = 0
    with transaction.atomic():
        for row in sessions:
            rows = CustomerSession.objects.filter(pk=row.pk, revoked_at__isnull=True)
            if rows.update(revoked_at=now):
                ended += 1
                before, after = {"revoked_at": None}, {"revoked_at": now}
                auditing.record(subject=row, before=before, after=after, now=now)
    return ended


def prune(*, now: datetime) -> int:
    """Forget sessions that ended long ago; how many."""
    return CustomerSession.objects.filter(created_at__lte=now - _KEPT_FOR).delete()[0]


# ---- cookies -------------------------------------------------------------------------------------


def cookie_name(page: Page) -> str:
    """The name of the cookie of a session on this page, which tells nothing of its address."""
    return _named("customer", page)


def browser_cookie_name(page: Page) -> str:
    """The name of the cookie by which the tab that asked for a link is known again."""
    return _named("sign-in", page)


def set_cookie(response: HttpResponse, name: str, value: str, *, lives: timedelta) -> None:
    """Set a cookie of this host alone: no Domain, no script, and with https the __Host- rules."""
    response.set_cookie(
        name,
        value,
        max_age=int(lives.total_seconds()),
        path="/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def set_session_cookie(response: HttpResponse, opened: Opened) -> None:
    set_cookie(response, cookie_name(opened.session.page), opened.key, lives=SESSION_LIVES)


def delete_cookie(response: HttpResponse, name: str) -> None:
    """Take a cookie back, with the attributes that browsers ask for of such names."""
    set_cookie(response, name, "", lives=timedelta())


def _named(what: str, page: Page) -> str:
    prefix = "__Host-" if settings.SESSION_COOKIE_SECURE else ""
    made = hashlib.sha256(f"{what}:{page.address}".encode()).hexdigest()[:16]
    return f"{prefix}{what}-{made}"
