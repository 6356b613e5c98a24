"""Subscribers, for those who may see them on the console."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from ninja import Query, Router
from pydantic import Field

from components import catalogue
from components.models import Component, Page
from management_api import etags, operations, paging
from management_api.guard import ApiRequest
from management_api.paging import Paging
from management_api.problems import conflict, not_found
from management_api.schemas import In, Listed, Out, RowId, in_place, left_out
from subscribers import (
    adding,
    addressing,
    erasing,
    operators_list,
    subscribing,
    suppressing,
)
from subscribers.models import Origin, Reason, State, Subscriber
from subscribers.operators_list import Wanted
from subscribers.subscribing import Choice, NotNow, TooManyRequests

router = Router(tags=["subscribers"])
_SEEN: Any = {"scope": "subscribers:read", "permission": "subscribers.view_subscriber"}
_WRITTEN = "subscribers:write"
SubscriberState = Annotated[State, in_place(State)]
SuppressionReason = Annotated[Reason, in_place(Reason)]


class TypedChannel(StrEnum):
    """The channels whose address a person can type."""

    EMAIL = "email"
    SMS = "sms"


class SubscriberOut(Out):
    """One subscription. `component_ids` is null for everything; `suppressed_because` beats the state."""

    id: int
    page_id: str
    channel: str
    address: str
    state: SubscriberState
    component_ids: list[str] | None
    wants_postmortems: bool
    follows: str
    origin: Origin
    consent_note: str
    suppressed_because: SuppressionReason | None
    created_at: datetime
    confirmed_at: datetime | None


class SubscriberFilter(Paging):
    """What to narrow the list to; those who have unsubscribed are listed only when asked for."""

    state: SubscriberState | None = None
    channel: str = Field("", max_length=32, pattern=r"^[a-z]*$")
    page_id: str = Field("", max_length=12, pattern=r"^[0-9a-z]*$")
    q: str = Field("", max_length=320, pattern=r"^[^\x00]*$", description="Part of the address.")


class SubscriberIn(In):
    """Somebody to be told. Who has not agreed is asked to confirm first, and hears nothing until then."""

    channel: TypedChannel = TypedChannel.EMAIL
    address: str = Field(min_length=1, max_length=320)
    page_id: str | None = Field(None, max_length=12, description="Null: the main page.")
    component_ids: list[str] | None = Field(None, max_length=1000, description="Null: everything.")
    wants_postmortems: bool = False
    has_agreed: bool = Field(False, description="The owner of the address has agreed already.")
    consent_note: str = Field(
        "", max_length=200, description="Where the consent comes from; kept and exported."
    )


class SubscriberChange(In):
    """What somebody hears of from the next message on."""

    component_ids: list[str] | None = Field(None, max_length=1000)
    wants_postmortems: bool = left_out(bool)


@operations.reads(router, "/subscribers", gives=Listed[SubscriberOut], **_SEEN)
def list_subscribers(request: ApiRequest, wanted: Query[SubscriberFilter]) -> Listed[SubscriberOut]:
    """List subscribers, the newest first."""
    del request
    rows = operators_list.narrowed(
        Wanted(
            text=wanted.q.strip(),
            state=wanted.state or "",
            channel=wanted.channel,
            page_id=_page_number(wanted.page_id),
        )
    )
    return paging.page_of(
        rows.prefetch_related("chosen__component"), wanted, by=["-id"], show=_told
    )


@operations.creates(
    router,
    "/subscribers",
    scope=_WRITTEN,
    permission="subscribers.add_subscriber",
    gives=SubscriberOut,
    at=lambda out: f"/subscribers/{out.id}",
)
def create_subscriber(request: ApiRequest, body: SubscriberIn) -> SubscriberOut:
    """Subscribe an address, as by hand on the console.

    With `has_agreed` a mailbox is told from now on. Otherwise, and for every phone, its owner is
    asked to confirm first.
    """
    try:
        row = adding.add(
            page=_page(body.page_id),
            channel=body.channel,
            text=body.address,
            choice=_choice(body.component_ids, wants_postmortems=body.wants_postmortems),
            has_agreed=body.has_agreed,
            note=body.consent_note,
            now=request.now,
        )
    except subscribing.HasLeft:
        conflict("They have unsubscribed: only their own confirmation counts. Ask them first.")
    except (adding.SubscribedAlready, subscribing.Suppressed) as error:
        conflict(str(error))
    except (addressing.AddressInvalid, adding.NotLetIn, NotNow, TooManyRequests) as error:
        raise ValidationError({"address": str(error)}) from None
    except subscribing.NothingChosen as error:
        raise ValidationError({"component_ids": str(error)}) from None
    return _shown(_held(row.pk))


@operations.reads(router, "/subscribers/{subscriber_id}", gives=SubscriberOut, **_SEEN)
def get_subscriber(request: ApiRequest, subscriber_id: RowId) -> SubscriberOut:
    """Show a subscriber."""
    del request
    return _shown(_row(subscriber_id))


@operations.changes(
    router,
    "/subscribers/{subscriber_id}",
    scope=_WRITTEN,
    permission="subscribers.change_subscriber",
    gives=SubscriberOut,
)
def change_subscriber(
    request: ApiRequest, subscriber_id: RowId, body: SubscriberChange
) -> SubscriberOut:
    """Change what a subscriber hears of."""
    row = _held(subscriber_id)
    etags.check(request, _shown(row))
    given = body.given()
    if row.follows:
        conflict("This one follows a single event: there is nothing to choose.")
    ids = given.get("component_ids", _chosen(row))
    postmortems = given.get("wants_postmortems", row.wants_postmortems)
    try:
        choice = _choice(ids, wants_postmortems=postmortems)
        adding.change_choice(subscriber=row, choice=choice, now=request.now)
    except subscribing.NothingChosen as error:
        raise ValidationError({"component_ids": str(error)}) from None
    return _shown(_row(subscriber_id))


@operations.removes(
    router,
    "/subscribers/{subscriber_id}",
    scope=_WRITTEN,
    permission="subscribers.delete_subscriber",
)
def delete_subscriber(request: ApiRequest, subscriber_id: RowId) -> None:
    """End a subscription: nothing more is sent, and the row stays among those who have left."""
    row = _held(subscriber_id)
    etags.check(request, _shown(row))
    subscribing.leave(subscriber=row, reason=subscribing.REMOVED, now=request.now)


@operations.acts(
    router,
    "/subscribers/{subscriber_id}/resend",
    scope=_WRITTEN,
    permission="subscribers.change_subscriber",
    gives=SubscriberOut,
)
def resend_confirmation(request: ApiRequest, subscriber_id: RowId) -> SubscriberOut:
    """Send the confirmation once more; to an active subscriber the link to change things."""
    row = _held(subscriber_id)
    etags.check(request, _shown(row))
    try:
        adding.ask_again(subscriber=row, now=request.now)
    except (subscribing.Suppressed, NotNow, TooManyRequests) as error:
        conflict(str(error))
    return _shown(_row(subscriber_id))


@operations.acts(
    router,
    "/subscribers/{subscriber_id}/resume",
    scope=_WRITTEN,
    permission="subscribers.change_subscriber",
    gives=SubscriberOut,
)
def resume_subscriber(request: ApiRequest, subscriber_id: RowId) -> SubscriberOut:
    """Tell a paused subscriber again, from the next event on."""
    row = _held(subscriber_id)
    etags.check(request, _shown(row))
    try:
        subscribing.resume(subscriber=row, now=request.now)
    except (subscribing.Suppressed, NotNow, TooManyRequests) as error:
        conflict(str(error))
    return _shown(_row(subscriber_id))


@operations.removes(
    router,
    "/subscribers/{subscriber_id}/person",
    scope=_WRITTEN,
    permission="subscribers.delete_subscriber",
)
def erase_person(request: ApiRequest, subscriber_id: RowId) -> None:
    """Erase the person behind a subscriber: every subscription, what waits to be sent, what is kept."""
    row = _held(subscriber_id)
    etags.check(request, _shown(row))
    erasing.erase_person(subscriber=row, now=request.now)


def _page_number(page_id: str) -> int | None:
    """The row of a page that the list is narrowed to; nothing is found on one that is not there."""
    if not page_id:
        return None
    return Page.objects.filter(public_id=page_id).values_list("pk", flat=True).first() or -1


def _page(page_id: str | None) -> Page:
    if page_id is None:
        return catalogue.page()
    row = Page.objects.filter(public_id=page_id, retired_at__isnull=True).first()
    if row is None:
        raise ValidationError({"page_id": "There is no such page."})
    return row


def _choice(component_ids: list[str] | None, *, wants_postmortems: bool) -> Choice:
    if component_ids is None:
        return Choice(wants_postmortems=wants_postmortems)
    rows = Component.objects.filter(Q(public_id__in=component_ids) | Q(slug__in=component_ids))
    known = {name: row.pk for row in rows for name in (row.public_id, row.slug)}
    unknown = [each for each in component_ids if each not in known]
    if unknown:
        raise ValidationError({"component_ids": f"There is no component “{unknown[0]}”."})
    return Choice(
        wants_all=False,
        component_ids=frozenset(known[each] for each in component_ids),
        wants_postmortems=wants_postmortems,
    )


def _rows() -> "QuerySet[Subscriber]":
    return Subscriber.objects.select_related("page").prefetch_related("chosen__component")


def _row(subscriber_id: int) -> Subscriber:
    return _rows().filter(pk=subscriber_id).first() or not_found("subscriber")


def _held(subscriber_id: int) -> Subscriber:
    rows = _rows().select_for_update(of=("self",))
    return rows.filter(pk=subscriber_id).first() or not_found("subscriber")


def _told(rows: Sequence[Subscriber]) -> list[SubscriberOut]:
    """Some of them; why addresses are suppressed is asked for all at once."""
    reasons = suppressing.reasons(addresses=[(row.channel, row.canonical) for row in rows])
    return [_shown_with(row, reasons.get((row.channel, row.canonical))) for row in rows]


def _chosen(row: Subscriber) -> list[str] | None:
    if row.wants_all:
        return None
    return sorted(each.component.public_id for each in row.chosen.all())


def _shown(row: Subscriber) -> SubscriberOut:
    return _told([row])[0]


def _shown_with(row: Subscriber, reason: Reason | None) -> SubscriberOut:
    return SubscriberOut(
        id=row.pk,
        page_id=row.page.public_id,
        channel=row.channel,
        address=row.address,
        state=State(row.state),
        component_ids=_chosen(row),
        wants_postmortems=row.wants_postmortems,
        follows=row.follows,
        origin=Origin(row.origin),
        consent_note=row.consent_note,
        suppressed_because=reason,
        created_at=row.created_at,
        confirmed_at=row.confirmed_at,
    )
