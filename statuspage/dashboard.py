"""All reads for the console's dashboard: what is measured beside what visitors are told."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts import audit_trail
from accounts import wording as audit_words
from accounts.models import AuditEntry
from components import by_hand, status
from components.models import Component, StatusClaim
from components.status import Source, Status
from monitoring import overview, watchdog, wording
from monitoring.models import Finding, HealthChange
from monitoring.overview import Measured
from monitoring.wording import Summary
from notifications import reading
from notifications.reading import Recent
from probing.health import Health
from statuspage import dashboard_events
from statuspage.dashboard_events import OpenEvent
from subscribers import operators_list
from subscribers.operators_list import Counts

AUTOMATIC = "automatic"
SHOWN_EVENTS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One entry of a service's select."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRow:
    """One service. `value` is what its select shows now; `warning` is a sentence, if they disagree."""

    id: int
    name: str
    is_visible: bool
    measured: Summary
    value: str
    choices: tuple[Choice, ...]
    set_by: str
    set_at: datetime | None
    warning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The state of the whole page as visitors see it."""

    code: str
    word: str
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the activity card."""

    at: datetime
    text: str
    code: str = ""
    node_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """The whole screen."""

    answer: Answer
    open_events: tuple[OpenEvent, ...]
    findings: tuple[Finding, ...]
    rows: tuple[ServiceRow, ...]
    subscribers: Counts
    deliveries: Recent
    events: tuple[Event, ...]


def read(*, now: datetime, names_customers: bool) -> Dashboard:
    """The dashboard, with a fixed number of queries; `names_customers` as `shown_on.may_name` says."""
    components = list(Component.objects.select_related("group").in_page_order())
    return Dashboard(
        answer=_answer(components),
        open_events=tuple(dashboard_events.read(names_customers=names_customers)),
        findings=tuple(watchdog.current()),
        rows=tuple(_rows(components, now)),
        subscribers=operators_list.counts(),
        deliveries=reading.recent(now=now),
        events=tuple(_events()),
    )


def read_row(*, component: Component, now: datetime) -> tuple[ServiceRow, Answer]:
    """One service after a change, and the state of the page with it."""
    components = list(Component.objects.select_related("group").in_page_order())
    return next(iter(_rows([component], now))), _answer(components)


def parse_choice(*, value: str, has_nodes: bool) -> Status | None:
    """The status that a select's value stands for; None is "Automatic".

    Raises ValueError for a value that the select does not offer. A component without nodes has no
    "Automatic": its "Operational" withdraws what was held, so that nodes added later speak for it.
    """
    if value == AUTOMATIC and has_nodes:
        return None
    chosen = Status(value)
    if chosen not in by_hand.CHOICES:
        raise ValueError(f"{value!r} is never set by hand")
    return None if chosen == Status.OPERATIONAL and not has_nodes else chosen


def _answer(components: Iterable[Component]) -> Answer:
    visible = [component for component in components if component.is_visible]
    shown = status.overall(component.shown_status for component in visible)
    alike = [row.status_since for row in visible if row.status == shown and row.status_since]
    # In trouble since the first that has it, all well since the last that recovered.
    since = max(alike, default=None) if shown == Status.OPERATIONAL else min(alike, default=None)
    return Answer(code=shown.code, word=_(shown.label), since=since)


def _rows(components: list[Component], now: datetime) -> Iterable[ServiceRow]:
    ids = [component.pk for component in components]
    measured = overview.measured(components=components)
    held: dict[int, StatusClaim] = {}
    told: dict[tuple[int, str], StatusClaim] = {}
    claims = StatusClaim.objects.filter(component__in=ids).exclude(
        source__in=[Source.MONITOR, Source.ALERT]
    )
    for claim in claims.order_by("claimed_at"):
        if claim.source == Source.MANUAL:
            held[claim.component_id] = claim
        else:
            told.setdefault((claim.component_id, claim.status), claim)
    for component in components:
        event = told.get((component.pk, component.status))
        yield _row(component, measured.get(component.pk), held.get(component.pk), event, now)


def _row(
    component: Component,
    measured: Measured | None,
    held: StatusClaim | None,
    event: StatusClaim | None,
    now: datetime,
) -> ServiceRow:
    """`event` is the claim of an incident or a maintenance that says what visitors see."""
    is_automatic = measured is not None and not component.is_manual
    by_person = Status(held.status) if held else Status.OPERATIONAL
    value = AUTOMATIC if is_automatic else by_person.value
    offered = [AUTOMATIC] if measured is not None else []
    offered += [choice.value for choice in by_hand.CHOICES]
    return ServiceRow(
        id=component.pk,
        name=component.name,
        is_visible=component.is_visible,
        measured=measured.summary if measured else Summary(code="un", word=_("No probe")),
        value=value,
        choices=tuple(
            Choice(value=entry, label=_label(entry), is_chosen=entry == value) for entry in offered
        ),
        set_by=_set_by(event, is_automatic=is_automatic),
        set_at=event.claimed_at
        if event
        else held.claimed_at
        if held and not is_automatic
        else None,
        warning="" if is_automatic else _disagreement(measured, by_person, now),
    )


def _set_by(event: StatusClaim | None, *, is_automatic: bool) -> str:
    if event is not None:
        said = {"status": _(Status(event.status).label)}
        if event.source == Source.INCIDENT:
            return _("Incident: %(status)s") % said
        return _("Maintenance: %(status)s") % said
    return _("Probes") if is_automatic else _("By hand")


def _label(value: str) -> str:
    return _("Automatic") if value == AUTOMATIC else _(Status(value).label)


def _disagreement(measured: Measured | None, held: Status, now: datetime) -> str:
    """The guard against a lying page: what probes and visitors are told differs (design 7.3)."""
    if measured is None or not measured.has_replicas or measured.status in {held, Status.UNKNOWN}:
        return ""
    if held == Status.UNDER_MAINTENANCE:
        return ""  # announced work explains what the probes find
    return _(
        "Probes have called %(finding)s for %(time)s, but visitors see %(held)s because it was set "
        "by hand."
    ) % {
        "finding": measured.finding,
        "time": wording.duration(now - measured.since) if measured.since else _("some time"),
        "held": _(held.label),
    }


def _events() -> list[Event]:
    """The newest changes of health and actions of operators, newest first."""
    changes = list(
        HealthChange.objects.select_related("replica__node").order_by("-at", "-id")[:SHOWN_EVENTS]
    )
    entries = audit_trail.newest(SHOWN_EVENTS)
    numbers = overview.numbers(node_ids={change.replica.node_id for change in changes})
    events = [_health_event(change, numbers) for change in changes]
    events += [_operator_event(entry) for entry in entries]
    return sorted(events, key=lambda event: event.at, reverse=True)[:SHOWN_EVENTS]


def _health_event(change: HealthChange, numbers: dict[int, int]) -> Event:
    measured = Health(change.health) if change.health else None
    text = _("%(node)s, replica %(number)d became %(health)s") % {
        "node": change.replica.node.name,
        "number": numbers[change.replica_id],
        "health": wording.health(measured).lower(),
    }
    code = wording.HEALTH_CODES[measured]
    return Event(at=change.at, text=text, code=code, node_id=change.replica.node_id)


def _operator_event(entry: AuditEntry) -> Event:
    text = _("%(who)s %(did)s %(what)s") % {
        "who": entry.actor_name,
        "did": audit_words.did(entry),
        "what": audit_words.what(entry),
    }
    return Event(at=entry.timestamp, text=text)
