"""Write subscribers of a plan: confirmed, unconfirmed or suppressed as they were, and nobody is asked."""

from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from components import catalogue
from importing import plans
from importing.run import NotTaken, Run
from subscribers import addressing, beginning, leavers, subscribing, suppressing
from subscribers.addressing import Addressed, AddressInvalid
from subscribers.models import Origin, State, Subscriber, Suppression
from subscribers.subscribing import Choice, HasLeft, NothingChosen, Suppressed

_CHANNEL = "email"
_NOTE_MAX = 300


def write_subscribers(run: Run) -> None:
    """Write them one by one; those that left or are suppressed here stay as they are."""
    for person in run.plan.subscribers:
        run.take(
            kind="suppression" if person.is_suppressed else "subscriber",
            key=person.key,
            name=person.email,
            thing=person,
            write=partial(_suppress if person.is_suppressed else _subscribe, run, person),
        )


def _suppress(run: Run, person: plans.Subscriber) -> Suppression:
    return suppressing.suppress(
        channel=_CHANNEL, canonical=_addressed(person).canonical, note=run.note, now=run.now
    )


def _addressed(person: plans.Subscriber) -> Addressed:
    try:
        return addressing.read(channel=_CHANNEL, text=person.email)
    except AddressInvalid as error:
        raise ValidationError(str(error)) from None


def _subscribe(run: Run, person: plans.Subscriber) -> models.Model:
    addressed = _addressed(person)
    known = Subscriber.objects.filter(
        page=catalogue.page(), channel=_CHANNEL, canonical=addressed.canonical, follows=""
    ).exclude(state=State.ENDED)
    if known.exists():
        raise NotTaken("this address is subscribed already")
    write = _confirmed if person.is_confirmed else _waiting
    try:
        return write(run, person, addressed, _choice(run, person))
    except (Suppressed, HasLeft) as error:
        raise NotTaken(str(error)) from None
    except NothingChosen as error:
        raise ValidationError(str(error)) from None


def _choice(run: Run, person: plans.Subscriber) -> Choice:
    if person.components is None:
        return Choice()
    chosen = run.components(person.components).values()
    return Choice(wants_all=False, component_ids=frozenset(row.pk for row in chosen))


def _confirmed(
    run: Run, person: plans.Subscriber, addressed: Addressed, choice: Choice
) -> Subscriber:
    row = subscribing.add_confirmed(
        page=catalogue.page(),
        channel=_CHANNEL,
        address=addressed.address,
        canonical=addressed.canonical,
        choice=choice,
        origin=Origin.IMPORT,
        consent_note=f"{run.note}, confirmed there"[:_NOTE_MAX],
        now=run.now,
    )
    if person.confirmed_at is not None:
        row.confirmed_at = person.confirmed_at
        row.save(update_fields=["confirmed_at"])
    return row


def _waiting(
    run: Run, person: plans.Subscriber, addressed: Addressed, choice: Choice
) -> Subscriber:
    """Note the address as one that has not confirmed; it is not asked, an operator can ask it."""
    page = catalogue.page()
    key = (_CHANNEL, addressed.canonical)
    reason = suppressing.reasons(addresses=[key]).get(key)
    if reason is not None:
        raise subscribing.suppressed(reason)
    given: dict[str, Any] = {
        "address": addressed.address,
        "options": choice.own_options,
        "language": "",
        "origin": str(Origin.IMPORT),
        "consent_note": f"{run.note}, not confirmed there"[:_NOTE_MAX],
    }
    row, is_new = beginning.row_for(page, _CHANNEL, addressed.canonical, "", given, run.now)
    left = row.state == State.ENDED and row.ended_reason == subscribing.LEFT
    if left or (is_new and leavers.among([leavers.key_of(row)])):
        raise HasLeft("The owner of this address has unsubscribed.")
    beginning.begin(row, given, None, choice, now=run.now)
    return row
