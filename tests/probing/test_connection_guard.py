"""The one guard: nothing forbidden is ever dialled, by any probe, over any detour (A7, F7, App. B).

A canary listens on 127.0.0.1 and counts what reaches it.
"""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from common import egress
from probing import targets
from probing.base import Reason
from probing.targets import TargetInvalid
from tests.probing import servers
from tests.probing.conftest import Run
from tests.probing.servers import Server, StubResolver, http_server, redirect, response

PUBLIC_ONLY = egress.monitor_guard(allow_private=False)

HOSTS = [
    "127.0.0.1",
    "localhost",
    "localhost.",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "0",
    "0.0.0.0",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:7f00:1]",
    "[fe80::1%25lo]",
    "127。0。0。1",
    "①②⑦.⓪.⓪.①",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "[fd00:ec2::254]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:7f00:1::]",
    "[fec0::1]",
    "metadata.google.internal",
]

URLS = [
    "http://example.com:pass@169.254.169.254/",
    "http://169.254.169.254#@example.com/",
    "http://example.com\\@169.254.169.254/",
    "http://a@b@c/",
    "//169.254.169.254",
    "file:///etc/passwd",
    "gopher://127.0.0.1/",
    "dict://127.0.0.1/",
    "ftp://127.0.0.1/",
    "unix:/var/run/docker.sock",
    "http://127.0.0.1:6379/",
    "http://127.0.0.1:0/",
    "http://169.254.169.254/?x=office.com",
    "http://127.0.0.1/\r\nHost: evil",
]

SCHEMES = [
    "http://{}:{}/",
    "https://{}:{}/",
    "tcp://{}:{}",
    "icmp://{}",
    "dns://x.test?server={}:{}",
]


@pytest_asyncio.fixture
async def canary() -> AsyncIterator[Server]:
    async with http_server(response()) as server:
        yield server


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("host", HOSTS)
async def test_no_spelling_of_a_forbidden_host_is_dialled(
    run: Run, canary: Server, host: str, scheme: str
) -> None:
    resolver = StubResolver(
        {
            "localhost": ["127.0.0.1", "::1"],
            "metadata.google.internal": ["169.254.169.254"],
        }
    )
    try:
        outcome = await run(scheme.format(host, canary.port), guard=PUBLIC_ONLY, resolver=resolver)
    except TargetInvalid:
        return
    finally:
        assert canary.connections == 0
    assert outcome.reachable is None
    assert outcome.reason is Reason.ADDRESS_FORBIDDEN
    assert "CANDOR_ALLOW_PRIVATE_TARGETS" in outcome.detail
    assert outcome.address is None


@pytest.mark.parametrize("url", URLS)
async def test_no_trick_in_a_url_reaches_a_forbidden_host(
    run: Run, canary: Server, url: str
) -> None:
    try:
        outcome = await run(url, guard=PUBLIC_ONLY)
    except TargetInvalid:
        return
    assert outcome.reason is Reason.ADDRESS_FORBIDDEN


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    "answer",
    [
        ["93.184.216.34", "127.0.0.1"],
        ["127.0.0.1", "93.184.216.34"],
        ["2606:4700::1111", "::1"],
        ["::1", "93.184.216.34"],
        ["93.184.216.34"] * 3 + ["10.0.0.1"],
        [f"93.184.216.{n}" for n in range(99)] + ["169.254.169.254"],
    ],
    ids=lambda answer: f"{answer[0]}..{answer[-1]}",
)
async def test_one_forbidden_address_among_public_ones_refuses_the_whole_name(
    run: Run, scheme: str, answer: list[str]
) -> None:
    resolver = StubResolver({"mixed.test": answer})

    outcome = await run(scheme.format("mixed.test", 443), guard=PUBLIC_ONLY, resolver=resolver)

    forbidden = next(address for address in answer if not PUBLIC_ONLY(address))
    assert outcome.reason is Reason.ADDRESS_FORBIDDEN
    assert outcome.detail.startswith(f"mixed.test has the address {forbidden}, which")
    assert outcome.address is None


async def test_a_name_without_addresses_is_not_dialled(run: Run) -> None:
    outcome = await run(
        "http://empty.test/", guard=PUBLIC_ONLY, resolver=StubResolver({"empty.test": []})
    )

    assert outcome.reason is Reason.NAME_NOT_FOUND


async def test_a_rebinding_name_never_gets_a_second_look_up(run: Run, canary: Server) -> None:
    """127.0.0.2 stands for the public address; 127.0.0.1 is what the name turns into."""
    resolver = StubResolver(rebinding={"rebind.test": [["127.0.0.2"], ["127.0.0.1"]]})
    async with http_server(response(), host="127.0.0.2", port=canary.port):
        for _ in range(200):
            outcome = await run(
                f"http://rebind.test:{canary.port}/",
                guard=lambda address: address == "127.0.0.2",
                resolver=resolver,
            )
            assert outcome.reason in {Reason.OK, Reason.ADDRESS_FORBIDDEN}

    assert canary.connections == 0
    assert resolver.lookups == 200


@pytest.mark.parametrize("status", ["301 X", "302 X", "303 X", "307 X", "308 X"])
@pytest.mark.parametrize("host", ["127.0.0.1", "[::ffff:127.0.0.1]", "inner.test"])
async def test_a_redirect_to_a_forbidden_address_is_refused(
    run: Run, canary: Server, host: str, status: str
) -> None:
    resolver = StubResolver({"inner.test": ["127.0.0.1"]})
    location = redirect(f"http://{host}:{canary.port}/", status)
    async with http_server(location, host="127.0.0.2") as public:
        outcome = await run(
            f"http://127.0.0.2:{public.port}/",
            guard=lambda address: address == "127.0.0.2",
            resolver=resolver,
        )

    assert public.connections == 1
    assert canary.connections == 0
    assert outcome.reachable is None
    assert outcome.reason is Reason.ADDRESS_FORBIDDEN


async def test_a_redirect_to_the_same_name_is_checked_again(run: Run, canary: Server) -> None:
    resolver = StubResolver(rebinding={"rebind.test": [["127.0.0.2"], ["127.0.0.1"]]})
    async with http_server(redirect("/again"), host="127.0.0.2", port=canary.port) as public:
        outcome = await run(
            f"http://rebind.test:{canary.port}/",
            guard=lambda address: address == "127.0.0.2",
            resolver=resolver,
        )

    assert public.connections == 1
    assert canary.connections == 0
    assert outcome.reason is Reason.ADDRESS_FORBIDDEN


async def test_with_the_setting_private_targets_are_probed_and_metadata_still_is_not(
    run: Run, canary: Server
) -> None:
    guard = egress.monitor_guard(allow_private=True)

    private = await run(f"http://127.0.0.1:{canary.port}/", guard=guard)
    metadata = await run("http://169.254.169.254/latest/meta-data/", guard=guard)

    assert private.reason is Reason.OK
    assert metadata.reason is Reason.ADDRESS_FORBIDDEN


async def test_a_guard_is_asked_about_every_address_before_the_first_is_dialled(run: Run) -> None:
    asked: list[str] = []

    def guard(address: str) -> bool:
        asked.append(address)
        return True

    async with servers.serve(servers.never) as server:
        resolver = StubResolver({"two.test": ["127.0.0.1", "127.0.0.2"]})
        await run(f"tcp://two.test:{server.port}", guard=guard, resolver=resolver)

    assert asked == ["127.0.0.1", "127.0.0.2"]


def test_the_hosts_that_hide_an_address_are_refused_when_they_are_written() -> None:
    refused = []
    for host in HOSTS:
        try:
            targets.parse_target(f"http://{host}/")
        except TargetInvalid:
            refused.append(host)

    assert refused == [
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "0",
        "[fe80::1%25lo]",
    ]
