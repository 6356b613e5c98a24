"""What an event keeps of the components that only some pages chose, whatever becomes of them."""

from datetime import datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps

from components import catalogue
from components.models import Component, Page, PageKind
from incidents import (
    dedicated,
    maintenance,
    maintenance_changes,
    maintenance_plans,
    publishing,
    shown_on,
    windows,
)
from incidents.lifecycle import Impact, State
from incidents.models import Incident, Maintenance
from incidents.publishing import Report
from tests import build

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def only() -> Component:
    return build.component(only_where_chosen=True)


def _kept(event: Incident | Maintenance) -> list[int]:
    event.refresh_from_db()
    return list(event.dedicated_ids)


@pytest.mark.req("R3")
def test_it_keeps_them_when_they_are_removed_and_when_more_is_said(
    now: datetime, only: Component
) -> None:
    api = build.component()
    incident = build.incident(components={only: None, api: None}, now=now)
    work = build.maintenance(components=[only], now=now)
    pk = only.pk
    assert _kept(incident) == _kept(work) == [pk]
    catalogue.remove_component(component=only)

    for components in (None, {api.pk: None}, {}):
        publishing.post_update(
            incident=incident,
            state=State.INVESTIGATING,
            text="More.",
            components=components,
            notify=True,
            now=now + MINUTE,
        )
        assert _kept(incident) == [pk]
    maintenance.post_update(
        maintenance=work, state=windows.State.SCHEDULED, text="More.", notify=True, now=now
    )
    plan = build.plan(now=now, components=[api])
    maintenance_changes.change(maintenance=work, plan=plan, notify=False, now=now)
    assert _kept(work) == [pk]


@pytest.mark.req("R3")
def test_past_incidents_and_what_is_chosen_later_are_kept_too(
    now: datetime, only: Component
) -> None:
    past = publishing.record_past(
        report=Report(
            title="Was bad",
            text="It was.",
            impact=Impact.MAJOR,
            components={only.pk: None},
            started_at=now - 2 * MINUTE,
        ),
        resolved_at=now - MINUTE,
        now=now,
    )
    assert _kept(past) == [only.pk]
    api = build.component()
    incident = build.incident(components={api: None}, now=now)
    assert _kept(incident) == []
    catalogue.change_component(component=api, only_where_chosen=True)
    publishing.post_update(
        incident=incident, state=State.INVESTIGATING, text="More.", notify=False, now=now + MINUTE
    )
    assert _kept(incident) == [api.pk]


def test_who_takes_it_out_of_a_draft_or_a_plan_frees_the_event(
    now: datetime, only: Component
) -> None:
    api = build.component()

    def saved(*chosen: Component, public_id: str = "") -> Incident:
        report = Report(title="Trouble", components=dict.fromkeys(one.pk for one in chosen))
        return publishing.save_draft(report=report, notify=False, public_id=public_id, now=now)

    draft = saved(only)
    assert _kept(draft) == [only.pk]
    assert _kept(saved(public_id=draft.public_id)) == []
    assert _kept(saved(api, public_id=draft.public_id)) == []
    work = build.maintenance(components=[only], now=now)
    plan = build.plan(now=now, components=[api])
    maintenance_changes.change(maintenance=work, plan=plan, notify=False, now=now)
    assert maintenance_plans.of(work).components.keys() == {api.pk}
    assert _kept(work) == []


@pytest.mark.req("R3")
def test_operators_read_that_it_is_on_no_page_any_more(now: datetime, only: Component) -> None:
    main = catalogue.page()
    customer = build.page(kind=PageKind.CUSTOMER, components=[only])
    incident = build.incident(components={only: None}, now=now)
    work = build.maintenance(components=[only], now=now)

    def shown() -> list[list[Page]]:
        return [shown_on.pages_of(dedicated.touched(event)) for event in (incident, work)]

    assert shown() == [[customer], [customer]]
    catalogue.change_component(component=only, is_visible=False)
    assert shown() == [[], []]
    catalogue.remove_component(component=only)
    incident.refresh_from_db()
    work.refresh_from_db()
    assert shown() == [[], []]
    assert shown_on.pages_of([]) == [main]
    assert shown_on.pages_of([build.component(is_visible=False).pk]) == [main]


def test_the_migration_keeps_what_is_dedicated_today(now: datetime, only: Component) -> None:
    api = build.component()
    both = build.incident(components={only: None, api: None}, now=now)
    work = build.maintenance(components=[only], now=now)
    general = build.incident(components={api: None}, now=now)
    for rows in (Incident.objects, Maintenance.objects):
        rows.update(dedicated_ids=[])

    import_module("incidents.migrations.0009_dedicated_components").keep(apps, None)

    assert _kept(both) == _kept(work) == [only.pk]
    assert _kept(general) == []
