"""The report about a resolved incident."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from components import catalogue
from components.models import PageKind
from incidents import postmortems, publishing
from incidents.holding import IncidentGone
from incidents.lifecycle import State, TransitionNotAllowed
from incidents.models import CorrectiveAction, Incident, IncidentUpdate, Postmortem, PostmortemEntry
from incidents.postmortems import Action, Entry, NoPostmortem, Writing
from tests import build

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def resolved(now: datetime) -> Incident:
    """An incident of a component "Checkout" that lasted from `now` for 55 minutes."""
    component = build.component(name="Checkout")
    incident = build.incident(components={component: None}, title="Payments fail", now=now)
    publishing.post_update(
        incident=incident,
        state=State.RESOLVED,
        text="All well.",
        notify=True,
        now=now + 55 * MINUTE,
    )
    incident.refresh_from_db()
    return incident


def writing(now: datetime, **fields: object) -> Writing:
    values: dict[str, object] = {
        "title": "What happened",
        "summary": "In **short**.",
        "impact_description": "1,200 payments.",
        "root_cause": "A certificate.",
        "entries": [Entry(at=now + MINUTE, text="Second"), Entry(at=now, text="First")],
        "actions": [
            Action(text="Watch certificates", owner="Ada", due_on=date(2026, 12, 1)),
            Action(text="Write it down", is_done=True),
        ],
    }
    return Writing(**values | fields)  # type: ignore[arg-type]


@pytest.mark.req("M2", "M3", "M4")
def test_a_draft_keeps_every_field_and_shows_nothing(resolved: Incident, now: datetime) -> None:
    before = catalogue.page().revision

    report = postmortems.save_draft(incident=resolved, writing=writing(now), now=now)

    assert not report.is_published
    assert (report.title, report.summary, report.impact_description, report.root_cause) == (
        "What happened",
        "In **short**.",
        "1,200 payments.",
        "A certificate.",
    )
    assert list(report.entries.order_by("at").values_list("text", flat=True)) == ["First", "Second"]
    actions = report.actions.order_by("position").values_list("text", "owner", "due_on", "is_done")
    assert list(actions) == [
        ("Watch certificates", "Ada", date(2026, 12, 1), False),
        ("Write it down", "", None, True),
    ]
    assert catalogue.page().revision == before
    assert Incident.objects.get().state == State.RESOLVED
    assert IncidentUpdate.objects.count() == 2


@pytest.mark.req("M3")
def test_saving_again_replaces_both_lists(resolved: Incident, now: datetime) -> None:
    postmortems.save_draft(incident=resolved, writing=writing(now), now=now)
    postmortems.save_draft(incident=resolved, writing=Writing(title="Short"), now=now)

    assert Postmortem.objects.get().summary == ""
    assert not PostmortemEntry.objects.exists()
    assert not CorrectiveAction.objects.exists()


@pytest.mark.req("M3")
def test_the_editor_starts_with_what_was_said_and_what_visitors_saw(resolved: Incident) -> None:
    prefilled = postmortems.prefilled(incident=resolved)

    assert prefilled.title == "Payments fail"
    assert [f"{entry.at:%H:%M} {entry.text}" for entry in prefilled.entries] == [
        "14:32 Investigating: We are looking.",
        "14:32 Checkout: Operational → Partial outage",
        "15:27 Resolved: All well.",
        "15:27 Checkout: Partial outage → Operational",
    ]


@pytest.mark.req("M3", "R3")
def test_the_editor_proposes_nothing_that_is_for_some_pages_only(now: datetime) -> None:
    """The report is on every page that shows the incident."""
    api = build.component(name="Checkout")
    only = build.component(name="Theirs", only_where_chosen=True)
    hidden = build.component(name="Hidden", is_visible=False)
    customer = build.page(kind=PageKind.CUSTOMER, components=[api, only])
    incident = build.incident(components=dict.fromkeys((api, only, hidden)), now=now)
    publishing.post_update(
        incident=incident,
        state=State.INVESTIGATING,
        text="For one customer.",
        notify=False,
        audience=customer,
        now=now + MINUTE,
    )

    entries = postmortems.suggested_entries(incident=incident)

    assert [entry.text for entry in entries] == [
        "Investigating: We are looking.",
        "Checkout: Operational → Partial outage",
    ]


@pytest.mark.req("M5", "M6", "M7", "M9")
def test_publishing_sets_the_state_and_notifies_nobody(resolved: Incident, now: datetime) -> None:
    postmortems.save_draft(incident=resolved, writing=writing(now), now=now)
    before = catalogue.page().revision

    postmortems.publish(incident=resolved, now=now + 60 * MINUTE, author_name="Ada")

    incident = Incident.objects.get()
    assert incident.state == State.POSTMORTEM
    assert incident.resolved_at == resolved.resolved_at
    assert list(Incident.objects.past()) == [incident]
    entry = incident.updates.latest("id")
    assert (entry.state, entry.previous_state, entry.notifies) == ("postmortem", "resolved", False)
    assert Postmortem.objects.get().published_at == now + 60 * MINUTE
    assert incident.page_revision == catalogue.page().revision > before


@pytest.mark.req("M5", "AMB-17")
def test_unpublishing_returns_to_resolved_and_keeps_the_draft(
    resolved: Incident, now: datetime
) -> None:
    postmortems.save_draft(incident=resolved, writing=writing(now), now=now)
    postmortems.publish(incident=resolved, now=now)
    before = catalogue.page().revision

    postmortems.unpublish(incident=resolved, now=now)

    incident = Incident.objects.get()
    assert incident.state == State.RESOLVED
    assert not incident.updates.filter(state=State.POSTMORTEM).exists()
    assert Postmortem.objects.get().published_at is None
    assert incident.page_revision > before
    postmortems.publish(incident=resolved, now=now)
    assert Incident.objects.get().state == State.POSTMORTEM


@pytest.mark.req("M5")
def test_a_published_report_changes_in_place(resolved: Incident, now: datetime) -> None:
    postmortems.save_draft(incident=resolved, writing=writing(now), now=now)
    postmortems.publish(incident=resolved, now=now)
    before = Incident.objects.get().page_revision

    postmortems.save_draft(incident=resolved, writing=writing(now, title="Better"), now=now)

    assert Postmortem.objects.get().is_published
    assert Incident.objects.get().page_revision > before
    with pytest.raises(ValidationError):
        postmortems.save_draft(incident=resolved, writing=writing(now, summary=""), now=now)
    assert Postmortem.objects.get().summary == "In **short**."


@pytest.mark.req("M1", "M6")
def test_only_a_resolved_incident_gets_one(now: datetime) -> None:
    incident = build.incident(now=now)

    with pytest.raises(TransitionNotAllowed, match="Resolve the incident"):
        postmortems.save_draft(incident=incident, writing=writing(now), now=now)
    assert not Postmortem.objects.exists()
    with pytest.raises(NoPostmortem):
        postmortems.publish(incident=incident, now=now)


@pytest.mark.req("M1", "AMB-17")
def test_a_report_begun_before_the_incident_came_back_is_kept_but_not_published(
    resolved: Incident, now: datetime
) -> None:
    postmortems.save_draft(incident=resolved, writing=writing(now), now=now)
    publishing.post_update(
        incident=resolved, state=State.IDENTIFIED, text="Again.", notify=True, now=now
    )

    postmortems.save_draft(incident=resolved, writing=writing(now, title="Kept"), now=now)
    with pytest.raises(TransitionNotAllowed):
        postmortems.publish(incident=resolved, now=now)

    assert not Postmortem.objects.get().is_published


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": ""}, "title"),
        ({"summary": "x" * 20_001}, "summary"),
        ({"actions": [Action(text="")]}, "actions"),
        ({"actions": [Action(text="x", owner="x" * 101)]}, "actions"),
        ({"entries": [Entry(at=build.LONG_AGO, text="")]}, "entries"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_field(
    resolved: Incident, now: datetime, wrong: dict[str, object], field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        postmortems.save_draft(incident=resolved, writing=writing(now, **wrong), now=now)
    assert list(refused.value.message_dict) == [field]
    assert not Postmortem.objects.exists()


@pytest.mark.req("M5")
def test_publishing_needs_a_summary(resolved: Incident, now: datetime) -> None:
    postmortems.save_draft(incident=resolved, writing=writing(now, summary=""), now=now)
    with pytest.raises(ValidationError, match="summary"):
        postmortems.publish(incident=resolved, now=now)
    assert Incident.objects.get().state == State.RESOLVED


@pytest.mark.parametrize("is_published", [True, False])
def test_deleting_leaves_a_resolved_incident(
    resolved: Incident, now: datetime, is_published: bool
) -> None:
    postmortems.save_draft(incident=resolved, writing=writing(now), now=now)
    if is_published:
        postmortems.publish(incident=resolved, now=now)

    postmortems.delete(incident=resolved, now=now)

    assert not Postmortem.objects.exists()
    assert Incident.objects.get().state == State.RESOLVED
    assert not IncidentUpdate.objects.filter(state=State.POSTMORTEM).exists()


def test_a_deleted_incident_takes_its_report_along(resolved: Incident, now: datetime) -> None:
    postmortems.save_draft(incident=resolved, writing=writing(now), now=now)
    publishing.delete_incident(incident=resolved, now=now)

    assert not Postmortem.objects.exists()
    late: list[Callable[[], object]] = [
        lambda: postmortems.publish(incident=resolved, now=now),
        lambda: postmortems.save_draft(incident=resolved, writing=writing(now), now=now),
        lambda: postmortems.unpublish(incident=resolved, now=now),
    ]
    for operation in late:
        with pytest.raises(IncidentGone):
            operation()
