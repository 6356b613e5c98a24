"""The row of a subscription that is asked for: the known one or a new one, and what it begins with.

Called by `subscribing`, inside its transactions.
"""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from components.models import Page
from subscribers import choices, proofs
from subscribers.choices import Choice
from subscribers.models import Origin, State, Subscriber

_BY_OPERATORS = {Origin.OPERATOR, Origin.IMPORT}


def row_for(  # noqa: PLR0917 - the key of a subscription is what it is
    page: Page, channel: str, canonical: str, follows: str, given: dict[str, Any], now: datetime
) -> tuple[Subscriber, bool]:
    """The row of this address on this page, locked, and whether it is new: the open one, or the last that ended."""
    key = {"page": page, "channel": channel, "canonical": canonical, "follows": follows}
    row = _found(key)
    if row is not None:
        return row, False
    new = Subscriber(**key, created_at=now, **given)
    try:
        with transaction.atomic():
            new.save(force_insert=True)
    except IntegrityError:
        row = _found(key)  # another request was faster
        if row is None:
            raise
        return row, False
    return new, True


def _found(key: dict[str, Any]) -> Subscriber | None:
    rows = Subscriber.objects.select_for_update(of=("self",)).filter(**key).select_related("page")
    known = sorted(rows, key=lambda row: (row.state == State.ENDED, -row.id))
    return known[0] if known else None


def begins_anew(row: Subscriber, origin: Origin | str, now: datetime) -> bool:
    """Whether what is asked for now replaces what this known row holds.

    Visitors have proved nothing: neither may they change what the link or code that is under way
    confirms, nor what an operator noted.
    """
    if row.state != State.WAITING:
        return row.state == State.ENDED
    if origin in _BY_OPERATORS:
        return True
    return row.origin not in _BY_OPERATORS and not proofs.is_open(subscriber=row, now=now)


def begin(
    row: Subscriber,
    given: dict[str, Any],
    secrets: dict[str, str] | None,
    choice: Choice,
    *,
    now: datetime,
) -> None:
    """Let the row wait for its confirmation, as it was asked for now."""
    if row.address != given["address"]:
        if proofs.is_open(subscriber=row, now=now):
            # The same mailbox, written in another way: the letter that is under way stays good.
            given = given | {"address": row.address}
        else:
            proofs.void(subscriber=row)
    if row.state == State.ENDED:
        row.created_at = now
    for name, value in given.items():
        setattr(row, name, value)
    if secrets is not None:
        row.secrets = secrets
    row.state, row.confirmed_at, row.ended_at, row.ended_reason = State.WAITING, None, None, ""
    fields = ["sealed", "state", "created_at", "confirmed_at", "ended_at", "ended_reason"]
    row.save(update_fields=[*given, *fields])
    choices.store(row, choice)
