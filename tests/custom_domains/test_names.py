"""Which host names a page may have: a table of what people, and attackers, write."""

import pytest

from custom_domains import names
from custom_domains.names import NotAName


@pytest.mark.req("T1", "G4")
@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("status.acme.com", "status.acme.com"),
        ("  Status.ACME.com. ", "status.acme.com"),
        ("acme.com", "acme.com"),
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("MÜNCHEN.example", "xn--mnchen-3ya.example"),
        ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
        ("status。acme。com", "status.acme.com"),
        ("状态.example", "xn--t7t692b.example"),
        ("a" * 63 + ".acme.com", "a" * 63 + ".acme.com"),
        ("1.2.3.acme.com", "1.2.3.acme.com"),
    ],
)
def test_a_name_becomes_strict_labels(given: str, name: str) -> None:
    assert names.parse(given) == name


@pytest.mark.req("G4")
@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("", "Write a host name"),
        ("https://status.acme.com", "alone"),
        ("status.acme.com/path", "alone"),
        ("status.acme.com:8443", "alone"),
        ("169.254.169.254/latest#", "alone"),
        ("a.b@c", "alone"),
        ("status acme com", "alone"),
        ("status.acme.com\\x", "alone"),
        ("::1", "alone"),
        ("127.0.0.1", "address"),
        ("169.254.169.254", "address"),
        ("1.2.3.4.5", "address"),
        ("0x7f.1", "address"),
        ("-x.com", "not a host name"),
        ("x-.com", "not a host name"),
        ("a..b.com", "not a host name"),
        (".acme.com", "not a host name"),
        ("acme.com..", "not a host name"),
        ("under_score.acme.com", "not a host name"),
        ("*.acme.com", "not a host name"),
        ("a" * 64 + ".com", "not a host name"),
        (".".join(["a" * 60] * 5), "not a host name"),
        ("status.acme.com\x00", "not a host name"),
        ("☃.-x.com", "not a host name"),
        (".".join(["a" * 60] * 4), "too long"),
        ("localhost", "No public name"),
        ("status.localhost", "No public name"),
        ("printer.local", "No public name"),
        ("db.internal", "No public name"),
        ("1.0.0.127.in-addr.arpa", "No public name"),
        ("intranet", "whole name"),
        ("xn--a.example", "stands for nothing"),
    ],
)
def test_anything_else_is_refused_with_the_reason(given: str, why: str) -> None:
    with pytest.raises(NotAName, match=why):
        names.parse(given)


@pytest.mark.req("G4")
def test_the_installations_own_names_are_refused() -> None:
    own = ["status.acme.com", "localhost"]
    for name in ("status.acme.com", "pages.acme.com", "eu.pages.acme.com", "a.b.pages.acme.com"):
        with pytest.raises(NotAName, match="belongs to the status page"):
            names.check_free(name, own=own, service_domain="pages.acme.com")
    for name in ("acme.com", "mypages.acme.com", "eu.status.acme.com", "status.acme.com.evil.test"):
        names.check_free(name, own=own, service_domain="pages.acme.com")
    names.check_free("pages.acme.com", own=own, service_domain="")


def test_a_name_is_shown_in_its_own_alphabet() -> None:
    assert names.shown("xn--mnchen-3ya.example") == "münchen.example"
    assert names.shown("status.acme.com") == "status.acme.com"
