"""A page with everything on it, and a published folder behind the front, for the tests here."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from wsgiref.types import WSGIApplication
from wsgiref.util import setup_testing_defaults

from components import catalogue
from components.models import Component, ComponentGroup, Page, StatusChange
from components.status import Status
from monitoring.models import ResponseSummary, Span
from public_pages.front import Front
from public_pages.publishing import Publisher
from tests import build

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
QUARTER, HOUR, DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)


def change(component: Component, status: Status, at: datetime) -> None:
    """Store a change of a component's status, without touching the component."""
    StatusChange.objects.create(
        component=component, status=status, at=at, recorded_at=at, cause="monitor"
    )


def said(component: Component, status: Status, at: datetime) -> None:
    """Let a component have this status since then."""
    change(component, status, at)
    Component.objects.filter(id=component.id).update(status=status, status_since=at)
    catalogue.mark_dirty()


def watched(
    *, now: datetime, healths: Iterable[str | None] = ("healthy",), **fields: Any
) -> Component:
    """A component with one node and a replica for each health; None is one that fell silent."""
    component = build.component(**fields)
    add_node(component, now=now, healths=healths)
    return component


def add_node(
    component: Component, *, now: datetime, healths: Iterable[str | None], **fields: Any
) -> None:
    """Add a node with a replica for each health."""
    node = build.node(component=component, **fields)
    for position, health in enumerate(healths):
        build.replica(
            node=node,
            position=position,
            health=health,
            last_outcome_at=now - timedelta(seconds=14),
            fresh_until=now + timedelta(days=400) if health else None,
        )


def summaries(component: Component, *, now: datetime, holes: Iterable[int] = ()) -> None:
    """Response times for all ranges; `holes` are quarter hours, counted back, without any."""
    skipped = set(holes)
    rows = []
    for span, length, count in (
        (Span.QUARTER, QUARTER, 100),
        (Span.HOUR, HOUR, 180),
        (Span.DAY, DAY, 92),
    ):
        seconds = length.total_seconds()
        end = datetime.fromtimestamp(now.timestamp() // seconds * seconds, tz=now.tzinfo)
        rows += [
            ResponseSummary(
                component=component,
                span=span,
                start_at=end - length * back,
                answered=30,
                failed=0,
                p50_ms=150 + back % 7,
                p95_ms=340 + back % 11 * 5,
            )
            for back in range(1, count + 1)
            if span != Span.QUARTER or back not in skipped
        ]
    ResponseSummary.objects.bulk_create(rows)


def main_page(**fields: Any) -> None:
    """Give the main page these fields."""
    catalogue.page()
    Page.objects.filter(id=1).update(**fields)
    catalogue.mark_dirty()


def acme(*, now: datetime) -> dict[str, Component]:
    """Fifteen components in four groups, with history, as in the design's mocks: an outage day."""
    catalogue.page()
    Page.objects.filter(id=1).update(name="Acme")
    since = now - timedelta(days=400)
    shop, platform, mail, edge = (
        build.group(name=name, position=position, is_collapsed=name == "Edge network")
        for position, name in enumerate(("Storefront", "Platform", "Messaging", "Edge network"))
    )

    def add(group: ComponentGroup, name: str, healths: Iterable[str | None]) -> Component:
        slug = name.lower().replace(" ", "-").replace("ã", "a")
        return watched(
            now=now,
            healths=healths,
            created_at=since,
            group=group,
            name=name,
            slug=slug,
            position=group.components.count(),
        )

    fine, ill = ("healthy",), ("healthy", "dead", "sick")
    made = {
        name: add(group, name, healths)
        for group, name, healths in (
            (shop, "Website", fine * 2),
            (shop, "Customer dashboard", fine),
            (shop, "Reports and exports", fine),
            (platform, "REST API", fine * 3),
            (platform, "Checkout", ill),
            (platform, "Webhooks", ("healthy", "sick")),
            (platform, "Search", fine),
            (mail, "Email delivery", fine),
            (mail, "SMS delivery", fine),
            (edge, "Frankfurt", ill),
            (edge, "Dublin", ("healthy", "sick")),
            (edge, "Virginia", fine * 3),
            (edge, "São Paulo", fine),
            (edge, "Singapore", fine * 2),
            (edge, "Sydney", fine),
        )
    }
    add_node(made["Checkout"], now=now, healths=fine * 2, name="US card gateway")
    events = (
        ("Website", 61, 24, Status.DEGRADED_PERFORMANCE),
        ("Customer dashboard", 34, 18, Status.PARTIAL_OUTAGE),
        ("Reports and exports", 39, 45, Status.UNDER_MAINTENANCE),
        ("Reports and exports", 11, 60, Status.UNDER_MAINTENANCE),
        ("REST API", 48, 6, Status.MAJOR_OUTAGE),
        ("Checkout", 71, 13, Status.MAJOR_OUTAGE),
        ("Checkout", 20, 42, Status.PARTIAL_OUTAGE),
        ("Webhooks", 52, 31, Status.PARTIAL_OUTAGE),
        ("Search", 16, 140, Status.DEGRADED_PERFORMANCE),
        ("Email delivery", 41, 35, Status.DEGRADED_PERFORMANCE),
    )
    for name, days_ago, minutes, status in events:
        at = now - timedelta(days=days_ago)
        change(made[name], status, at)
        change(made[name], Status.OPERATIONAL, at + timedelta(minutes=minutes))
    for name, status in (
        ("Checkout", Status.PARTIAL_OUTAGE),
        ("Webhooks", Status.DEGRADED_PERFORMANCE),
        ("Frankfurt", Status.PARTIAL_OUTAGE),
        ("Dublin", Status.DEGRADED_PERFORMANCE),
    ):
        said(made[name], status, now - timedelta(minutes=27))
    summaries(made["Checkout"], now=now, holes=(40, 41, 42))
    return made


NAME = 'A & <b>"B"--</b>'


def standing(status: Status, *, now: datetime) -> None:
    """A page with a hard name, whose one component has this status."""
    main_page(name=NAME)
    said(build.component(slug="shop", name="Shop <1>"), status, now)


def publish(folder: Path, *, now: datetime) -> Publisher:
    """Publish everything once, and wait for nothing."""
    if catalogue.page().set_up_at is None:
        main_page(set_up_at=now)
    publisher = Publisher(folder, slice_s=3600)
    assert publisher.publish_if_due(now=now)
    return publisher


@dataclass
class Reply:
    """What came out of the front."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Site:
    """The front over a folder, asked without a network."""

    folder: Path
    at: datetime
    app: WSGIApplication | None = None
    load: Callable[[], WSGIApplication] | None = None
    hosts: Iterable[str] | None = None
    entered: list[str] = field(default_factory=list)
    front: Front = field(init=False)

    def __post_init__(self) -> None:
        self.front = Front(
            self.load or (lambda: self.app or self.remember),
            folder=self.folder,
            csp=CSP,
            hosts=self.hosts,
            clock=self._clock,
        )

    def _clock(self) -> float:
        return self.at.timestamp()

    def remember(self, environ: Any, start_response: Any) -> list[bytes]:
        """The dynamic application when no other is given."""
        self.entered.append(environ["PATH_INFO"])
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"dynamic"]

    def get(self, path: str, method: str = "GET", **headers: str) -> Reply:
        """Ask for a path; headers by their names, with underscores."""
        path, _, query = path.partition("?")
        environ: dict[str, Any] = {
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": method,
            "wsgi.input": BytesIO(),
        }
        environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        setup_testing_defaults(environ)
        return ask(self.front, environ)


def ask(application: WSGIApplication, environ: dict[str, Any]) -> Reply:
    """Call a WSGI application."""
    told: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], object]:
        del exc_info
        told.append((status, headers))
        return lambda _data: None

    body = b"".join(application(environ, start_response))
    status, headers = told[-1]
    return Reply(int(status[:3]), dict(headers), body)
