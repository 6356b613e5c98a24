"""When silence makes a replica dead, when it does not, and what is removed."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from components.models import Component
from monitoring import listening, reports, tokens
from monitoring.models import HealthChange, Mode, Node, Pulse, Replica, TokenKind
from monitoring.reports import Answer, Load, Report, Said
from probing.health import Health
from tests import build

pytestmark = [pytest.mark.django_db, pytest.mark.req("D4", "V3", "AMB-2", "E6")]
SECOND = timedelta(seconds=1)


class World:
    """A push node, its token, and a clock that the task looks at every second."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        component = build.component(slug="landing")
        self.node = build.node(component=component, slug="web", mode=Mode.PUSH, silent_after_s=20)
        _, secret = tokens.create(kind=TokenKind.REPORTER, now=now)
        self.digest = tokens.digest(secret)

    def report(self, *, replica: str = "a", interval_s: float = 10, **word: Any) -> Answer:
        said = Said(
            replica=replica, interval_s=interval_s, word=word.get("word", Load(cpu=0.1, ram=0.1))
        )
        (answer,) = reports.receive(
            reports=[
                Report(
                    token_digest=self.digest, service="landing", node="web", said=said, at=self.now
                )
            ]
        )
        return answer

    def pass_time(self, seconds: float) -> None:
        """Let time go by, with the task running as beat rings for it."""
        ends = self.now + timedelta(seconds=seconds)
        while self.now < ends:
            self.now = min(ends, self.now + 5 * SECOND)
            listening.find_silent(now=self.now)

    def health(self, replica: str = "a") -> str | None:
        return Replica.objects.get(address=replica).health

    def page(self) -> str:
        return Component.objects.get().status


@pytest.fixture
def world(now: datetime) -> World:
    world = World(now)
    listening.find_silent(now=now)
    return world


def test_a_silent_replica_dies_after_its_interval_and_grace_and_never_before(world: World) -> None:
    world.report()
    world.pass_time(30)
    assert world.health() == "healthy"

    world.pass_time(0.2)

    assert world.health() == "dead"
    change = HealthChange.objects.latest("id")
    assert change.reason == "silent"
    assert change.detail == "No report for 30 s; one was due every 10 s."
    assert world.page() == "major_outage"


def test_reports_in_time_keep_it_alive_and_a_late_one_brings_it_back(world: World) -> None:
    for _ in range(10):
        world.report()
        world.pass_time(25)
    assert world.health() == "healthy"
    world.pass_time(60)
    assert world.health() == "dead"

    world.report()

    assert (world.health(), world.page()) == ("healthy", "operational")
    changes = HealthChange.objects.order_by("id").values_list("health", flat=True)
    assert list(changes) == ["healthy", "dead", "healthy"]


def test_silence_is_found_once(world: World) -> None:
    world.report()
    world.pass_time(300)
    assert HealthChange.objects.count() == 2


@pytest.mark.req("H-14")
def test_time_in_which_we_were_away_is_nobodys_silence(world: World) -> None:
    world.report()
    world.now += timedelta(hours=2)

    listening.find_silent(now=world.now)
    assert world.health() == "healthy"
    world.pass_time(25)
    assert world.health() == "healthy"
    world.pass_time(10)
    assert world.health() == "dead"


@pytest.mark.req("H-14")
def test_a_report_that_a_hanging_database_held_up_kills_nobody_when_it_is_stored(
    world: World,
) -> None:
    world.report()
    came_at = world.now + 5 * SECOND
    world.now += timedelta(seconds=60)
    listening.find_silent(now=world.now)
    back_at, world.now = world.now, came_at

    world.report()
    world.now = back_at
    world.pass_time(30)
    assert world.health() == "healthy"
    world.pass_time(5)

    assert world.health() == "dead"
    assert HealthChange.objects.latest("id").at == back_at + 30 * SECOND


@pytest.mark.req("C3", "H-14")
def test_a_job_that_began_after_our_return_has_until_its_own_deadline(world: World) -> None:
    """Its start is no outcome, and was not held up by anything."""
    Node.objects.update(ping_every_s=86_400, silent_after_s=60)
    world.report()
    world.now += timedelta(seconds=25)  # away
    listening.find_silent(now=world.now)
    Replica.objects.update(silent_at=world.now + 60 * SECOND)  # as the start of a run leaves it

    world.pass_time(60)
    assert world.health() == "healthy"
    world.pass_time(5)

    assert world.health() == "dead"


def test_a_clock_that_was_set_back_kills_nobody_later(world: World) -> None:
    world.report()
    world.now -= timedelta(hours=1)
    listening.find_silent(now=world.now)
    assert Pulse.objects.get(name="silence").at == world.now
    assert world.health() == "healthy"


def test_silence_is_found_in_time_after_a_clock_was_set_back(world: World) -> None:
    world.report()
    world.now -= timedelta(hours=1)
    world.pass_time(25)
    assert world.health() == "healthy"

    world.pass_time(15)

    assert world.health() == "dead"


@pytest.mark.req("E2")
def test_a_replica_that_was_never_healthy_is_removed_and_not_called_dead(world: World) -> None:
    world.report()
    world.report(replica="stranger", word=Load(cpu=3.0, ram=0.1))
    world.now += SECOND

    for _ in range(4):
        world.report()
        world.pass_time(10)

    assert list(Replica.objects.values_list("address", flat=True)) == ["a"]
    assert world.page() == "operational"
    assert not HealthChange.objects.filter(health="dead").exists()


@pytest.mark.req("E2")
def test_a_new_replica_cannot_turn_the_page_dead_before_it_was_healthy_once(world: World) -> None:
    Node.objects.update(mode=Mode.LOCAL)
    world.report(word=Health.HEALTHY)
    world.now += SECOND
    world.report(replica="stranger", word=Health.DEAD)
    assert world.page() == "operational"

    world.now += SECOND
    world.report(replica="stranger", word=Health.HEALTHY)
    world.now += SECOND
    world.report(replica="stranger", word=Health.DEAD)

    assert world.page() != "operational"


def test_several_bad_checks_are_several_missed_reports(world: World) -> None:
    Node.objects.update(bad_checks=3)
    world.report()
    world.pass_time(35)
    assert world.health() == "healthy"
    world.pass_time(30)
    assert world.health() == "dead"


@pytest.mark.req("W3")
def test_a_gone_replica_is_removed_later_while_others_report(world: World) -> None:
    world.report(replica="gone")
    world.report()
    world.pass_time(40)
    assert world.health("gone") == "dead"
    world.report()
    world.now += timedelta(hours=25)

    listening.find_silent(now=world.now)
    world.report()
    assert listening.remove_gone(now=world.now) == 1
    assert list(Replica.objects.values_list("address", flat=True)) == ["a"]
    assert world.page() == "operational"


def test_the_last_replica_of_a_node_is_never_removed(world: World) -> None:
    world.report()
    world.pass_time(40)
    world.now += timedelta(days=30)

    assert listening.remove_gone(now=world.now) == 0
    assert world.health() == "dead"


def test_a_local_daemons_silence_has_a_longer_grace(world: World) -> None:
    Node.objects.update(mode=Mode.LOCAL)
    world.report(word=Health.HEALTHY, interval_s=120)
    world.pass_time(160)
    assert world.health() == "healthy"
    world.pass_time(1)
    assert world.health() == "dead"


@pytest.mark.req("E4")
def test_two_reports_at_once_are_one_replica_and_the_last_one_counts(world: World) -> None:
    def said(cpu: float) -> Said:
        return Said(replica="a", interval_s=10, word=Load(cpu=cpu, ram=0.1))

    batch = [
        Report(
            token_digest=world.digest,
            service="landing",
            node="web",
            said=said(cpu),
            at=world.now + place * SECOND,
        )
        for place, cpu in enumerate([0.1, 0.2, 2.0])
    ]
    assert reports.receive(reports=batch) == [Answer.ACCEPTED] * 3
    replica = Replica.objects.get()
    assert (replica.health, replica.cpu) == ("sick", 2.0)
