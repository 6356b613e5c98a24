"""The certificate of a name, as our own proxy shows it: a real TLS server with an authority of its own."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from custom_domains import tls
from tests import servers

UNTIL = datetime(2027, 2, 3, 12, tzinfo=UTC)


@contextmanager
def proxy(*names: str) -> Iterator[tuple[str, int]]:
    """A TLS server with one certificate for these names, which reads nothing after the handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued = trustme.CA().issue_cert(*names, not_after=UNTIL)
    issued.configure_cert(context)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with suppress(OSError), context.wrap_socket(connection, server_side=True) as secured:
                assert secured.recv(1) == b"", "nothing is asked of the name"

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@pytest.mark.req("T4")
@pytest.mark.parametrize("certified", ["status.acme.test", "*.acme.test"])
def test_the_end_of_the_names_certificate_is_read(certified: str) -> None:
    with proxy(certified) as address:
        until = tls.certificate_until(name="status.acme.test", proxy=address)
    assert until is not None
    assert abs(until - UNTIL) < timedelta(seconds=1)


@pytest.mark.parametrize("certified", ["other.acme.test", "*.test", "*.status.acme.test"])
def test_the_certificate_of_another_name_is_none(certified: str) -> None:
    with proxy(certified) as address:
        assert tls.certificate_until(name="status.acme.test", proxy=address) is None


def test_no_proxy_and_no_handshake_are_no_certificate() -> None:
    nobody = ("127.0.0.1", servers.free_port())
    assert tls.certificate_until(name="status.acme.test", proxy=nobody) is None
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = silent.getsockname()
        assert tls.certificate_until(name="status.acme.test", proxy=address, within_s=0.2) is None
