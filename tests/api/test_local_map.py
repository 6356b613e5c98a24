"""The map that local daemons fetch."""

import json
from datetime import datetime

import pytest

from monitoring import tokens
from monitoring.models import Location, Mode, TokenKind
from tests import build
from tests.api.callers import Got, app, basic, call

pytestmark = [pytest.mark.django_db, pytest.mark.req("V2", "C4")]


@pytest.fixture
def token(now: datetime) -> str:
    return tokens.create(kind=TokenKind.REPORTER, now=now)[1]


def fetch(token: str, query: str = "", path: str = "/v1/probes/local") -> Got:
    return call(app(), "GET", path + query, auth=basic(token))


def test_it_holds_local_nodes_with_addresses_that_every_daemon_knows(token: str) -> None:
    node = build.node(mode=Mode.LOCAL, http_status_max=299, http_body_contains="ok")
    node.http_headers = {"X-Token": "secret"}
    node.save()
    for address in ("tcp://127.0.0.1:5432", "http://127.0.0.1/", "dns://example.com", "odd"):
        build.replica(node=node, address=address)
    build.replica()  # of a polled node

    got = fetch(token)

    assert got.status == 200
    assert got.headers["Content-Type"].startswith("application/json")
    data = json.loads(got.body)["data"]
    assert data["date"] == int(data["date"]) >= 0
    assert data["metrics"] == {"local": {"retry": 2, "delay_dead": 10, "delay_sick": 5}}
    (service,) = data["services"]
    assert service["id"] == str(node.component.uuid)
    (found,) = service["nodes"]
    assert found["id"] == str(node.uuid)
    assert found["replicas"] == ["tcp://127.0.0.1:5432", "http://127.0.0.1/"]
    assert found["http"] == {
        "status": {"healthy_above": 200, "healthy_below": 300},
        "body": {"healthy_match": "ok", "dead_match": ""},
    }
    assert found["candor"]["http"]["headers"] == {}
    assert "dns://example.com" in found["candor"]["replicas"]


def test_an_unchanged_map_is_304_and_a_changed_one_is_sent(token: str) -> None:
    node = build.node(mode=Mode.LOCAL)
    build.replica(node=node, address="icmp://127.0.0.1")
    date = json.loads(fetch(token).body)["data"]["date"]

    same = fetch(token, f"?since={date}")
    assert (same.status, same.body) == (304, b"")
    assert "Location" not in same.headers
    assert fetch(token, f"?since={date}", path="//v1/probes/local/").status == 304
    assert fetch(token, "?since=1").status == 200

    build.replica(node=node, address="tcp://127.0.0.1:22")
    assert fetch(token, f"?since={date}").status == 200


def test_a_bad_or_missing_token_is_401(token: str) -> None:
    assert fetch("wrong").status == 401
    assert call(app(), "GET", "/v1/probes/local").status == 401
    assert call(app(), "POST", "/v1/probes/local", auth=basic(token)).status == 404


def test_a_locations_token_also_gets_what_the_location_votes_on(now: datetime) -> None:
    berlin = Location.objects.create(name="Berlin", slug="berlin")
    node = build.node(mode=Mode.POLL)
    node.locations.add(berlin)
    node.http_headers = {"X-Token": "secret"}
    node.save()
    build.replica(node=node, address="tcp://127.0.0.1:22")
    _, secret = tokens.create(kind=TokenKind.LOCAL, now=now, location=berlin)

    (service,) = json.loads(fetch(secret).body)["data"]["services"]

    assert service["nodes"][0]["candor"]["http"]["headers"] == {"X-Token": "secret"}
