"""TCP probes."""

import asyncio

import pytest

from probing.base import Reason
from tests.probing import servers
from tests.probing.conftest import Run
from tests.probing.servers import StubResolver
from tests.probing.test_network import closed_port


@pytest.mark.req("B5", "C1")
async def test_an_open_port_is_reachable_and_nothing_is_sent(run: Run) -> None:
    received = []

    async def handler(reader: asyncio.StreamReader, _writer: object) -> None:
        received.append(await reader.read())

    async with servers.serve(handler) as server:
        resolver = StubResolver({"db.test": ["127.0.0.1"]})
        outcome = await run(f"tcp://db.test:{server.port}", resolver=resolver)
        await asyncio.sleep(0.05)

    assert outcome.reachable is True
    assert outcome.reason is Reason.OK
    assert outcome.address == "127.0.0.1"
    assert outcome.phases.dns_ms is not None
    assert outcome.phases.connect_ms is not None
    assert outcome.phases.first_byte_ms is None
    assert outcome.latency_ms is not None
    assert outcome.latency_ms >= outcome.phases.dns_ms + outcome.phases.connect_ms
    assert received == [b""]


async def test_a_closed_port_is_refused(run: Run) -> None:
    port = closed_port()

    outcome = await run(f"tcp://127.0.0.1:{port}")

    assert outcome.reachable is False
    assert outcome.reason is Reason.REFUSED
    assert outcome.detail == f"127.0.0.1 port {port} refused the connection."
    assert outcome.latency_ms is None


async def test_a_name_that_does_not_exist_is_told_apart(run: Run) -> None:
    outcome = await run("tcp://gone.test:80", resolver=StubResolver())

    assert outcome.reachable is False
    assert outcome.reason is Reason.NAME_NOT_FOUND
