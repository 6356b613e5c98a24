"""The life of an incident, as a table."""

import itertools

import pytest

from components.status import Status
from incidents import lifecycle
from incidents.lifecycle import Impact, State, TransitionNotAllowed


@pytest.mark.req("I2", "I9", "AMB-17")
@pytest.mark.parametrize(
    ("previous", "state"),
    [
        *itertools.product([None, *lifecycle.CHOSEN_BY_HAND], lifecycle.CHOSEN_BY_HAND),
    ],
)
def test_any_order_is_allowed_among_the_first_four(previous: State | None, state: State) -> None:
    lifecycle.check_transition(previous, state)


@pytest.mark.req("M6", "AMB-17")
@pytest.mark.parametrize("previous", [None, *State])
def test_nobody_sets_postmortem_by_hand(previous: State | None) -> None:
    with pytest.raises(TransitionNotAllowed, match="publish the postmortem"):
        lifecycle.check_transition(previous, State.POSTMORTEM)


@pytest.mark.req("AMB-17")
@pytest.mark.parametrize("state", lifecycle.CHOSEN_BY_HAND)
def test_a_published_postmortem_closes_the_incident_until_it_is_unpublished(state: State) -> None:
    with pytest.raises(TransitionNotAllowed, match="Unpublish it first"):
        lifecycle.check_transition(State.POSTMORTEM, state)


@pytest.mark.req("M1", "M6")
def test_a_postmortem_is_published_of_a_resolved_incident_only() -> None:
    published = lifecycle.check_postmortem(State.RESOLVED, is_published=True)
    withdrawn = lifecycle.check_postmortem(State.POSTMORTEM, is_published=False)
    assert (published, withdrawn) == (State.POSTMORTEM, State.RESOLVED)

    for previous in (State.INVESTIGATING, State.IDENTIFIED, State.MONITORING, State.POSTMORTEM):
        with pytest.raises(TransitionNotAllowed, match="Resolve the incident"):
            lifecycle.check_postmortem(previous, is_published=True)
    for previous in lifecycle.CHOSEN_BY_HAND:
        with pytest.raises(TransitionNotAllowed, match="No postmortem"):
            lifecycle.check_postmortem(previous, is_published=False)


@pytest.mark.req("J2", "J3", "J4", "J5", "AMB-7")
def test_every_impact_says_one_thing_of_a_component() -> None:
    assert {impact: lifecycle.claimed_status(impact) for impact in Impact} == {
        Impact.NONE: None,
        Impact.MINOR: Status.DEGRADED_PERFORMANCE,
        Impact.MAJOR: Status.PARTIAL_OUTAGE,
        Impact.CRITICAL: Status.MAJOR_OUTAGE,
    }


def test_the_impact_of_several_statuses_is_that_of_the_worst() -> None:
    assert lifecycle.impact_of([]) == Impact.NONE
    assert lifecycle.impact_of([Status.OPERATIONAL, Status.UNKNOWN]) == Impact.NONE
    assert lifecycle.impact_of([Status.DEGRADED_PERFORMANCE, Status.PARTIAL_OUTAGE]) == Impact.MAJOR


@pytest.mark.req("AMB-17")
def test_reopening_counts_as_creation() -> None:
    begins = {
        (previous, state)
        for previous, state in itertools.product([None, *State], State)
        if lifecycle.is_creation(previous, state)
    }
    assert begins == set(
        itertools.product(
            [None, State.RESOLVED, State.POSTMORTEM],
            [State.INVESTIGATING, State.IDENTIFIED, State.MONITORING],
        )
    )


@pytest.mark.req("I6", "I8", "J1")
def test_every_state_and_every_impact_has_a_word_and_a_meaning() -> None:
    assert [state.label for state in State] == [
        "Investigating",
        "Identified",
        "Monitoring",
        "Resolved",
        "Postmortem",
    ]
    assert [impact.label for impact in Impact] == ["None", "Minor", "Major", "Critical"]
    meanings = [entry.meaning for entry in (*State, *Impact)]
    assert len(set(meanings)) == 9
    assert all(meaning.endswith(".") for meaning in meanings)
    assert len({state.icon for state in State}) == 5
