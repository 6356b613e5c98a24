"""Servers that mean harm (F-29): each probe ends on time, in little memory, with the right cause."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import zlib
from asyncio import StreamReader, StreamWriter, to_thread
from pathlib import Path

import pytest

from probing.base import Reason
from tests.probing import servers
from tests.probing.conftest import Run, Stopwatch
from tests.probing.servers import Handler

DEADLINE_S = 0.8
GRACE_S = 0.5
HEAD = b"HTTP/1.1 200 OK\r\n"


# How a server stalls, and what the probe was doing then.
STALLING: dict[str, tuple[Handler, str]] = {
    "silence": (servers.never, "waiting for the first byte"),
    "dripped body": (servers.drip(b"x", before=HEAD + b"\r\n"), "reading the answer"),
    "dripped headers": (servers.drip(b"X-A: b\r\n", before=HEAD), "reading the answer"),
    "dripped 1xx": (servers.drip(b"HTTP/1.1 100 Continue\r\n\r\n"), "reading the answer"),
    "dripped chunks": (
        servers.drip(b"1\r\nx\r\n", before=HEAD + b"Transfer-Encoding: chunked\r\n\r\n"),
        "",
    ),
}


@pytest.mark.req("D2")
async def test_a_server_that_stalls_is_given_up_on_at_the_deadline(
    run: Run, stopwatch: Stopwatch
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        probes = {}
        for name, (handler, _) in STALLING.items():
            server = await stack.enter_async_context(servers.serve(handler))
            url = f"http://127.0.0.1:{server.port}/"
            probes[name] = run(url, deadline_s=DEADLINE_S, body_contains="never")
        outcomes = dict(zip(probes, await asyncio.gather(*probes.values()), strict=True))
        elapsed_s = stopwatch.elapsed_s

    assert elapsed_s <= DEADLINE_S + GRACE_S
    for name, outcome in outcomes.items():
        assert (outcome.reachable, outcome.reason) == (False, Reason.TIMEOUT), name
        assert STALLING[name][1] in outcome.detail, name
        assert "127.0.0.1" in outcome.detail, name


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        (servers.flood(b"HTTP/1.1 100 Continue\r\n\r\n" * 500), Reason.PROTOCOL_ERROR),
        (servers.flood(b"X-A: " + b"b" * 1000 + b"\r\n", before=HEAD), Reason.PROTOCOL_ERROR),
        (servers.flood(b"a" * 65536, before=HEAD + b"X-A: "), Reason.PROTOCOL_ERROR),
        (servers.flood(b"\x00" * 65536, before=HEAD + b"\r\n"), Reason.BODY_MISMATCH),
        (
            servers.flood(
                b"1;" + b"e" * 5000 + b"\r\nx\r\n",
                before=HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
            ),
            Reason.PROTOCOL_ERROR,
        ),
    ],
    ids=["1xx", "endless headers", "one endless header", "10 GB body", "chunk extensions"],
)
async def test_a_server_that_floods_is_hung_up_on(
    run: Run, stopwatch: Stopwatch, handler: Handler, reason: Reason
) -> None:
    async with servers.serve(handler) as server:
        outcome = await run(f"http://127.0.0.1:{server.port}/", deadline_s=5, body_contains="never")
        elapsed_s = stopwatch.elapsed_s

    assert elapsed_s <= 5 + GRACE_S
    assert outcome.reachable is False
    assert outcome.reason is reason


async def test_two_megabytes_of_headers_are_too_large(run: Run) -> None:
    answer = HEAD + b"X-A: " + b"b" * 2_000_000 + b"\r\n\r\n"
    async with servers.http_server(answer) as server:
        outcome = await run(f"http://127.0.0.1:{server.port}/")

    assert outcome.reason is Reason.PROTOCOL_ERROR
    assert outcome.detail == "The headers of the answer are too large."


async def test_many_small_headers_are_no_trouble(run: Run) -> None:
    answer = HEAD + b"".join(b"X-%d: 1\r\n" % n for n in range(9000)) + b"\r\n"
    async with servers.http_server(answer) as server:
        outcome = await run(f"http://127.0.0.1:{server.port}/")

    assert outcome.reason in {Reason.OK, Reason.PROTOCOL_ERROR}


async def test_a_flood_does_not_keep_other_probes_from_their_deadline(run: Run) -> None:
    flooding = servers.flood(b"HTTP/1.1 100 Continue\r\n\r\n" * 500)
    async with servers.serve(flooding) as bad, servers.http_server(servers.response()) as good:
        floods = [run(f"http://127.0.0.1:{bad.port}/") for _ in range(10)]
        outcomes = await asyncio.gather(*floods, run(f"http://127.0.0.1:{good.port}/"))

    assert outcomes[-1].reason is Reason.OK


PROBER = """
import asyncio, json, pathlib, sys
import probing
from probing.options import HttpOptions
from probing.targets import parse_target

async def main(urls):
    http = HttpOptions(body_contains="never there")
    outcomes = await asyncio.gather(*(
        probing.run(parse_target(url), http=http, deadline_s=4, guard=lambda address: True)
        for url in urls
    ))
    # Not getrusage: its peak includes that of the process we were forked from.
    status = pathlib.Path("/proc/self/status").read_text()
    peak_kb = int(status.split("VmHWM:")[1].split()[0])
    print(json.dumps({"peak_mb": peak_kb / 1024, "reasons": [o.reason for o in outcomes]}))

asyncio.run(main(sys.argv[1:]))
"""


def bomb() -> bytes:
    """200 MB of nothing in 200 KB."""
    packing = zlib.compressobj(9, zlib.DEFLATED, 31)
    megabyte = bytes(1024 * 1024)
    return b"".join(packing.compress(megabyte) for _ in range(200)) + packing.flush()


def serving(packed: bytes) -> Handler:
    async def handler(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + b"Content-Encoding: gzip\r\n\r\n" + packed)
        await writer.drain()

    return handler


async def test_fifty_hostile_servers_at_once_fit_into_256_mb() -> None:
    packed = await to_thread(bomb)
    async with (
        servers.serve(serving(packed)) as bombs,
        servers.serve(servers.flood(b"\x00" * 65536, before=HEAD + b"\r\n")) as stream,
        servers.serve(servers.flood(b"a" * 65536, before=HEAD + b"X-A: ")) as header,
        servers.serve(servers.flood(b"HTTP/1.1 100 Continue\r\n\r\n" * 500)) as continues,
        servers.serve(servers.drip(b"x", before=HEAD + b"\r\n")) as drip,
    ):
        hostile = [bombs, stream, header, continues, drip]
        urls = [f"http://127.0.0.1:{server.port}/" for server in hostile] * 10
        done = await to_thread(
            subprocess.run,
            [sys.executable, "-c", PROBER, *urls],
            capture_output=True,
            check=True,
            timeout=60,
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONPATH": "."},
        )

    report = json.loads(done.stdout)
    assert report["peak_mb"] < 256
    assert len(report["reasons"]) == 50
    assert set(report["reasons"]) <= {"body_mismatch", "protocol_error", "timeout"}
