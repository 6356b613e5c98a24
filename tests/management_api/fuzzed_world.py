"""The rows that the examples of the API's document name, in a state in which each operation can work.

Many operations work on the same id, and some can be done once: a report is published, a page retired.
So before an operation has its turn, what its path names is made anew, and what had the name before
goes on under another one.
"""

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

from django.core.management.color import no_style
from django.db import connection
from django.utils import timezone

from catalog import defining, entering, sources
from catalog.generating import Choice
from catalog.models import CatalogType
from catalog.values import Kind
from components import pages
from components.models import Component, ComponentGroup, Page, PageKind
from customer_pages.models import CustomerSession
from incidents import due_steps, lifecycle, postmortems, publishing
from incidents.models import (
    Announcement,
    EventTemplate,
    Incident,
    IncidentUpdate,
    Maintenance,
    MaintenanceUpdate,
    WithdrawnEvent,
)
from monitoring.models import AlertChannel, Node, Replica
from notifications import outbox
from notifications.messages import Message
from notifications.models import Delivery
from notifications.models import State as DeliveryState
from subscribers.models import Reason, Subscriber, Suppression
from subscribers.models import State as Standing
from tests import build

PUBLIC_ID, ROW_ID = "k3f8gr2bxq9t", 1
_TYPE, _ENTRY = "customer", "acme"
_NUMBERED: tuple[Any, ...] = (
    Announcement,
    EventTemplate,
    AlertChannel,
    Node,
    Replica,
    Subscriber,
    Suppression,
    CustomerSession,
    Delivery,
)
_former = count(1)


def ready(operation: str) -> None:
    """Have the rows that an operation, like “GET /pages/{page_id}”, names, so that it can succeed."""
    for part, make in _MAKERS.items():
        if part in operation:
            make(operation)
    _component()
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), _NUMBERED):
            cursor.execute(statement)


def fill(*, seed: int) -> None:
    """Have a row of everything. Of events, an incident for odd seeds, a maintenance for even ones."""
    ready(" ".join(part for part in _MAKERS if part not in _EVENTS))
    ready(_EVENTS[(seed + 1) % 2])


def _renamed(model: Any, field: str, name: str) -> None:
    model.objects.filter(**{field: name}).update(**{field: f"former{next(_former)}"})


def _group() -> ComponentGroup:
    found = ComponentGroup.objects.filter(public_id=PUBLIC_ID).first()
    return found or build.group(public_id=PUBLIC_ID)


def _component() -> Component:
    found = Component.objects.filter(public_id=PUBLIC_ID).first()
    return found or build.component(public_id=PUBLIC_ID, group=_group())


def _page(operation: str) -> None:
    _renamed(Page, "public_id", PUBLIC_ID)
    kind = PageKind.CUSTOMER if "/customer-pages/" in operation else PageKind.SUB
    row = build.page(components=[_component()], public_id=PUBLIC_ID, kind=kind)
    if "/restore" in operation:
        pages.retire(page=row, now=timezone.now())
    now = timezone.now()
    CustomerSession.objects.filter(pk=ROW_ID).delete()
    CustomerSession.objects.create(
        id=ROW_ID,
        page=row,
        mailbox="ada@example.com",
        host="status.example.com",
        key_digest=f"digest{next(_former)}",
        created_at=now,
        seen_at=now,
    )


def _node(_operation: str) -> None:
    node = Node.objects.filter(pk=ROW_ID).first()
    node = node or build.node(id=ROW_ID, component=_component())
    if not Replica.objects.filter(pk=ROW_ID).exists():
        build.replica(id=ROW_ID, node=node)


def _free_event() -> None:
    for model in (Incident, Maintenance, WithdrawnEvent):
        _renamed(model, "public_id", PUBLIC_ID)


def _incident(operation: str) -> None:
    now = timezone.now()
    _free_event()
    if operation.endswith("{incident_id}/publish"):
        row = publishing.save_draft(
            report=publishing.Report(title="Payments fail", text="We are looking."),
            notify=False,
            now=now,
        )
    else:
        row = build.incident(components={_component(): None}, notify=False, now=now)
    Incident.objects.filter(pk=row.pk).update(public_id=PUBLIC_ID)
    _renamed(IncidentUpdate, "public_id", PUBLIC_ID)
    newest = IncidentUpdate.objects.filter(incident=row).order_by("-id").first()
    if newest is not None:  # a draft has none
        IncidentUpdate.objects.filter(pk=newest.pk).update(public_id=PUBLIC_ID)
    if "/postmortem" in operation:
        _report(Incident.objects.get(pk=row.pk), is_published="/unpublish" in operation)


def _report(incident: Incident, *, is_published: bool) -> None:
    later = timezone.now() + timedelta(seconds=1)
    publishing.post_update(
        incident=incident,
        state=lifecycle.State.RESOLVED,
        text="Over.",
        notify=False,
        now=later,
    )
    row = Incident.objects.get(pk=incident.pk)
    writing = postmortems.Writing(title="Payments failed", summary="For an hour nobody could pay.")
    postmortems.save_draft(incident=row, writing=writing, now=later)
    if is_published:
        postmortems.publish(incident=row, now=later)


def _maintenance(operation: str) -> None:
    now = timezone.now()
    is_running = "/extend" in operation
    planned_at = now - timedelta(hours=2) if is_running else now
    _free_event()
    row = build.maintenance(
        components=[_component()], notify=False, now=planned_at, duration=timedelta(hours=4)
    )
    if is_running:
        due_steps.take(now=now)
    Maintenance.objects.filter(pk=row.pk).update(public_id=PUBLIC_ID)
    _renamed(MaintenanceUpdate, "public_id", PUBLIC_ID)
    newest = MaintenanceUpdate.objects.filter(maintenance=row).order_by("-id").first()
    assert newest is not None
    MaintenanceUpdate.objects.filter(pk=newest.pk).update(public_id=PUBLIC_ID)


def _template(_operation: str) -> None:
    EventTemplate.objects.get_or_create(
        id=ROW_ID,
        defaults={
            "name": f"Template {next(_former)}",
            "title": "{component} is slow",
            "text": "A disk is full.",
            "created_at": timezone.now(),
        },
    )


def _announcement(_operation: str) -> None:
    now = timezone.now()
    fields = {"title": "Holidays", "text": "Until Monday.", "starts_at": now, "created_at": now}
    Announcement.objects.get_or_create(id=ROW_ID, defaults=fields)


def _channel(_operation: str) -> None:
    # Requests may have made or renamed others; a name stands once for each kind.
    name = f"fuzzed {next(_former)}"
    fields = {"kind": "email", "name": name, "recipients": ["ops@example.com"]}
    AlertChannel.objects.get_or_create(id=ROW_ID, defaults=fields)


def _delivery(_operation: str) -> None:
    if not Delivery.objects.filter(pk=ROW_ID).exists():
        key = f"fuzzed:{next(_former)}"
        outbox.put(
            dedupe_key=key,
            channel="email",
            address="ada@example.com",
            message=Message(subject="Basket is down", text="A query is slow."),
            now=timezone.now(),
        )
        Delivery.objects.filter(dedupe_key=key).update(id=ROW_ID)
    Delivery.objects.filter(pk=ROW_ID).update(state=DeliveryState.FAILED, next_attempt_at=None)


def _subscriber(operation: str) -> None:
    Subscriber.objects.filter(pk=ROW_ID).delete()
    state = Standing.PAUSED if "/resume" in operation else Standing.ACTIVE
    build.subscriber(id=ROW_ID, components=[_component()], state=state)


def _suppression(_operation: str) -> None:
    Suppression.objects.get_or_create(
        id=ROW_ID,
        defaults={
            "channel": "email",
            "canonical": f"left{next(_former)}@example.com",
            "reason": Reason.OPERATOR,
            "created_at": timezone.now(),
        },
    )


def _type(operation: str) -> None:
    now = timezone.now()
    _renamed(CatalogType, "slug", _TYPE)
    type_ = defining.add_type(name=f"Customer {next(_former)}", slug=_TYPE, now=now)
    defining.add_attribute(type=type_, name="Seats", key="seats", kind=Kind.NUMBER)
    entry = entering.add(type=type_, name="Acme", key=_ENTRY, said={"seats": ["12"]}, now=now)
    if "DELETE" in operation and "/pages/{kind}" in operation:
        sources.start(type=type_, choice=Choice(kind=PageKind.SUB), now=now)
    if "/restore" in operation:
        entering.remove(entry=entry, now=now)


_EVENTS = ("{incident_id}", "{maintenance_id}")
_MAKERS: dict[str, Callable[[str], None]] = {
    "{page_id}": _page,
    "{node_id}": _node,
    "{replica_id}": _node,
    "{incident_id}": _incident,
    "{maintenance_id}": _maintenance,
    "{template_id}": _template,
    "{announcement_id}": _announcement,
    "{channel_id}": _channel,
    "{delivery_id}": _delivery,
    "{subscriber_id}": _subscriber,
    "{suppression_id}": _suppression,
    "{type_key}": _type,
}
