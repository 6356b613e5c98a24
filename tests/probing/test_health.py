"""Health rules as tables, and worst-of as a property."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probing import health
from probing.base import Phases, ProbeOutcome, Reason
from probing.health import Health
from probing.options import Thresholds

LIMITS = Thresholds(sick_after_s=5, dead_after_s=10, retries=2)
HEALTHY, SICK, DEAD = Health.HEALTHY, Health.SICK, Health.DEAD


def outcome(*, reachable: bool | None, latency_ms: float | None = None) -> ProbeOutcome:
    return ProbeOutcome(
        reachable=reachable, latency_ms=latency_ms, phases=Phases(), reason=Reason.OK, detail=""
    )


@pytest.mark.req("D2", "D3", "E2")
@pytest.mark.parametrize(
    ("latency_ms", "expected", "why"),
    [
        (0.0, HEALTHY, "at once"),
        (4999.9, HEALTHY, "just under the slow limit"),
        (5000.0, SICK, "at the slow limit: at-or-above"),
        (5000.1, SICK, "above the slow limit"),
        (9999.9, SICK, "just under the dead limit"),
        (10000.0, DEAD, "at the dead limit: at-or-above"),
        (60000.0, DEAD, "far above it"),
    ],
)
def test_an_answer_is_judged_by_its_latency(latency_ms: float, expected: Health, why: str) -> None:
    answered = outcome(reachable=True, latency_ms=latency_ms)

    assert health.replica_health(answered, LIMITS) is expected, why


@pytest.mark.req("E2")
def test_no_answer_is_dead() -> None:
    assert health.replica_health(outcome(reachable=False), LIMITS) is DEAD


def test_a_probe_that_could_not_run_is_unknown_and_never_dead() -> None:
    assert health.replica_health(outcome(reachable=None), LIMITS) is None


def test_a_slow_limit_above_the_dead_limit_leaves_nothing_sick() -> None:
    limits = Thresholds(sick_after_s=20, dead_after_s=10, retries=0)

    judged = [
        health.replica_health(outcome(reachable=True, latency_ms=ms), limits)
        for ms in (9_999.0, 10_000.0, 20_000.0)
    ]

    assert judged == [HEALTHY, DEAD, DEAD]


@pytest.mark.req("E1")
def test_there_are_exactly_three_healths() -> None:
    assert [str(value) for value in Health] == ["healthy", "sick", "dead"]


@pytest.mark.req("E4", "E5", "E6")
@pytest.mark.parametrize(
    ("healths", "expected"),
    [
        ([], HEALTHY),
        ([HEALTHY], HEALTHY),
        ([HEALTHY, HEALTHY], HEALTHY),
        ([HEALTHY, SICK], SICK),
        ([SICK, HEALTHY, DEAD], DEAD),
        ([DEAD, SICK], DEAD),
        ([DEAD], DEAD),
    ],
)
def test_the_worst_one_counts(healths: list[Health], expected: Health) -> None:
    assert health.worst(healths) is expected


healths = st.lists(st.sampled_from(Health), max_size=6)


@pytest.mark.req("E4", "E5", "E6", "E7")
@given(page=st.lists(st.lists(healths, max_size=4), max_size=4))
def test_rolling_up_level_by_level_gives_the_worst_replica_of_the_page(
    page: list[list[list[Health]]],
) -> None:
    services = [health.worst(health.worst(node) for node in service) for service in page]
    replicas = [replica for service in page for node in service for replica in node]

    assert health.worst(services) is health.worst(replicas)


@given(before=healths, more=st.sampled_from(Health))
def test_another_replica_never_makes_things_look_better(before: list[Health], more: Health) -> None:
    assert health.worst([*before, more]).rank == max(health.worst(before).rank, more.rank)
