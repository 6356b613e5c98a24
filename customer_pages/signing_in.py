"""Sign in to a customer page: ask for a link, get it by mail, use it or its code (R5, AMB-12).

Asking writes one row, alike for every address, and a worker looks a second later whether it may have
a link (reliability A4). `now` is the clock of the database (`database_clock`). Link and code are each
used by one conditional update: of many that come at once, one wins (C4, C5).
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from common.mailboxes import Mailbox
from components.models import Page
from customer_pages import access, letters, sessions, tokens
from customer_pages.access import Place
from customer_pages.models import SignIn
from customer_pages.sessions import Opened
from subscribers import limits
from subscribers.limits import Limit, TooManyRequests

_log = logging.getLogger(__name__)

LIVES = timedelta(minutes=15)
MAX_ATTEMPTS = 5
OF_A_MAILBOX = (Limit(1, timedelta(seconds=60)), Limit(5, timedelta(hours=1)))
_KEPT_FOR = timedelta(days=1)
_GRANT = "sign-in"


class NotLetIn(Exception):
    """The link or the code is good, and its mailbox is not on the list (any more)."""

    def __init__(self, mailbox: str) -> None:
        super().__init__()
        self.mailbox = mailbox


class LinkDead(Exception):
    """The link was used or is too old; `mailbox` is whom it was sent to, empty for one we never sent."""

    def __init__(self, *, mailbox: str = "", is_used: bool = False) -> None:
        super().__init__()
        self.mailbox = mailbox
        self.is_used = is_used


class CodeRefused(Exception):
    """The code is wrong, too old, used, was guessed at too often, or never was."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session just opened, and the path below the page that was asked for before."""

    opened: Opened
    target: str


def ask(
    *,
    place: Place,
    box: Mailbox,
    browser: str,
    client: str,
    now: datetime,
    target: str = "",
    language: str = "",
) -> None:
    """Note that somebody wants a link; `browser` is the value of the cookie of the tab that asks.

    Raises:
        TooManyRequests: for their network, or for the mailbox; the same whoever it is.
    """
    with transaction.atomic():
        limits.admit(client=client, now=now)
        is_in_time = limits.take(kind="sign-in", key=box.key, limits=OF_A_MAILBOX, now=now)
        if is_in_time:
            SignIn.objects.create(
                page=place.page,
                mailbox=str(box),
                browser_digest=tokens.digest(browser),
                host=place.host,
                target=target,
                language=language,
                asked_at=now,
                expires_at=now + LIVES,
            )
    if not is_in_time:  # after the transaction: the network's try counts in either case
        raise TooManyRequests(_("Too many links. Try again in 10 minutes."))


def answer(*, now: datetime, at_most: int = 500) -> int:
    """Send links to those who may have one; how many were answered. Any number of workers may call it."""
    done = 0
    for row in SignIn.objects.unanswered().select_related("page")[:at_most]:
        try:
            done += _answer(row, now)
        except Exception:  # noqa: BLE001 - one that fails must not hold back the others
            _log.exception("A sign-in could not be answered: sign_in=%s", row.pk)
            SignIn.objects.filter(pk=row.pk, expires_at__lte=now).delete()
    return done


def _answer(row: SignIn, now: datetime) -> int:
    with transaction.atomic():
        mine = SignIn.objects.unanswered().filter(pk=row.pk)
        if not mine.update(answered_at=now):
            return 0
        is_open = row.page.is_live and row.expires_at > now
        if not is_open or not access.lets_in(page_id=row.page_id, mailbox=row.mailbox):
            return 1
        token, code = tokens.token(), tokens.code()
        row.token_digest, row.code_digest = tokens.digest(token), tokens.code_digest(row.pk, code)
        row.save(update_fields=["token_digest", "code_digest"])
        letters.put(row=row, token=token, code=code, grant=grant_of(row.pk), now=now)
    return 1


def grant_of(row_id: int) -> str:
    """Under what the letter of a sign-in is sent."""
    return f"{_GRANT}:{row_id}"


def still_granted(grants: Collection[str]) -> set[str]:
    """Those grants whose page is live and still lists the mailbox: asked before a letter leaves (B9)."""
    ids = [int(one.partition(":")[2]) for one in grants if one.startswith(f"{_GRANT}:")]
    rows = SignIn.objects.filter(id__in=ids, page__retired_at__isnull=True)
    return {
        grant_of(row.pk) for row in rows if access.lets_in(page_id=row.page_id, mailbox=row.mailbox)
    }


def look(*, page: Page, token: str, now: datetime) -> SignIn:
    """The sign-in of a link that still works, and nothing is used up. Raises LinkDead."""
    row = _found(page, token)
    if row.link_used_at is not None or row.expires_at <= now:
        raise LinkDead(mailbox=row.mailbox, is_used=row.link_used_at is not None)
    return row


def redeem(*, place: Place, token: str, earlier_key: str, now: datetime) -> SignedIn:
    """Use a link up and sign in.

    Raises:
        LinkDead: it was used, is too old, or is none of this page.
        NotLetIn: its mailbox is not on the list any more.
    """
    row = look(page=place.page, token=token, now=now)
    _check(row)
    with transaction.atomic():
        usable = SignIn.objects.filter(pk=row.pk, link_used_at__isnull=True, expires_at__gt=now)
        if not usable.update(link_used_at=now):
            raise LinkDead(mailbox=row.mailbox, is_used=True)
        return _sign_in(row, place, earlier_key, now)


def guess(*, place: Place, browser: str, code: str, earlier_key: str, now: datetime) -> SignedIn:
    """Sign in by the code of the last mail that this tab asked for; every call counts as a guess.

    Call outside a transaction that may be rolled back: the count must stay.

    Raises:
        CodeRefused: see there.
        NotLetIn: its mailbox is not on the list any more.
    """
    row = latest(page=place.page, browser=browser)
    if row is None:
        raise CodeRefused
    usable = SignIn.objects.filter(
        pk=row.pk, code_used_at__isnull=True, expires_at__gt=now, attempts__lt=MAX_ATTEMPTS
    )
    counted = usable.update(attempts=F("attempts") + 1)
    if not counted or not tokens.fits(row.code_digest, row.pk, code):
        raise CodeRefused
    _check(row)
    with transaction.atomic():
        unused = SignIn.objects.filter(pk=row.pk, code_used_at__isnull=True, expires_at__gt=now)
        # Who typed the code needs the link no more.
        if not unused.update(code_used_at=now, link_used_at=Coalesce("link_used_at", Value(now))):
            raise CodeRefused
        return _sign_in(row, place, earlier_key, now)


def latest(*, page: Page, browser: str) -> SignIn | None:
    """What this tab asked for last on a page."""
    if not tokens.is_token(browser):
        return None
    rows = SignIn.objects.filter(page=page, browser_digest=tokens.digest(browser))
    return rows.order_by("-id").first()


def prune(*, now: datetime) -> int:
    """Forget who asked for links that ran out a day ago; how many."""
    return SignIn.objects.filter(expires_at__lte=now - _KEPT_FOR).delete()[0]


def _found(page: Page, token: str) -> SignIn:
    if not tokens.is_token(token):
        raise LinkDead
    row = SignIn.objects.filter(page=page, token_digest=tokens.digest(token)).first()
    if row is None:
        raise LinkDead
    return row


def _check(row: SignIn) -> None:
    if not access.lets_in(page_id=row.page_id, mailbox=row.mailbox):
        raise NotLetIn(row.mailbox)


def _sign_in(row: SignIn, place: Place, earlier_key: str, now: datetime) -> SignedIn:
    opened = sessions.open_session(
        page=place.page, mailbox=row.mailbox, host=place.host, earlier_key=earlier_key, now=now
    )
    return SignedIn(opened=opened, target=row.target)
