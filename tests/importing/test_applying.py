"""A plan becomes rows: once, resumably, with its past, and nobody is told."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail

from components import catalogue, uptime
from components.models import Component, ComponentGroup, StatusChange
from components.status import Status
from components.uptime import Weights
from importing import applying
from importing.models import ImportedRow
from importing.plans import (
    Announcement,
    Group,
    Incident,
    Maintenance,
    Node,
    Plan,
    Span,
    Subscriber,
    Template,
    Update,
    UptimeDay,
)
from importing.plans import Component as Service
from incidents import due_steps, publishing
from incidents.models import Incident as IncidentRow
from incidents.models import Maintenance as MaintenanceRow
from incidents.models import MaintenanceSeries
from monitoring.models import Node as NodeRow
from notifications.models import Delivery
from subscribers import fanout, subscribing, suppressing
from subscribers.models import Broadcast, State, Suppression
from subscribers.models import Subscriber as SubscriberRow

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def whole(now: datetime) -> Plan:
    """A plan with one of everything; the API was down for an hour yesterday."""
    yesterday = now - DAY
    return Plan(
        source="elsewhere",
        page={"name": "Acme status"},
        groups=(Group(key="1", name="Core", public_id="0bcdfghjklmn"),),
        components=(
            Service(
                key="api",
                name="API",
                group="1",
                created_at=now - 10 * DAY,
                public_id="1bcdfghjklmn",
                nodes=(
                    Node(
                        key="api",
                        name="API",
                        options={"interval_s": 30, "dead_after_s": 8.0},
                        addresses=("https://example.com/health",),
                    ),
                ),
            ),
            Service(key="web", name="Website", created_at=now - 20 * DAY),
        ),
        spans=(
            Span(
                component="api",
                status=Status.MAJOR_OUTAGE,
                starts_at=yesterday,
                ends_at=yesterday + HOUR,
            ),
        ),
        incidents=(
            Incident(
                key="i1",
                title="The website is slow",
                impact="minor",
                started_at=now - 5 * DAY,
                resolved_at=now - 5 * DAY + 2 * HOUR,
                components=("web",),
                public_id="2bcdfghjklmn",
                updates=(
                    Update(
                        key="u1",
                        state="investigating",
                        text="We look.",
                        at=now - 5 * DAY,
                        components={"web": (Status.OPERATIONAL, Status.PARTIAL_OUTAGE)},
                        public_id="3bcdfghjklmn",
                    ),
                    Update(
                        key="u2",
                        state="resolved",
                        text="It is **over**.",
                        at=now - 5 * DAY + 2 * HOUR,
                        components={"web": (Status.PARTIAL_OUTAGE, Status.OPERATIONAL)},
                    ),
                ),
                postmortem="A disk was full.",
            ),
            Incident(
                key="i2",
                title="The website is down",
                impact="major",
                started_at=now - HOUR,
                components=("web",),
                updates=(Update(key="u3", state="identified", text="A cable.", at=now - HOUR),),
            ),
        ),
        maintenances=(
            Maintenance(
                key="m1",
                title="New disks",
                text="We replace disks.",
                state="scheduled",
                starts_at=now + DAY,
                ends_at=now + DAY + HOUR,
                components=("api",),
                public_id="4bcdfghjklmn",
            ),
            Maintenance(
                key="m2",
                title="Every Sunday",
                text="",
                state="scheduled",
                starts_at=now - 30 * DAY,
                ends_at=now - 30 * DAY + HOUR,
                components=("api",),
                zone="Europe/Berlin",
                rule="FREQ=WEEKLY;BYDAY=SU",
            ),
            Maintenance(
                key="m3",
                title="Last week's work",
                text="",
                state="completed",
                starts_at=now - 7 * DAY,
                ends_at=now - 7 * DAY + HOUR,
                components=("web",),
            ),
        ),
        subscribers=(
            Subscriber(
                key="s1",
                email="ada@example.com",
                is_confirmed=True,
                confirmed_at=now - 100 * DAY,
            ),
            Subscriber(key="s2", email="bob@example.com", is_confirmed=False),
            Subscriber(key="s3", email="eve@example.com", is_confirmed=True, is_suppressed=True),
            Subscriber(key="s4", email="no address", is_confirmed=True),
            Subscriber(key="s5", email="carl@example.com", is_confirmed=True, components=("web",)),
        ),
        templates=(Template(key="t1", name="Disk", title="Disk full", text="We look."),),
        announcements=(
            Announcement(key="a1", title="Hello", text="New page.", starts_at=now - DAY),
            Announcement(
                key="a2", title="Old", text="x", starts_at=now - 2 * DAY, ends_at=now - DAY
            ),
        ),
    )


def run_beats(now: datetime) -> None:
    """What the beat does about events and subscribers, until nothing is left to do."""
    due_steps.take(now=now)
    while fanout.expand(now=now):
        pass


def test_a_plan_becomes_rows_with_their_ids_and_their_past(now: datetime) -> None:
    outcome = applying.apply(whole(now), now=now, dry_run=False)

    assert {line.name: line.reason for line in outcome.refused}.keys() == {"no address"}
    api, web = Component.objects.get(name="API"), Component.objects.get(name="Website")
    assert (api.public_id, api.group and api.group.public_id) == ("1bcdfghjklmn", "0bcdfghjklmn")
    assert api.created_at == now - 10 * DAY
    node = NodeRow.objects.get()
    assert (node.interval_s, node.dead_after_s, node.sick_after_s) == (30, 8.0, 8.0)
    assert [one.address for one in node.replicas.all()] == ["https://example.com/health"]
    past, going_on = IncidentRow.objects.order_by("started_at")
    assert (past.public_id, past.origin, past.state) == ("2bcdfghjklmn", "import", "postmortem")
    assert past.updates.order_by("at").first().public_id == "3bcdfghjklmn"  # type: ignore[union-attr]
    assert past.postmortem.summary == "A disk was full."
    assert going_on.is_open
    assert web.status == Status.PARTIAL_OUTAGE  # what the open incident says
    assert MaintenanceRow.objects.get(title="New disks").public_id == "4bcdfghjklmn"
    assert MaintenanceRow.objects.get(title="Last week's work").state == "completed"
    series = MaintenanceSeries.objects.get()
    assert series.occurrences.order_by("starts_at")[0].starts_at > now
    assert {row.address: row.state for row in SubscriberRow.objects.all()} == {
        "ada@example.com": State.ACTIVE,
        "bob@example.com": State.WAITING,
        "carl@example.com": State.ACTIVE,
    }
    assert SubscriberRow.objects.get(address="ada@example.com").confirmed_at == now - 100 * DAY
    assert Suppression.objects.get().canonical == "eve@example.com"
    assert catalogue.page().name == "Status"


def test_nobody_is_told_of_anything_that_was_imported(now: datetime) -> None:
    applying.apply(whole(now), now=now, dry_run=False)
    for later in (now, now + DAY, now + DAY + 2 * HOUR, now + 8 * DAY):
        run_beats(later)

    assert MaintenanceRow.objects.get(title="New disks").state == "completed"  # it did take place
    assert not Broadcast.objects.exists()
    assert not Delivery.objects.exists()
    assert mail.outbox == []


def test_a_dry_run_writes_nothing_and_says_the_same(now: datetime) -> None:
    foreseen = applying.apply(whole(now), now=now, dry_run=True)

    assert not Component.objects.exists()
    assert not ImportedRow.objects.exists()
    assert not IncidentRow.objects.exists()
    assert not StatusChange.objects.exists()
    done = applying.apply(whole(now), now=now, dry_run=False)
    assert foreseen.created == done.created
    assert foreseen.skipped == done.skipped
    assert foreseen.refused == done.refused


def test_a_second_run_changes_nothing(now: datetime) -> None:
    applying.apply(whole(now), now=now, dry_run=False)
    rows = everything()

    again = applying.apply(whole(now), now=now + HOUR, dry_run=False)

    assert again.created == ()
    assert everything() == rows


def everything() -> list[Any]:
    models = (Component, ComponentGroup, StatusChange, NodeRow, IncidentRow, MaintenanceRow)
    rows = [list(model.objects.order_by("pk").values()) for model in models]
    return [*rows, list(SubscriberRow.objects.order_by("pk").values())]


def test_a_run_that_was_interrupted_goes_on_where_it_stopped(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = whole(now)
    # A state that no lifecycle knows ends the run as a killed process would: between two things.
    strange = replace(plan.incidents[1].updates[0], state="exploded")
    broken = replace(plan.incidents[1], updates=(strange,))
    with pytest.raises(ValueError, match="exploded"):
        applying.apply(replace(plan, incidents=(plan.incidents[0], broken)), now=now, dry_run=False)
    assert Component.objects.count() == 2
    assert not SubscriberRow.objects.exists()

    outcome = applying.apply(plan, now=now + HOUR, dry_run=False)

    assert {"component", "incident"} <= {line.kind for line in outcome.skipped}
    assert Component.objects.count() == 2
    assert IncidentRow.objects.count() == 2
    assert SubscriberRow.objects.count() == 3


def test_what_operators_removed_stays_away_and_what_they_changed_stays_so(now: datetime) -> None:
    plan = whole(now)
    applying.apply(plan, now=now, dry_run=False)
    api, web = Component.objects.get(name="API"), Component.objects.get(name="Website")
    catalogue.remove_component(component=api)
    catalogue.change_component(component=web, name="Our website")
    gone = IncidentRow.objects.get(public_id="2bcdfghjklmn")
    publishing.delete_incident(incident=gone, now=now)

    again = applying.apply(plan, now=now + HOUR, dry_run=False)

    assert again.created == ()
    assert [row.name for row in Component.objects.all()] == ["Our website"]
    reasons = {(line.kind, line.name): line.reason for line in again.skipped}
    assert "not brought back" in reasons["component", "API"]
    assert "not overwritten" in reasons["component", "Website"]
    assert "not brought back" in reasons["incident", "The website is slow"]
    assert reasons["group", "Core"] == "imported before"


def test_a_source_that_changed_is_reported_and_not_taken_over(now: datetime) -> None:
    plan = whole(now)
    applying.apply(plan, now=now, dry_run=False)
    renamed = replace(plan.components[1], name="Shop")

    again = applying.apply(
        replace(plan, components=(plan.components[0], renamed)), now=now, dry_run=False
    )

    assert Component.objects.filter(name="Website").exists()
    reasons = {line.name: line.reason for line in again.skipped}
    assert "the source has changed since" in reasons["Shop"]


def test_a_group_of_the_same_name_is_used(now: datetime) -> None:
    core = catalogue.add_group(name="Core")

    outcome = applying.apply(whole(now), now=now, dry_run=False)

    assert Component.objects.get(name="API").group == core
    assert "it is used" in next(line.reason for line in outcome.skipped if line.kind == "group")


def test_an_id_that_is_taken_or_of_another_form_is_replaced(now: datetime) -> None:
    first = whole(now)
    applying.apply(first, now=now, dry_run=False)
    other = replace(first, source="elsewhere else", subscribers=(), templates=())
    odd = replace(other.components[1], public_id="AEIOU")

    applying.apply(
        replace(other, components=(other.components[0], odd), groups=()), now=now, dry_run=False
    )

    assert Component.objects.filter(public_id="1bcdfghjklmn").count() == 1
    assert Component.objects.count() == 4
    assert IncidentRow.objects.filter(public_id="2bcdfghjklmn").count() == 1


def test_who_left_or_is_suppressed_here_stays_so(now: datetime) -> None:
    row = subscribing.add_confirmed(
        page=catalogue.page(),
        channel="email",
        address="ada@example.com",
        canonical="ada@example.com",
        choice=subscribing.Choice(),
        origin="operator",
        consent_note="",
        now=now,
    )
    subscribing.leave(subscriber=row, now=now)
    suppressing.suppress(channel="email", canonical="bob@example.com", note="", now=now)

    outcome = applying.apply(whole(now), now=now, dry_run=False)

    assert SubscriberRow.objects.filter(state=State.ACTIVE).count() == 1  # Carl
    assert {"ada@example.com", "bob@example.com"} <= {line.name for line in outcome.skipped}


@pytest.mark.parametrize(
    ("state", "starts", "is_auto", "then"),
    [
        ("scheduled", DAY, True, ["in_progress", "completed"]),
        ("scheduled", DAY, False, ["scheduled", "scheduled"]),
        ("scheduled", -HOUR, False, ["scheduled", "scheduled"]),  # its start has passed already
        ("in_progress", -HOUR, True, ["in_progress", "completed"]),
        ("in_progress", -HOUR, False, ["in_progress", "in_progress"]),
        ("in_progress", -3 * HOUR, False, ["in_progress", "in_progress"]),  # its end has
    ],
)
def test_maintenance_that_a_person_begins_and_ends_there_does_not_go_by_itself_here(
    now: datetime, state: str, starts: timedelta, is_auto: bool, then: list[str]
) -> None:
    starts_at = now.replace(second=0, microsecond=0) + starts
    work = Maintenance(
        key="m1",
        title="New disks",
        text="",
        state=state,
        starts_at=starts_at,
        ends_at=starts_at + 2 * HOUR,
        components=("api",),
        auto_start=is_auto,
        auto_finish=is_auto,
    )
    plan = Plan(
        source="elsewhere",
        components=(Service(key="api", name="API"),),
        maintenances=(work,),
    )

    outcome = applying.apply(plan, now=now, dry_run=False)

    assert outcome.refused == ()
    seen = []
    for moment in (max(now, starts_at + HOUR), starts_at + 3 * HOUR):
        due_steps.take(now=moment)
        seen.append(MaintenanceRow.objects.get().state)
    assert seen == then


def spent(component: Component, start: datetime, end: datetime) -> uptime.Tally:
    found = [uptime.Change(at=one.at, status=Status(one.status)) for one in component.changes.all()]
    return uptime.tally(found, start=start, end=end)


def test_uptime_is_that_of_the_spans(now: datetime) -> None:
    applying.apply(whole(now), now=now, dry_run=False)

    api, web = Component.objects.get(name="API"), Component.objects.get(name="Website")
    of_api = spent(api, now - 10 * DAY, now)
    assert of_api.seconds(Status.MAJOR_OUTAGE) == 3600
    assert of_api.unknown_us == 0
    # The website was never measured: what was said of it is its past.
    of_web = spent(web, now - 20 * DAY, now)
    assert of_web.seconds(Status.PARTIAL_OUTAGE) == 2 * 3600 + 3600
    assert of_web.seconds(Status.UNDER_MAINTENANCE) == 3600
    assert web.created_at == now - 20 * DAY


@pytest.mark.parametrize(
    ("spans", "down_s"),
    [
        pytest.param((), 864.0, id="counts alone"),
        pytest.param(((10, 600),), 864.0, id="more was counted than the span says"),
        pytest.param(((10, 1200), (40_000, 600)), 864.0, id="less was counted"),
        pytest.param(((0, 300), (85_000, 300)), 80_000.0, id="nearly all of the day"),
    ],
)
def test_counts_of_a_day_say_how_long_and_spans_when(
    now: datetime, spans: tuple[tuple[int, int], ...], down_s: float
) -> None:
    day = datetime(2026, 11, 10, tzinfo=UTC)
    plan = Plan(
        source="elsewhere",
        components=(Service(key="a", name="A", created_at=day),),
        spans=tuple(
            Span(
                component="a",
                status=Status.MAJOR_OUTAGE,
                starts_at=day + timedelta(seconds=at),
                ends_at=day + timedelta(seconds=at + length),
            )
            for at, length in spans
        ),
        days=(UptimeDay(component="a", day=date(2026, 11, 10), down_s=down_s, known_s=86_400),),
    )
    applying.apply(plan, now=now, dry_run=False)

    found = spent(Component.objects.get(), day, day + DAY)
    assert found.seconds(Status.MAJOR_OUTAGE) == pytest.approx(down_s, abs=0.001)
    assert float(uptime.percent(found, Weights()) or 0) == pytest.approx(
        100 - down_s / 864, abs=0.01
    )


def test_after_the_source_stopped_looking_nobody_knows(now: datetime) -> None:
    plan = Plan(
        source="elsewhere",
        components=(Service(key="a", name="A", created_at=now - DAY, known_until=now - HOUR),),
    )
    applying.apply(plan, now=now, dry_run=False)

    assert spent(Component.objects.get(), now - DAY, now).unknown_s == 3600
    assert Component.objects.get().status == Status.OPERATIONAL


def test_an_address_we_do_not_check_is_told_and_its_component_is_there(now: datetime) -> None:
    plan = Plan(
        source="elsewhere",
        components=(
            Service(
                key="a",
                name="A",
                nodes=(Node(key="n", name="N", addresses=("gopher://example.com",)),),
            ),
        ),
    )
    outcome = applying.apply(plan, now=now, dry_run=False)

    assert Component.objects.get().name == "A"
    assert not NodeRow.objects.exists()
    assert "cannot be probed" in outcome.unmapped[0].reason


def test_a_paused_check_waits_for_its_address(now: datetime) -> None:
    plan = Plan(
        source="elsewhere",
        components=(
            Service(
                key="a",
                name="A",
                nodes=(
                    Node(
                        key="n",
                        name="N",
                        addresses=("https://example.com/",),
                        options={"interval_s": 20},
                        is_paused=True,
                    ),
                ),
            ),
        ),
    )
    outcome = applying.apply(plan, now=now, dry_run=False)

    assert NodeRow.objects.get().interval_s == 20
    assert not NodeRow.objects.get().replicas.exists()
    assert "https://example.com/" in outcome.unmapped[0].reason


def test_text_that_no_database_holds_is_cleaned_and_what_is_too_long_shortened(
    now: datetime,
) -> None:
    plan = Plan(
        source="elsewhere",
        groups=(Group(key="\ud800" * 3, name="Co\ud800re\0"),),
        components=(
            Service(key="a", name="A\0\ud800" + "n" * 200, description="d" * 600, group="g"),
        ),
    )
    outcome = applying.apply(plan, now=now, dry_run=False)

    assert ComponentGroup.objects.get().name == "Co?re"
    assert Component.objects.get().name == "A?" + "n" * 97 + "…"
    assert len(Component.objects.get().description) == 500
    assert len(outcome.unmapped) == 2
    assert applying.apply(plan, now=now, dry_run=False).created == ()
