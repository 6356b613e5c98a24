"""After the wall clock was set back: what was noted in time that comes again must hold nothing up.

Rows dated ahead of the clock would keep their replicas from being checked, and outcomes from being
taken, until the clock has caught up; what was last seen would count as fresh all the while.
"""

import hashlib
import platform
from datetime import datetime, timedelta

from monitoring import findings
from monitoring.models import Ballot, Pulse, Replica

# What is dated ahead by less waits, so that a clock put right within seconds makes no burst.
_SLACK = timedelta(seconds=15)
# A call may have waited for a database that was busy, while another with a later time went ahead.
_LATE = timedelta(seconds=30)
_NOTED_EVERY = timedelta(seconds=3)
_FORGOTTEN_AFTER = timedelta(days=1)
_PREFIX = "clock-"
_WRITTEN = [
    "next_probe_at",
    "last_outcome_at",
    "fresh_until",
    "health_since",
    "alerted_at",
    "flapped_at",
]


def look(*, now: datetime) -> None:
    """Compare the clock with what it said before, and mend what it left; call in a transaction.

    With what it said on this host: another's may be ahead at any time, and two that differ must
    not make each other check everything again and again.
    """
    before = Pulse.objects.filter(name=_of_this_host()).first()
    if before is not None and before.at > now + _LATE:
        _bring_all_back(now)
    if before is None:  # a new host; containers have new names
        Pulse.objects.filter(name__startswith=_PREFIX, at__lt=now - _FORGOTTEN_AFTER).delete()
    if before is None or abs(now - before.at) >= _NOTED_EVERY:
        _note(now)


def _note(now: datetime) -> None:
    own = Pulse(name=_of_this_host(), at=now)
    Pulse.objects.bulk_create(
        [own], update_conflicts=True, unique_fields=["name"], update_fields=["at"]
    )


def _of_this_host() -> str:
    name = hashlib.blake2b(platform.node().encode(), digest_size=8)
    return _PREFIX + name.hexdigest()


def _bring_all_back(now: datetime) -> None:
    """Date nothing later than it could be had the clock always been right."""
    rows = Replica.objects.select_for_update(of=("self",)).select_related("node").order_by("id")
    changed = [replica for replica in rows if _bring_back(replica, now)]
    Replica.objects.bulk_update(changed, _WRITTEN, batch_size=500)
    votes = list(Ballot.objects.filter(at__gt=now).select_related("replica__node"))
    for vote in votes:
        vote.at = findings.tenths(now)
        vote.fresh_until = vote.at + vote.replica.node.fresh_for
    Ballot.objects.bulk_update(votes, ["at", "fresh_until"], batch_size=500)


def _bring_back(replica: Replica, now: datetime) -> bool:
    """Change what is dated ahead (not saved); whether anything was."""
    before = [getattr(replica, name) for name in _WRITTEN]
    latest = now + timedelta(seconds=2 * replica.node.interval_s) + _SLACK
    if replica.next_probe_at is not None and replica.next_probe_at > latest:
        replica.next_probe_at = now
    replica.last_outcome_at = _earlier(replica.last_outcome_at, findings.tenths(now))
    replica.fresh_until = _earlier(replica.fresh_until, now + replica.node.fresh_for)
    replica.health_since = _earlier(replica.health_since, now)
    replica.alerted_at = _earlier(replica.alerted_at, now)
    replica.flapped_at = _earlier(replica.flapped_at, now)
    return before != [getattr(replica, name) for name in _WRITTEN]


def _earlier(at: datetime | None, limit: datetime) -> datetime | None:
    return None if at is None else min(at, limit)
