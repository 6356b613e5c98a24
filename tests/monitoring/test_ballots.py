"""Several places look at one replica: what they say, counted through the real recording."""

from datetime import datetime, timedelta

import pytest

from monitoring import recording, scheduling
from monitoring.models import Ballot, HealthChange, Location, Node, Replica, Sample
from monitoring.polling import Observation
from tests import build, counting
from tests.monitoring.observing import answered, refused

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def watched(**options: object) -> Node:
    """A node that is checked from here, Paris and Tokyo."""
    node = build.node(**options)
    for name in ("Paris", "Tokyo"):
        node.locations.add(
            Location.objects.get_or_create(name=name, defaults={"slug": name.lower()})[0]
        )
    return node


def says(observation: Observation, place: str) -> Observation:
    return Observation(observation.replica_id, observation.outcome, observation.at, place=place)


def health(replica: Replica) -> str | None:
    return Replica.objects.get(id=replica.id).health


def test_a_minority_is_sick_and_the_majority_is_dead(now: datetime) -> None:
    replica = build.replica(node=watched())
    for place in ("", "paris", "tokyo"):
        recording.record(observations=[says(answered(replica, now), place)], now=now)
    assert health(replica) == "healthy"
    later = now + SECOND
    recording.record(observations=[says(refused(replica, later), "paris")], now=later)
    assert health(replica) == "sick"
    change = HealthChange.objects.latest("id")
    assert change.verdict["sentence"] == (
        "Sick: 1 of 3 places (Paris) gets no answer; 2 are needed for dead."
    )
    recording.record(observations=[says(refused(replica, later), "tokyo")], now=later)
    assert health(replica) == "dead"
    change = HealthChange.objects.latest("id")
    assert change.verdict["sentence"] == (
        "Dead: 2 of 3 places (Paris, Tokyo) get no answer; 2 are needed for dead."
    )
    assert [(ballot["name"], ballot["health"]) for ballot in change.verdict["ballots"]] == [
        ("here", "healthy"),
        ("Paris", "dead"),
        ("Tokyo", "dead"),
    ]
    assert [sample[2:] for sample in change.verdict["samples"]][-2:] == [
        ["dead", "paris"],
        ["dead", "tokyo"],
    ]


def test_each_place_has_its_own_order(now: datetime) -> None:
    replica = build.replica(node=watched())
    recording.record(observations=[says(answered(replica, now), "")], now=now)
    before = now - SECOND
    recording.record(observations=[says(answered(replica, before), "paris")], now=now)
    assert Ballot.objects.count() == 2, "Paris is late, and first in its own line"
    late = before - SECOND
    recording.record(observations=[says(refused(replica, late), "paris")], now=now)
    assert set(Ballot.objects.values_list("health", flat=True)) == {"healthy"}
    assert Sample.objects.count() == 2


def test_a_place_that_fell_silent_no_longer_counts(now: datetime) -> None:
    replica = build.replica(node=watched(interval_s=60, retries=0))
    for place in ("", "paris", "tokyo"):
        recording.record(observations=[says(answered(replica, now), place)], now=now)
    for minute in range(1, 5):
        at = now + timedelta(minutes=minute)
        recording.record(observations=[says(refused(replica, at), "")], now=at)
    assert health(replica) == "dead", "the only fresh ballot"


def test_a_place_without_a_vote_is_not_heard(now: datetime) -> None:
    voted, alone = build.replica(node=watched()), build.replica()
    recording.record(
        observations=[says(refused(voted, now), "oslo"), says(refused(alone, now), "paris")],
        now=now,
    )
    assert not Sample.objects.exists()


def test_what_was_known_before_others_had_a_vote_is_not_forgotten(now: datetime) -> None:
    node = build.node()
    replica = build.replica(node=node)
    recording.record(observations=[refused(replica, now)], now=now)
    node.locations.add(Location.objects.create(name="Paris", slug="paris"))
    later = now + SECOND
    recording.record(observations=[says(answered(replica, later), "paris")], now=later)
    assert health(replica) == "sick", "one of two says dead"


def test_damping_is_done_place_by_place(now: datetime) -> None:
    replica = build.replica(node=watched(bad_checks=2))
    for place in ("", "paris", "tokyo"):
        recording.record(observations=[says(answered(replica, now), place)], now=now)
    for second, places in ((1, ["", "paris"]), (2, ["", "paris"])):
        at = now + second * SECOND
        observations = [says(refused(replica, at), place) for place in places]
        recording.record(observations=observations, now=at)
        assert health(replica) == ("healthy" if second == 1 else "dead")


@pytest.mark.parametrize("bad_checks", [1, 3])
def test_a_flapping_target_makes_no_change_with_damping(now: datetime, bad_checks: int) -> None:
    replica = build.replica(node=build.node(bad_checks=bad_checks))
    for second in range(12):
        at = now + second * SECOND
        made = refused if second % 2 else answered
        recording.record(observations=[made(replica, at)], now=at)
    assert HealthChange.objects.count() == (12 if bad_checks == 1 else 1)


def test_ballots_cost_the_same_statements_whatever_their_number_and_none_without_places(
    now: datetime,
) -> None:
    runs = []
    for node, size in ((build.node(), 40), (watched(), 2), (watched(), 80)):
        replicas = [build.replica(node=node) for _ in range(size)]
        recording.record(observations=[answered(replica, now) for replica in replicas], now=now)
        later = now + SECOND
        with counting.statements() as run:
            recording.record(
                observations=[answered(replica, later) for replica in replicas], now=later
            )
        runs.append(run)
    plain, few, many = runs
    assert len(few) == len(many)
    assert not any(Ballot._meta.db_table in statement for statement in plain)
    assert any(Ballot._meta.db_table in statement for statement in few)


def test_due_replicas_go_to_the_queue_of_each_place(now: datetime) -> None:
    plain = build.replica(next_probe_at=now)
    both = build.replica(node=watched(), next_probe_at=now)
    away = build.replica(node=watched(is_polled_centrally=False), next_probe_at=now)
    batch = scheduling.claim_due_replicas(now=now)
    assert sorted(batch.replica_ids) == [plain.id, both.id]
    assert batch.elsewhere == {"paris": [both.id, away.id], "tokyo": [both.id, away.id]}
    assert not scheduling.claim_due_replicas(now=now)
