"""Name servers on loopback for the tests of custom domains."""

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from tests import nameserver
from tests.nameserver import NameServer


@pytest.fixture
def authority() -> Iterator[NameServer]:
    """The server of all zones, on loopback."""
    with nameserver.serving() as server:
        yield server


@pytest.fixture
def resolvers(authority: NameServer) -> Iterator[list[NameServer]]:
    """Two resolvers, which see what the authority has until a test gives them something else."""
    with nameserver.serving(authority.zone) as one, nameserver.serving(authority.zone) as two:
        yield [one, two]


@pytest.fixture
def asks_here(authority: NameServer, resolvers: list[NameServer], settings: Settings) -> NameServer:
    """Let Candor, at https://status.ours.test, ask these servers; the authority's zone is the DNS."""
    settings.DNS_RESOLVERS = [("127.0.0.1", server.port) for server in resolvers]
    settings.DNS_PORT = authority.port
    settings.ALLOW_PRIVATE_TARGETS = True
    settings.CANDOR_ORIGIN = "https://status.ours.test"
    settings.MAIN_HOSTS = ["status.ours.test", "localhost", "testserver"]
    settings.PUBLIC_ADDRESSES = []
    settings.PROXY_TLS = None
    return authority
