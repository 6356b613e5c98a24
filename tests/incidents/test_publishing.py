"""Incidents as operations: open, draft, update, record, revise and delete."""

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from accounts.models import AuditEntry
from components import catalogue
from components.models import Component, DeclaredPeriod, StatusChange, StatusClaim
from components.status import Status
from incidents import postmortems, public_ids, publishing, timeline
from incidents.holding import IncidentGone
from incidents.lifecycle import Impact, State, TransitionNotAllowed
from incidents.models import Incident, IncidentUpdate, WithdrawnEvent
from incidents.postmortems import Entry, Writing
from incidents.publishing import Report, SomebodyPosted
from tests import build

pytestmark = pytest.mark.django_db

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def report(**fields: object) -> Report:
    values: dict[str, object] = {"title": "Payments fail", "text": "Looking.", "impact": "major"}
    values |= fields
    return Report(**values | {"impact": Impact(str(values["impact"]))})  # type: ignore[arg-type]


def shown(component: Component) -> Status:
    return Component.objects.get(pk=component.pk).shown_status


def update(incident: Incident, state: State, now: datetime, **fields: object) -> IncidentUpdate:
    values = {"text": f"Now {state}.", "notify": True} | fields
    return publishing.post_update(incident=incident, state=state, now=now, **values)  # type: ignore[arg-type]


@pytest.mark.req("I1", "I3", "I5", "I10")
def test_a_new_incident_is_public_at_once_with_its_message_as_first_entry(now: datetime) -> None:
    component = build.component(name="Checkout")
    before = catalogue.page().revision
    author = build.operator(first_name="Ada", last_name="Lovelace")

    incident = publishing.open_incident(
        report=report(components={component.id: None}), notify=True, now=now, author=author
    )

    assert list(Incident.objects.open()) == [incident]
    entry = incident.updates.get()
    assert (entry.state, entry.text, entry.html, entry.at) == (
        "investigating",
        "Looking.",
        "<p>Looking.</p>",
        now,
    )
    assert (entry.author_name, entry.notifies) == ("Ada Lovelace", True)
    assert shown(component) == Status.PARTIAL_OUTAGE
    assert incident.page_revision == catalogue.page().revision > before
    seen = entry.components.get()
    assert (seen.name, seen.previous, seen.status) == ("Checkout", "operational", "partial_outage")


@pytest.mark.req("I1", "I2")
def test_message_and_components_are_optional_and_the_state_is_chosen(now: datetime) -> None:
    incident = publishing.open_incident(
        report=Report(title="Odd", state=State.IDENTIFIED), notify=False, now=now
    )

    entry = incident.updates.get()
    assert (entry.state, entry.text, entry.notifies) == ("identified", "", False)
    assert not StatusClaim.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "half \ud800"}, "title"),
        ({"text": "x" * 20_001}, "text"),
        ({"started_at": HOUR}, "started_at"),
        ({"next_update_by": -MINUTE}, "next_update_by"),
    ],
)
@pytest.mark.req("I1")
def test_what_makes_no_sense_is_refused_by_field_and_nothing_is_saved(
    now: datetime, wrong: dict[str, object], field: str
) -> None:
    fields = {
        name: now + value if isinstance(value, timedelta) else value
        for name, value in wrong.items()
    }
    with pytest.raises(ValidationError) as refused:
        publishing.open_incident(report=report(**fields), notify=True, now=now)

    assert list(refused.value.message_dict) == [field]
    assert not Incident.objects.exists()


@pytest.mark.req("I15", "M6")
@pytest.mark.parametrize("state", [State.RESOLVED, State.POSTMORTEM])
def test_a_new_incident_is_not_over_yet(now: datetime, state: State) -> None:
    with pytest.raises(TransitionNotAllowed):
        publishing.open_incident(report=report(state=state), notify=True, now=now)
    assert not Incident.objects.exists()


@pytest.mark.req("F4")
def test_texts_are_stored_clean_and_html_comes_out_inert(now: datetime) -> None:
    incident = publishing.open_incident(
        report=report(
            title=" Pay\x00ments\r\nfail\u2028now ",
            text="a\x07b\r\nc <script>alert(1)</script> [x](javascript:alert(1))",
        ),
        notify=True,
        now=now,
    )

    assert incident.title == "Payments fail now"
    entry = incident.updates.get()
    assert entry.text.startswith("ab\nc <script>")
    assert "<script" not in entry.html
    assert "href" not in entry.html


@pytest.mark.req("I7", "I9", "I10", "I13", "I14")
def test_every_update_is_appended_and_resolving_lets_the_component_return(now: datetime) -> None:
    component = build.component()
    incident = build.incident(components={component: None}, now=now)

    for minutes, state in (
        (17, State.IDENTIFIED),
        (30, State.IDENTIFIED),
        (40, State.MONITORING),
        (55, State.RESOLVED),
    ):
        update(incident, state, now + minutes * MINUTE)

    incident.refresh_from_db()
    assert list(Incident.objects.past()) == [incident]
    assert incident.resolved_at == now + 55 * MINUTE
    told = incident.updates.order_by("id").values_list("previous_state", "state")
    assert list(told) == [
        ("", "investigating"),
        ("investigating", "identified"),
        ("identified", "identified"),
        ("identified", "monitoring"),
        ("monitoring", "resolved"),
    ]
    assert shown(component) == Status.OPERATIONAL
    assert not StatusClaim.objects.exists()
    assert incident.affected.count() == 1  # it was affected


@pytest.mark.req("AMB-17")
def test_a_resolved_incident_can_be_reopened(now: datetime) -> None:
    component = build.component()
    incident = build.incident(components={component: None}, now=now)
    update(incident, State.RESOLVED, now + HOUR)

    again = update(incident, State.INVESTIGATING, now + 2 * HOUR)

    assert (again.previous_state, again.state) == ("resolved", "investigating")
    assert list(Incident.objects.open()) == [incident]
    assert Incident.objects.get().resolved_at is None
    assert shown(component) == Status.PARTIAL_OUTAGE


@pytest.mark.req("AMB-7")
def test_a_new_impact_leaves_what_a_person_chose(now: datetime) -> None:
    by_impact, by_hand = build.component(), build.component()
    incident = build.incident(
        components={by_impact: None, by_hand: Status.DEGRADED_PERFORMANCE}, now=now
    )

    update(incident, State.IDENTIFIED, now + MINUTE, impact=Impact.CRITICAL)

    assert (shown(by_impact), shown(by_hand)) == (
        Status.MAJOR_OUTAGE,
        Status.DEGRADED_PERFORMANCE,
    )


@pytest.mark.req("J5")
def test_an_incident_without_impact_lists_components_and_breaks_nothing(now: datetime) -> None:
    component = build.component()
    incident = build.incident(components={component: None}, impact=Impact.NONE, now=now)

    assert incident.affected.count() == 1
    assert shown(component) == Status.OPERATIONAL


def test_a_component_left_out_of_an_update_is_operational_again_but_was_affected(
    now: datetime,
) -> None:
    gone, stays = build.component(), build.component()
    incident = build.incident(components={gone: None, stays: None}, now=now)

    update(incident, State.IDENTIFIED, now + MINUTE, components={stays.id: None})

    assert (shown(gone), shown(stays)) == (Status.OPERATIONAL, Status.PARTIAL_OUTAGE)
    assert incident.affected.count() == 2


def test_whoever_did_not_see_the_newest_update_is_told_and_nothing_is_saved(now: datetime) -> None:
    incident = build.incident(now=now)
    seen = incident.updates.get().pk
    theirs = update(incident, State.IDENTIFIED, now + MINUTE, seen_update_id=seen)

    with pytest.raises(SomebodyPosted) as conflict:
        update(incident, State.RESOLVED, now + 2 * MINUTE, seen_update_id=seen)

    assert conflict.value.update == theirs
    assert incident.updates.count() == 2
    assert Incident.objects.get().state == State.IDENTIFIED
    update(incident, State.RESOLVED, now + 3 * MINUTE, seen_update_id=theirs.pk)


@pytest.mark.parametrize(
    ("wrong", "field"), [({"text": " "}, "text"), ({"next_update_by": MINUTE}, "next_update_by")]
)
def test_an_update_needs_a_message_and_promises_a_time_to_come(
    now: datetime, wrong: dict[str, object], field: str
) -> None:
    incident = build.incident(now=now)
    fields = {
        name: now + value if isinstance(value, timedelta) else value
        for name, value in wrong.items()
    }
    with pytest.raises(ValidationError) as refused:
        update(incident, State.IDENTIFIED, now + HOUR, **fields)

    assert list(refused.value.message_dict) == [field]
    assert incident.updates.count() == 1


def test_a_promise_ends_with_the_incident(now: datetime) -> None:
    incident = build.incident(now=now, next_update_by=now + HOUR)
    assert Incident.objects.get().next_update_by == now + HOUR

    update(incident, State.RESOLVED, now + MINUTE, next_update_by=now + HOUR)

    assert Incident.objects.get().next_update_by is None


@pytest.mark.req("M4")
def test_a_draft_touches_nothing_and_is_saved_under_its_name(now: datetime) -> None:
    one, two = build.component(), build.component()
    before = catalogue.page().revision
    name = public_ids.make()
    draft = publishing.save_draft(
        report=report(title="", components={one.id: None}), notify=True, now=now, public_id=name
    )
    again = publishing.save_draft(
        report=report(title="Better", components={two.id: None}),
        notify=False,
        now=now + MINUTE,
        public_id=name,
    )

    assert draft.pk == again.pk
    assert list(Incident.objects.drafts()) == [draft]
    assert not Incident.objects.public().exists()
    assert [row.component_id for row in again.affected.all()] == [two.id]
    assert (again.draft_text, again.draft_notifies) == ("Looking.", False)
    assert (shown(one), shown(two)) == (Status.OPERATIONAL, Status.OPERATIONAL)
    assert catalogue.page().revision == before


def test_a_draft_is_published_once_and_from_its_backdated_start(now: datetime) -> None:
    component = build.component()
    draft = publishing.save_draft(
        report=report(components={component.id: None}, started_at=now - HOUR), notify=True, now=now
    )

    publishing.publish_draft(incident=draft, now=now + MINUTE)

    assert Incident.objects.get().draft_text == ""
    assert IncidentUpdate.objects.get().at == now + MINUTE
    assert StatusChange.objects.latest("id").at == now - HOUR
    with pytest.raises(IncidentGone):
        publishing.publish_draft(incident=draft, now=now + MINUTE)
    with pytest.raises(IncidentGone):
        publishing.save_draft(report=report(), notify=True, now=now, public_id=draft.public_id)
    with pytest.raises(IncidentGone):
        publishing.discard_draft(incident=draft)
    assert IncidentUpdate.objects.count() == 1


@pytest.mark.parametrize(
    ("left_open", "field"),
    [({"title": ""}, "title"), ({"next_update_by": MINUTE}, "next_update_by")],
)
def test_a_draft_is_published_only_when_nothing_is_missing(
    now: datetime, left_open: dict[str, object], field: str
) -> None:
    fields = {
        name: now + value if isinstance(value, timedelta) else value
        for name, value in left_open.items()
    }
    draft = publishing.save_draft(report=report(**fields), notify=True, now=now)

    with pytest.raises(ValidationError) as refused:
        publishing.publish_draft(incident=draft, now=now + HOUR)

    assert list(refused.value.message_dict) == [field]
    assert not Incident.objects.public().exists()


def test_a_discarded_draft_leaves_nothing(now: datetime) -> None:
    draft = publishing.save_draft(report=report(), notify=True, now=now)
    publishing.discard_draft(incident=draft)
    assert not Incident.objects.exists()
    assert not WithdrawnEvent.objects.exists()


@pytest.mark.req("I15", "AMB-9")
def test_a_past_incident_goes_straight_to_the_history(now: datetime) -> None:
    component = build.component()
    changes = StatusChange.objects.count()
    incident = publishing.record_past(
        report=report(components={component.id: None}, started_at=now - 3 * HOUR),
        resolved_at=now - HOUR,
        now=now,
    )

    assert list(Incident.objects.past()) == [incident]
    assert not Incident.objects.open().exists()
    assert incident.updates.get().notifies is False
    assert shown(component) == Status.OPERATIONAL
    assert StatusChange.objects.count() == changes
    assert not StatusClaim.objects.exists()
    period = DeclaredPeriod.objects.get()
    assert (period.starts_at, period.ends_at, period.status) == (
        now - 3 * HOUR,
        now - HOUR,
        "partial_outage",
    )


@pytest.mark.parametrize(
    ("started", "resolved", "field"),
    [
        (None, -HOUR, "started_at"),
        (-HOUR, -HOUR, "resolved_at"),
        (-HOUR, -2 * HOUR, "resolved_at"),
        (-HOUR, HOUR, "resolved_at"),
    ],
)
@pytest.mark.req("I15")
def test_a_past_incident_has_its_start_before_its_end_and_both_in_the_past(
    now: datetime, started: timedelta | None, resolved: timedelta, field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        publishing.record_past(
            report=report(started_at=None if started is None else now + started),
            resolved_at=now + resolved,
            now=now,
        )
    assert list(refused.value.message_dict) == [field]
    assert not Incident.objects.exists()


def test_title_and_start_can_be_revised_and_uptime_follows(now: datetime) -> None:
    component = build.component()
    incident = publishing.record_past(
        report=report(components={component.id: None}, started_at=now - 3 * HOUR),
        resolved_at=now - HOUR,
        now=now,
    )
    before = catalogue.page().revision

    publishing.revise(incident=incident, title="Better", started_at=now - 2 * HOUR, now=now)

    incident.refresh_from_db()
    assert (incident.title, incident.started_at) == ("Better", now - 2 * HOUR)
    assert DeclaredPeriod.objects.get().starts_at == now - 2 * HOUR
    assert incident.updates.count() == 1
    assert incident.page_revision > before


@pytest.mark.parametrize("is_reopened", [False, True])
def test_a_start_at_or_after_the_end_is_refused(now: datetime, is_reopened: bool) -> None:
    incident = publishing.record_past(
        report=report(components={build.component().id: None}, started_at=now - 3 * HOUR),
        resolved_at=now - HOUR,
        now=now,
    )
    if is_reopened:
        update(incident, State.INVESTIGATING, now)

    for start in (now - HOUR, now + MINUTE):
        with pytest.raises(ValidationError) as refused:
            publishing.revise(incident=incident, title="x", started_at=start, now=now)
        assert list(refused.value.message_dict) == ["started_at"]
    assert Incident.objects.get().title == "Payments fail"


@pytest.mark.req("I16", "AMB-18")
def test_deleting_leaves_the_address_and_no_word(now: datetime) -> None:
    component = build.component()
    incident = build.incident(components={component: None}, title="Secret trouble", now=now)
    update(incident, State.IDENTIFIED, now + MINUTE)
    before = catalogue.page().revision

    mark = publishing.delete_incident(incident=incident, now=now + HOUR)

    assert not Incident.objects.exists()
    assert not IncidentUpdate.objects.exists()
    assert not StatusClaim.objects.exists()
    assert shown(component) == Status.OPERATIONAL
    assert (mark.public_id, mark.withdrawn_at) == (incident.public_id, now + HOUR)
    assert mark.page_revision > before
    assert not StatusChange.objects.filter(note__icontains="secret").exists()
    with pytest.raises(IncidentGone):
        publishing.delete_incident(incident=incident, now=now + HOUR)
    with pytest.raises(IncidentGone):
        update(incident, State.RESOLVED, now + HOUR)
    with pytest.raises(IncidentGone):  # nor is its address given to another
        publishing.save_draft(report=report(), notify=True, now=now, public_id=incident.public_id)


@pytest.mark.req("I16", "AMB-9")
def test_deleting_a_past_incident_gives_back_its_minutes(now: datetime) -> None:
    incident = publishing.record_past(
        report=report(components={build.component().id: None}, started_at=now - 3 * HOUR),
        resolved_at=now - HOUR,
        now=now,
    )
    publishing.delete_incident(incident=incident, now=now)
    assert not DeclaredPeriod.objects.exists()


@pytest.mark.req("I16", "AMB-18", "F14")
def test_the_audit_log_of_a_deleted_incident_keeps_who_and_when_and_no_text(now: datetime) -> None:
    incident = build.incident(title="Secret trouble", text="Secret words.", now=now)
    timeline.correct(update=incident.updates.get(), text="Secret correction.", author=None, now=now)
    update(incident, State.RESOLVED, now + MINUTE, text="Secret end.")
    postmortems.save_draft(
        incident=incident,
        writing=Writing(title="Secret report", entries=[Entry(at=now, text="Secret line")]),
        now=now,
    )

    def told() -> str:
        return str(list(AuditEntry.objects.values("object_repr", "changes", "serialized_data")))

    assert "Secret words." in told()
    before = AuditEntry.objects.count()

    publishing.delete_incident(incident=incident, now=now + HOUR)

    assert "Secret" not in told()
    assert AuditEntry.objects.count() > before
