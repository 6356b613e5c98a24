"""How host names are read: exactly, or not at all."""

import pytest

from common import host_names


@pytest.mark.req("A9")
@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("status.acme.com", "status.acme.com"),
        ("STATUS.Acme.COM", "status.acme.com"),
        ("status.acme.com.", "status.acme.com"),
        ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
        ("a" * 63 + ".example", "a" * 63 + ".example"),
        ("localhost", "localhost"),
        ("", ""),
        (".", ""),
        ("status.acme.com..", ""),
        (".status.acme.com", ""),
        ("status..acme.com", ""),
        ("-x.com", ""),
        ("x-.com", ""),
        ("a_b.com", ""),
        ("a.b@c", ""),
        ("169.254.169.254/latest#", ""),
        ("status.acme.com:443", ""),
        ("*.acme.com", ""),
        ("status.acme.com\n", ""),
        ("status.acme.com\x00", ""),
        ("münchen.example", ""),
        ("ſtatus.acme.com", ""),
        ("a" * 64 + ".example", ""),
        (".".join(["a" * 60] * 5), ""),
        ("a." * 150 + "com", ""),
    ],
)
def test_a_name_is_strict_labels_or_none(given: str, read: str) -> None:
    assert host_names.strict(given) == read


@pytest.mark.req("A1")
@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("status.acme.com", "status.acme.com"),
        ("Status.Acme.com:8443", "status.acme.com"),
        ("status.acme.com.:443", "status.acme.com"),
        ("[::1]:8000", "[::1]"),
        ("good.test:80@evil.test", ""),
        ("good.test,evil.test", ""),
        ("good.test, good.test", ""),
        ("good.test evil.test", ""),
        ("good.test:port", ""),
        ("good.test:123456", ""),
        ("good.test/../x", ""),
        ("good.test\r\nX: y", ""),
        ("", ""),
    ],
)
def test_a_host_header_is_one_host_or_none(header: str, host: str) -> None:
    assert host_names.of_header(header) == host
