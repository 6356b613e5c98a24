"""Remember who left by themselves, after they are forgotten: no list of an operator brings them back (D6).

A digest of page, channel and address under the secret key stays for three years; the address does not.
A confirmation of their own forgets it. With a new secret key those of the keys before are still known
while these stand in SECRET_KEY_FALLBACKS.
"""

import hashlib
import hmac
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.conf import settings

from subscribers.models import Leaver, Subscriber

KEEP_FOR = timedelta(days=3 * 365)
Key = tuple[int, str, str]  # the page, the channel, the canonical address
_CHUNK = 500


def remember(rows: Iterable[Subscriber], *, now: datetime) -> None:
    """Note that these people left; call before their rows are deleted."""
    kept = [
        Leaver(digest=_digest(key_of(row), settings.SECRET_KEY), left_at=row.ended_at or now)
        for row in rows
    ]
    Leaver.objects.bulk_create(kept, ignore_conflicts=True)


def among(keys: Collection[Key]) -> set[Key]:
    """Those of these that left and have not come back."""
    by_digest = {digest: key for key in keys for digest in _digests(key)}
    digests = sorted(by_digest)
    found: set[Key] = set()
    for start in range(0, len(digests), _CHUNK):
        rows = Leaver.objects.filter(digest__in=digests[start : start + _CHUNK])
        found |= {by_digest[digest] for digest in rows.values_list("digest", flat=True)}
    return found


def forget(row: Subscriber) -> None:
    """They came back by a confirmation of their own."""
    Leaver.objects.filter(digest__in=_digests(key_of(row))).delete()


def prune(*, now: datetime) -> int:
    """Forget who left long ago; how many."""
    return Leaver.objects.filter(left_at__lte=now - KEEP_FOR).delete()[0]


def key_of(row: Subscriber) -> Key:
    return row.page_pk, row.channel, row.canonical


def _digests(key: Key) -> list[str]:
    return [_digest(key, one) for one in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def _digest(key: Key, secret: str) -> str:
    # Plain functions: an import asks for tens of thousands, and Django derives a key for each.
    named = "\0".join(["subscribers.left", *map(str, key)])
    return hmac.new(secret.encode(), named.encode(), hashlib.sha256).hexdigest()
