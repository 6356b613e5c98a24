"""Plain builders with defaults: each makes one object and what it cannot exist without."""

import itertools
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.models import User
from accounts.roles import Role
from components import catalogue, pages
from components.models import Component, ComponentGroup, Page, PageKind
from components.status import Status
from incidents import maintenance as maintenance_work
from incidents import maintenance_plans, publishing
from incidents.lifecycle import Impact
from incidents.maintenance_plans import Plan
from incidents.models import Incident, Maintenance
from incidents.publishing import Report
from monitoring.models import Node, Replica
from subscribers.models import State as Standing
from subscribers.models import Subscriber, Subscription

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
_numbers = itertools.count(1)


def operator(**fields: Any) -> User:
    values: dict[str, Any] = {
        "username": f"operator{next(_numbers)}",
        "password": "correct horse battery",
        "is_staff": True,
    }
    if "is_superuser" not in fields:
        values["role"] = Role.OWNER
    return User.objects.create_user(**(values | fields))


def group(**fields: Any) -> ComponentGroup:
    return ComponentGroup.objects.create(**{"name": f"Group {next(_numbers)}"} | fields)


def component(*, created_at: datetime = LONG_AGO, **fields: Any) -> Component:
    number = next(_numbers)
    row = Component(**{"name": f"Component {number}", "slug": f"component-{number}"} | fields)
    catalogue.register(component=row, now=created_at)
    return row


def page(
    *,
    components: Iterable[Component] = (),
    groups: Iterable[ComponentGroup] = (),
    kind: PageKind = PageKind.SUB,
    now: datetime = LONG_AGO,
    **fields: Any,
) -> Page:
    """A sub-page, or with `kind` a customer page, that shows these components and groups."""
    number = next(_numbers)
    return pages.add(
        kind=kind,
        now=now,
        component_ids=[row.id for row in components],
        group_ids=[row.id for row in groups],
        **({"name": f"Page {number}", "slug": f"page-{number}"} | fields),
    )


def node(**fields: Any) -> Node:
    number = next(_numbers)
    fields = {"name": f"Node {number}", "slug": f"node-{number}", "interval_s": 60} | fields
    if "component" not in fields:
        fields["component"] = component()
    return Node.objects.create(**fields)


def replica(**fields: Any) -> Replica:
    fields = {"address": f"tcp://127.0.0.1:{10_000 + next(_numbers)}"} | fields
    if "node" not in fields:
        fields["node"] = node()
    return Replica.objects.create(**fields)


def incident(
    *, components: Mapping[Component, Status | None] | None = None, **fields: Any
) -> Incident:
    """A public incident, opened through its operation; `report` and `notify` as there."""
    said: dict[str, Any] = {
        "title": f"Trouble {next(_numbers)}",
        "text": "We are looking.",
        "impact": Impact.MAJOR,
    } | {name: fields.pop(name) for name in list(fields) if name in Report.__dataclass_fields__}
    chosen = {component.id: status for component, status in (components or {}).items()}
    values: dict[str, Any] = {"notify": True, "now": LONG_AGO} | fields
    return publishing.open_incident(report=Report(components=chosen, **said), **values)


def plan(*, now: datetime = LONG_AGO, components: Iterable[Component] = (), **fields: Any) -> Plan:
    """A plan for an hour from now on, of an hour, in UTC, with a component of its own."""
    ids = [row.id for row in components or [component()]]
    values: dict[str, Any] = {
        "title": f"Work {next(_numbers)}",
        "text": "We replace a disk.",
        "wall_start": (now + timedelta(hours=1)).replace(tzinfo=None),
        "duration": timedelta(hours=1),
        "components": maintenance_plans.under_maintenance(ids),
    }
    return Plan(**(values | fields))


def maintenance(*, notify: bool = True, now: datetime = LONG_AGO, **fields: Any) -> Maintenance:
    """A scheduled maintenance, planned through its operation; `fields` are those of `plan`."""
    return maintenance_work.schedule(plan=plan(now=now, **fields), notify=notify, now=now)


def subscriber(*, components: Iterable[Component] = (), **fields: Any) -> Subscriber:
    """An active subscriber by e-mail who wants everything, or these components."""
    chosen = list(components)
    values: dict[str, Any] = {
        "channel": "email",
        "address": f"reader{next(_numbers)}@example.com",
        "state": Standing.ACTIVE,
        "wants_all": not chosen,
        "created_at": LONG_AGO,
        "confirmed_at": LONG_AGO,
    }
    values |= fields
    secrets = values.pop("secrets", None)
    row = Subscriber(**({"canonical": values["address"]} | values))
    if secrets:
        row.secrets = secrets
    row.save()
    Subscription.objects.bulk_create(
        Subscription(subscriber=row, component=component) for component in chosen
    )
    return row
