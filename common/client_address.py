"""Who a request comes from, when our own proxies stand in front (reliability G1). Pure."""

import ipaddress
from collections.abc import Mapping
from typing import Any


def of(environ: Mapping[str, Any], *, hops: int) -> str:
    """The client's address of a WSGI environment.

    Only the entry that our own proxies wrote counts: `hops` from the right of X-Forwarded-For. What
    cannot be read leaves the address of the peer.
    """
    peer: str = environ.get("REMOTE_ADDR", "")
    forwarded = [part.strip() for part in environ.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    if not hops or len(forwarded) < hops:
        return peer
    return _plain(forwarded[-hops]) or peer


def _plain(text: str) -> str | None:
    """The plain IP address in an X-Forwarded-For entry, without port or brackets."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(parsed)
