"""HTTP probes against real servers: what is asked, and how the answer is judged."""

import asyncio
import gzip

import pytest

from probing.base import Reason
from tests.probing import servers
from tests.probing.conftest import Run
from tests.probing.servers import StubResolver, http_server, redirect, response


@pytest.mark.req("B5", "C1")
async def test_a_healthy_answer_is_reachable_with_its_latency_and_phases(run: Run) -> None:
    async with http_server(response()) as server:
        resolver = StubResolver({"web.test": ["127.0.0.1"]})
        outcome = await run(f"http://web.test:{server.port}/health?a=b", resolver=resolver)

    assert outcome.reachable is True
    assert outcome.reason is Reason.OK
    assert outcome.detail == "Answered 200 OK."
    assert outcome.http_status == 200
    assert outcome.address == "127.0.0.1"
    assert outcome.attempts == 1
    phases = outcome.phases
    assert phases.tls_ms is None
    assert phases.dns_ms is not None
    assert phases.connect_ms is not None
    assert phases.first_byte_ms is not None
    assert outcome.latency_ms is not None
    assert 0 < phases.dns_ms + phases.connect_ms + phases.first_byte_ms <= outcome.latency_ms
    assert server.requests[0].startswith(b"GET /health?a=b HTTP/1.1\r\n")
    assert server.hosts == [f"web.test:{server.port}"]


@pytest.mark.req("C2")
@pytest.mark.parametrize(
    ("status", "is_healthy"),
    [
        ("199 Odd", False),
        ("200 OK", True),
        ("204 No Content", True),
        ("304 Not Modified", True),
        ("399 Odd", True),
        ("400 Bad Request", False),
        ("404 Not Found", False),
        ("503 Service Unavailable", False),
        ("599 Odd", False),
    ],
)
async def test_by_default_200_up_to_but_not_400_is_healthy(
    run: Run, status: str, *, is_healthy: bool
) -> None:
    answer = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()
    if status.startswith("199"):
        answer += response("500 Oops")  # a 1xx only announces: the answer is the one after it
    async with http_server(answer) as server:
        outcome = await run(f"http://127.0.0.1:{server.port}/")

    assert outcome.reachable is is_healthy
    assert outcome.reason is (Reason.OK if is_healthy else Reason.STATUS_UNEXPECTED)


@pytest.mark.req("C2")
@pytest.mark.parametrize(
    ("code", "is_healthy"), [(400, False), (401, True), (403, True), (404, False)]
)
async def test_the_healthy_range_can_be_set_and_is_half_open(
    run: Run, code: int, *, is_healthy: bool
) -> None:
    async with http_server(response(f"{code} X")) as server:
        outcome = await run(f"http://127.0.0.1:{server.port}/", status_min=401, status_below=404)

    assert outcome.reachable is is_healthy


async def test_an_unexpected_status_is_named_in_standard_words_not_the_servers(run: Run) -> None:
    async with http_server(response("503 <script>Odd words</script>")) as server:
        outcome = await run(f"http://127.0.0.1:{server.port}/")

    assert outcome.detail == "Answered 503 Service Unavailable; 200 to 399 is healthy."
    assert outcome.latency_ms is None


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"])
async def test_the_method_is_sent(run: Run, method: str) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" if method == "HEAD" else response()
    async with http_server(answer) as server:
        outcome = await run(f"http://127.0.0.1:{server.port}/", method=method)

    assert outcome.reason is Reason.OK
    assert server.requests[0].startswith(method.encode() + b" / ")


async def test_headers_are_sent_and_nothing_packed_is_asked_for(run: Run) -> None:
    async with http_server(response()) as server:
        await run(
            f"http://127.0.0.1:{server.port}/",
            headers={"Authorization": "Bearer abc", "User-Agent": "mine", "Host": "inner.test"},
        )

    (request,) = server.requests
    assert server.header("authorization", request) == "Bearer abc"
    assert server.header("user-agent", request) == "mine"
    assert server.header("host", request) == "inner.test"
    assert server.header("accept-encoding", request) == "identity"
    assert server.header("connection", request) == "close"


async def test_a_proxy_in_the_environment_is_not_used(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with http_server(response()) as server, http_server(response("500 Proxy")) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        outcome = await run(f"http://127.0.0.1:{server.port}/")

    assert outcome.reason is Reason.OK
    assert proxy.connections == 0


@pytest.mark.parametrize(
    ("options", "body", "reason"),
    [
        ({"body_contains": "all good"}, b"{all good}", Reason.OK),
        ({"body_contains": "all good"}, b"{all bad}", Reason.BODY_MISMATCH),
        ({"body_contains": "grün"}, "alles grün".encode(), Reason.OK),
        ({"body_regex": r"^up \d+%$"}, b"up 99%", Reason.OK),
        ({"body_regex": r"^up \d+%$"}, b"up x%", Reason.BODY_MISMATCH),
        ({"body_regex": r"(?s)a.*z"}, b"a\n\nz", Reason.OK),
        ({"body_contains": "a", "body_regex": "b"}, b"ab", Reason.OK),
        ({"body_contains": "a", "body_regex": "b"}, b"a", Reason.BODY_MISMATCH),
        ({"body_contains": "a", "body_regex": "b"}, b"b", Reason.BODY_MISMATCH),
        ({"body_contains": "x"}, b"", Reason.BODY_MISMATCH),
    ],
)
async def test_the_body_is_looked_into(
    run: Run, options: dict[str, str], body: bytes, reason: Reason
) -> None:
    async with http_server(response(body=body)) as server:
        outcome = await run(f"http://127.0.0.1:{server.port}/", **options)

    assert outcome.reason is reason
    assert outcome.http_status == 200


async def test_a_body_in_another_charset_is_understood(run: Run) -> None:
    answer = response(
        body="alles grün".encode("latin-1"), headers=["Content-Type: text/plain; charset=latin1"]
    )
    async with http_server(answer) as server:
        outcome = await run(f"http://127.0.0.1:{server.port}/", body_contains="grün")

    assert outcome.reason is Reason.OK


@pytest.mark.parametrize("charset", ["nonsense", "idna", "zlib", "utf-16"])
async def test_a_nonsense_charset_does_no_harm(run: Run, charset: str) -> None:
    answer = response(body=b"odd", headers=[f"Content-Type: text/plain; charset={charset}"])
    async with http_server(answer) as server:
        outcome = await run(f"http://127.0.0.1:{server.port}/", body_contains="never there")

    assert outcome.reason is Reason.BODY_MISMATCH


async def test_a_body_packed_against_our_wish_is_not_unpacked(run: Run) -> None:
    packed = gzip.compress(b"all good")
    async with http_server(response(body=packed, headers=["Content-Encoding: gzip"])) as server:
        outcome = await run(f"http://127.0.0.1:{server.port}/", body_contains="all good")

    assert outcome.reason is Reason.BODY_MISMATCH
    assert "packed: gzip" in outcome.detail


async def test_content_counts_only_in_the_first_64_kb(run: Run) -> None:
    body = b"x" * (64 * 1024 - 2) + b"here" + b"y" * 100_000
    async with http_server(response(body=body)) as server:
        cut = await run(f"http://127.0.0.1:{server.port}/", body_contains="here")
        inside = await run(f"http://127.0.0.1:{server.port}/", body_contains="xxhe")

    assert cut.reason is Reason.BODY_MISMATCH
    assert "first 64 KB" in cut.detail
    assert inside.reason is Reason.OK


async def test_a_body_nobody_asked_about_is_not_waited_for(run: Run) -> None:
    hanging = servers.drip(b"x", before=b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n")
    async with servers.serve(hanging) as server:
        outcome = await run(f"http://127.0.0.1:{server.port}/")

    assert outcome.reason is Reason.OK


async def test_bad_options_make_the_probe_inconclusive_and_nothing_is_dialled(run: Run) -> None:
    async with http_server(response()) as server:
        outcome = await run(f"http://127.0.0.1:{server.port}/", body_regex="(")

    assert outcome.reachable is None
    assert outcome.reason is Reason.CONFIGURATION_INVALID
    assert "missing )" in outcome.detail
    assert server.connections == 0


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Tmp", "308 Perm"])
async def test_a_redirect_is_followed_and_the_last_answer_judged(run: Run, status: str) -> None:
    async with http_server(redirect("/next", status), response("404 Not Found")) as server:
        outcome = await run(f"http://127.0.0.1:{server.port}/start")

    assert [r.split()[1] for r in server.requests] == [b"/start", b"/next"]
    assert outcome.reason is Reason.STATUS_UNEXPECTED
    assert outcome.http_status == 404


@pytest.mark.parametrize("again", ["/next", "/elsewhere"])
async def test_of_two_locations_the_first_is_followed(run: Run, again: str) -> None:
    moved = response("302 Found", headers=["Location: /next", f"Location: {again}"])
    async with http_server(moved, response()) as server:
        outcome = await run(f"http://127.0.0.1:{server.port}/start")

    assert [r.split()[1] for r in server.requests] == [b"/start", b"/next"]
    assert outcome.reason is Reason.OK


async def test_a_redirect_not_followed_is_judged_by_its_own_code(run: Run) -> None:
    async with http_server(redirect("/next", "301 Moved")) as server:
        url = f"http://127.0.0.1:{server.port}/"
        accepted = await run(url, follow_redirects=False)
        refused = await run(url, follow_redirects=False, status_below=300)

    assert (accepted.reason, accepted.http_status) == (Reason.OK, 301)
    assert refused.reason is Reason.STATUS_UNEXPECTED


@pytest.mark.parametrize("location", ["javascript:alert(1)", "http://[::1/", "//", "http://a b"])
async def test_a_redirect_not_followed_is_not_even_read(run: Run, location: str) -> None:
    async with http_server(redirect(location)) as server:
        outcome = await run(f"http://127.0.0.1:{server.port}/", follow_redirects=False)

    assert (outcome.reason, outcome.http_status) == (Reason.OK, 302)


async def test_a_redirect_without_a_location_is_judged_by_its_own_code(run: Run) -> None:
    async with http_server(response("302 Found")) as server:
        outcome = await run(f"http://127.0.0.1:{server.port}/")

    assert (outcome.reason, outcome.http_status) == (Reason.OK, 302)


async def test_five_redirects_are_followed_and_six_are_too_many(run: Run) -> None:
    hops = [redirect(f"/{n}") for n in range(5)]
    async with http_server(*hops, response()) as server:
        five = await run(f"http://127.0.0.1:{server.port}/")
    async with http_server(redirect("/again")) as server:
        endless = await run(f"http://127.0.0.1:{server.port}/")

    assert five.reason is Reason.OK
    assert endless.reason is Reason.TOO_MANY_REDIRECTS
    assert endless.reachable is False
    assert len(server.requests) == 6


async def test_a_cookie_set_by_a_redirect_is_sent_back(run: Run) -> None:
    first = response("302 Found", headers=["Location: /in", "Set-Cookie: seen=1; Path=/"])
    async with http_server(first, response()) as server:
        await run(f"http://127.0.0.1:{server.port}/")

    assert server.header("cookie", server.requests[1]) == "seen=1"


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        ("301 X", "POST", "GET"),
        ("302 X", "POST", "GET"),
        ("303 X", "POST", "GET"),
        ("303 X", "HEAD", "HEAD"),
        ("307 X", "POST", "POST"),
        ("308 X", "POST", "POST"),
        ("302 X", "HEAD", "HEAD"),
    ],
)
async def test_the_method_after_a_redirect_is_the_one_browsers_use(
    run: Run, status: str, method: str, then: str
) -> None:
    async with http_server(redirect("/", status), response(body=b"")) as server:
        await run(f"http://127.0.0.1:{server.port}/", method=method)

    assert server.requests[1].startswith(then.encode() + b" ")


async def test_headers_stay_with_the_host_they_were_meant_for(run: Run) -> None:
    secret = {"Authorization": "Bearer abc", "X-Api-Key": "k", "Cookie": "session=1"}
    resolver = StubResolver({"a.test": ["127.0.0.1"], "b.test": ["127.0.0.1"]})
    async with http_server(response()) as there:
        elsewhere = redirect(f"http://b.test:{there.port}/")
        async with http_server(redirect("/here"), elsewhere) as here:
            outcome = await run(f"http://a.test:{here.port}/", headers=secret, resolver=resolver)

    assert outcome.reason is Reason.OK
    assert [here.header("x-api-key", request) for request in here.requests] == ["k", "k"]
    (request,) = there.requests
    for name in ("authorization", "x-api-key", "cookie"):
        assert there.header(name, request) == ""
    assert there.header("accept-encoding", request) == "identity"


async def test_headers_do_not_go_to_another_port_of_the_same_host(run: Run) -> None:
    async with http_server(response()) as there:
        elsewhere = redirect(f"http://127.0.0.1:{there.port}/")
        async with http_server(elsewhere) as here:
            await run(f"http://127.0.0.1:{here.port}/", headers={"X-Api-Key": "k"})

    assert there.header("x-api-key", there.requests[0]) == ""


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "tcp://127.0.0.1:22",
        "javascript:alert(1)",
        "http://user:pass@127.0.0.1/",
        "http://127.0.0.1:6379/",
        "http://0x7f.1/",
        "http://[::1/",
    ],
)
async def test_a_redirect_that_leaves_the_web_is_not_followed(run: Run, location: str) -> None:
    async with http_server(redirect(location)) as server:
        outcome = await run(f"http://127.0.0.1:{server.port}/")

    assert outcome.reachable is False
    assert outcome.reason is Reason.PROTOCOL_ERROR
    assert len(server.requests) == 1


async def test_a_long_sign_on_redirect_is_followed(run: Run) -> None:
    async with http_server(redirect("/saml?request=" + "a" * 8000), response()) as server:
        outcome = await run(f"http://127.0.0.1:{server.port}/")

    assert outcome.reason is Reason.OK


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"", "without a complete answer"),
        (b"garbage\r\n\r\n", "not proper HTTP"),
        (b"\x00\x01\x02" * 100, "not proper HTTP"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "without a complete answer"),
        (b"HTTP/1.1 abc OK\r\n\r\n", "not proper HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "not proper HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort", "middle of its answer"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "not proper HTTP"),
    ],
)
async def test_a_broken_answer_is_a_protocol_error(run: Run, answer: bytes, says: str) -> None:
    async with http_server(answer) as server:
        outcome = await run(f"http://127.0.0.1:{server.port}/", body_contains="x")

    assert outcome.reachable is False
    assert outcome.reason is Reason.PROTOCOL_ERROR
    assert says in outcome.detail
    assert outcome.detail.isprintable()
    assert len(outcome.detail) <= 200


async def test_an_unasked_upgrade_is_judged_by_its_code(run: Run) -> None:
    answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
    async with http_server(answer) as server:
        outcome = await run(f"http://127.0.0.1:{server.port}/", deadline_s=1)

    assert outcome.reachable is False


async def test_a_reset_is_told_apart(run: Run) -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        writer.get_extra_info("socket").setsockopt(1, 13, linger)  # SO_LINGER 0: close is a reset
        writer.transport.abort()

    async with servers.serve(reset) as server:
        outcome = await run(f"http://127.0.0.1:{server.port}/")

    assert outcome.reachable is False
    assert outcome.reason is Reason.RESET


async def test_nothing_secret_reaches_the_detail(run: Run) -> None:
    secret = "s3cr3t-token"
    async with http_server(redirect(f"/?token={secret}")) as server:
        outcome = await run(
            f"http://127.0.0.1:{server.port}/?key={secret}", headers={"Authorization": secret}
        )

    assert secret not in outcome.detail


async def test_the_time_of_redirects_adds_up(run: Run) -> None:
    resolver = StubResolver({"a.test": ["127.0.0.1"]}, delay_s=0.05)
    async with http_server(redirect("/x"), redirect("/y"), response()) as server:
        outcome = await run(f"http://a.test:{server.port}/", resolver=resolver)

    assert outcome.phases.dns_ms is not None
    assert outcome.phases.dns_ms >= 140
    assert outcome.latency_ms is not None
    assert outcome.latency_ms >= outcome.phases.dns_ms
