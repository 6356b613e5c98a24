"""Who may read the metrics: the holder of the token, or a network. Pure."""

import ipaddress
from collections.abc import Collection
from hmac import compare_digest

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def allows(*, authorization: str, client: str, token: str, networks: Collection[Network]) -> bool:
    """Return whether a request may read: it shows the token, or comes from one of the networks.

    Without a token and without networks nobody may.
    """
    scheme, _, shown = authorization.partition(" ")
    if (
        token
        and scheme.lower() == "bearer"
        and compare_digest(shown.strip().encode(), token.encode())
    ):
        return True
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return False
    return any(address in network for network in networks)
