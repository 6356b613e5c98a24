"""The numbered facts of the protocols document about reports, over sockets against granian."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import crisp_status_reporter
import pytest
from vigil_reporter.reporter import VigilReporter

from tests.contracts.served import Served

# On one worker, which starts the web process once.
pytestmark = [pytest.mark.story, pytest.mark.xdist_group("protocols")]

LOAD = {"cpu": 0.2, "ram": 0.3}
VIGIL = {"replica": "10.0.0.5", "interval": 30, "load": LOAD}
CRISP = {"replica_id": "10.0.0.5", "interval": 30, "load": LOAD}


HEALTH = {"replica": "tcp://127.0.0.1:5432", "interval": 120, "health": "healthy"}
CRISP_HEALTH = {"replica_id": "tcp://127.0.0.1:5432", "interval": 120, "health": "sick"}
NO_LOAD = {"replica_id": "10.0.0.5", "interval": 30}

ACCEPTED: list[tuple[str, str, Any]] = [
    ("1 exactly 200", "/reporter/landing/web/", VIGIL),
    ("2 without a slash", "/reporter/landing/web", VIGIL),
    ("3 Crisp without a slash", "/v1/report/landing/web", CRISP),
    ("5 Crisp's key", "/v1/report/landing/web/", CRISP),
    ("6 no load", "/v1/report/landing/web/", NO_LOAD),
    ("7 above 1", "/reporter/landing/web/", VIGIL | {"load": {"cpu": 3.5, "ram": 0.001}}),
    ("8 float", "/reporter/landing/web/", VIGIL | {"interval": 2.5}),
    ("8 text", "/reporter/landing/web/", VIGIL | {"interval": "30"}),
    ("10 a URL as id", "/reporter/landing/web/", VIGIL | {"replica": "tcp://10.0.0.5:3306"}),
    ("12 doubled", "//reporter/landing/web/", VIGIL),
    ("12 all doubled", "//v1//report//landing//web//", CRISP),
    ("3.1 local", "/reporter/inside/db/", HEALTH),
    ("3.2 Crisp local", "/v1/report/inside/db", CRISP_HEALTH),
]
REFUSED: list[tuple[str, str, str, Any, int]] = [
    ("11 slash in a node", "POST", "/reporter/landing/a%2Fb/", VIGIL, 404),
    ("16 unknown service", "POST", "/reporter/x/web/", VIGIL, 404),
    ("16 unknown node", "POST", "/reporter/landing/x/", VIGIL, 404),
    ("16 wrong mode", "POST", "/reporter/landing/polled/", VIGIL, 412),
    ("16 load for a local node", "POST", "/reporter/inside/db/", VIGIL, 412),
    ("16 health for a push node", "POST", "/reporter/landing/web/", HEALTH, 412),
    ("16 bad body", "POST", "/reporter/landing/web/", b"{", 400),
    ("6 no load on Vigil's path", "POST", "/reporter/landing/web/", NO_LOAD, 400),
    ("1.2 too large", "POST", "/reporter/landing/web/", b"x" * 2_100_000, 413),
    ("1 wrong method", "GET", "/reporter/landing/web/", None, 404),
    ("R2 unknown replica", "DELETE", "/reporter/landing/web/nobody/", None, 404),
    ("R2 polled", "DELETE", "/reporter/landing/polled/a/", None, 412),
]


@pytest.mark.req("W2", "V2", "C3", "C4")
@pytest.mark.parametrize(("fact", "target", "body"), ACCEPTED, ids=[row[0] for row in ACCEPTED])
def test_accepted(world: Served, token: str, fact: str, target: str, body: Any) -> None:
    got = world.ask("POST", target, body, token=token)

    assert (got.status, got.body) == (200, b"")
    assert got.headers["content-length"] == "0"
    assert got.headers["connection"] == "close"  # 13
    assert got.is_closed  # 13
    assert "set-cookie" not in got.headers


@pytest.mark.parametrize("case", REFUSED, ids=[row[0] for row in REFUSED])
def test_refused(world: Served, token: str, case: tuple[str, str, str, Any, int]) -> None:
    _, method, target, body, status = case
    got = world.ask(method, target, body, token=token)
    assert (got.status, got.body, got.is_closed) == (status, b"", True)


@pytest.mark.parametrize("user", ["", "Authorization", "any"])
def test_4_only_the_password_matters(world: Served, token: str, user: str) -> None:
    assert world.ask("POST", "/reporter/landing/web", VIGIL, token=token, user=user).status == 200


def test_15_the_families_refuse_differently(world: Served) -> None:
    for target, body, wrong in (
        ("/reporter/landing/web/", VIGIL, 403),
        ("/v1/report/landing/web/", CRISP, 401),
    ):
        missing = world.ask("POST", target, body)
        assert (missing.status, missing.is_closed) == (401, True)
        assert missing.headers["www-authenticate"] == 'Basic realm="Reporter Token"'
        assert world.ask("POST", target, body, token="wrong").status == wrong


def test_10_a_flush_takes_encoded_ids(world: Served, token: str) -> None:
    target = "/reporter/landing/web/tcp%3A%2F%2F10.0.0.9%3A3306/"
    world.ask(
        "POST", "/reporter/landing/web/", VIGIL | {"replica": "tcp://10.0.0.9:3306"}, token=token
    )

    flushed = world.ask("DELETE", target, token=token)

    assert (flushed.status, flushed.body, flushed.is_closed) == (200, b"", True)
    assert world.ask("DELETE", target, token=token).status == 404


@pytest.mark.req("V2")
def test_17_and_18_the_local_map(world: Served, token: str) -> None:
    got = world.ask("GET", "/v1/probes/local", token=token)

    assert got.status == 200
    assert got.headers["content-type"].startswith("application/json")
    data = json.loads(got.body)["data"]
    (node,) = (node for service in data["services"] for node in service["nodes"])
    assert "tcp://127.0.0.1:5432" in node["replicas"]
    assert "dns://example.com" not in node["replicas"]
    same = world.ask("GET", f"/v1/probes/local?since={data['date']}", token=token)
    assert (same.status, same.body, "location" in same.headers) == (304, b"", False)
    assert world.ask("GET", "/v1/probes/local", token="wrong").status == 401
    assert world.ask("GET", "/v1/probes/local").status == 401


def until(is_true: Callable[[], bool], timeout_s: float = 20.0) -> None:
    ends = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < ends, "did not happen in time"
        time.sleep(0.1)


@pytest.mark.req("W1", "W3")
def test_the_published_vigil_reporter_runs_unmodified(world: Served, token: str) -> None:
    reporter = VigilReporter(
        url=world.url,
        token=token,
        probe_id="landing",
        node_id="web",
        replica_id="py-vigil",
        interval=2.5,
    )

    assert reporter.send_single_report() is True
    assert reporter.send_single_report() is True
    assert world.ask("DELETE", "/reporter/landing/web/py-vigil/", token=token).status == 200


@pytest.mark.req("W1", "W2")
def test_the_published_crisp_reporter_runs_unmodified(
    world: Served, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Log:
        def __init__(self) -> None:
            self.lines: list[str] = []

        def debug(self, text: str, *values: Any) -> None:
            self.lines.append(text % values)

        warning = error = debug

    # Its own two globals, as its users set them to aim it elsewhere (protocols 2.1).
    monkeypatch.setattr(crisp_status_reporter, "REPORT_URL", f"{world.url}/v1")
    monkeypatch.setattr(crisp_status_reporter, "REPORT_INITIAL_DELAY", 0)
    log = Log()
    before = threading.active_count()

    crisp_status_reporter.Reporter(
        token=token,
        service_id="landing",
        node_id="web",
        replica_id="crisp-python",
        interval=3600,
        logger=log,
    )

    until(lambda: any("success status" in line for line in log.lines))
    assert threading.active_count() == before + 1
    flushed = world.ask("DELETE", "/reporter/landing/web/crisp-python/", token=token)
    assert flushed.status == 200
