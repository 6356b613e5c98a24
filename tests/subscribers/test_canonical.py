"""One mailbox has one key, however its address is written (A5)."""

import pytest

from notifications.addresses import AddressInvalid
from subscribers import canonical


@pytest.mark.req("A5")
@pytest.mark.parametrize(
    "text",
    [
        "v@x.test",
        "V@x.test",
        "v+1@x.test",
        "v@x.test\u200b",
        "v@ⓧ.test",
        " v@X.TEST ",
        "\ufeffv@x.test",
    ],
)
def test_all_ways_to_write_a_mailbox_have_one_key(text: str) -> None:
    assert canonical.mailbox(text).key == "v@x.test"


@pytest.mark.req("A5")
def test_the_address_stays_as_it_was_entered() -> None:
    assert canonical.mailbox(" Ada.L+news@Example.COM ").address == "Ada.L+news@example.com"


def test_dots_count_except_for_gmail() -> None:
    assert canonical.mailbox("a.d.a@googlemail.com").key == "ada@gmail.com"
    assert canonical.mailbox("a.d.a@example.com").key == "a.d.a@example.com"


def test_a_local_part_that_is_only_a_tag_keeps_it() -> None:
    assert canonical.mailbox("+ada@example.com").key == "+ada@example.com"


def test_a_foreign_domain_is_sent_to_in_its_wire_form() -> None:
    assert canonical.mailbox("ada@bücher.example").address == "ada@xn--bcher-kva.example"
    assert canonical.mailbox("user@аcme.com").key == "user@xn--cme-5cd.com"  # a Cyrillic a


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "@x.test",
        "ada@",
        "ada@localhost",
        "ada@[127.0.0.1]",
        '"x@acme.com@"@evil.com',
        "=?x?q?user=40evil.com=3e=20?=@acme.com",
        "user%evil.com@acme.com",
        "a@acme.com@evil.com",
        "User <user@acme.com>",
        "user@acme..com",
        "ada@x.test\r\nBcc: b@x.test",
        "a\x00@x.test",
        "ﬁ@acme.com",
        "a" * 65 + "@x.test",
        "a@" + "x" * 300 + ".test",
    ],
)
def test_what_is_no_address_is_refused_in_words(text: str) -> None:
    with pytest.raises(AddressInvalid, match=r"\w"):
        canonical.mailbox(text)
