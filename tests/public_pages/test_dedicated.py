"""What belongs to one customer never reaches the public page, also once its component is gone."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from components import catalogue
from components.models import Component, PageKind
from incidents import publishing
from incidents.lifecycle import Impact, State
from incidents.models import Incident
from public_pages import events, projecting, reading
from public_pages.event_source import EventSource
from public_pages.event_views import IncidentView
from tests import build
from tests.public_pages import world

pytestmark = pytest.mark.django_db

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def _hide(row: Component) -> None:
    catalogue.change_component(component=row, is_visible=False)


def _remove(row: Component) -> None:
    catalogue.remove_component(component=row)


def _main(incident: Incident, now: datetime) -> IncidentView | None:
    whole = reading.everything(now=now)
    (view,) = events.incidents([incident.pk])
    return projecting.incident(view, site=whole.site, shown=whole.general_ids)


@pytest.mark.req("R3")
@pytest.mark.parametrize("lose", [_hide, _remove])
def test_what_touched_a_lost_component_of_a_customer_is_in_no_public_file(
    tmp_path: Path, now: datetime, lose: Callable[[Component], None]
) -> None:
    """Reliability A12 and B8."""
    only, hidden = build.component(only_where_chosen=True), build.component(is_visible=False)
    build.page(kind=PageKind.CUSTOMER, components=[only])
    secret = "ofonecustomer"
    told = {"title": f"{secret} title", "text": f"{secret} text", "now": now - DAY}
    alone = build.incident(components={only: None}, **told)
    build.incident(components={only: None, hidden: None}, **told)
    over = build.incident(components={only: None}, **told)
    publishing.post_update(
        incident=over, state=State.RESOLVED, text=f"{secret} over", notify=True, now=now
    )
    work = build.maintenance(components=[only], title=f"{secret} work", now=now)
    general = build.incident(components={}, title="For everybody", now=now)
    lose(only)

    publisher = world.publish(tmp_path, now=now + MINUTE)
    while publisher.is_behind:
        assert publisher.publish_if_due(now=now + MINUTE)

    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(general.public_id in path.name for path in files)
    for path in files:
        body = path.read_bytes()
        for mark in (secret, alone.public_id, over.public_id, work.public_id):
            assert mark not in path.name
            assert mark.encode() not in body, path.name


@pytest.mark.req("R3")
@pytest.mark.parametrize("lose", [_hide, _remove])
def test_the_impact_that_was_meant_for_a_customer_stays_theirs(
    now: datetime, lose: Callable[[Component], None]
) -> None:
    only, api = build.component(only_where_chosen=True), build.component()
    incident = build.incident(
        components={only: None, api: None}, impact=Impact.CRITICAL, notify=False, now=now
    )
    lose(only)

    view = _main(incident, now)

    assert view is not None
    assert view.impact == Impact.NONE
    assert view.dedicated == frozenset()


def test_an_incident_of_what_everybody_shows_stays_when_that_is_removed(now: datetime) -> None:
    api = build.component()
    incident = build.incident(components={api: None}, impact=Impact.CRITICAL, now=now)
    catalogue.remove_component(component=api)

    view = _main(incident, now)

    assert view is not None
    assert view.impact == Impact.CRITICAL


def test_history_begins_with_the_first_event_that_the_page_shows(now: datetime) -> None:
    only, api = build.component(only_where_chosen=True), build.component()
    customer = build.page(kind=PageKind.CUSTOMER, components=[only])
    build.incident(components={only: None}, started_at=now - 90 * DAY, now=now)
    build.incident(components={only: None, api: None}, started_at=now - 60 * DAY, now=now)
    build.incident(components={}, started_at=now - 30 * DAY, now=now)

    def first() -> datetime | None:
        whole = reading.everything(now=now)
        return EventSource().first_at(whole.site, whole.general_ids)

    assert first() == now - 60 * DAY
    assert EventSource().first_at(reading.site(customer), frozenset({only.pk})) == now - 90 * DAY
    catalogue.remove_component(component=only)
    assert first() == now - 60 * DAY
    Incident.objects.filter(started_at=now - 60 * DAY).delete()
    assert first() == now - 30 * DAY
