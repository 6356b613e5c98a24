"""What incidents say of components, together with everybody else who speaks."""

import itertools
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components import claims
from components.claims import Claim
from components.models import Component, StatusClaim
from components.status import ClaimValue, Source, Status, displayed, worst
from incidents import affecting, publishing
from incidents.lifecycle import Impact, State
from incidents.models import Incident
from tests import build

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
SPOKEN = st.sampled_from(
    [Status.DEGRADED_PERFORMANCE, Status.PARTIAL_OUTAGE, Status.MAJOR_OUTAGE, None]
)
VOICES = ("first incident", "second incident", "maintenance", "monitor")
STEPS = [(voice, step) for voice in VOICES for step in ("open", "resolve")]


def _say(component: Component, source: Source, said: Status | None, now: datetime) -> None:
    claim = Claim(component_id=component.id, status=said, at=now)
    claims.set_claims(source=source, reference="x", claims=[claim], now=now)


def in_an_order(steps: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The steps with the opening of every voice in front of its resolving."""
    opened: set[str] = set()
    ordered = []
    for voice, _step in steps:
        ordered.append((voice, "resolve" if voice in opened else "open"))
        opened.add(voice)
    return ordered


@pytest.mark.req("B7", "I14", "AMB-6")
@settings(
    max_examples=settings().max_examples // 4,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    order=st.permutations(STEPS),
    said=st.fixed_dictionaries(
        {
            "first incident": SPOKEN,
            "second incident": SPOKEN,
            "maintenance": st.just(Status.UNDER_MAINTENANCE),
            "monitor": st.sampled_from([Status.OPERATIONAL, Status.MAJOR_OUTAGE]),
        }
    ),
)
def test_in_every_order_visitors_see_what_those_who_still_speak_say(
    order: list[tuple[str, str]], said: dict[str, Status | None], now: datetime
) -> None:
    component = build.component()
    incidents: dict[str, Incident] = {}
    speaking: dict[str, ClaimValue] = {}
    for number, (voice, step) in enumerate(in_an_order(order)):
        at = now + number * MINUTE
        status = said[voice]
        if voice in {"maintenance", "monitor"}:
            source = Source(voice)
            _say(component, source, status if step == "open" else None, at)
        else:
            source = Source.INCIDENT
            if step == "open":
                incidents[voice] = build.incident(
                    components={component: status}, impact=Impact.NONE, now=at
                )
            else:
                publishing.post_update(
                    incident=incidents[voice],
                    state=State.RESOLVED,
                    text="Over.",
                    notify=False,
                    now=at,
                )
        speaking.pop(voice, None)
        if step == "open" and status is not None:
            speaking[voice] = ClaimValue(source=source, status=status)
        component.refresh_from_db()
        assert component.shown_status == displayed(speaking.values(), is_manual=False)
    assert component.shown_status == worst([])
    assert not StatusClaim.objects.filter(component=component).exists()


@pytest.mark.req("AMB-6", "I14")
def test_what_was_held_by_hand_before_comes_back(now: datetime) -> None:
    component = build.component()
    claims.hold_by_hand(component=component, held=Status.DEGRADED_PERFORMANCE, now=now)
    incident = build.incident(components={component: Status.MAJOR_OUTAGE}, now=now + MINUTE)

    publishing.post_update(
        incident=incident, state=State.RESOLVED, text="x", notify=False, now=now + 2 * MINUTE
    )

    component.refresh_from_db()
    assert component.shown_status == Status.DEGRADED_PERFORMANCE


@pytest.mark.req("AMB-7")
@pytest.mark.parametrize("impact", Impact)
def test_the_preview_says_what_saving_does(now: datetime, impact: Impact) -> None:
    picks = [None, Status.OPERATIONAL, Status.MAJOR_OUTAGE]
    said_by_others = dict[int, Status | None]()
    picked = dict[Component, Status | None]()
    for pick, others in itertools.product(picks, [None, *Status]):
        component = build.component()
        if others is not None:
            _say(component, Source.MONITOR, others, now)
        said_by_others[component.id], picked[component] = others, pick

    told = affecting.consequences(
        incident=None, impact=impact, chosen={one.id: pick for one, pick in picked.items()}
    )
    build.incident(components=picked, impact=impact, now=now + MINUTE)

    seen = {one.id: one.shown_status for one in Component.objects.all()}
    assert {one.component_id for one in told} == set(seen)
    for one in told:
        others = said_by_others[one.component_id]
        assert (one.before, one.after) == (others or Status.OPERATIONAL, seen[one.component_id])
        assert one.is_change == (one.before != seen[one.component_id])


def test_the_preview_of_an_update_leaves_out_what_the_incident_itself_said(now: datetime) -> None:
    kept, dropped = build.component(name="A kept"), build.component(name="B dropped")
    incident = build.incident(
        components={kept: None, dropped: None}, impact=Impact.CRITICAL, now=now
    )

    def told(is_open: bool) -> list[tuple[Status, Status]]:
        found = affecting.consequences(
            incident=incident, impact=Impact.MINOR, chosen={kept.id: None}, is_open=is_open
        )
        return [(one.before, one.after) for one in found]

    assert told(is_open=True) == [
        (Status.MAJOR_OUTAGE, Status.DEGRADED_PERFORMANCE),
        (Status.MAJOR_OUTAGE, Status.OPERATIONAL),
    ]
    assert told(is_open=False) == [
        (Status.MAJOR_OUTAGE, Status.OPERATIONAL),
        (Status.MAJOR_OUTAGE, Status.OPERATIONAL),
    ]
