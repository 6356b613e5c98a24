"""How often somebody may ask, counted in the database: the limits hold when Redis is gone (C5).

A sliding window over the times themselves: no double helping where two windows meet. The row of the
tally is locked while it is looked at, so that callers of one key come one after the other.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from subscribers.models import Tally

# A tally that nobody has added to for so long limits nobody.
KEEP_FOR = timedelta(days=40)


class TooManyRequests(Exception):
    """Asked too often; the sentence is for a person. `after` is when to come back."""

    def __init__(self, message: str, *, after: timedelta = timedelta(minutes=10)) -> None:
        super().__init__(message)
        self.after = after


class NotNow(Exception):
    """Cannot be done at the moment, through no fault of who asks; the sentence is for a person."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many within so long."""

    allowed: int
    within: timedelta


# A whole office may sit behind one address, and during an outage all of it subscribes.
OF_A_CLIENT = (Limit(60, timedelta(hours=1)),)


def take(*, kind: str, key: str, limits: Sequence[Limit], now: datetime) -> bool:
    """Count one more of this kind for this key, if every limit has room; whether it had.

    Stands in the caller's transaction: what is rolled back was not counted.
    """
    with transaction.atomic():
        row = _locked(kind, key, now)
        longest = max(limit.within for limit in limits)
        times = [at for at in row.times if at > (now - longest).timestamp()]
        for limit in limits:
            if sum(at > (now - limit.within).timestamp() for at in times) >= limit.allowed:
                return False
        row.times, row.touched_at = [*times, now.timestamp()], now
        row.save(update_fields=["times", "touched_at"])
    return True


def has_room(*, kind: str, key: str, limits: Sequence[Limit], now: datetime) -> bool:
    """Whether `take` would count one more; counts nothing and locks nothing."""
    row = Tally.objects.filter(key=_digest(kind, key)).first()
    times = row.times if row else []
    return all(
        sum(at > (now - limit.within).timestamp() for at in times) < limit.allowed
        for limit in limits
    )


def used(*, kind: str, key: str, within: timedelta, now: datetime) -> int:
    """How many were counted lately."""
    row = Tally.objects.filter(key=_digest(kind, key)).first()
    return sum(at > (now - within).timestamp() for at in row.times) if row else 0


def hold(*, kind: str, key: str, now: datetime) -> None:
    """Make callers of one key wait for each other, to the end of the surrounding transaction."""
    _locked(kind, key, now)


def admit(*, client: str, now: datetime) -> None:
    """Count a visitor at this address, with all of its /64.

    Raises:
        TooManyRequests: there were too many lately.
    """
    if not take(kind="client", key=network_of(client), limits=OF_A_CLIENT, now=now):
        raise TooManyRequests(_("Too many requests from your network. Try again in an hour."))


def network_of(client: str, *, v4: int = 32, v6: int = 64) -> str:
    """The network of so many bits that an address is in; "unknown" when it is none.

    Unless told otherwise, what one customer of a provider holds: an IPv4 address, or the /64 of an
    IPv6 address. A /24 or a /48 is what one site holds.
    """
    try:
        parsed = ipaddress.ip_address(client)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    bits = v4 if parsed.version == 4 else v6
    return str(ipaddress.ip_network((parsed, bits), strict=False))


def prune(*, now: datetime) -> int:
    """Delete tallies that limit nobody any more; how many."""
    return Tally.objects.filter(touched_at__lte=now - KEEP_FOR).delete()[0]


def _locked(kind: str, key: str, now: datetime) -> Tally:
    digest = _digest(kind, key)
    Tally.objects.bulk_create([Tally(key=digest, touched_at=now)], ignore_conflicts=True)
    return Tally.objects.select_for_update().get(key=digest)


def _digest(kind: str, key: str) -> str:
    return salted_hmac("subscribers.tally", f"{kind}:{key}", algorithm="sha256").hexdigest()
