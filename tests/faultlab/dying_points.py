"""The points at which a process can be made to kill itself (fault F-02), in the order of a delivery."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Point:
    """Before or after a call of `function`, or of an SQL statement that begins so during that call."""

    function: str  # module:name
    is_before: bool = False
    statement: str = ""
    dies_posting: bool = False  # in the operator's save, not in a worker
    is_untold: bool = False  # the event was not saved, so nobody is told


_EXPAND = "subscribers.fanout:_expand_batch"
_CURSOR = r'UPDATE "subscribers_broadcast" SET .*"cursor"'
_LEASE = r'UPDATE "notifications_delivery" SET .*"lease_token"'

POINTS: Mapping[str, Point] = {
    "announced": Point(function="subscribers.fanout:announce", dies_posting=True, is_untold=True),
    "saved": Point(function="incidents.publishing:open_incident", dies_posting=True),
    "before the cursor": Point(function=_EXPAND, statement=_CURSOR, is_before=True),
    "cursor moved": Point(function=_EXPAND, statement=_CURSOR),
    "batch written": Point(function="notifications.outbox:put_many"),
    "batch committed": Point(function=_EXPAND),
    "settled": Point(function="notifications.leasing:settle"),
    "claiming": Point(function="notifications.leasing:claim", statement=_LEASE),
    "claimed": Point(function="notifications.leasing:claim"),
    "granted": Point(function="notifications.granting:only_granted"),
    "before handed_at": Point(function="notifications.leasing:mark_handed_many", is_before=True),
    "handed_at": Point(function="notifications.leasing:mark_handed_many"),
    "after the dot": Point(function="notifications.channels.smtp:_end", statement="the dot"),
    "answered": Point(function="notifications.channels.smtp:_end"),
    "before sent": Point(function="notifications.leasing:mark_sent_many", is_before=True),
    "sent": Point(function="notifications.leasing:mark_sent_many"),
    "hook claimed": Point(function="notifications.leasing:claim_spread"),
    "hook handed_at": Point(function="notifications.lanes:_Job.hand"),
    "hook answered": Point(function="common.guarded_http:send"),
}
