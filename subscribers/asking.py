"""Take what visitors ask for by e-mail without looking who they are, and answer it a second later.

Looking takes longer for one address than for another, and who measures that would learn who is a
subscriber (reliability A3). So the form writes one row, alike for all, and a worker does the rest.
"""

import logging
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from components import catalogue
from components.models import Page
from subscribers import limits, link_holders, subscribing
from subscribers.canonical import Mailbox
from subscribers.models import Asked, Origin
from subscribers.subscribing import Choice, NothingChosen

_log = logging.getLogger(__name__)
# What could not be answered until then is let go: the visitor has tried again, or given up.
_LATEST = timedelta(minutes=30)


def subscribe(
    *,
    page: Page,
    mailbox: Mailbox,
    choice: Choice,
    language: str,
    client: str,
    now: datetime,
    holder: str = "",
) -> None:
    """Note that a visitor of this page wants to subscribe. Raises TooManyRequests for their network.

    `holder` is the mailbox that signed in to a customer page.
    """
    stored = asdict(choice) | {"component_ids": sorted(choice.component_ids)}
    _put(mailbox, client, now, page=page, choice=stored, language=language, holder=holder)


def send_link(*, page: Page, mailbox: Mailbox, client: str, now: datetime) -> None:
    """Note that a visitor wants a link to change what they get of this page. Raises TooManyRequests."""
    _put(mailbox, client, now, page=page)


def answer(*, now: datetime, at_most: int = 500) -> int:
    """Do what was asked for, oldest first; how many. Any number of workers may call it at once."""
    done = 0
    for row in Asked.objects.select_related("page").order_by("id")[:at_most]:
        try:
            done += _answer(row, now)
        except Exception:  # noqa: BLE001 - one that fails must not hold back the others
            _log.exception("A request could not be answered: asked=%s", row.pk)
            Asked.objects.filter(pk=row.pk, asked_at__lte=now - _LATEST).delete()
    return done


def _put(mailbox: Mailbox, client: str, now: datetime, **fields: Any) -> None:
    with transaction.atomic():
        limits.admit(client=client, now=now)
        Asked.objects.create(address=mailbox.address, canonical=mailbox.key, asked_at=now, **fields)


def _answer(row: Asked, now: datetime) -> int:
    """Do it, in the transaction that takes the row away: another worker waits, and finds nothing."""
    with transaction.atomic():
        if not Asked.objects.filter(pk=row.pk).delete()[0]:
            return 0
        page = row.page or catalogue.page()  # asked before there were several
        if not page.is_live:
            return 1
        if row.choice is None:
            link_holders.ask_for_link(page=page, channel="email", canonical=row.canonical, now=now)
            return 1
        choice = Choice(**row.choice | {"component_ids": frozenset(row.choice["component_ids"])})
        try:
            subscribing.ask(
                page=page,
                channel="email",
                address=row.address,
                canonical=row.canonical,
                choice=choice,
                origin=Origin.FORM,
                language=row.language,
                holder=row.holder,
                now=now,
            )
        except NothingChosen:
            # All that was chosen was hidden since: nothing is left to be told about.
            _log.info("A request is void: asked=%s", row.pk)
    return 1
