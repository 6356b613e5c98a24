"""Whether this host has a network at all, so that its own outage is not taken for a target's.

Asks the kernel only; nothing is sent.
"""

import errno
import socket
from pathlib import Path

_IPV4_ROUTES = Path("/proc/net/route")
_IPV6_ROUTES = Path("/proc/net/ipv6_route")
# Where the kernel's lists do not exist, the route to a documentation address tells as much.
_ANYWHERE = ("192.0.2.1", "2001:db8::1")


def has_any() -> bool:
    """Whether there is a route to anything but this host itself."""
    if not _IPV4_ROUTES.exists():
        return any(leads_to(address) for address in _ANYWHERE)
    return _has_ipv4() or _has_ipv6()


def leads_to(address: str) -> bool:
    """Whether this host knows a way to the IP address. Connecting a UDP socket sends nothing."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 9))
    except OSError as error:
        return error.errno not in {errno.ENETUNREACH, errno.ENETDOWN, errno.EAFNOSUPPORT}
    return True


def _has_ipv4() -> bool:
    rows = _IPV4_ROUTES.read_text("ascii").splitlines()[1:]
    return any(row.split()[:1] not in ([], ["lo"]) for row in rows)


def _has_ipv6() -> bool:
    if not _IPV6_ROUTES.exists():
        return False
    rows = (row.split() for row in _IPV6_ROUTES.read_text("ascii").splitlines())
    # Every interface has link-local (fe80) and multicast (ff) routes; they lead nowhere.
    return any(row[-1] != "lo" and not row[0].startswith(("fe8", "ff")) for row in rows if row)
