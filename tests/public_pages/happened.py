"""Events on the page of the tests here: what the design's mocks tell of Acme, through the operations."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from components.models import Component
from components.status import Status
from incidents import maintenance, postmortems, publishing, timeline, windows
from incidents.lifecycle import Impact, State
from incidents.models import Incident
from incidents.postmortems import Action, Entry, Writing
from incidents.publishing import Report
from tests import build
from tests.public_pages import world

MINUTE = timedelta(minutes=1)


def told(
    entries: Mapping[datetime, tuple[State, str]],
    *,
    title: str = "Card payments failing",
    started_at: datetime | None = None,
    components: Mapping[Component, Status | None] | None = None,
    impact: Impact = Impact.MAJOR,
) -> Incident:
    """An incident whose updates were posted at these times; the first one opens it."""
    (first_at, (state, text)), *rest = entries.items()
    incident = publishing.open_incident(
        report=Report(
            title=title,
            text=text,
            state=state,
            impact=impact,
            components={component.id: said for component, said in (components or {}).items()},
            started_at=started_at or first_at,
        ),
        notify=True,
        now=first_at,
    )
    for at, (state, text) in rest:
        publishing.post_update(incident=incident, state=state, text=text, notify=True, now=at)
        incident.refresh_from_db()
    return incident


def past(
    title: str,
    *,
    started_at: datetime,
    minutes: int,
    now: datetime,
    components: Mapping[Component, Status | None] | None = None,
    text: str = "It is over.",
) -> Incident:
    """An incident that was recorded afterwards."""
    return publishing.record_past(
        report=Report(
            title=title,
            text=text,
            impact=Impact.MINOR,
            components={component.id: said for component, said in (components or {}).items()},
            started_at=started_at,
        ),
        resolved_at=started_at + minutes * MINUTE,
        now=now,
    )


def shop() -> dict[str, Component]:
    """The few components that events speak about, without anything measured."""
    names = ("Checkout", "Webhooks", "Search", "Reports and exports")
    slugs = {name: name.lower().replace(" ", "-") for name in names}
    return {name: build.component(name=name, slug=slug) for name, slug in slugs.items()}


def acme(
    *, now: datetime, components: Mapping[str, Component] | None = None
) -> dict[str, Incident]:
    """Acme on its outage day: an open incident, one with a report, past ones, and planned work.

    `components` are those of `shop`, when all of `world.acme` would be too much.
    """
    components = components or world.acme(now=now)
    checkout, webhooks, search = (components[name] for name in ("Checkout", "Webhooks", "Search"))
    before = now - timedelta(days=7)
    delayed = told(
        {
            before: (State.INVESTIGATING, "Some webhooks arrive late. We are looking into it."),
            before + 21 * MINUTE: (State.IDENTIFIED, "A queue worker stopped after a deploy."),
            before + 40 * MINUTE: (State.IDENTIFIED, "Half of the queue is worked off."),
            before + 50 * MINUTE: (State.MONITORING, "The queue is empty. We are watching it."),
            before + 72 * MINUTE: (
                State.RESOLVED,
                "Every delayed webhook was delivered; none were lost.",
            ),
        },
        title="Webhook deliveries delayed",
        components={webhooks: None, search: Status.DEGRADED_PERFORMANCE},
    )
    timeline.correct(
        update=delayed.updates.order_by("id")[1],
        text="A queue worker stopped after a deploy at noon.",
        author=None,
        now=before + 30 * MINUTE,
    )
    _report(delayed, now=before + timedelta(days=1))
    stale = past(
        "Search results up to 2 hours old",
        started_at=now - timedelta(days=16),
        minutes=140,
        now=now - timedelta(days=15),
        components={search: None},
        text="The search index stopped updating after a disk filled up. Results are current again.",
    )
    open_one = told(
        {
            now - 25 * MINUTE: (
                State.INVESTIGATING,
                "Some card payments in the EU are failing. We are looking into it.",
            ),
            now - 14 * MINUTE: (
                State.IDENTIFIED,
                (
                    "One of our two EU card processors is rejecting about **1 in 3** payments. "
                    "We are moving all EU traffic to the second processor.\n\n"
                    "- Retrying a failed payment is safe\n- Customers are not charged twice"
                ),
            ),
        },
        title="Card payments failing for some customers in the EU",
        started_at=now - 27 * MINUTE,
        components={checkout: None, webhooks: Status.DEGRADED_PERFORMANCE},
    )
    Incident.objects.filter(pk=open_one.pk).update(
        origin="monitor", next_update_by=now + 28 * MINUTE
    )
    for title, days, hours in (
        ("Database upgrade for reports and exports", 2, 7),
        ("TLS certificate rotation", 13, -8),
    ):
        build.maintenance(
            now=now,
            title=title,
            text="Scheduled exports will be delayed until the work is done.",
            wall_start=(now + timedelta(days=days, hours=hours)).replace(tzinfo=None),
            components=[components["Reports and exports"]],
        )
    done = build.maintenance(
        now=now - timedelta(days=12),
        title="Storage migration for exports",
        wall_start=(now - timedelta(days=11)).replace(tzinfo=None),
        components=[components["Reports and exports"]],
    )
    began = now - timedelta(days=11)
    for at, state in (
        (began, windows.State.IN_PROGRESS),
        (began + 60 * MINUTE, windows.State.COMPLETED),
    ):
        maintenance.post_update(maintenance=done, state=state, notify=False, now=at)
    return {"open": open_one, "reported": delayed, "past": stale}


def _report(incident: Incident, *, now: datetime) -> None:
    """A published postmortem of a resolved incident."""
    incident.refresh_from_db()
    postmortems.save_draft(
        incident=incident,
        writing=Writing(
            title="Webhooks, 12 November 2026",
            summary="A deploy stopped one of two queue workers.",
            impact_description="Webhooks arrived up to *40 minutes* late.",
            root_cause="The worker waited for a lock that the deploy had taken.",
            entries=[
                Entry(at=incident.started_at, text="The worker stops."),
                Entry(at=incident.started_at + 21 * MINUTE, text="A person sees the queue."),
            ],
            actions=[
                Action(text="Alert on the age of the oldest webhook.", owner="Platform team"),
                Action(text="Give the lock back before the deploy ends.", is_done=True),
            ],
        ),
        now=now,
    )
    postmortems.publish(incident=incident, now=now)
