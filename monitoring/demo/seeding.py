"""Fill an empty installation with the demo, or bring the ports of one that is there up to date."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from string import Template

from django.conf import settings
from django.db import transaction

from components import catalogue
from components.models import Component, Page, StatusChange
from components.status import Status
from monitoring import inventory
from monitoring.config_file import applying, loading
from monitoring.config_file.loading import Loaded
from monitoring.demo import history, ports, said
from monitoring.demo.history import Quarter
from monitoring.models import Node, ResponseSummary, Span

_TEMPLATE = Path(__file__).parent / "demo.yaml"
_LOOPBACK_PORT = re.compile(r"127\.0\.0\.1:\d+")
# What the page's charts reach back to, and a little more.
_SPANS = {
    Span.QUARTER: (timedelta(minutes=15), timedelta(days=2)),
    Span.HOUR: (timedelta(hours=1), timedelta(days=9)),
    Span.DAY: (timedelta(days=1), timedelta(days=history.DAYS)),
}


class DemoRefused(Exception):
    """The demo cannot be made here; the message says why and what to do."""


def seed(*, folder: Path, now: datetime) -> int:
    """Make the demo once, with 90 days of made-up history; afterwards only follow changed ports.

    Returns how many components and replicas were made or changed: 0 means that nothing was to do.
    What people change in the demo's console stays. Raises DemoRefused.
    """
    if not settings.ALLOW_PRIVATE_TARGETS:
        raise DemoRefused(
            "The demo watches targets on this machine: set CANDOR_ALLOW_PRIVATE_TARGETS=1."
        )
    with ports.held(folder) as is_ours:
        known = _known_ports(folder)
        # While the targets run their ports are theirs, and as busy as they should be.
        chosen = ports.choose(known) if is_ours or not known else known
        with transaction.atomic():
            loaded = demo_file(chosen)
            count = _follow_ports(loaded, now) if catalogue.page().is_demo else _fill(loaded, now)
        if chosen != known:
            ports.write(folder, chosen)
    return count


def demo_file(chosen: dict[str, int]) -> Loaded:
    """The demo's config file with these ports filled in."""
    text = Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(chosen)
    return loading.load(text.encode())


def _known_ports(folder: Path) -> dict[str, int]:
    try:
        return ports.read(folder)
    except ports.PortsBroken as error:
        raise DemoRefused(str(error)) from None


def _fill(loaded: Loaded, now: datetime) -> int:
    if Component.objects.exists():
        raise DemoRefused(
            "There are components already, and made-up history must not be mixed with theirs. "
            "Give the demo a data folder of its own: CANDOR_DATA=var/demo bin/up --demo"
        )
    plan = applying.apply(loaded=loaded, now=now)
    for component in Component.objects.all():
        _write_past(component, now)
        _write_speeds(component, now)
    said.tell(now=now)
    Page.objects.update(is_demo=True)
    catalogue.mark_dirty()
    return len(plan.steps)


def _write_past(component: Component, now: datetime) -> None:
    """Move the component's first day back and fill in what happened since.

    It ends operational, which is what the real history begins with.
    """
    start_at = now - timedelta(days=history.DAYS)
    StatusChange.objects.filter(component=component, previous="").update(
        at=start_at, recorded_at=start_at, is_demo=True
    )
    changes: list[StatusChange] = []
    for event in history.events(component.slug, now=now):
        for at, previous, status in (
            (event.start_at, Status.OPERATIONAL, event.status),
            (event.end_at, event.status, Status.OPERATIONAL),
        ):
            change = StatusChange(
                component=component,
                previous=previous,
                status=status,
                at=at,
                recorded_at=at,
                cause=event.cause,
                note=event.note,
                is_demo=True,
            )
            changes.append(change)
    StatusChange.objects.bulk_create(_without_detours(changes))
    component.created_at = start_at
    last = component.changes.order_by("at", "id").last()
    if last is not None:
        component.status_since = last.at
    component.save(update_fields=["created_at", "status_since"])


def _without_detours(changes: list[StatusChange]) -> list[StatusChange]:
    """One event that follows another at once: from the one status straight to the other."""
    kept: list[StatusChange] = []
    for change in changes:
        if kept and kept[-1].at == change.at:
            change.previous = kept.pop().previous
        kept.append(change)
    return kept


def _write_speeds(component: Component, now: datetime) -> None:
    quarters = list(history.quarters(component.slug, now=now))
    rows = [
        ResponseSummary(
            component=component,
            span=span,
            start_at=part.start_at,
            answered=part.answered,
            failed=part.failed,
            p50_ms=part.p50_ms,
            p95_ms=part.p95_ms,
        )
        for span, (length, reach) in _SPANS.items()
        for part in _spans(quarters, length=length, since=now - reach, until=now)
    ]
    ResponseSummary.objects.bulk_create(rows, batch_size=500)


def _spans(
    quarters: Sequence[Quarter], *, length: timedelta, since: datetime, until: datetime
) -> list[Quarter]:
    """The quarter hours, oldest first, as spans of this length, of those that are over."""
    length_s = length.total_seconds()
    first = bisect_left(quarters, since, key=attrgetter("start_at"))
    spans = []
    for start_s, inner in groupby(
        quarters[first:], key=lambda quarter: quarter.start_at.timestamp() // length_s * length_s
    ):
        start_at = datetime.fromtimestamp(start_s, tz=UTC)
        if start_at >= since and start_at + length <= until:
            spans.append(history.together(list(inner), start_at=start_at))
    return spans


def _follow_ports(loaded: Loaded, now: datetime) -> int:
    """Point the demo's replicas at ports that had to change; the number of replicas changed."""
    document = loaded.document
    components = [*document.components, *(c for group in document.groups for c in group.components)]
    count = 0
    for component in components:
        for node in component.nodes:
            row = Node.objects.filter(component__slug=component.slug, slug=node.slug).first()
            if row is not None:
                count += _follow_node_ports(row, node.replicas, now)
    return count


def _follow_node_ports(node: Node, wanted: list[str], now: datetime) -> int:
    stored = {replica.address: replica for replica in node.replicas.order_by("position", "id")}
    stale = [replica for address, replica in stored.items() if address not in wanted]
    count = 0
    for address in wanted:
        if address in stored:
            continue
        # Only what is the demo's own but for the port: what people wrote or removed stays so.
        found = next((row for row in stale if _but_port(row.address) == _but_port(address)), None)
        if found is not None:
            stale.remove(found)
            inventory.change_replica(replica=found, address=address, now=now)
            count += 1
    return count


def _but_port(address: str) -> str:
    return _LOOPBACK_PORT.sub("127.0.0.1", address)
