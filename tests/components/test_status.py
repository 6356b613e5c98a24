"""The order of the statuses, what visitors see, and what the replicas say."""

import random
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components import status
from components.status import ClaimValue, Source, Status

OP, DE, PA, MA, MT, UN = (
    Status.OPERATIONAL,
    Status.DEGRADED_PERFORMANCE,
    Status.PARTIAL_OUTAGE,
    Status.MAJOR_OUTAGE,
    Status.UNDER_MAINTENANCE,
    Status.UNKNOWN,
)

# No deadline: a busy machine is not a failing rule.
properties = settings(deadline=None)

claim_values = st.builds(ClaimValue, st.sampled_from(Source), st.sampled_from(Status))
some_claims = st.lists(claim_values, max_size=6)
replica_healths = st.sampled_from(["healthy", "sick", "dead", None])
some_nodes = st.lists(st.lists(replica_healths, max_size=4), max_size=4)


def manual(said: Status) -> ClaimValue:
    return ClaimValue(Source.MANUAL, said)


def monitor(said: Status) -> ClaimValue:
    return ClaimValue(Source.MONITOR, said)


def incident(said: Status) -> ClaimValue:
    return ClaimValue(Source.INCIDENT, said)


MAINTENANCE = ClaimValue(Source.MAINTENANCE, MT)


def test_every_status_has_a_code_and_words() -> None:
    assert {member.code: member.label for member in Status} == {
        "op": "Operational",
        "de": "Degraded performance",
        "pa": "Partial outage",
        "ma": "Major outage",
        "mt": "Under maintenance",
        "un": "Unknown",
    }


@pytest.mark.req("B8")
def test_the_page_is_as_bad_as_its_worst_component() -> None:
    from_worst = [MA, PA, DE, UN, MT, OP]
    assert sorted(Status, key=lambda member: -member.rank) == from_worst
    for position, expected in enumerate(from_worst):
        for components in permutations(from_worst[position:], min(3, 6 - position)):
            if expected in components:
                assert status.overall(components) == expected, components


def test_a_page_without_components_is_operational() -> None:
    assert status.overall([]) == OP


@pytest.mark.parametrize(
    ("claims", "expected", "why"),
    [
        ([], OP, "nobody claims anything"),
        ([manual(DE)], DE, "a person says so"),
        ([monitor(PA)], PA, "the monitors say so"),
        ([monitor(UN)], UN, "silent monitors are never green"),
        ([manual(OP), monitor(MA)], MA, "a base set by hand does not silence the monitors"),
        ([manual(MA), monitor(OP)], MA, "a person may hold a lower state than measured"),
        ([incident(DE), monitor(PA)], PA, "the monitors say worse than the incident"),
        ([incident(PA), monitor(OP)], PA, "the monitors do not close an incident"),
        ([incident(DE), incident(MA)], MA, "the worse of two incidents"),
        ([monitor(UN), incident(DE)], DE, "a declared problem is worse than not knowing"),
        ([MAINTENANCE], MT, "maintenance in progress"),
        ([MAINTENANCE, monitor(OP)], MT, "maintenance is said even while all measures well"),
        ([MAINTENANCE, monitor(MA)], MT, "expected failures are hidden"),
        ([MAINTENANCE, monitor(UN)], MT, "expected silence is hidden"),
        ([MAINTENANCE, monitor(DE), monitor(PA)], MT, "every monitor claim is hidden"),
        ([MAINTENANCE, incident(PA)], PA, "maintenance hides no incident"),
        ([MAINTENANCE, incident(DE), monitor(MA)], DE, "the incident shows, the monitor is hidden"),
        ([MAINTENANCE, manual(MA)], MA, "maintenance hides nothing a person declared"),
        ([MAINTENANCE, manual(DE), monitor(MA)], DE, "the person shows, the monitor is hidden"),
        ([MAINTENANCE, manual(OP), incident(OP), monitor(MA)], MT, "nobody declared trouble"),
    ],
)
def test_an_automatic_component_shows_the_worst_claim_that_counts(
    claims: list[ClaimValue], expected: Status, why: str
) -> None:
    assert status.displayed(claims, is_manual=False) == expected, why


@pytest.mark.parametrize(
    ("claims", "expected", "why"),
    [
        ([], OP, "nobody claims anything"),
        ([monitor(MA)], OP, "only the monitors speak, and they are switched off"),
        ([manual(OP), monitor(MA)], OP, "the person alone is authoritative"),
        ([manual(DE), monitor(OP)], DE, "the person alone is authoritative"),
        ([manual(OP), incident(PA), monitor(MA)], PA, "an incident is declared by a person too"),
        ([manual(OP), MAINTENANCE, monitor(MA)], MT, "maintenance is declared by a person too"),
        ([manual(PA), MAINTENANCE, incident(DE)], PA, "the worst of what people declared"),
    ],
)
def test_a_manual_component_ignores_its_monitors(
    claims: list[ClaimValue], expected: Status, why: str
) -> None:
    for setting in (True, False):
        shown = status.displayed(claims, is_manual=True, maintenance_hides_monitors=setting)
        assert shown == expected, why


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ([MAINTENANCE, monitor(MA)], MA),
        ([MAINTENANCE, monitor(UN)], UN),
        ([MAINTENANCE, monitor(OP)], MT),
        ([MAINTENANCE, incident(DE), monitor(PA)], PA),
    ],
)
def test_maintenance_hides_no_monitor_when_the_setting_is_off(
    claims: list[ClaimValue], expected: Status
) -> None:
    shown = status.displayed(claims, is_manual=False, maintenance_hides_monitors=False)
    assert shown == expected


@properties
@given(claims=some_claims, order=st.randoms(), is_manual=st.booleans(), hides=st.booleans())
def test_what_is_displayed_does_not_depend_on_the_order_of_the_claims(
    claims: list[ClaimValue], order: random.Random, is_manual: bool, hides: bool
) -> None:
    shuffled = list(claims)
    order.shuffle(shuffled)

    shown = [
        status.displayed(these, is_manual=is_manual, maintenance_hides_monitors=hides)
        for these in (claims, shuffled)
    ]

    assert shown[0] == shown[1]


@properties
@given(claims=some_claims, is_manual=st.booleans(), hides=st.booleans())
def test_whatever_people_declared_is_never_shown_better_than_they_said(
    claims: list[ClaimValue], is_manual: bool, hides: bool
) -> None:
    shown = status.displayed(claims, is_manual=is_manual, maintenance_hides_monitors=hides)
    declared = [claim.status for claim in claims if not claim.source.is_measured]
    assert shown.rank >= status.worst(declared).rank


@properties
@given(others=some_claims, said=st.sampled_from(Status), is_manual=st.booleans())
def test_withdrawing_an_incident_shows_what_the_others_say_by_now(
    others: list[ClaimValue], said: Status, is_manual: bool
) -> None:
    during = status.displayed([*others, incident(said)], is_manual=is_manual)
    after = status.displayed(others, is_manual=is_manual)
    assert during == status.worst([after, said])


@properties
@given(claims=some_claims)
def test_claims_may_come_from_an_iterator(claims: list[ClaimValue]) -> None:
    shown = status.displayed(iter(claims), is_manual=False)
    assert shown == status.displayed(claims, is_manual=False)


@pytest.mark.parametrize(
    ("nodes", "expected", "why"),
    [
        ([], None, "no node: the status is set by hand"),
        ([[], []], None, "nodes without a replica measure nothing"),
        ([["healthy"], ["healthy", "healthy"]], OP, "all answer in time"),
        ([["healthy"], []], OP, "an empty node says nothing"),
        ([["dead"]], MA, "the only replica is dead"),
        ([["dead", "dead"], ["dead"]], MA, "every replica of every node is dead"),
        ([["dead"], []], MA, "an empty node does not make an outage partial"),
        ([["dead", "dead"], ["healthy"]], PA, "a whole node is dead, another serves"),
        ([["dead", "sick"]], PA, "a sick replica still serves"),
        ([["dead", None]], PA, "nobody can say that all are dead"),
        ([["healthy", "sick"]], DE, "slow"),
        ([["sick"], ["sick"]], DE, "all slow is still not an outage"),
        ([["sick", None]], DE, "known trouble comes before not knowing"),
        ([["healthy", None]], UN, "no green without evidence"),
        ([[None]], UN, "not measured yet"),
    ],
)
def test_the_replicas_of_all_nodes_make_the_measured_status(
    nodes: list[list[str | None]], expected: Status | None, why: str
) -> None:
    assert status.from_replicas(nodes) == expected, why


@pytest.mark.parametrize("health", ["", "unknown", "DEAD"])
def test_a_health_nobody_knows_is_refused_and_not_read_as_healthy(health: str) -> None:
    with pytest.raises(ValueError, match="is not the health of a replica"):
        status.from_replicas([["healthy", health]])


@properties
@given(nodes=some_nodes)
def test_a_component_is_operational_only_when_every_replica_is_known_to_be_healthy(
    nodes: list[list[str | None]],
) -> None:
    healths = [health for replicas in nodes for health in replicas]
    all_healthy = bool(healths) and all(health == "healthy" for health in healths)
    assert (status.from_replicas(nodes) == OP) == all_healthy


@properties
@given(nodes=some_nodes)
def test_a_replica_that_gets_worse_never_makes_the_component_better(
    nodes: list[list[str | None]],
) -> None:
    before = status.from_replicas(nodes)
    for position, replicas in enumerate(nodes):
        if not replicas:
            continue
        worse = [*nodes[:position], ["dead", *replicas[1:]], *nodes[position + 1 :]]
        after = status.from_replicas(worse)
        assert before is not None
        assert after is not None
        assert after.rank >= before.rank
