"""A status that an operator sets on the dashboard, and telling of it (AMB-16).

Programs hear of every such change. People hear of it only where the page says so, and not of a
component that an open event names: its own updates tell them.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from django.db import transaction

from components import by_hand, catalogue
from components.models import Component, Page, StatusChange
from components.status import Status
from incidents import saying
from incidents.models import Incident, Maintenance
from subscribers import fanout
from subscribers.chart import Stage


def choose(*, choices: Mapping[int, Status | None], now: datetime, by: str) -> list[StatusChange]:
    """Hold components in a status, as `by_hand.choose`, and announce what visitors see change."""
    with transaction.atomic():
        changes = by_hand.choose(choices=choices, now=now, by=by)
        page = catalogue.page()
        for change in changes:
            if change.component.is_visible:
                _tell(change, page=page, now=now)
    return changes


def _tell(change: StatusChange, *, page: Page, now: datetime) -> None:
    component = change.component
    tells_people = page.tells_status_changes and not _is_in_an_event(component)
    stage = Stage.STATUS_TOLD if tells_people else Stage.STATUS_CHANGED
    fanout.announce(
        key=f"status:{change.pk}",
        topic=f"component:{component.uuid}",
        stage=stage,
        component_ids=[component.pk],
        dedicated_ids=[component.pk] if component.only_where_chosen else [],
        content=saying.in_every_voice(partial(saying.of_status, change=change, stage=stage)),
        ends_topic=False,
        now=now,
    )


def _is_in_an_event(component: Component) -> bool:
    incidents = Incident.objects.open().filter(affected__component=component)
    work = Maintenance.objects.running().filter(affected__component=component)
    return incidents.exists() or work.exists()
