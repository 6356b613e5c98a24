"""What reporters of both families are answered, and what comes of it."""

import json
import time
from typing import Any

import pytest
from pytest_django import Settings

from api.reports import Reports
from monitoring import tokens
from monitoring.models import Mode, Node, Replica, Sample, SilenceRule, Token, TokenKind
from tests import build
from tests.api.callers import Got, app, basic, call

pytestmark = [pytest.mark.django_db, pytest.mark.req("C3", "W2", "W3")]

LOAD = {"cpu": 0.3, "ram": 0.4}
REPORT = {"replica": "10.0.0.5", "interval": 30, "load": LOAD}
CRISP = {"replica_id": "10.0.0.5", "interval": 30, "load": LOAD}


@pytest.fixture
def node() -> Node:
    component = build.component(slug="landing")
    return build.node(component=component, slug="web", mode=Mode.PUSH)


@pytest.fixture
def token(node: Node, now: Any) -> str:
    return tokens.create(kind=TokenKind.REPORTER, now=now)[1]


@pytest.fixture
def reports() -> Reports:
    return app()


class World:
    """The application, and a caller with a good token."""

    def __init__(self, reports: Reports, token: str) -> None:
        self.reports, self.token = reports, token

    def vigil(self, body: Any = None, *, path: str = "/reporter/landing/web/", **more: Any) -> Got:
        more.setdefault("auth", basic(self.token))
        return call(self.reports, "POST", path, REPORT if body is None else body, **more)

    def crisp(self, body: Any = None, *, path: str = "/v1/report/landing/web/", **more: Any) -> Got:
        more.setdefault("auth", basic(self.token))
        return call(self.reports, "POST", path, CRISP if body is None else body, **more)


@pytest.fixture
def world(reports: Reports, token: str) -> World:
    return World(reports, token)


def test_an_accepted_report_is_answered_with_exactly_200_and_nothing_else(world: World) -> None:
    got = world.vigil()

    assert (got.status, got.body) == (200, b"")
    assert got.headers["Content-Length"] == "0"
    assert got.headers["Connection"] == "close"
    replica = Replica.objects.get()
    assert (replica.address, replica.health, replica.cpu, replica.ram) == (
        "10.0.0.5",
        "healthy",
        0.3,
        0.4,
    )
    assert replica.silent_at is not None
    assert replica.last_outcome_at is not None
    assert (replica.silent_at - replica.last_outcome_at).total_seconds() == 60


@pytest.mark.parametrize(
    "path",
    [
        "/reporter/landing/web",
        "/reporter/landing/web/",
        "//reporter/landing/web/",
        "//reporter//landing///web//",
    ],
)
def test_slashes_do_not_matter_to_vigils_path(world: World, path: str) -> None:
    assert world.vigil(path=path).status == 200


@pytest.mark.parametrize(
    "path", ["/v1/report/landing/web", "/v1/report/landing/web/", "//v1//report/landing/web//"]
)
def test_slashes_do_not_matter_to_crisps_path(world: World, path: str) -> None:
    assert world.crisp(path=path).status == 200


def test_services_and_nodes_are_also_known_by_their_uuids(world: World, node: Node) -> None:
    path = f"/v1/report/{node.component.uuid}/{node.uuid}/"

    assert world.crisp(path=path).status == 200
    assert world.crisp(path=path.upper().replace("/V1/REPORT", "/v1/report")).status == 200
    assert world.vigil(path=f"/reporter/landing/{node.uuid}").status == 200
    assert Replica.objects.count() == 1
    assert Sample.objects.count() == 3


@pytest.mark.parametrize("user", ["", "Authorization", "any:thing"[:3]])
def test_only_the_password_counts(world: World, user: str) -> None:
    assert world.vigil(auth=basic(world.token, user)).status == 200


def test_a_bearer_token_is_taken_and_one_in_the_address_is_not(world: World) -> None:
    assert world.vigil(auth=f"Bearer {world.token}").status == 200
    got = call(world.reports, "POST", f"/reporter/landing/web/?token={world.token}", REPORT)
    assert got.status == 401


@pytest.mark.parametrize(
    "header", [None, "", "Basic", "Basic %%%", "Digest x", "Basic bm9jb2xvbg=="]
)
def test_a_missing_or_unreadable_header_is_401_in_both_families(
    world: World, header: str | None
) -> None:
    for got in (world.vigil(auth=header), world.crisp(auth=header)):
        assert got.status == 401
        assert got.headers["WWW-Authenticate"] == 'Basic realm="Reporter Token"'


def test_a_wrong_password_is_403_to_vigil_and_401_to_crisp(world: World) -> None:
    assert world.vigil(auth=basic("wrong")).status == 403
    assert world.crisp(auth=basic("wrong")).status == 401
    assert world.vigil(auth=basic("")).status == 403


def test_the_token_is_looked_at_before_the_body(world: World) -> None:
    assert world.vigil(b"{", auth=basic("wrong")).status == 403
    assert world.vigil(b"x" * 1_100_000, auth=basic("wrong")).status == 403


@pytest.mark.req("E1")
def test_a_token_of_one_node_is_worth_nothing_elsewhere(world: World, node: Node, now: Any) -> None:
    other = build.node(component=node.component, slug="other", mode=Mode.PUSH)
    _, secret = tokens.create(kind=TokenKind.REPORTER, now=now, node=other)

    assert world.vigil(auth=basic(secret)).status == 404
    assert world.vigil(auth=basic(secret), path="/reporter/landing/other").status == 200
    assert world.vigil(auth=basic(secret)).status == 404  # also once there is a replica


@pytest.mark.req("E5")
def test_a_revoked_token_is_refused_at_once(world: World, now: Any) -> None:
    assert world.vigil().status == 200
    tokens.revoke(token=Token.objects.get(), now=now)
    assert world.vigil().status == 403


def test_unknown_services_and_nodes_are_404(world: World) -> None:
    assert world.vigil(path="/reporter/nobody/web/").status == 404
    assert world.vigil(path="/reporter/landing/nobody/").status == 404
    assert world.crisp(path="/v1/report/landing/nobody").status == 404


def test_an_encoded_slash_in_a_node_and_a_wrong_method_are_404(world: World) -> None:
    assert world.vigil(path="/reporter/landing/a%2Fb/").status == 404
    for method in ("GET", "PUT", "HEAD", "DELETE"):
        got = call(world.reports, method, "/reporter/landing/web/", auth=basic(world.token))
        assert got.status == 404


@pytest.mark.parametrize("mode", [Mode.POLL, Mode.LOCAL])
def test_a_load_for_a_node_of_another_mode_is_412(world: World, node: Node, mode: Mode) -> None:
    Node.objects.update(mode=mode)
    assert world.vigil().status == 412
    assert 400 <= world.crisp().status < 500


@pytest.mark.req("V2", "V3")
def test_a_health_is_taken_at_once_from_local_nodes_only(world: World, node: Node) -> None:
    body = {"replica": "tcp://10.0.0.5:3306", "interval": 120, "health": "sick"}
    assert world.vigil(body).status == 412
    Node.objects.update(mode=Mode.LOCAL)
    assert world.vigil(body).status == 200
    assert Replica.objects.get().health == "sick"
    crisp = {"replica_id": "tcp://10.0.0.5:3306", "interval": 120, "health": "healthy"}
    assert world.crisp(crisp, path="/v1/report/landing/web").status == 200
    replica = Replica.objects.get()
    assert replica.health == "healthy"
    assert replica.silent_at is not None
    assert replica.last_outcome_at is not None
    assert (replica.silent_at - replica.last_outcome_at).total_seconds() == 160


@pytest.mark.parametrize("load", [None, "absent"])
def test_a_bare_heartbeat_counts_on_crisps_path_and_is_400_on_vigils(
    world: World, load: Any
) -> None:
    extra = {} if load == "absent" else {"load": None}
    assert world.crisp({"replica_id": "a", "interval": 30, **extra}).status == 200
    assert Replica.objects.get().health == "healthy"
    assert world.vigil({"replica": "a", "interval": 30, **extra}).status == 400


@pytest.mark.parametrize("interval", [30, 2.5, "30", "2.5", 0])
def test_intervals_may_be_whole_or_not_and_text(world: World, interval: Any) -> None:
    assert world.vigil(REPORT | {"interval": interval}).status == 200
    assert world.crisp(CRISP | {"interval": interval}).status == 200


@pytest.mark.req("E3")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        b'{"replica":' * 50_000,
        b'{"replica":"a","interval":NaN,"load":{"cpu":0,"ram":0}}',
        b'{"replica":"a","interval":30,"load":{"cpu":Infinity,"ram":0}}',
        b'{"replica":"a","interval":30,"load":{"cpu":1e999,"ram":0}}',
        b'{"replica":"a","interval":1' + b"0" * 400 + b',"load":{"cpu":1,"ram":0}}',
        b'{"replica":"a","interval":1' + b"0" * 9000 + b',"load":{"cpu":1,"ram":0}}',
        b'{"replica":"\\u0000","interval":30,"load":{"cpu":1,"ram":0}}',
        b'{"replica":"\\ud800","interval":30,"load":{"cpu":1,"ram":0}}',
    ],
)
def test_a_hostile_body_is_400(world: World, body: bytes) -> None:
    assert world.vigil(body).status == 400
    assert world.crisp(body.replace(b'"replica"', b'"replica_id"')).status == 400
    assert not Replica.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"replica": None},
        {"replica": 5},
        {"replica": "x" * 2001},
        {"interval": None},
        {"interval": -1},
        {"interval": True},
        {"interval": "soon"},
        {"load": {"cpu": -0.1, "ram": 0}},
        {"load": {"cpu": 0.1}},
        {"load": []},
        {"load": None, "health": "well"},
        {"load": None, "health": {}},
        {"load": None},
    ],
)
def test_what_is_no_report_is_400(world: World, changes: Any) -> None:
    assert world.vigil(REPORT | changes).status == 400


def test_the_body_has_to_be_json_by_name_whatever_the_charset(world: World) -> None:
    for good in ("application/json", "application/json; charset=urf-8", "application/x+json"):
        assert world.vigil(content_type=good).status == 200
    for bad in ("", "text/plain", "application/x-www-form-urlencoded"):
        assert world.vigil(content_type=bad).status == 400
    assert world.vigil(HTTP_CONTENT_ENCODING="gzip").status == 400


def test_more_than_a_megabyte_is_413(world: World) -> None:
    body = json.dumps(REPORT | {"pad": "x" * 1_100_000}).encode()
    assert world.vigil(body).status == 413
    assert world.vigil(body, CONTENT_LENGTH="").status == 413


@pytest.mark.req("D5", "D6", "E2")
def test_a_load_strictly_above_its_limit_is_sick(world: World, node: Node) -> None:
    Node.objects.update(cpu_sick_above=0.5, ram_sick_above=0.75)
    steps = [
        ((0.5, 0.75), "healthy", "at both limits"),
        ((0.51, 0.1), "sick", "above CPU"),
        ((0.1, 0.1), "healthy", "back"),
        ((0.1, 0.76), "sick", "above RAM"),
        ((4.0, 0.9), "sick", "a CPU load may exceed 1"),
    ]
    for (cpu, ram), health, why in steps:
        assert world.vigil(REPORT | {"load": {"cpu": cpu, "ram": ram}}).status == 200
        assert Replica.objects.get().health == health, why
    assert Sample.objects.count() == len(steps)


def test_a_repeated_report_changes_nothing_and_moves_the_deadline(world: World) -> None:
    world.vigil()
    first = Replica.objects.get()
    world.vigil(REPORT | {"interval": 90})
    second = Replica.objects.get()

    assert first.silent_at is not None
    assert second.silent_at is not None
    assert (second.silent_at - first.silent_at).total_seconds() == 51
    assert (second.health_since, second.checks_in_health) == (first.health_since, 2)


@pytest.mark.req("W3")
@pytest.mark.parametrize(
    ("stored", "path"),
    [
        ("10.0.0.5", "10.0.0.5/"),
        ("10.0.0.5", "10.0.0.5"),
        ("tcp://10.0.0.5:3306", "tcp%3A%2F%2F10.0.0.5%3A3306/"),
        ("tcp://10.0.0.5:3306", "tcp%3A%2F%2F10.0.0.5%3A3306"),
        ("http://host/", "http%3A%2F%2Fhost%2F/"),
        ("http://host/", "http%3A%2F%2Fhost%2F"),
        ("büro", "b%C3%BCro/"),
    ],
)
def test_a_flush_removes_the_replica_however_it_is_spelt(
    world: World, stored: str, path: str
) -> None:
    world.vigil(REPORT | {"replica": stored})
    target = f"/reporter/landing/web/{path}"

    got = call(world.reports, "DELETE", target, auth=basic(world.token))

    assert (got.status, got.body) == (200, b"")
    assert not Replica.objects.exists()
    assert call(world.reports, "DELETE", target, auth=basic(world.token)).status == 404


def test_flushes_are_refused_like_reports(world: World, node: Node) -> None:
    world.vigil()
    target = "/reporter/landing/web/10.0.0.5/"
    assert call(world.reports, "DELETE", target).status == 401
    assert call(world.reports, "DELETE", target, auth=basic("wrong")).status == 403
    unknown = call(world.reports, "DELETE", "/reporter/x/web/a", auth=basic(world.token))
    assert unknown.status == 404
    Node.objects.update(mode=Mode.POLL)
    assert call(world.reports, "DELETE", target, auth=basic(world.token)).status == 412


@pytest.mark.req("E2")
def test_a_full_node_takes_no_more_replicas_and_answers_503(
    world: World, settings: Settings
) -> None:
    settings.REPLICAS_PER_NODE = 3
    answers = [world.vigil(REPORT | {"replica": f"r{number}"}) for number in range(5)]

    assert [got.status for got in answers] == [200, 200, 200, 503, 503]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert Replica.objects.count() == 3
    assert world.vigil(REPORT | {"replica": "r1"}).status == 200


@pytest.mark.req("E2")
def test_a_flood_is_answered_503_with_retry_after_and_never_4xx(world: World) -> None:
    began = time.monotonic()
    answers = [world.vigil() for _ in range(80)]
    refilled = 10 * (time.monotonic() - began)  # a busy machine takes seconds for them

    assert {got.status for got in answers} == {200, 503} or refilled >= 19
    assert 60 <= sum(got.status == 200 for got in answers) <= 61 + refilled
    assert all("Retry-After" in got.headers for got in answers if got.status == 503)


def test_a_vote_for_a_polled_node_needs_a_token_of_its_location(
    world: World, node: Node, now: Any
) -> None:
    from monitoring.models import Location

    Node.objects.update(mode=Mode.POLL)
    location = Location.objects.create(name="Berlin", slug="berlin")
    build.replica(node=node, address="tcp://10.0.0.5:3306")
    _, secret = tokens.create(kind=TokenKind.LOCAL, now=now, location=location)
    body = {"replica": "tcp://10.0.0.5:3306", "interval": 120, "health": "healthy"}

    assert world.vigil(body, auth=basic(secret)).status == 412
    node.locations.add(location)
    assert world.vigil(body, auth=basic(secret)).status == 200
    assert world.vigil(body | {"replica": "tcp://x:1"}, auth=basic(secret)).status == 404
    assert world.vigil(body).status == 412


def test_other_addresses_are_passed_on(world: World) -> None:
    for path in ("/", "/v1/components", "/reporter", "/reporter/landing", "/manager/announcements"):
        assert call(world.reports, "GET", path).status == 299


def test_the_last_use_of_a_token_is_noted_once_a_minute(world: World) -> None:
    world.vigil()
    first = Token.objects.get()
    world.vigil(REMOTE_ADDR="192.0.2.8")

    assert (first.last_used_from, first.last_used_at is not None) == ("192.0.2.7", True)
    assert Token.objects.get().last_used_from == "192.0.2.7"


@pytest.mark.req("AMB-2")
@pytest.mark.parametrize(
    ("rule", "allowed_s"),
    [(SilenceRule.LONGER, 60), (SilenceRule.LAST_REPORT, 60), (SilenceRule.ANNOUNCED, 90)],
)
def test_the_nodes_rule_sets_the_deadline(world: World, rule: SilenceRule, allowed_s: int) -> None:
    Node.objects.update(silence_rule=rule)
    world.vigil()
    replica = Replica.objects.get()
    assert replica.silent_at is not None
    assert replica.last_outcome_at is not None
    assert (replica.silent_at - replica.last_outcome_at).total_seconds() == allowed_s


def test_the_use_of_a_token_is_noted_again_whatever_way_its_reports_take(world: World) -> None:
    for _ in range(59):
        world.vigil()
    assert Token.objects.get().last_used_from == "192.0.2.7"
    for _ in range(2):
        world.vigil(REMOTE_ADDR="192.0.2.8")
    replica = Replica.objects.get()
    assert Token.objects.get().last_used_from == "192.0.2.8"
    assert (replica.checks_in_health, Sample.objects.count()) == (61, 61)
