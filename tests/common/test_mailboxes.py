"""Appendix A of the reliability document: who is let in by a list that holds acme.com (B6)."""

from datetime import datetime
from typing import NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pytest_django import Settings

from common import email_domains, mailboxes
from common.mailboxes import NotAMailbox
from notifications.addresses import check_address
from tests.notifications import post, sinks

LISTED = frozenset({"acme.com"})


class Row(NamedTuple):
    text: str
    rcpt: str  # what the mail server is told; empty where the text is no mailbox at all
    is_let_in: bool


LET_IN = [
    Row("user@acme.com", "user@acme.com", True),
    Row("USER@ACME.COM", "user@acme.com", True),
    Row("user+x@acme.com", "user+x@acme.com", True),
    Row("o'brien@acme.com", "o'brien@acme.com", True),
    Row("user@ⓐcme.com", "user@acme.com", True),
    Row("user@ＡＣＭＥ.com", "user@acme.com", True),
    Row("user@acme.com\u200b", "user@acme.com", True),
    Row("user@acme。com", "user@acme.com", True),
]
ELSEWHERE = [
    Row("user@sub.acme.com", "user@sub.acme.com", False),
    Row("user@acme.com.evil.com", "user@acme.com.evil.com", False),
    Row("user@evilacme.com", "user@evilacme.com", False),
    Row("user@аcme.com", "user@xn--cme-5cd.com", False),  # a Cyrillic first letter
    Row("user@xn--cme-5cd.com", "user@xn--cme-5cd.com", False),
    Row("user@xn--cme-7cd.com", "user@xn--cme-7cd.com", False),
    Row("user@ﬀacme.com", "user@ffacme.com", False),
]
NO_MAILBOX = [
    '"x@acme.com@"@evil.com',
    '"user@evil.com"@acme.com',
    "=?x?q?user=40evil.com=3e=20?=@acme.com",
    "=?utf-8?q?user=40evil.com=2c?=@acme.com",
    "user%evil.com@acme.com",
    "evil.com!user@acme.com",
    "user@[127.0.0.1]",
    "user@127.0.0.1",
    "user@[IPv6:::1]",
    "user@localhost",
    "user@acme.com.",
    "a@acme.com@evil.com",
    "user@evil.com@acme.com",
    "user@acme.com,evil@evil.com",
    "user@acme.com evil@evil.com",
    "user@acme.com\r\nRCPT TO:<evil@evil.com>",
    "user\r\n@acme.com",
    "user@acme.com\n",
    "user@evil.com\x00@acme.com",
    "user\x00@acme.com",
    "user@acme.com\x00",
    "@evil.com:user@acme.com",
    "User <user@acme.com>",
    "<user@acme.com>",
    "user@acme..com",
    "user@-acme.com",
    "user@acme-.com",
    "user@acme.com ",
    " user@acme.com",
    "user(comment)@acme.com",
    "user@acme.com(comment)",
    "us er@acme.com",
    ".user@acme.com",
    "us..er@acme.com",
    "x" * 65 + "@acme.com",
    "user@" + "x" * 250 + ".com",
    "ﬁ@acme.com",
    "usеr@acme.com",  # a Cyrillic e
    "user@ab--cd.com",
    "user@acme.com@",
    "@acme.com",
    "user@",
    "user",
    "@",
    "",
    "user@acme.com\ud800",
    "\ud800@acme.com",
    "x" * 100_000,
]
ROWS = [*LET_IN, *ELSEWHERE, *(Row(text, "", False) for text in NO_MAILBOX)]


@pytest.mark.req("R6", "AMB-11")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: ascii(row.text[:40]))
def test_the_list_lets_in_exactly_those_of_its_domain(row: Row) -> None:
    if not row.rcpt:
        with pytest.raises(NotAMailbox, match="full e-mail address"):
            mailboxes.mailbox(row.text)
        return
    found = mailboxes.mailbox(row.text)
    assert str(found) == row.rcpt
    assert email_domains.allows(LISTED, found.domain) is row.is_let_in


@pytest.mark.req("R6")
@pytest.mark.django_db
def test_a_real_mail_server_is_told_exactly_the_mailbox_that_was_compared(
    settings: Settings, now: datetime
) -> None:
    wanted = []
    with sinks.sink() as server:
        post.use_smtp(settings, server.port)
        for row in ROWS:
            try:
                box = mailboxes.mailbox(row.text)
            except NotAMailbox:
                continue
            wanted.append(row.rcpt)
            post.put(now=now, address=str(box))
        post.drain(now=now)
    assert wanted == [row.rcpt for row in ROWS if row.rcpt]
    assert sorted(server.addresses) == sorted(wanted)


_LOCALS = st.text(st.sampled_from("abzAZ09._+-'&=~#%!?@\"<>() \r\n\x00éﬁе\u200b"), max_size=70)
_DOMAINS = st.text(st.sampled_from("acmeviloACM.-_@0129[]:。ⓐа\u200bß "), max_size=40)


@given(st.one_of(st.text(max_size=80), st.builds("{}@{}".format, _LOCALS, _DOMAINS)))
@example("user@acme.com")
@example("user@faß.de")
def test_whatever_is_accepted_goes_to_the_domain_that_was_compared(text: str) -> None:
    try:
        box = mailboxes.mailbox(text)
    except NotAMailbox:
        return
    assert check_address(str(box)) == str(box)  # what the channel hands to the server
    assert str(box).rpartition("@")[2] == box.domain
    assert str(box).count("@") == 1
    assert mailboxes.mailbox(str(box)) == box


@pytest.mark.req("AMB-11")
def test_a_tag_makes_no_other_mailbox_for_the_limits() -> None:
    keys = {mailboxes.mailbox(text).key for text in ("user@acme.com", "USER+news@ACME.com")}
    assert keys == {"user@acme.com"}
