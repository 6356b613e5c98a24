"""Which addresses our own programs may dial: the one table behind every outgoing connection.

Pure. Callers hand `monitor_guard(...)` to `probing`; anything else that dials an address somebody
else supplied uses `is_public_address`. Source: reliability.md, appendix E, and rule F7.
"""

import ipaddress
from collections.abc import Callable, Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _networks(texts: Iterable[str]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


# `ipaddress` answers differently between Python 3.11, 3.12 and 3.13 for several of these, and
# wrongly for some on all of them, so they are listed whatever the running version says.
_NEVER_PUBLIC = _networks(
    (
        "0.0.0.0/8",
        "100.64.0.0/10",
        "168.63.129.16/32",  # a cloud's machine agent and metadata, on a public-looking address
        "192.0.0.0/24",
        "192.88.99.0/24",
        "fec0::/10",
        "3fff::/20",
        "5f00::/16",
        "64:ff9b::/96",  # NAT64: an IPv4 address of anybody's choice inside
        "64:ff9b:1::/48",
        "::/96",
        "2001::/32",  # Teredo: likewise
    )
)

_SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")

# What "private" means when the operator allows it: the networks people run services in.
_PRIVATE = _networks(
    (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "::1/128",
        "fc00::/7",
    )
)

# Link-local 169.254.0.0/16 is not in the list above, so its metadata services stay refused; these
# two sit inside networks that are.
_CLOUD_METADATA = _networks(("100.100.100.200/32", "fd00:ec2::254/128"))


def is_public_address(text: str) -> bool:
    """Whether an IP address (text, with or without zone id) belongs to the public internet.

    An IPv4-mapped or 6to4 address is judged as the IPv4 address inside. Text that is no address is
    not public. Source: the address table of reliability.md, appendix E.
    """
    address = _parse(text)
    return address is not None and _is_public(address)


def monitor_guard(*, allow_private: bool) -> Callable[[str], bool]:
    """The question a probe asks before it dials: may this address (text) be dialled?

    Public addresses always. With `allow_private` (the setting CANDOR_ALLOW_PRIVATE_TARGETS) also
    loopback, RFC 1918, RFC 6598 and unique local addresses. Never, whatever the setting:
    link-local, multicast, unspecified, broadcast, reserved and cloud metadata addresses.
    """
    return _is_public_or_private if allow_private else is_public_address


def _is_public_or_private(text: str) -> bool:
    address = _parse(text)
    if address is None:
        return False
    if _is_in(address, _PRIVATE):
        return not _is_in(address, _CLOUD_METADATA)
    return _is_public(address)


def _is_public(address: Address) -> bool:
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not address.is_loopback
        and not address.is_link_local
        and not _is_in(address, _NEVER_PUBLIC)
    )


def _is_in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def _parse(text: str) -> Address | None:
    """The address a connection would really end at, or None when the text is no address."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _SIX_TO_FOUR:
        return address.sixtofour
    return address
