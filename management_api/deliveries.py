"""Deliveries: what is waiting, sent, failed, to whom; and trying again."""

from datetime import datetime
from typing import Annotated, Any

from ninja import Query, Router
from pydantic import Field

from management_api import etags, operations, paging
from management_api.guard import ApiRequest
from management_api.paging import Paging
from management_api.problems import conflict, not_found
from management_api.schemas import Listed, Out, RowId, in_place
from notifications import listing, outbox
from notifications.listing import Delivery, State

router = Router(tags=["deliveries"])
_SEEN: Any = {"scope": "deliveries:read", "permission": "notifications.view_delivery"}
DeliveryState = Annotated[State, in_place(State)]


class DeliveryOut(Out):
    """One message to one address over one channel. Of a sensitive one the subject is not told."""

    id: int
    event: str
    channel: str
    address: str
    subject: str
    is_sensitive: bool
    state: DeliveryState
    attempts: int
    last_error: str
    created_at: datetime
    next_attempt_at: datetime | None
    sent_at: datetime | None
    delivered_at: datetime | None
    bounced_at: datetime | None


class DeliveryFilter(Paging):
    """What to narrow the list to."""

    state: DeliveryState | None = None
    channel: str = Field("", max_length=32, pattern=r"^[a-z]*$")
    q: str = Field(
        "", max_length=200, pattern=r"^[^\x00]*$", description="Part of the address or the event."
    )


@operations.reads(router, "/deliveries", gives=Listed[DeliveryOut], **_SEEN)
def list_deliveries(request: ApiRequest, wanted: Query[DeliveryFilter]) -> Listed[DeliveryOut]:
    """List deliveries, the newest first."""
    del request
    rows = listing.narrowed(state=wanted.state, channel=wanted.channel, text=wanted.q.strip())
    return paging.page(rows, wanted, by=["-id"], show=_shown)


@operations.reads(router, "/deliveries/{delivery_id}", gives=DeliveryOut, **_SEEN)
def get_delivery(request: ApiRequest, delivery_id: RowId) -> DeliveryOut:
    """Show a delivery."""
    del request
    return _shown(_row(delivery_id))


@operations.acts(
    router,
    "/deliveries/{delivery_id}/retry",
    scope="deliveries:write",
    permission="notifications.change_delivery",
    gives=DeliveryOut,
)
def retry_delivery(request: ApiRequest, delivery_id: RowId) -> DeliveryOut:
    """Queue a delivery that failed, came too late or was perhaps sent once more.

    One that was perhaps sent may arrive twice.
    """
    etags.check(request, _shown(_row(delivery_id)))
    if not outbox.try_again(ids=[delivery_id], now=request.now):
        conflict("It has not ended, was sent, or its content is gone: it was left alone.")
    return _shown(_row(delivery_id))


def _row(delivery_id: int) -> Delivery:
    return listing.narrowed(ids=[delivery_id]).first() or not_found("delivery")


def _shown(row: Delivery) -> DeliveryOut:
    return DeliveryOut(
        id=row.pk,
        event=row.dedupe_key,
        channel=row.channel,
        address=row.address,
        subject=listing.subject_of(row),
        is_sensitive=row.is_sensitive,
        state=State(row.state),
        attempts=row.attempts,
        last_error=row.last_error,
        created_at=row.created_at,
        next_attempt_at=listing.waits_until(row),
        sent_at=row.sent_at,
        delivered_at=row.delivered_at,
        bounced_at=row.bounced_at,
    )
