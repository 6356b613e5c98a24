"""Read what the metrics tell, with the same number of statements whatever there is to tell of."""

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from components import uptime
from components.uptime import Weights
from incidents.models import Incident, Maintenance
from monitoring import totals
from monitoring.models import Replica
from notifications import counting, outbox
from observability.facts import ComponentFact, Facts, ReplicaFact
from probing.health import Health
from public_pages import reading
from public_pages.page_views import ComponentView

WINDOWS = {
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
}


def facts(*, now: datetime) -> Facts:
    """Read everything."""
    page = reading.page(now=now)
    age = outbox.oldest_due_age(now=now)
    return Facts(
        version=settings.VERSION,
        indicator=page.status.value,
        components=tuple(
            _component(component, weights=page.site.weights, now=now)
            for component in page.components
        ),
        replicas=_replicas(now),
        checks=totals.read(),
        open_incidents=Counter(Incident.objects.open().values_list("impact", flat=True)),
        running_maintenance=Maintenance.objects.public().running().count(),
        deliveries=counting.by_channel_and_state(),
        hooks_waiting=counting.waiting_for_hooks(now=now),
        oldest_due_age_s=None if age is None else max(age.total_seconds(), 0.0),
        published_at_s=_published_at(),
    )


def _component(component: ComponentView, *, weights: Weights, now: datetime) -> ComponentFact:
    return ComponentFact(
        name=component.name,
        group=component.group_name,
        status=component.status,
        uptime={
            name: _ratio(
                uptime.tally(component.changes, start=now - length, end=now), weights=weights
            )
            for name, length in WINDOWS.items()
        },
    )


def _ratio(spent: uptime.Tally, *, weights: Weights) -> float | None:
    """The uptime as an exact ratio, in the same way as the percentage that visitors see."""
    known_us = spent.known_us
    if not known_us:
        return None
    return float((known_us - spent.weighted_down_s(weights) * 1_000_000) / known_us)


def _replicas(now: datetime) -> tuple[ReplicaFact, ...]:
    rows = Replica.objects.order_by("node__component__name", "node__name", "position", "id")
    return tuple(
        ReplicaFact(
            component=component,
            node=node,
            address=shown_address(address),
            health=Health(health) if health and fresh_until and fresh_until > now else None,
            response_s=None if latency_ms is None else latency_ms / 1000,
            certificate_expires_at=expires_at,
        )
        for component, node, address, health, fresh_until, latency_ms, expires_at in rows.values_list(
            "node__component__name",
            "node__name",
            "address",
            "health",
            "fresh_until",
            "latency_ms",
            "certificate_expires_at",
        )
    )


def shown_address(address: str) -> str:
    """Return an address without user, password, query and fragment, which may hold secrets."""
    parts = urlsplit(address)
    if not parts.scheme or not parts.netloc:
        return address
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _published_at() -> float | None:
    try:
        return (Path(settings.PUBLISHED_DIR) / "index.html").stat().st_mtime
    except OSError:
        return None
