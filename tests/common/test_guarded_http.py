"""The client against servers that misbehave, and addresses that it must not dial."""

import socket
import ssl
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import trustme

from common import egress, guarded_http
from common.guarded_http import NoAnswer, NotSent, Request, UrlNotAllowed
from tests import web

LOCAL = egress.monitor_guard(allow_private=True)


def send(
    url: str, *, deadline_s: float = 5, guard: guarded_http.Guard = LOCAL
) -> guarded_http.Answer:
    request = Request(url=url, body=b"hello", deadline_s=deadline_s)
    return guarded_http.send(request, guard=guard, before_sending=lambda: None)


def test_request_arrives_as_it_was_written() -> None:
    with web.server(web.answer(202, "taken", X_Thing="a")) as server:
        request = Request(
            url=f"{server.url}/a?b=c", headers={"Content-Type": "text/plain"}, body="é".encode()
        )
        answer = guarded_http.send(request, guard=LOCAL, before_sending=lambda: None)

    [got] = server.got
    assert (got.method, got.target, got.body) == ("POST", "/a?b=c", "é".encode())
    assert got.headers["host"] == f"127.0.0.1:{server.port}"
    assert got.headers["accept-encoding"] == "identity"
    assert (answer.status, answer.body, answer.headers["x-thing"]) == (202, b"taken", "a")
    assert answer.is_success


def test_redirect_is_an_answer_and_nobody_follows_it() -> None:
    with web.server() as elsewhere, web.server(web.answer(302, Location=elsewhere.url)) as server:
        answer = send(server.url)

    assert answer.status == 302
    assert not answer.is_success
    assert elsewhere.connections == 0


def test_of_a_body_four_kilobytes_are_read() -> None:
    with web.server(web.answer(500, b"x" * 5_000_000)) as server:
        assert len(send(server.url).body) == 4096


@pytest.mark.req("F-23")
@pytest.mark.parametrize("reply", [web.HANG, web.DRIP, web.CONTINUE])
def test_deadline_ends_whatever_the_other_side_does(reply: str) -> None:
    started = time.monotonic()
    with web.server(reply) as server, pytest.raises(NoAnswer):
        send(server.url, deadline_s=0.4)

    assert time.monotonic() - started < 5


def test_connection_lost_without_an_answer_leaves_the_outcome_open() -> None:
    with web.server(web.DROP) as server, pytest.raises(NoAnswer):
        send(server.url)


def test_answer_counts_when_only_its_body_is_cut_short() -> None:
    with web.server(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\npart") as server:
        answer = send(server.url)

    assert (answer.status, answer.body) == (200, b"part")


def test_what_the_caller_raises_before_sending_stops_the_request() -> None:
    class Stop(Exception):
        pass

    def stop() -> None:
        raise Stop

    with web.server() as server, pytest.raises(Stop):
        guarded_http.send(Request(url=server.url), guard=LOCAL, before_sending=stop)

    assert server.got == []


def test_time_that_the_caller_takes_is_not_the_other_sides() -> None:
    request = Request(url="", deadline_s=0.5)
    with web.server() as server:
        answer = guarded_http.send(
            replace(request, url=server.url), guard=LOCAL, before_sending=lambda: time.sleep(0.6)
        )

    assert answer.status == 200


def test_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(NotSent, match=r"127\.0\.0\.1 cannot be reached"):
        send(f"http://127.0.0.1:{port}/")


def test_name_that_does_not_exist() -> None:
    with pytest.raises(NotSent, match=r"nowhere\.invalid cannot be reached"):
        send("http://nowhere.invalid/")


def test_name_with_many_dead_addresses_of_one_kind_is_reached_at_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sixes = ["::1", *(f"::ffff:127.0.0.{n}" for n in range(5, 12))]
    found = [(0, 0, 0, "", (address, 0)) for address in [*sixes, "127.0.0.1"]]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with web.server() as server:
        assert send(f"http://both.test:{server.port}/").is_success


@pytest.mark.req("A7", "F7")
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "127.1", "0x7f000001", "0"]
)
def test_no_spelling_of_loopback_is_dialled_by_the_public_guard(host: str) -> None:
    with web.server() as server:
        with pytest.raises(NotSent):
            send(f"http://{host}:{server.port}/", guard=egress.is_public_address)

        assert server.connections == 0


def test_metadata_service_is_never_dialled() -> None:
    with pytest.raises(NotSent, match=r"169\.254\.169\.254 may not be dialled"):
        send("http://169.254.169.254/latest/meta-data/")


def test_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with web.server() as proxy, web.server() as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        send(server.url)

    assert (proxy.connections, len(server.got)) == (0, 1)


def test_certificate_has_to_be_right(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    with web.server() as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        guarded_http._new_tls.cache_clear()
        with pytest.raises(NotSent, match="certificate"):
            send(f"https://localhost:{server.port}/")

        bundle = tmp_path_factory.mktemp("tls") / "ca.pem"
        authority.cert_pem.write_to_path(str(bundle))
        monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
        guarded_http._new_tls.cache_clear()
        assert send(f"https://localhost:{server.port}/").status == 200
    guarded_http._new_tls.cache_clear()


def test_retry_after_is_a_number_or_a_date() -> None:
    now = datetime(2026, 11, 19, 14, 32, tzinfo=UTC)

    def asked(value: str) -> float | None:
        headers = {"retry-after": value}
        return guarded_http.Answer(status=429, headers=headers, body=b"").retry_after_s(now=now)

    assert asked("120") == 120
    assert asked("Thu, 19 Nov 2026 14:33:00 GMT") == 60
    assert asked("Thu, 19 Nov 2026 14:00:00 GMT") == 0
    assert asked("soon") is None
    assert asked("") is None


@pytest.mark.parametrize(
    "text",
    [
        "http://example.com/",
        "ftp://example.com/",
        "https://user:password@example.com/",
        "https://",
        "https://exam ple.com/",
        "https://example.com\\@evil.example/",
        "https://example.com:99999/",
        "https://example.com/\r\nX: y",
        "https://exämple.com/",
        "//example.com/",
        "https://example.com/" + "x" * 2_000,
        f"https://{'a.' * 122}example.com/",  # 255 characters
        "https://example.com:25/",
        "https://example.com:6379/",
    ],
)
def test_only_plain_https_addresses_are_taken(text: str) -> None:
    with pytest.raises(UrlNotAllowed):
        guarded_http.check_url(text, allow_http=False)


def test_address_is_stored_in_one_spelling() -> None:
    check = guarded_http.check_url
    assert check(" https://Example.COM#part ", allow_http=False) == "https://example.com/"
    assert check("http://[::1]:80/a?b", allow_http=True) == "http://[::1]:80/a?b"
