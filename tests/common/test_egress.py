"""The address table of reliability.md, appendix E, row by row and as properties."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import egress

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.216.34",
    "2606:4700:4700::1111",
    "2a00:1450:4007:80e::200e",
    "::ffff:8.8.8.8",
    "2002:808:808::1",
    "2606:4700:4700::1111%eth0",
]

FORBIDDEN_ALWAYS = [
    "0.0.0.0",
    "0.1.2.3",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.254",
    "192.0.0.8",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "100.100.100.200",
    "::",
    "::127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:a9fe:a9fe::1",
    "3fff::1",
    "5f00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%lo",
    "fec0::1",
    "ff02::1",
    "not an address",
    "localhost",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "",
]

PRIVATE = [
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "0:0:0:0:0:ffff:7f00:1",
    "2002:7f00:1::",
    "fc00::1",
    "fd12:3456:789a::1",
]

any_address = st.ip_addresses().map(str)
any_ipv4 = st.ip_addresses(v=4).map(str)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_dialled_with_and_without_the_setting(address: str) -> None:
    assert egress.is_public_address(address)
    assert egress.monitor_guard(allow_private=False)(address)
    assert egress.monitor_guard(allow_private=True)(address)


@pytest.mark.parametrize("address", FORBIDDEN_ALWAYS)
def test_special_and_metadata_addresses_are_refused_whatever_the_setting(address: str) -> None:
    assert not egress.is_public_address(address)
    assert not egress.monitor_guard(allow_private=False)(address)
    assert not egress.monitor_guard(allow_private=True)(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_may_be_dialled_only_with_the_setting(address: str) -> None:
    assert not egress.is_public_address(address)
    assert not egress.monitor_guard(allow_private=False)(address)
    assert egress.monitor_guard(allow_private=True)(address)


@given(address=any_ipv4, allow_private=st.booleans())
def test_an_ipv4_address_wrapped_in_ipv6_is_judged_as_itself(
    address: str, *, allow_private: bool
) -> None:
    guard = egress.monitor_guard(allow_private=allow_private)
    inside = int(ipaddress.IPv4Address(address))
    six_to_four = ipaddress.IPv6Address((0x2002 << 112) | (inside << 80) | 1)

    assert guard(f"::ffff:{address}") == guard(address)
    assert guard(str(six_to_four)) == guard(address)


@given(address=any_address)
def test_a_public_address_is_never_one_python_calls_special(address: str) -> None:
    parsed = ipaddress.ip_address(address)
    is_special = (
        parsed.is_private
        or parsed.is_loopback
        or parsed.is_link_local
        or parsed.is_multicast
        or parsed.is_reserved
        or parsed.is_unspecified
    )
    is_wrapped = isinstance(parsed, ipaddress.IPv6Address) and (
        parsed.ipv4_mapped or parsed.sixtofour
    )

    if is_special and not is_wrapped:
        assert not egress.is_public_address(address)


@given(address=any_address)
def test_the_setting_only_ever_adds_addresses(address: str) -> None:
    if egress.monitor_guard(allow_private=False)(address):
        assert egress.monitor_guard(allow_private=True)(address)


@given(text=st.text(max_size=60))
def test_any_text_gets_an_answer_and_never_an_error(text: str) -> None:
    assert egress.monitor_guard(allow_private=True)(text) in {True, False}
