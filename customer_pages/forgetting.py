"""What is kept of one person who signed in: erased with them, and told in their file (N11).

Named in settings.PERSON_ERASERS and settings.PERSON_FILES, for `subscribers.erasing`, which is below
this app. A person is a mailbox however it is written (`subscribers.canonical.key_of`).
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from common import auditing
from customer_pages import signing_in
from customer_pages.models import CustomerSession, Reader, ReaderToken, SignIn
from notifications import forgetting
from subscribers import canonical as keys

LETTERS = ("sign-in:",)
_MODELS = (SignIn, CustomerSession, ReaderToken)


def erase(*, channel: str, canonical: str, now: datetime) -> None:
    """Sign the person out everywhere and delete what is kept of it, with the entries of the audit log.

    That is sessions, addresses for programs, who asked for links, and the letters with them. Only
    mailboxes sign in.
    """
    if channel != "email":
        return
    with transaction.atomic():
        mailboxes = _mailboxes(canonical)
        sign_ins = list(SignIn.objects.filter(mailbox__in=mailboxes))
        sessions = list(CustomerSession.objects.filter(mailbox__in=mailboxes))
        readers = list(ReaderToken.objects.filter(mailbox__in=mailboxes))
        forgetting.forget(
            grants=[signing_in.grant_of(row.pk) for row in sign_ins],
            channel="email",
            addresses={canonical, *mailboxes},
            keys=LETTERS,
            now=now,
        )
        auditing.redact(objects=[*sessions, *readers], now=now)
        for mailbox in {canonical, *mailboxes}:  # of rows that were forgotten before
            auditing.redact_named(
                model=CustomerSession, name=str(CustomerSession(mailbox=mailbox)), now=now
            )
            for reads in Reader:
                named = str(ReaderToken(mailbox=mailbox, reads=reads))
                auditing.redact_named(model=ReaderToken, name=named, now=now)
        for model in _MODELS:
            model._default_manager.filter(mailbox__in=mailboxes).delete()


def everything_about(*, canonical: str) -> dict[str, Any]:
    """All that is kept of the person on customer pages, as plain JSON values.

    Of a link that was asked for no page is told: whoever may not see a page may ask for one, too.
    """
    mailboxes = _mailboxes(canonical)
    sessions = CustomerSession.objects.filter(mailbox__in=mailboxes).select_related("page")
    readers = ReaderToken.objects.filter(mailbox__in=mailboxes).select_related("page")
    links = SignIn.objects.filter(mailbox__in=mailboxes).order_by("id")
    return {
        "links_asked_for": [
            {"address": row.mailbox, "asked_at": _iso(row.asked_at)} for row in links
        ],
        "sessions": [
            {
                "page": row.page.name,
                "address": row.mailbox,
                "host": row.host,
                "signed_in_at": _iso(row.created_at),
                "last_seen_at": _iso(row.seen_at),
                "ended_at": _iso(row.revoked_at),
            }
            for row in sessions.order_by("id")
        ],
        "addresses_for_programs": [
            {
                "page": row.page.name,
                "address": row.mailbox,
                "reads": row.reads,
                "made_at": _iso(row.created_at),
                "last_read_at": _iso(row.used_at),
                "ended_at": _iso(row.revoked_at),
            }
            for row in readers.order_by("id")
        ],
    }


def _mailboxes(canonical: str) -> set[str]:
    """Every way in which the rows write this mailbox."""
    found = set()
    for model in _MODELS:
        every = model._default_manager.values_list("mailbox", flat=True).distinct()
        found |= {one for one in every.iterator() if keys.key_of(one) == canonical}
    return found


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
