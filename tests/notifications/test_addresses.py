"""The e-mail test set of the specification (reliability, appendix A) and the rule behind it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.addresses import AddressInvalid, check_address


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("user@acme.com", "user@acme.com"),
        ("USER@ACME.COM", "USER@acme.com"),
        ("user+x@acme.com", "user+x@acme.com"),
        ("o'brien@acme.com", "o'brien@acme.com"),
        ("first.last_2@sub.acme.co.uk", "first.last_2@sub.acme.co.uk"),
        ("bounce=x@acme.com", "bounce=x@acme.com"),
        ("user@xn--bcher-kva.example", "user@xn--bcher-kva.example"),
        ("user@xn--cme-7cd.com", "user@xn--cme-7cd.com"),
        ("user@1and1.com", "user@1and1.com"),
    ],
)
def test_ordinary_address_is_accepted(typed: str, stored: str) -> None:
    assert check_address(typed) == stored
    assert check_address(stored) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "@",
        "user",
        "user@",
        "@acme.com",
        '"x@acme.com@"@evil.com',
        '"user@evil.com"@acme.com',
        "=?x?q?user=40evil.com=3e=20?=@acme.com",
        "=?utf-8?q?user=40evil.com=2c?=@acme.com",
        "user%evil.com@acme.com",
        "evil.com!user@acme.com",
        "user@аcme.com",
        "user@ⓐcme.com",
        "user@ＡＣＭＥ.com",
        "user@acme.com\u200b",
        "user@acme。com",
        "user@ﬀacme.com",
        "user@[127.0.0.1]",
        "user@127.0.0.1",
        "user@localhost",
        "user@acme.com.",
        "a@acme.com@evil.com",
        "user@acme.com,evil@evil.com",
        "user@acme.com evil@evil.com",
        "user@acme.com\n",
        "user@acme.com\r\nRCPT TO:<x@evil.com>",
        "us\x00er@acme.com",
        "@evil.com:user@acme.com",
        "User <user@acme.com>",
        "user@acme..com",
        "user@-acme.com",
        "user@acme-.com",
        "user@ac_me.com",
        "user@xn--99999999.com",
        "user@ab--cd.com",
        "user@acme.com ",
        " user@acme.com",
        "user(comment)@acme.com",
        ".user@acme.com",
        "user.@acme.com",
        "us..er@acme.com",
        "a" * 65 + "@acme.com",
        "user@" + "a" * 64 + ".com",
        "user@" + ".".join(["a" * 60] * 5),
        "ﬁ@acme.com",
        "usеr@acme.com",
    ],
)
def test_anything_else_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(AddressInvalid) as refused:
        check_address(typed)

    assert str(refused.value).endswith(".")
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("typed", ["ops@localhost", "ops@intranet"])
def test_single_label_is_for_operators(typed: str) -> None:
    assert check_address(typed, allow_single_label=True) == typed


@given(st.text(max_size=80) | st.from_regex(r"[\w.!%\"+-]{1,20}@[\w.-]{1,20}", fullmatch=True))
def test_what_is_accepted_has_one_at_sign_and_nothing_a_mail_server_reads_otherwise(
    typed: str,
) -> None:
    try:
        stored = check_address(typed, allow_single_label=True)
    except AddressInvalid:
        return

    assert stored.isascii()
    assert stored.count("@") == 1
    assert not set(stored) & set('"%!<>()[]\\,;: \t\r\n\0?')
    assert stored.lower() == typed.lower()
