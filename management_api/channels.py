"""Channels that alert the team: what each has to be told depends on its kind (docs/reference/channels.md)."""

from typing import Annotated, Any

from django.core.exceptions import ValidationError
from ninja import Query, Router
from pydantic import Field

from common import sealing
from management_api import etags, operations, paging
from management_api.guard import ApiRequest
from management_api.paging import Paging
from management_api.problems import conflict, not_found
from management_api.schemas import In, Listed, Out, RowId, left_out
from monitoring import alert_channels, browsers
from monitoring.models import AlertChannel

router = Router(tags=["alert channels"])
# Channels hold addresses and secrets: only who may change them sees them, as on the console.
_SEEN: Any = {"scope": "channels:read", "permission": "monitoring.change_alertchannel"}
_WRITTEN = "channels:write"

Values = dict[
    Annotated[str, Field(min_length=1, max_length=32)], Annotated[str, Field(max_length=8000)]
]


class ChannelOut(Out):
    """A channel. `values` are its fields; secrets are named in `stored_secrets` and never told."""

    id: int
    kind: str
    name: str
    is_enabled: bool
    tells_recovery: bool
    reminders_only: bool
    values: dict[str, str]
    stored_secrets: list[str]


class ChannelIn(In):
    """A new channel; `values` by the names of its kind's fields, several recipients one a line."""

    kind: str = Field(min_length=1, max_length=32)
    name: str = Field("", max_length=100)
    is_enabled: bool = True
    tells_recovery: bool = True
    reminders_only: bool = False
    values: Values = Field(default_factory=dict)


class ChannelChange(In):
    """What is to be different. Of `values`, fields that are left out stay; an empty one is forgotten."""

    name: str = left_out(max_length=100)
    is_enabled: bool = left_out(bool)
    tells_recovery: bool = left_out(bool)
    reminders_only: bool = left_out(bool)
    values: Values = left_out(dict)


class TestSentOut(Out):
    """How many recipients a test is on its way to."""

    recipients: int


@operations.reads(router, "/channels", gives=Listed[ChannelOut], **_SEEN)
def list_channels(request: ApiRequest, paging_: Query[Paging]) -> Listed[ChannelOut]:
    """List the channels that alert the team."""
    del request
    return paging.page(AlertChannel.objects.all(), paging_, by=["id"], show=_shown)


@operations.creates(
    router,
    "/channels",
    scope=_WRITTEN,
    permission="monitoring.change_alertchannel",
    gives=ChannelOut,
    at=lambda out: f"/channels/{out.id}",
)
def create_channel(request: ApiRequest, body: ChannelIn) -> ChannelOut:
    """Add a channel; it counts from the next alert."""
    del request
    kinds = dict(alert_channels.kinds())
    if body.kind not in kinds:
        known = ", ".join(sorted(kinds))
        raise ValidationError({"kind": f"There is no such kind. Use one of: {known}."})
    _check_names(body.kind, body.values)
    row = alert_channels.save(
        channel=AlertChannel(kind=body.kind),
        values=body.values,
        name=body.name,
        is_enabled=body.is_enabled,
        tells_recovery=body.tells_recovery,
        reminders_only=body.reminders_only,
    )
    return _shown(row)


@operations.reads(router, "/channels/{channel_id}", gives=ChannelOut, **_SEEN)
def get_channel(request: ApiRequest, channel_id: RowId) -> ChannelOut:
    """Show a channel."""
    del request
    return _shown(_row(channel_id))


@operations.changes(
    router,
    "/channels/{channel_id}",
    scope=_WRITTEN,
    permission="monitoring.change_alertchannel",
    gives=ChannelOut,
)
def change_channel(request: ApiRequest, channel_id: RowId, body: ChannelChange) -> ChannelOut:
    """Change a channel. A secret that is replaced is kept beside the new one where the kind can."""
    row = _row(channel_id, is_held=True)
    etags.check(request, _shown(row))
    given = body.given()
    if row.kind == browsers.KIND:
        conflict("Browsers are chosen on the console.")
    typed = given.pop("values", {})
    _check_names(row.kind, typed)
    stored = _told(row)
    chosen = {name: getattr(row, name) for name in _SWITCHES} | given
    saved = alert_channels.save(
        channel=row,
        values=stored | typed,
        cleared=[name for name, value in typed.items() if not value],
        **chosen,
    )
    return _shown(saved)


@operations.removes(
    router,
    "/channels/{channel_id}",
    scope=_WRITTEN,
    permission="monitoring.change_alertchannel",
)
def delete_channel(request: ApiRequest, channel_id: RowId) -> None:
    """Remove a channel and its secrets."""
    row = _row(channel_id, is_held=True)
    etags.check(request, _shown(row))
    alert_channels.remove(channel=row)


@operations.acts(
    router,
    "/channels/{channel_id}/test",
    scope=_WRITTEN,
    permission="monitoring.change_alertchannel",
    gives=TestSentOut,
    has_etag=False,
)
def test_channel(request: ApiRequest, channel_id: RowId) -> TestSentOut:
    """Send a test to everybody the channel names, also while it is off."""
    row = _row(channel_id)
    return TestSentOut(recipients=alert_channels.send_test(channel=row, now=request.now))


_SWITCHES = ("name", "is_enabled", "tells_recovery", "reminders_only")


def _row(channel_id: int, *, is_held: bool = False) -> AlertChannel:
    rows = AlertChannel.objects.all()
    if is_held:
        rows = rows.select_for_update(of=("self",))
    return rows.filter(pk=channel_id).first() or not_found("channel")


def _check_names(kind: str, values: Values) -> None:
    known = [field.name for field in alert_channels.fields(kind)]
    unknown = [name for name in values if name not in known]
    if unknown:
        said = f"A channel of the kind {kind} has no field “{unknown[0]}”, but {', '.join(known)}."
        raise ValidationError({f"values.{unknown[0]}": said})


def _told(row: AlertChannel) -> dict[str, str]:
    """The fields that are no secrets."""
    secret = {field.name for field in alert_channels.fields(row.kind) if field.is_secret}
    stored = {"recipients": "\n".join(row.recipients), **row.options}
    names = {field.name for field in alert_channels.fields(row.kind)} - secret
    return {name: str(stored.get(name, "")) for name in sorted(names)}


def _shown(row: AlertChannel) -> ChannelOut:
    try:
        secrets = sorted(name for name, value in row.secrets.items() if value)
    except sealing.SealBroken:
        secrets = []  # they were sealed with another key, and have to be entered anew
    return ChannelOut(
        id=row.pk,
        kind=row.kind,
        name=row.name,
        is_enabled=row.is_enabled,
        tells_recovery=row.tells_recovery,
        reminders_only=row.reminders_only,
        values=_told(row),
        stored_secrets=secrets,
    )
