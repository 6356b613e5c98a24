"""The suppression list: addresses that are not written to, whoever subscribes them (D6)."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from ninja import Query, Router
from pydantic import Field

from management_api import etags, operations, paging
from management_api.guard import ApiRequest
from management_api.paging import Paging
from management_api.problems import conflict, not_found
from management_api.schemas import In, Listed, Out, RowId
from management_api.subscribers import SuppressionReason, TypedChannel
from subscribers import addressing, suppressing
from subscribers.models import Reason, Suppression

router = Router(tags=["subscribers"])
_SUPPRESSED: Any = {"scope": "subscribers:read", "permission": "subscribers.view_suppression"}
_WRITTEN = "subscribers:write"


class SuppressionOut(Out):
    """An address that is not written to, whoever subscribes it."""

    id: int
    channel: str
    address: str
    reason: SuppressionReason
    note: str
    is_liftable: bool
    created_at: datetime


class SuppressionIn(In):
    """An address to write to no more."""

    channel: TypedChannel = TypedChannel.EMAIL
    address: str = Field(min_length=1, max_length=320)
    note: str = Field("", max_length=200)


class LiftIn(In):
    """Why the address may be written to again; kept in the audit log."""

    why: str = Field(min_length=1, max_length=200)


@operations.reads(router, "/suppressions", gives=Listed[SuppressionOut], **_SUPPRESSED)
def list_suppressions(request: ApiRequest, paging_: Query[Paging]) -> Listed[SuppressionOut]:
    """List addresses that are not written to, the newest first."""
    del request
    rows = Suppression.objects.all()
    return paging.page(rows, paging_, by=["-id"], show=_suppression)


@operations.creates(
    router,
    "/suppressions",
    scope=_WRITTEN,
    permission="subscribers.add_suppression",
    gives=SuppressionOut,
)
def create_suppression(request: ApiRequest, body: SuppressionIn) -> SuppressionOut:
    """Write to an address no more; its subscriptions stay, and count again once it is lifted."""
    try:
        canonical = addressing.canonical_of(channel=body.channel, text=body.address)
    except addressing.AddressInvalid as error:
        raise ValidationError({"address": str(error)}) from None
    row = suppressing.suppress(
        channel=body.channel, canonical=canonical, note=body.note, now=request.now
    )
    return _suppression(row)


@operations.acts(
    router,
    "/suppressions/{suppression_id}/lift",
    scope=_WRITTEN,
    permission="subscribers.delete_suppression",
    gives=SuppressionOut,
)
def lift_suppression(request: ApiRequest, suppression_id: RowId, body: LiftIn) -> SuppressionOut:
    """Let an address be written to again; complaints and STOPs stay."""
    rows = Suppression.objects.select_for_update()
    row = rows.filter(pk=suppression_id).first() or not_found("entry")
    shown = _suppression(row)
    etags.check(request, shown)
    try:
        suppressing.lift(suppression=row, why=body.why)
    except suppressing.NotLiftable as error:
        conflict(str(error))
    return shown


def _suppression(row: Suppression) -> SuppressionOut:
    return SuppressionOut(
        id=row.pk,
        channel=row.channel,
        address=row.canonical,
        reason=Reason(row.reason),
        note=row.note,
        is_liftable=suppressing.is_liftable(row),
        created_at=row.created_at,
    )
