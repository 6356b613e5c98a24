"""Write subscribers of a plan: confirmed, unconfirmed or suppressed as they were, and nobody is asked.

By the hundreds, as lists of subscribers are (`subscribers.csv_importing`), with one entry in the
audit log for each lot.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import islice

from django.db import models

from common import auditing
from components import catalogue, pages
from components.models import Page
from importing import plans
from importing.run import Run
from subscribers import addressing, leavers, subscribing, suppressing
from subscribers.addressing import Addressed, AddressInvalid, Reader
from subscribers.models import Origin, Reason, State, Subscriber, Subscription

_CHANNEL = "email"
_LOT = 500
_NOTE_MAX = 300


def write_subscribers(run: Run) -> None:
    """Write them; those that left or are suppressed here stay as they are."""
    reader = addressing.readers()[_CHANNEL]
    suppressed = [one for one in run.plan.subscribers if one.is_suppressed]
    others = [one for one in run.plan.subscribers if not one.is_suppressed]
    for kind, people, write in (
        ("suppression", suppressed, _suppress),
        ("subscriber", others, _subscribe),
    ):
        for lot in _lots(people):
            run.take_many(
                kind=kind,
                things={person.key: person for person in lot},
                name=_name,
                write=partial(write, run, reader, kind),
            )


def _name(person: plans.Subscriber) -> str:
    return person.email


def _lots(people: Iterable[plans.Subscriber]) -> Iterator[list[plans.Subscriber]]:
    left = iter(people)
    while lot := list(islice(left, _LOT)):
        yield lot


def _readable(
    run: Run, reader: Reader, kind: str, people: Mapping[str, plans.Subscriber]
) -> dict[str, Addressed]:
    """The addresses by key; of one that is none it is said so, and the second of one mailbox is left out."""
    found: dict[str, Addressed] = {}
    seen: set[str] = set()
    for key, person in people.items():
        try:
            addressed = reader(person.email)
        except AddressInvalid as error:
            run.refuse(kind, person.email, str(error))
            continue
        if addressed.canonical in seen:
            run.skip(kind, person.email, "this address stands there twice")
            continue
        seen.add(addressed.canonical)
        found[key] = addressed
    return found


def _suppress(
    run: Run, reader: Reader, kind: str, people: Mapping[str, plans.Subscriber]
) -> dict[str, models.Model]:
    return {
        key: suppressing.suppress(
            channel=_CHANNEL, canonical=addressed.canonical, note=run.note, now=run.now
        )
        for key, addressed in _readable(run, reader, kind, people).items()
    }


def _subscribe(
    run: Run, reader: Reader, kind: str, people: Mapping[str, plans.Subscriber]
) -> dict[str, models.Model]:
    page = catalogue.page()
    shown = pages.shown_ids(page)
    addresses = _readable(run, reader, kind, people)
    reasons = _reasons(page, addresses.values())
    made: dict[str, models.Model] = {}
    chosen: list[Subscription] = []
    for key, addressed in addresses.items():
        person = people[key]
        wanted = {one.pk for one in run.components(person.components or ()).values()} & shown
        if reason := reasons.get(addressed.canonical):
            run.skip(kind, person.email, reason)
        elif person.components is not None and not wanted:
            run.refuse(kind, person.email, "None of the components it chose is on the page.")
        else:
            row = _row(run, page, person, addressed)
            made[key] = row
            chosen += [Subscription(subscriber=row, component_id=pk) for pk in sorted(wanted)]
    Subscriber.objects.bulk_create([row for row in made.values() if isinstance(row, Subscriber)])
    Subscription.objects.bulk_create(chosen, batch_size=_LOT)
    if made:
        auditing.record(
            subject=page,
            before={},
            after={"imported_subscribers": f"{len(made)} ({run.note})"},
            now=run.now,
        )
    return made


def _row(run: Run, page: Page, person: plans.Subscriber, addressed: Addressed) -> Subscriber:
    word = "confirmed" if person.is_confirmed else "not confirmed"
    return Subscriber(
        page=page,
        channel=_CHANNEL,
        address=addressed.address,
        canonical=addressed.canonical,
        state=State.ACTIVE if person.is_confirmed else State.WAITING,
        wants_all=person.components is None,
        origin=Origin.IMPORT,
        consent_note=f"{run.note}, {word} there"[:_NOTE_MAX],
        created_at=run.now,
        confirmed_at=person.confirmed_at if person.is_confirmed else None,
    )


def _reasons(page: Page, addresses: Iterable[Addressed]) -> dict[str, str]:
    """Why nothing is written for these mailboxes, for those of which that is so."""
    names = [one.canonical for one in addresses]
    found: dict[str, str] = {}
    for name, state, why in Subscriber.objects.filter(
        page=page, channel=_CHANNEL, canonical__in=names, follows=""
    ).values_list("canonical", "state", "ended_reason"):
        if state != State.ENDED:
            found[name] = "this address is subscribed already"
        elif why == subscribing.LEFT:
            found.setdefault(name, "the owner of this address has unsubscribed here")
    for _page, _channel, name in leavers.among({(page.pk, _CHANNEL, name) for name in names}):
        found.setdefault(name, "the owner of this address has unsubscribed here")
    keys = [(_CHANNEL, name) for name in names]
    for (_channel, name), reason in suppressing.reasons(addresses=keys).items():
        found[name] = f"this address is suppressed here: {Reason(reason).label}"
    return found
