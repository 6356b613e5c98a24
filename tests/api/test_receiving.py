"""What callers of Uptime Kuma, of Gatus and of ping URLs are answered, and what comes of it."""

import itertools
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from api.receiving import Receiving
from api.receiving_paths import is_receiving_path
from components.status import Status
from monitoring import listening, tokens
from monitoring.models import Mode, Node, Ping, Replica, Token, TokenKind
from probing.health import Health
from tests import build
from tests.api.callers import Got, call

pytestmark = [pytest.mark.django_db, pytest.mark.req("C3", "E1", "E4")]

KUMA = "kL3mN5pQ7rS9tU1vW3xY5zA7bC9dE1fG"
JOB = "3f6c2f0e-0d5b-4a53-9b0e-9d3b3f5a7c11"
STARTED = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


class World:
    """The application with a clock that tests set, and a push node."""

    def __init__(self) -> None:
        self.now = STARTED
        self.app = Receiving(_django, clock=lambda: self.now)
        component = build.component(slug="shop")
        self.node = build.node(component=component, slug="jobs", name="Jobs", mode=Mode.PUSH)

    def ask(self, path: str, method: str = "GET", body: Any = None, **more: Any) -> Got:
        return call(self.app, method, path, body, **more)

    def later(self, **time: float) -> datetime:
        self.now += timedelta(**time)
        return self.now

    def status(self) -> Status:
        return Node.objects.get(pk=self.node.pk).component.shown_status


def _django(_environ: Any, start_response: Any) -> Any:
    start_response("299 Passed On", [])
    return [b""]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def kuma(world: World) -> str:
    tokens.adopt(kind=TokenKind.PUSH_URL, secret=KUMA, node=world.node, now=STARTED)
    return f"/api/push/{KUMA}"


@pytest.fixture
def job(world: World) -> str:
    Node.objects.filter(pk=world.node.pk).update(ping_every_s=3600, silent_after_s=300)
    world.node.refresh_from_db()
    tokens.adopt(kind=TokenKind.PING, secret=JOB, node=world.node, now=STARTED)
    return f"/ping/{JOB}"


# ---- Uptime Kuma -----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_a_push_url_goes_on_as_before(world: World, kuma: str, method: str) -> None:
    got = world.ask(f"{kuma}?status=up&msg=OK&ping=123", method)

    assert (got.status, json.loads(got.body)) == (200, {"ok": True})
    assert got.headers["Connection"] == "close"
    replica = Replica.objects.get()
    assert (replica.health, replica.detail, replica.latency_ms) == ("healthy", "OK", 123.0)
    assert world.status() == Status.OPERATIONAL


def test_down_is_dead_with_its_message_and_up_again_is_healthy(world: World, kuma: str) -> None:
    world.ask(f"{kuma}?status=down&msg=Disk%20is%20full&ping=")

    replica = Replica.objects.get()
    assert (replica.health, replica.detail) == ("dead", "It says: Disk is full")
    assert world.status() == Status.MAJOR_OUTAGE
    world.ask(f"{kuma}/")
    replica.refresh_from_db()
    assert replica.health == "healthy", "a second call within the same tenth counts too"


def test_a_push_url_that_falls_silent_is_dead(world: World, kuma: str) -> None:
    Node.objects.filter(pk=world.node.pk).update(silent_after_s=120)
    world.ask(kuma)
    listening.find_silent(now=world.later(seconds=110))
    for _ in range(10):
        listening.find_silent(now=world.later(seconds=1))
    assert Replica.objects.get().health == "healthy"

    listening.find_silent(now=world.later(seconds=1))

    assert Replica.objects.get().health == "dead"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/push/unknown-secret-of-nobody", 404),
        (f"/api/push/{KUMA[:-1]}", 404),
        (f"/api/push/{'x' * 5000}", 404),
        ("/api/push/%00%ff", 404),
        (f"/api/push/{KUMA}?ping=soon", 400),
        (f"/api/push/{KUMA}?ping=-1", 400),
        (f"/api/push/{KUMA}?ping=nan", 400),
        (f"/api/push/{KUMA}?ping=1e999", 400),
        (f"/api/push/{KUMA}?msg={'x' * 9000}", 400),
        (f"/api/push/{KUMA}?{'&'.join(f'a{n}=1' for n in range(60))}", 400),
        (f"/api/push/{KUMA}?status=up&status=down&msg=%00%1b[31m%e2%80%ae&ping=86400000", 200),
        (f"/api/push/{KUMA}?msg={'%F0%9F%92%A5' * 300}", 200),
    ],
)
def test_hostile_calls_are_refused_in_kumas_form(
    world: World, kuma: str, path: str, status: int
) -> None:
    del kuma
    got = world.ask(path)

    assert got.status == status
    document = json.loads(got.body)
    assert document["ok"] is (status == 200)
    assert bool(document.get("msg")) is not (status == 200)
    assert len(Replica.objects.values_list("detail", flat=True)) == (status == 200)
    assert all(detail.isprintable() for detail in Replica.objects.values_list("detail", flat=True))


def test_a_revoked_address_and_one_of_a_node_that_is_polled_now_are_unknown(
    world: World, kuma: str
) -> None:
    Node.objects.update(mode=Mode.POLL)
    assert world.ask(kuma).status == 404
    Node.objects.update(mode=Mode.PUSH)
    tokens.revoke(token=Token.objects.get(), now=STARTED)
    assert world.ask(kuma).status == 404
    assert not Replica.objects.exists()


def test_who_calls_too_often_is_asked_to_come_back_and_others_are_not(
    world: World, kuma: str, settings: Settings
) -> None:
    settings.REPORTS_BURST = 3
    settings.REPORTS_PER_S = 0.001
    world.app = Receiving(_django, clock=lambda: world.now)
    answers = [world.ask(kuma) for _ in range(5)]

    assert [got.status for got in answers] == [200, 200, 200, 503, 503]
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert world.ask("/api/push/another-secret-of-nobody").status == 404


def test_each_secret_opens_only_its_own_address(world: World, kuma: str, job: str) -> None:
    del kuma, job
    _, reporter = tokens.create(kind=TokenKind.REPORTER, now=STARTED)

    assert world.ask(f"/api/push/{JOB}").status == 404
    assert world.ask(f"/api/push/{reporter}").status == 404
    assert world.ask(f"/ping/{KUMA}").status == 404


@pytest.mark.parametrize(
    ("path", "is_ours"),
    [
        (f"/api/push/{KUMA}", True),
        (f"//api//push//{KUMA}//", True),
        ("/api/v1/endpoints/a_b/external", True),
        (f"/ping/{JOB}/start", True),
        ("/ping", False),
        ("/api/push/", False),
        ("/api/v1/endpoints/a_b/statuses", False),
        ("/api/v1/endpoints/statuses", False),
        ("/api/alertmanager", False),
        (f"/x/ping/{JOB}", False),
    ],
)
def test_the_front_knows_the_addresses_whatever_the_host_name(path: str, *, is_ours: bool) -> None:
    assert is_receiving_path(path) is is_ours


@pytest.mark.parametrize("path", ["/", "/api/v2/status.json", "/api/push", "/pingu/x", "/ping"])
def test_all_else_is_passed_on(world: World, path: str) -> None:
    assert world.ask(path).status == 299


def test_no_path_with_a_secret_is_passed_on_to_who_would_log_it(world: World) -> None:
    for path in (f"/ping/{JOB}/stop", f"/ping/{JOB}/a/b", f"//ping//{JOB}//x", "/ping/no-uuid"):
        assert world.ask(path).status == 404


# ---- Gatus -----------------------------------------------------------------------------------------


@pytest.fixture
def gatus(world: World) -> str:
    tokens.adopt(
        kind=TokenKind.EXTERNAL_ENDPOINT,
        secret=KUMA,
        node=world.node,
        now=STARTED,
        key=tokens.endpoint_key_of(group="Core", name="Backup Läufe"),
    )
    return "/api/v1/endpoints/core_backup-l%C3%A4ufe/external"


def test_an_external_endpoint_goes_on_as_before(world: World, gatus: str) -> None:
    auth = f"Bearer {KUMA}"
    assert world.ask(f"{gatus}?success=true&duration=1.5s", "POST", auth=auth).status == 200
    replica = Replica.objects.get()
    assert (replica.health, replica.latency_ms) == ("healthy", 1500.0)
    assert replica.address == "core_backup-läufe"

    world.later(seconds=1)
    got = world.ask(f"{gatus}?success=false&error=tape+is+torn", "POST", auth=auth)
    assert (got.status, got.body) == (200, b"")
    replica.refresh_from_db()
    assert (replica.health, replica.detail) == ("dead", "Its caller says: tape is torn")

    world.later(seconds=1)
    world.ask(f"{gatus}?success=false", "POST", {"error": "out of paper"}, auth=auth)
    replica.refresh_from_db()
    assert replica.detail == "Its caller says: out of paper"


@pytest.mark.parametrize(
    ("method", "rest", "auth", "body", "status"),
    [
        ("POST", "", f"Bearer {KUMA}", b"", 400),
        ("POST", "?success=yes", f"Bearer {KUMA}", b"", 400),
        ("POST", "?success=true&duration=fast", f"Bearer {KUMA}", b"", 400),
        ("POST", f"?success=true&duration={'9' * 400}s", f"Bearer {KUMA}", b"", 400),
        ("POST", "?success=true", None, b"", 401),
        ("POST", "?success=true", "Bearer ", b"", 401),
        ("POST", "?success=true", "Bearer wrong-secret-of-nobody", b"", 401),
        ("POST", "?success=true&token=" + KUMA, None, b"", 401),
        ("GET", "?success=true", f"Bearer {KUMA}", b"", 405),
        ("POST", "?success=false", f"Bearer {KUMA}", b"[" * 100_000, 200),
        ("POST", "?success=false", f"Bearer {KUMA}", b'{"error": NaN}', 200),
        ("POST", "?success=true&duration=1h2m3.5s", f"Bearer {KUMA}", b"\xff\x00", 200),
    ],
)
def test_external_calls_are_judged_as_their_product_does(
    world: World,
    gatus: str,
    *,
    method: str,
    rest: str,
    auth: str | None,
    body: bytes,
    status: int,
) -> None:
    assert world.ask(f"{gatus}{rest}", method, body, auth=auth).status == status
    assert Replica.objects.count() == (status == 200)


@pytest.mark.parametrize("key", ["core_other", "%00", "%ff%fe", "%ed%a0%80", "x" * 5000, "%20"])
def test_who_has_no_token_of_it_cannot_tell_a_key_from_none(
    world: World, gatus: str, key: str
) -> None:
    path = f"/api/v1/endpoints/{key}/external?success=true"
    unknown = world.ask(path, "POST", auth=f"Bearer {KUMA}")
    wrong = world.ask(f"{gatus}?success=true", "POST", auth="Bearer wrong-secret-of-nobody")

    assert unknown.status == 401
    assert (unknown.body, unknown.headers) == (wrong.body, wrong.headers)


# ---- jobs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_a_ping_is_answered_ok_and_its_body_is_kept(world: World, job: str, method: str) -> None:
    got = world.ask(job, method, b"12 files\r\n<b>saved</b>\x00")

    assert (got.status, got.body) == (200, b"OK")
    assert got.headers["Content-Type"].startswith("text/plain")
    assert got.headers["Ping-Body-Limit"] == "10000"
    assert Replica.objects.get().health == "healthy"
    ping = Ping.objects.get()
    assert (ping.kind, ping.body) == ("success", "12 files\n<b>saved</b>\N{REPLACEMENT CHARACTER}")


@pytest.mark.parametrize(
    ("word", "kind", "health"),
    [
        ("", "success", "healthy"),
        ("/0", "success", "healthy"),
        ("/fail", "fail", "dead"),
        ("/1", "fail", "dead"),
        ("/255/", "fail", "dead"),
        ("/start", "start", None),
        ("/log", "log", None),
    ],
)
def test_the_last_part_says_how_the_job_is(
    world: World, job: str, word: str, kind: str, health: str | None
) -> None:
    assert world.ask(f"{job}{word}").status == 200
    assert Ping.objects.get().kind == kind
    assert Replica.objects.get().health == health


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/ping/{uuid.UUID(int=1)}", 404),
        (f"/ping/{JOB}/256", 400),
        (f"/ping/{JOB}/9999999999", 404),
        (f"/ping/{JOB}/-1", 404),
        (f"/ping/{JOB}/%D9%A1", 404),
        (f"/ping/{JOB}?rid=x", 400),
        (f"/ping/{JOB}?rid={'9' * 4000}", 400),
        (f"/ping/{JOB.upper()}?rid={JOB}", 200),
        (f"/ping/{JOB.replace('-', '')}", 200),
    ],
)
def test_hostile_pings_are_refused(world: World, job: str, path: str, status: int) -> None:
    del job
    assert world.ask(path).status == status
    assert Ping.objects.count() == (status == 200)


def test_only_the_first_bytes_of_a_long_body_are_kept_and_of_many_pings_the_last(
    world: World, job: str, settings: Settings
) -> None:
    settings.REPORTS_BURST = 1000
    world.app = Receiving(_django, clock=lambda: world.now)
    world.ask(job, "POST", b"x" * 2_000_000)
    assert len(Ping.objects.get().body) == 10_000

    for number in range(105):
        world.later(seconds=1)
        world.ask(f"{job}/log", "POST", str(number).encode())

    assert Ping.objects.count() == 100
    assert Ping.objects.order_by("-at")[0].body == "104"


def test_a_run_is_measured_by_its_id(world: World, job: str) -> None:
    one, two = uuid.uuid4(), uuid.uuid4()
    world.ask(f"{job}/start?rid={one}")
    world.later(seconds=10)
    world.ask(f"{job}/start?rid={two}")
    world.later(seconds=20)
    world.ask(f"{job}?rid={one}")
    world.ask(f"{job}?rid={two}")
    world.ask(job)

    ends = Ping.objects.filter(kind="success").order_by("id")
    assert list(ends.values_list("duration_ms", flat=True)) == [30_000, 20_100, None]


def _silent_after(world: World, **time: float) -> Health | None:
    """The health once so much time went by, with us there all the while."""
    end = world.now + timedelta(**time)
    for _ in itertools.count():
        listening.find_silent(now=min(end, world.now))
        if world.now >= end:
            return Replica.objects.get().measured
        world.later(seconds=10)
    return None


def test_a_job_that_does_not_come_is_dead_after_period_and_grace(world: World, job: str) -> None:
    world.ask(job)
    assert _silent_after(world, seconds=3900) is Health.HEALTHY

    assert _silent_after(world, seconds=10) is Health.DEAD
    assert Replica.objects.get().detail == "No ping in time; one was due every 3600 s."


def test_a_run_that_began_and_does_not_end_in_time_is_dead(world: World, job: str) -> None:
    world.ask(job)
    world.later(seconds=60)
    world.ask(f"{job}/start")
    assert _silent_after(world, seconds=300) is Health.HEALTHY

    assert _silent_after(world, seconds=10) is Health.DEAD
    assert "began at 03:01 UTC did not end within 300 s" in Replica.objects.get().detail
    world.ask(job)
    assert Replica.objects.get().health == "healthy"
    assert _silent_after(world, seconds=310) is Health.HEALTHY, "what ended late has ended"


def test_a_log_keeps_nothing_alive(world: World, job: str) -> None:
    world.ask(job)
    silent_at = Replica.objects.get().silent_at
    world.later(seconds=60)
    world.ask(f"{job}/log", "POST", b"still here")

    assert Replica.objects.get().silent_at == silent_at


def test_a_restart_of_ours_gives_no_other_period_unless_a_ping_may_be_lost(
    world: World, job: str
) -> None:
    world.ask(job)
    listening.find_silent(now=world.now)
    due = Replica.objects.get().silent_at
    listening.find_silent(now=world.later(minutes=30))
    assert Replica.objects.get().silent_at == due, "nothing was due while we were away"

    listening.find_silent(now=world.later(minutes=30))

    assert Replica.objects.get().silent_at == world.now + timedelta(seconds=3900)
