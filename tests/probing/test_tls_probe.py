"""TLS targets (F-30): right and wrong certificates, old protocols, handshakes that never end."""

import asyncio
import ssl
import warnings
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from probing import tls
from probing.base import Reason
from tests.probing import servers
from tests.probing.conftest import Run, Stopwatch, server_context
from tests.probing.servers import StubResolver, http_server, redirect, response

LOOPBACK = StubResolver({"web.test": ["127.0.0.1"], "other.test": ["127.0.0.1"]})


@pytest.mark.req("B5", "C1")
async def test_a_verified_answer_tells_when_the_certificate_expires(
    run: Run, trusted: trustme.CA
) -> None:
    expires = datetime.now(UTC).replace(microsecond=0) + timedelta(days=20)
    leaf = trusted.issue_cert("web.test", not_after=expires)
    async with http_server(response(), tls=server_context(leaf)) as server:
        outcome = await run(f"https://web.test:{server.port}/", resolver=LOOPBACK)

    assert outcome.reason is Reason.OK
    assert outcome.certificate_expires_at == expires
    assert outcome.phases.tls_ms is not None
    assert outcome.phases.tls_ms > 0


async def test_the_name_and_not_the_address_goes_into_sni_and_host(
    run: Run, trusted: trustme.CA
) -> None:
    names: list[str | None] = []
    context = server_context(trusted.issue_cert("web.test"))
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    async with http_server(response(), tls=context) as server:
        await run(f"https://web.test:{server.port}/", resolver=LOOPBACK)

    assert names == ["web.test"]
    assert server.hosts == [f"web.test:{server.port}"]


async def test_a_certificate_for_an_address_is_fine(run: Run, trusted: trustme.CA) -> None:
    context = server_context(trusted.issue_cert("127.0.0.1"))
    async with http_server(response(), tls=context) as server:
        outcome = await run(f"https://127.0.0.1:{server.port}/")

    assert outcome.reason is Reason.OK


async def test_the_body_is_read_through_tls(run: Run, trusted: trustme.CA) -> None:
    context = server_context(trusted.issue_cert("web.test"))
    async with http_server(response(body=b"x" * 50_000 + b"end"), tls=context) as server:
        outcome = await run(
            f"https://web.test:{server.port}/", resolver=LOOPBACK, body_contains="xend"
        )

    assert outcome.reason is Reason.OK


def self_signed() -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "web.test")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("web.test")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    with trustme.Blob(private + pem).tempfile() as path:
        context.load_cert_chain(path)
    return context


def expired(authority: trustme.CA) -> ssl.SSLContext:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    return server_context(authority.issue_cert("web.test", not_after=yesterday))


def not_yet(authority: trustme.CA) -> ssl.SSLContext:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    return server_context(authority.issue_cert("web.test", not_before=tomorrow))


WRONG_CERTIFICATES = {
    "expired": (expired, "The certificate has expired."),
    "not yet valid": (not_yet, "The certificate is not valid yet."),
    "wrong name": (
        lambda authority: server_context(authority.issue_cert("wrong.test")),
        "The certificate is not for the name web.test.",
    ),
    "self-signed": (lambda _: self_signed(), "The certificate is self-signed."),
    "unknown authority": (
        lambda _: server_context(trustme.CA().issue_cert("web.test")),
        "issuer is unknown",
    ),
}


@pytest.mark.parametrize("case", WRONG_CERTIFICATES)
async def test_a_wrong_certificate_is_unreachable_with_the_reason_in_words(
    run: Run, trusted: trustme.CA, case: str
) -> None:
    make_context, says = WRONG_CERTIFICATES[case]
    async with http_server(response(), tls=make_context(trusted)) as server:
        outcome = await run(f"https://web.test:{server.port}/", resolver=LOOPBACK)

    assert outcome.reachable is False
    assert outcome.reason is Reason.CERTIFICATE_INVALID
    assert says in outcome.detail
    assert server.requests == []


@pytest.mark.parametrize("case", WRONG_CERTIFICATES)
async def test_with_verification_off_a_wrong_certificate_passes_and_its_expiry_is_still_told(
    run: Run, trusted: trustme.CA, case: str
) -> None:
    make_context, _ = WRONG_CERTIFICATES[case]
    async with http_server(response(), tls=make_context(trusted)) as server:
        outcome = await run(f"https://web.test:{server.port}/", resolver=LOOPBACK, verify_tls=False)

    assert outcome.reason is Reason.OK
    assert outcome.certificate_expires_at is not None
    assert (outcome.certificate_expires_at < datetime.now(UTC)) is (case == "expired")


async def test_over_a_redirect_the_certificate_that_expires_first_counts(
    run: Run, trusted: trustme.CA
) -> None:
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    late = soon + timedelta(days=90)
    first = server_context(trusted.issue_cert("web.test", not_after=soon))
    second = server_context(trusted.issue_cert("other.test", not_after=late))
    async with http_server(response(), tls=second) as there:
        elsewhere = redirect(f"https://other.test:{there.port}/")
        async with http_server(elsewhere, tls=first) as here:
            outcome = await run(f"https://web.test:{here.port}/", resolver=LOOPBACK)

    assert outcome.reason is Reason.OK
    assert outcome.certificate_expires_at == soon


async def test_headers_do_not_follow_a_redirect_from_tls_into_the_clear(
    run: Run, trusted: trustme.CA
) -> None:
    context = server_context(trusted.issue_cert("web.test"))
    async with (
        http_server(response()) as clear,
        http_server(redirect(f"http://web.test:{clear.port}/"), tls=context) as server,
    ):
        await run(f"https://web.test:{server.port}/", resolver=LOOPBACK, headers={"X-Api-Key": "k"})

    assert clear.header("x-api-key", clear.requests[0]) == ""


async def test_plain_http_on_a_tls_port_is_told_apart(run: Run) -> None:
    async def shouting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(response("400 Bad Request"))
        await writer.drain()
        await reader.read()

    async with servers.serve(shouting) as server:
        outcome = await run(f"https://127.0.0.1:{server.port}/")

    assert outcome.reachable is False
    assert outcome.reason is Reason.TLS_FAILED
    assert "does not speak TLS" in outcome.detail


async def test_a_server_that_hangs_up_during_the_handshake_is_told_apart(run: Run) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(2000)
        writer.close()

    async with servers.serve(hang_up) as server:
        outcome = await run(f"https://127.0.0.1:{server.port}/")

    assert outcome.reason is Reason.TLS_FAILED
    assert "hung up" in outcome.detail


async def test_an_old_protocol_is_refused(run: Run, trusted: trustme.CA) -> None:
    context = server_context(trusted.issue_cert("web.test"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    async with http_server(response(), tls=context) as server:
        outcome = await run(f"https://web.test:{server.port}/", resolver=LOOPBACK)

    assert outcome.reachable is False
    assert outcome.reason is Reason.TLS_FAILED
    assert "agree" in outcome.detail


@pytest.mark.req("D2")
@pytest.mark.parametrize(
    "handler",
    [servers.never, servers.drip(b"\x00", before=b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")],
    ids=["silent", "dripped"],
)
async def test_a_handshake_that_never_ends_is_given_up_on_at_the_deadline(
    run: Run, stopwatch: Stopwatch, handler: servers.Handler
) -> None:
    async with servers.serve(handler) as server:
        outcome = await run(f"https://127.0.0.1:{server.port}/", deadline_s=0.8)
        elapsed_s = stopwatch.elapsed_s

    assert elapsed_s <= 1.3
    assert outcome.reason is Reason.TIMEOUT
    assert "while agreeing on TLS" in outcome.detail


async def test_a_flood_inside_tls_is_capped(run: Run, trusted: trustme.CA) -> None:
    context = server_context(trusted.issue_cert("web.test"))
    handler = servers.flood(b"\x00" * 65536, before=b"HTTP/1.1 200 OK\r\n\r\n")
    async with servers.serve(handler, tls=context) as server:
        outcome = await run(
            f"https://web.test:{server.port}/", resolver=LOOPBACK, body_contains="never"
        )

    assert outcome.reason is Reason.BODY_MISMATCH
    assert "first 64 KB" in outcome.detail


def test_the_settings_are_made_once() -> None:
    assert tls.verifying_context() is tls.verifying_context()
    assert tls.trusting_context() is tls.trusting_context()


def test_a_certificate_that_cannot_be_read_has_no_expiry() -> None:
    assert tls.expires_at(b"not a certificate") is None
    assert tls.expires_at(None) is None
