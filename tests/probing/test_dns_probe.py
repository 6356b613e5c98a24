"""DNS probes against a name server of the test's own, on loopback."""

from urllib.parse import quote

import dns.message
import dns.rcode
import dns.rrset
import pytest

from probing.base import Reason
from tests.probing.conftest import Run, Stopwatch
from tests.probing.servers import Reply, StubResolver, dns_server, failing, zone

DIGEST = "32996839a6d808afe3eb4a795a0e6a7a39a76fc52ff228b22b76f6d63826f2b9"
KEY = "mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ=="
ZONE = zone(
    {
        ("web.test", "A"): ["192.0.2.1", "192.0.2.2"],
        ("web.test", "AAAA"): ["2001:db8::1"],
        ("web.test", "MX"): ["10 Mail.web.test."],
        ("web.test", "TXT"): ['"v=spf1 " "-all"'],
        ("web.test", "CNAME"): [],
        ("signed.test", "DS"): [f"2371 13 2 {DIGEST}"],
        ("signed.test", "DNSKEY"): [f"257 3 13 {KEY}"],
        ("signed.test", "HTTPS"): ['1 . alpn="h2,h3"'],
        ("signed.test", "TXT"): [r'"gr\195\188n" " \"quoted\""'],
    }
)


@pytest.mark.req("B5")
async def test_an_answer_is_reachable_and_shown(run: Run) -> None:
    async with dns_server(ZONE) as server:
        outcome = await run(f"dns://web.test?server=127.0.0.1:{server.port}")

    assert outcome.reachable is True
    assert outcome.detail == "The answer is 192.0.2.1, 192.0.2.2."
    assert outcome.address == "127.0.0.1"
    assert outcome.latency_ms is not None
    assert outcome.phases.dns_ms is not None
    assert server.queries == 1


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("type=A&expect=192.0.2.1", Reason.OK),
        ("type=A&expect=192.0.2.2&expect=192.0.2.1", Reason.OK),
        ("type=A&expect=192.0.2.3", Reason.ANSWER_MISMATCH),
        ("type=A&expect=192.0.2.1&expect=192.0.2.3", Reason.ANSWER_MISMATCH),
        ("type=AAAA&expect=2001:0db8:0::0001", Reason.OK),
        ("type=MX&expect=10%20mail.web.test", Reason.OK),
        ("type=TXT&expect=v=spf1%20-all", Reason.OK),
        ("type=TXT&expect=v=spf1", Reason.ANSWER_MISMATCH),
        ("type=CAA", Reason.ANSWER_MISMATCH),
    ],
)
async def test_the_answer_is_compared_with_what_is_expected(
    run: Run, query: str, reason: Reason
) -> None:
    async with dns_server(ZONE) as server:
        outcome = await run(f"dns://web.test?server=127.0.0.1:{server.port}&{query}")

    assert outcome.reason is reason
    assert outcome.reachable is (reason is Reason.OK)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (f"type=DS&expect=2371 13 2 {DIGEST[:56].upper()} {DIGEST[56:]}", Reason.OK),
        (f"type=DS&expect=2371 13 2 {DIGEST[:-1]}0", Reason.ANSWER_MISMATCH),
        (f"type=DNSKEY&expect=257 3 13 {KEY}", Reason.OK),
        (f"type=DNSKEY&expect=257 3 13 {KEY[:56]} {KEY[56:]}", Reason.OK),
        (f"type=DNSKEY&expect=256 3 13 {KEY}", Reason.ANSWER_MISMATCH),
        ("type=DNSKEY&expect=no key", Reason.ANSWER_MISMATCH),
        (f"type=DS&expect=2371 13 2 {DIGEST} ; and this", Reason.ANSWER_MISMATCH),
        ("type=HTTPS&expect=1 . alpn=h2,h3", Reason.OK),
        ('type=TXT&expect=grün "quoted"', Reason.OK),
    ],
)
async def test_a_record_may_be_expected_in_the_spelling_it_is_shown_in_elsewhere(
    run: Run, query: str, reason: Reason
) -> None:
    async with dns_server(ZONE) as server:
        asked = quote(query, safe="=&")
        outcome = await run(f"dns://signed.test?server=127.0.0.1:{server.port}&{asked}")

    assert outcome.reason is reason


async def test_a_mismatch_names_both_sides(run: Run) -> None:
    async with dns_server(ZONE) as server:
        outcome = await run(f"dns://web.test?server=127.0.0.1:{server.port}&expect=192.0.2.9")

    assert outcome.detail == "Expected 192.0.2.9; the answer is 192.0.2.1, 192.0.2.2."


@pytest.mark.parametrize(
    ("reply", "reason", "says"),
    [
        (ZONE, Reason.NAME_NOT_FOUND, "gone.test does not exist"),
        (failing(dns.rcode.SERVFAIL), Reason.DNS_FAILED, "SERVFAIL"),
        (failing(dns.rcode.REFUSED), Reason.DNS_FAILED, "REFUSED"),
        (lambda _query: None, Reason.TIMEOUT, "127.0.0.1"),
    ],
    ids=["NXDOMAIN", "SERVFAIL", "REFUSED", "silence"],
)
async def test_the_ways_to_fail_are_told_apart(
    run: Run,
    stopwatch: Stopwatch,
    reply: Reply,
    reason: Reason,
    says: str,
) -> None:
    async with dns_server(reply) as server:
        outcome = await run(f"dns://gone.test?server=127.0.0.1:{server.port}", deadline_s=0.8)
        elapsed_s = stopwatch.elapsed_s

    assert elapsed_s <= 1.3
    assert outcome.reachable is False
    assert outcome.reason is reason
    assert says in outcome.detail


async def test_an_alias_that_points_at_itself_is_a_failure(run: Run) -> None:
    def loop(query: dns.message.Message) -> dns.message.Message:
        answer = dns.message.make_response(query)
        name = query.question[0].name
        answer.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", str(name)))
        return answer

    async with dns_server(loop) as server:
        outcome = await run(f"dns://web.test?server=127.0.0.1:{server.port}", deadline_s=1)

    assert outcome.reachable is False


async def test_a_lost_question_is_asked_again(run: Run) -> None:
    seen: list[int] = []

    def second_time(query: dns.message.Message) -> dns.message.Message | None:
        seen.append(query.id)
        return ZONE(query) if len(seen) > 1 else None

    async with dns_server(second_time) as server:
        outcome = await run(f"dns://web.test?server=127.0.0.1:{server.port}")

    assert outcome.reason is Reason.OK
    assert len(seen) == 2


async def test_the_server_may_be_a_name_and_passes_the_guard_like_any_other(run: Run) -> None:
    resolver = StubResolver({"ns.test": ["127.0.0.1"]})
    async with dns_server(ZONE) as server:
        url = f"dns://web.test?server=ns.test:{server.port}"
        allowed = await run(url, resolver=resolver)
        refused = await run(url, resolver=resolver, guard=lambda _address: False)

    assert allowed.reason is Reason.OK
    assert refused.reason is Reason.ADDRESS_FORBIDDEN
    assert server.queries == 1


async def test_a_server_on_ipv6_is_asked(run: Run) -> None:
    async with dns_server(ZONE, host="::1") as server:
        outcome = await run(f"dns://web.test?server=[::1]:{server.port}")

    assert outcome.reason is Reason.OK
