"""What may stand on a list of e-mail domains, and whom it lets in (R6, R10, AMB-11; B6, B7)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import email_domains
from common.email_domains import NotADomain


@pytest.mark.req("R7", "AMB-11")
@pytest.mark.parametrize(
    ("written", "entry"),
    [
        ("acme.com", "acme.com"),
        (" ACME.com. ", "acme.com"),
        ("@acme.com", "acme.com"),
        ("*.Acme.com", "*.acme.com"),
        ("faß.de", "xn--fa-hia.de"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
    ],
)
def test_a_domain_has_one_form_however_it_is_written(written: str, entry: str) -> None:
    assert email_domains.entry(written) == entry
    assert email_domains.entry(entry) == entry
    assert email_domains.refusal(entry) == ""


@pytest.mark.req("R10")
@pytest.mark.parametrize(
    "written",
    [
        "",
        "*",
        "*.",
        ".",
        "ada@acme.com",
        "127.0.0.1",
        "[127.0.0.1]",
        "::1",
        "[IPv6:::1]",
        "1.2",
        "acme..com",
        "*.*.acme.com",
        "a*.acme.com",
        "acme_x.com",
        "acme.com/path",
        "acme.com evil.com",
        "acme.com\x00",
        "ab--cd.com",
        "https://acme.com",
        "a" * 64 + ".com",
        "\ud800.com",
    ],
)
def test_what_is_no_domain_is_refused_with_a_sentence(written: str) -> None:
    with pytest.raises(NotADomain) as refused:
        email_domains.entry(written)
    assert str(refused.value).endswith(".")


@pytest.mark.req("R10")
@pytest.mark.parametrize(
    "written",
    [
        "gmail.com",
        "GMAIL.com.",
        "googlemail.com",
        "*.gmail.com",
        "mail.gmail.com",
        "yahoo.co.uk",
        "mailinator.com",
        "co.uk",
        "*.co.uk",
        "github.io",
        "com",
        "*.com",
        "localhost",
        "рф",
    ],
)
def test_a_domain_where_anybody_can_get_a_mailbox_is_refused_with_the_reason(written: str) -> None:
    assert email_domains.refusal(email_domains.entry(written)).endswith(".")


@pytest.mark.req("R10")
def test_further_public_domains_can_be_named() -> None:
    assert email_domains.refusal("post.example") == ""
    assert email_domains.refusal("post.example", also={"post.example"}) != ""


def test_every_line_of_the_shipped_list_is_a_domain_in_its_one_form_and_stands_there_once() -> None:
    lines = email_domains._PROVIDERS.read_text(encoding="utf-8").splitlines()
    names = [line for line in lines if line and not line.startswith("#")]
    assert [email_domains.entry(name) for name in names] == names
    assert len(set(names)) == len(names) > 400


@pytest.mark.req("R6", "R7", "AMB-11")
@pytest.mark.parametrize(
    ("entries", "domain", "is_allowed"),
    [
        ({"acme.com"}, "acme.com", True),
        ({"acme.com"}, "mail.acme.com", False),
        ({"acme.com"}, "evilacme.com", False),
        ({"*.acme.com"}, "acme.com", False),
        ({"*.acme.com"}, "mail.acme.com", True),
        ({"*.acme.com"}, "a.mail.acme.com", True),
        ({"*.acme.com"}, "evilacme.com", False),
        ({"*.acme.com"}, "*.acme.com", True),  # no mailbox has such a domain
        ({"acme.com", "acme.de"}, "acme.de", True),
        ({"acme.com"}, "com", False),
        (set(), "acme.com", False),
        ({""}, "", False),
    ],
)
def test_a_list_lets_in_its_own_domains_only(
    entries: set[str], domain: str, is_allowed: bool
) -> None:
    assert email_domains.allows(entries, domain) is is_allowed


@given(st.text(max_size=60))
def test_no_text_makes_the_rules_fail(text: str) -> None:
    try:
        entry = email_domains.entry(text)
    except NotADomain:
        return
    email_domains.refusal(entry)
    assert email_domains.entry(entry) == entry
