"""Maintenance by hand: planned, begun, said, extended, changed, cancelled, deleted."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from accounts.models import AuditEntry
from components import catalogue, claims
from components.models import Component, StatusChange, StatusClaim
from components.status import Source, Status
from incidents import maintenance as work
from incidents import maintenance_changes, maintenance_entries
from incidents import maintenance_plans as plans
from incidents.lifecycle import State as IncidentState
from incidents.maintenance import MaintenanceGone
from incidents.models import Maintenance, MaintenanceUpdate, WithdrawnEvent
from incidents.windows import Kind, State, StepNotAllowed
from tests import build

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
MT, OP = Status.UNDER_MAINTENANCE, Status.OPERATIONAL


def shown(component: Component) -> Status:
    component.refresh_from_db()
    return component.shown_status


def entries(row: Maintenance) -> list[tuple[str, str]]:
    return list(row.updates.order_by("id").values_list("kind", "state"))


def post(row: Maintenance, state: State, now: datetime, text: str = "") -> MaintenanceUpdate:
    return work.post_update(maintenance=row, state=state, text=text, notify=True, now=now)


@pytest.mark.req("K1", "I17")
def test_planned_work_is_public_at_once_and_touches_no_status_yet(now: datetime) -> None:
    component = build.component()
    before = catalogue.page().revision

    row = build.maintenance(now=now, components=[component], title=" Disk  swap ")

    assert Maintenance.objects.public().get() == row
    assert (row.title, row.state_value, row.starts_at, row.ends_at) == (
        "Disk swap",
        State.SCHEDULED,
        now + HOUR,
        now + 2 * HOUR,
    )
    assert row.next_step_at == row.starts_at
    assert "<p>We replace a disk.</p>" in row.html
    assert shown(component) == OP
    assert catalogue.page().revision > before
    assert row.page_revision <= catalogue.page().revision


@pytest.mark.req("K1")
def test_coming_work_is_listed_soonest_first_and_only_so_far_ahead(now: datetime) -> None:
    wall = now.replace(tzinfo=None)
    later = build.maintenance(now=now, wall_start=wall + 3 * HOUR)
    soon = build.maintenance(now=now, wall_start=wall + HOUR)
    build.maintenance(now=now, wall_start=wall + timedelta(days=8))

    assert list(Maintenance.objects.upcoming(now, timedelta(days=7))) == [soon, later]


@pytest.mark.req("K2", "K5")
def test_impromptu_work_begins_at_once_with_its_seconds(now: datetime) -> None:
    components = [build.component(), build.component()]
    now += timedelta(seconds=17)

    row = work.begin(plan=build.plan(now=now, components=components), notify=True, now=now)

    assert row.state_value == State.IN_PROGRESS
    assert (row.starts_at, row.started_at, row.ends_at) == (now, now, now + HOUR)
    assert row.next_step_at == now + HOUR
    assert [shown(one) for one in components] == [MT, MT]
    assert entries(row) == [(Kind.STARTED, State.IN_PROGRESS)]
    assert list(Maintenance.objects.running()) == [row]


@pytest.mark.req("K4", "O7")
def test_every_state_is_an_entry_that_is_told(now: datetime) -> None:
    row = build.maintenance(now=now)

    post(row, State.IN_PROGRESS, now + HOUR)
    post(row, State.VERIFICATION, now + HOUR + MINUTE, "The disk is in.")
    post(row, State.COMPLETED, now + 2 * HOUR)

    assert entries(row) == [
        (Kind.SCHEDULED, State.SCHEDULED),
        (Kind.STARTED, State.IN_PROGRESS),
        (Kind.VERIFICATION, State.VERIFICATION),
        (Kind.COMPLETED, State.COMPLETED),
    ]
    assert set(row.updates.values_list("notifies", flat=True)) == {True}
    row.refresh_from_db()
    assert (row.started_at, row.ended_at, row.next_step_at) == (now + HOUR, now + 2 * HOUR, None)
    assert list(Maintenance.objects.past()) == [row]


@pytest.mark.req("K4", "K6")
def test_components_stay_under_maintenance_while_it_is_verified(now: datetime) -> None:
    component = build.component()
    row = build.maintenance(now=now, components=[component])

    post(row, State.IN_PROGRESS, now)
    assert shown(component) == MT
    post(row, State.VERIFICATION, now + MINUTE)
    assert shown(component) == MT
    update = post(row, State.COMPLETED, now + 2 * MINUTE)

    assert shown(component) == OP
    seen = update.components.get()
    assert (seen.name, seen.previous, seen.status) == (component.name, MT, OP)


@pytest.mark.req("AMB-6", "I14", "K6")
def test_the_end_withdraws_only_what_the_maintenance_said(now: datetime) -> None:
    component = build.component()
    row = build.maintenance(now=now, components=[component])
    post(row, State.IN_PROGRESS, now)
    build.incident(components={component: Status.MAJOR_OUTAGE}, now=now + MINUTE)
    assert shown(component) == Status.MAJOR_OUTAGE  # maintenance never hides what is declared

    post(row, State.COMPLETED, now + HOUR)

    assert shown(component) == Status.MAJOR_OUTAGE
    assert not StatusClaim.objects.filter(source=Source.MAINTENANCE).exists()


@pytest.mark.req("AMB-6")
def test_two_windows_over_one_component_end_one_by_one(now: datetime) -> None:
    component = build.component()
    one = build.maintenance(now=now, components=[component])
    other = build.maintenance(now=now, components=[component])
    post(one, State.IN_PROGRESS, now)
    post(other, State.IN_PROGRESS, now)

    post(one, State.COMPLETED, now + MINUTE)
    assert shown(component) == MT
    post(other, State.CANCELLED, now + 2 * MINUTE)
    assert shown(component) == OP


def test_what_monitors_say_shows_again_after_the_window(now: datetime) -> None:
    component = build.component()
    row = build.maintenance(now=now, components=[component])
    post(row, State.IN_PROGRESS, now)
    claims.set_claim(
        component=component,
        source=Source.MONITOR,
        reference="monitors",
        claimed=Status.MAJOR_OUTAGE,
        now=now + MINUTE,
    )
    assert shown(component) == MT

    post(row, State.COMPLETED, now + HOUR)

    assert shown(component) == Status.MAJOR_OUTAGE


def test_work_that_nobody_notices_leaves_a_component_to_its_monitors(now: datetime) -> None:
    component = build.component()
    row = build.maintenance(now=now, components=[component])
    plan = replace(plans.of(row), components={component.id: OP})
    maintenance_changes.change(maintenance=row, plan=plan, notify=False, now=now)

    post(row, State.IN_PROGRESS, now + MINUTE)
    assert shown(component) == OP
    claims.set_claim(
        component=component,
        source=Source.MONITOR,
        reference="monitors",
        claimed=Status.MAJOR_OUTAGE,
        now=now + 2 * MINUTE,
    )

    assert shown(component) == Status.MAJOR_OUTAGE


def test_a_switch_takes_no_step_as_of_a_time_at_which_nothing_happened(now: datetime) -> None:
    row = build.maintenance(now=now, auto_start=False, auto_finish=False)
    by_itself = replace(plans.of(row), auto_start=True, auto_finish=True)

    with pytest.raises(ValidationError, match="The start has passed"):
        maintenance_changes.change(
            maintenance=row, plan=by_itself, notify=False, now=now + HOUR + MINUTE
        )
    post(row, State.IN_PROGRESS, now + HOUR + MINUTE)
    with pytest.raises(ValidationError, match="The end has passed"):
        maintenance_changes.change(
            maintenance=row, plan=by_itself, notify=False, now=now + 3 * HOUR
        )


def test_a_note_needs_a_text_and_a_step_needs_none(now: datetime) -> None:
    row = build.maintenance(now=now)

    with pytest.raises(ValidationError):
        post(row, State.SCHEDULED, now)
    post(row, State.SCHEDULED, now, "Bring **coffee**.")

    assert entries(row)[-1] == (Kind.NOTE, State.SCHEDULED)
    assert "<strong>coffee</strong>" in row.updates.order_by("id").last().html  # type: ignore[union-attr]


def test_a_step_that_is_not_allowed_saves_nothing(now: datetime) -> None:
    row = build.maintenance(now=now)

    with pytest.raises(StepNotAllowed):
        post(row, State.COMPLETED, now)

    row.refresh_from_db()
    assert row.state_value == State.SCHEDULED
    assert len(entries(row)) == 1


@pytest.mark.req("K6")
def test_cancelled_work_takes_no_step_and_claims_nothing(now: datetime) -> None:
    component = build.component()
    row = build.maintenance(now=now, components=[component])

    work.post_update(maintenance=row, state=State.CANCELLED, notify=False, now=now)

    row.refresh_from_db()
    assert (row.state_value, row.next_step_at, row.ended_at) == (State.CANCELLED, None, None)
    assert row.sequence == 1  # calendars take the cancellation
    assert row.updates.filter(notifies=True).count() == 1  # the announcement, not the end
    assert shown(component) == OP


@pytest.mark.req("K6")
@pytest.mark.parametrize("minutes", [15, 30, 60])
def test_extending_puts_off_the_end_and_tells(now: datetime, minutes: int) -> None:
    row = build.maintenance(now=now)
    post(row, State.IN_PROGRESS, now + HOUR)

    update = maintenance_changes.extend(
        maintenance=row, by=timedelta(minutes=minutes), notify=True, now=now + HOUR + MINUTE
    )

    row.refresh_from_db()
    assert row.ends_at == row.next_step_at == now + 2 * HOUR + timedelta(minutes=minutes)
    assert (update.kind, update.notifies, update.ends_at) == (Kind.EXTENDED, True, row.ends_at)
    assert row.sequence == 2  # of the start, and of the longer end


def test_an_overdue_window_is_extended_from_now(now: datetime) -> None:
    row = build.maintenance(now=now, auto_finish=False)
    post(row, State.IN_PROGRESS, now + HOUR)
    late = now + 4 * HOUR
    row.refresh_from_db()
    assert row.overrun(late) == 2 * HOUR

    maintenance_changes.extend(maintenance=row, by=15 * MINUTE, notify=False, now=late)

    row.refresh_from_db()
    assert row.ends_at == late + 15 * MINUTE
    assert row.overrun(late) == timedelta()


def test_only_running_work_is_extended_and_not_without_end(now: datetime) -> None:
    row = build.maintenance(now=now)
    with pytest.raises(StepNotAllowed):
        maintenance_changes.extend(maintenance=row, by=15 * MINUTE, notify=True, now=now)
    post(row, State.IN_PROGRESS, now)

    for by in (timedelta(days=31), -MINUTE):
        with pytest.raises(ValidationError):
            maintenance_changes.extend(maintenance=row, by=by, notify=True, now=now)


def test_another_time_is_told_and_raises_the_calendar_number(now: datetime) -> None:
    row = build.maintenance(now=now, lead_minutes=(30,))
    plan = replace(
        plans.of(row), wall_start=(now + 5 * HOUR).replace(tzinfo=None), duration=2 * HOUR
    )

    maintenance_changes.change(maintenance=row, plan=plan, notify=True, now=now)

    row.refresh_from_db()
    assert (row.starts_at, row.ends_at, row.sequence) == (now + 5 * HOUR, now + 7 * HOUR, 1)
    assert row.next_step_at == row.starts_at
    update = row.updates.order_by("id").last()
    assert update is not None
    assert (update.kind, update.notifies, update.starts_at) == (
        Kind.RESCHEDULED,
        True,
        now + 5 * HOUR,
    )
    assert row.reminders.get().due_at == now + 5 * HOUR - 30 * MINUTE


def test_other_words_are_no_entry(now: datetime) -> None:
    row = build.maintenance(now=now)
    plan = replace(plans.of(row), title="Other", text="*New*")

    maintenance_changes.change(maintenance=row, plan=plan, notify=True, now=now + MINUTE)

    row.refresh_from_db()
    assert (row.title, row.sequence, row.changed_at) == ("Other", 1, now + MINUTE)
    assert "<em>New</em>" in row.html
    assert len(entries(row)) == 1


def test_a_component_taken_off_while_it_runs_is_free_at_once(now: datetime) -> None:
    kept, freed, added = build.component(), build.component(), build.component()
    row = build.maintenance(now=now, components=[kept, freed])
    post(row, State.IN_PROGRESS, now)
    chosen = plans.under_maintenance([kept.id, added.id])
    plan = replace(plans.of(row), components=chosen)

    maintenance_changes.change(maintenance=row, plan=plan, notify=False, now=now + MINUTE)

    assert [shown(one) for one in (kept, freed, added)] == [MT, OP, MT]


def test_a_window_that_has_begun_keeps_its_start(now: datetime) -> None:
    row = build.maintenance(now=now)
    post(row, State.IN_PROGRESS, now)
    plan = plans.of(row)

    with pytest.raises(ValidationError, match="its start stays"):
        maintenance_changes.change(
            maintenance=row,
            plan=replace(plan, wall_start=plan.wall_start + HOUR),
            notify=True,
            now=now,
        )
    with pytest.raises(ValidationError, match="This end has passed"):
        maintenance_changes.change(
            maintenance=row,
            plan=replace(plan, duration=5 * MINUTE),
            notify=True,
            now=now + HOUR + 6 * MINUTE,
        )


def test_the_times_of_a_past_window_stay_and_its_words_do_not(now: datetime) -> None:
    component = build.component()
    row = build.maintenance(now=now, components=[component])
    post(row, State.CANCELLED, now)
    plan = plans.of(row)

    with pytest.raises(ValidationError, match="its times stay"):
        maintenance_changes.change(
            maintenance=row,
            plan=replace(plan, duration=2 * HOUR),
            notify=True,
            now=now,
        )
    maintenance_changes.change(
        maintenance=row, plan=replace(plan, title="Swap"), notify=True, now=now
    )

    row.refresh_from_db()
    assert (row.title, shown(component)) == ("Swap", OP)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"duration": timedelta()}, "ends_at"),
        ({"duration": -HOUR}, "ends_at"),
        ({"duration": timedelta(days=31)}, "ends_at"),
        ({"wall_start": datetime(2026, 11, 19, 14, 30)}, "starts_at"),
        ({"wall_start": datetime(9999, 1, 1)}, "starts_at"),
        ({"wall_start": datetime(2099, 1, 1)}, "starts_at"),
        ({"components": {}}, "components"),
        ({"components": {10**9: MT}}, "components"),
        ({"lead_minutes": (0,)}, "lead_minutes"),
        ({"lead_minutes": (1, 2, 3, 4, 5, 6)}, "lead_minutes"),
    ],
)
@pytest.mark.req("K5")
def test_a_plan_that_cannot_be_is_refused_by_field(
    now: datetime, wrong: dict[str, object], field: str
) -> None:
    plan = replace(build.plan(now=now), **wrong)  # type: ignore[arg-type]

    with pytest.raises(ValidationError) as caught:
        work.schedule(plan=plan, notify=True, now=now)

    assert list(caught.value.message_dict) == [field]
    assert not Maintenance.objects.exists()


def test_a_component_cannot_be_planned_unknown(now: datetime) -> None:
    plan = replace(build.plan(now=now), components={build.component().id: Status.UNKNOWN})

    with pytest.raises(ValidationError):
        work.schedule(plan=plan, notify=True, now=now)


@pytest.mark.req("AMB-18")
def test_a_deleted_maintenance_leaves_only_its_address(now: datetime) -> None:
    component = build.component()
    row = build.maintenance(now=now, components=[component], title="Secret work")
    post(row, State.IN_PROGRESS, now)
    before = catalogue.page().revision

    mark = work.delete(maintenance=row, now=now + MINUTE)

    assert shown(component) == OP
    assert not Maintenance.objects.exists()
    assert not MaintenanceUpdate.objects.exists()
    assert WithdrawnEvent.objects.get() == mark
    assert (mark.public_id, mark.kind) == (row.public_id, "maintenance")
    assert mark.page_revision > before
    assert StatusChange.objects.filter(cause=Source.MAINTENANCE).exists()
    assert not StatusChange.objects.filter(note__icontains="secret").exists()
    with pytest.raises(MaintenanceGone):
        post(row, State.COMPLETED, now)


@pytest.mark.req("AMB-18")
def test_the_audit_log_keeps_who_did_it_without_any_text(now: datetime) -> None:
    row = build.maintenance(now=now, title="Unheard-of words", text="Secret plans")
    post(row, State.IN_PROGRESS, now, "More words")

    work.delete(maintenance=row, now=now + MINUTE)

    entries_left = AuditEntry.objects.filter(
        content_type__model__in=["maintenance", "maintenanceupdate"]
    )
    assert entries_left.exists()
    assert not entries_left.exclude(redacted_at=now + MINUTE).exists()
    kept = " ".join(str(vars(entry)) for entry in entries_left)
    assert "words" not in kept
    assert "Secret" not in kept


def test_a_corrected_entry_is_marked_and_told_to_nobody(now: datetime) -> None:
    row = build.maintenance(now=now)
    update = post(row, State.SCHEDULED, now, "Teh disk.")
    told = row.updates.filter(notifies=True).count()

    fixed = maintenance_entries.correct(update=update, text="The disk.", now=now + MINUTE)

    assert (fixed.text, fixed.corrected_at) == ("The disk.", now + MINUTE)
    assert row.updates.filter(notifies=True).count() == told
    row.refresh_from_db()
    assert row.changed_at == now + MINUTE


def test_every_visible_step_has_a_later_revision(now: datetime) -> None:
    row = build.maintenance(now=now)
    revisions = [row.page_revision]
    for state in (State.IN_PROGRESS, State.VERIFICATION, State.COMPLETED):
        post(row, state, now)
        row.refresh_from_db()
        revisions.append(row.page_revision)

    assert revisions == sorted(set(revisions))


@pytest.mark.req("I17")
def test_maintenance_and_incidents_do_not_mix(now: datetime) -> None:
    component = build.component()
    row = build.maintenance(now=now, components=[component])
    incident = build.incident(components={component: None}, now=now)
    post(row, State.IN_PROGRESS, now)

    post(row, State.COMPLETED, now + HOUR)

    incident.refresh_from_db()
    assert incident.state_value == IncidentState.INVESTIGATING
    assert StatusChange.objects.filter(cause=Source.MAINTENANCE).count() == 0
