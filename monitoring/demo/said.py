"""What the demo's operators said about its made-up past, and one maintenance that will really come.

Written as rows, because the operations speak about the present: what visitors saw at the time is
in the made-up history already.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from common import markdown
from components import catalogue
from components.models import Component
from components.status import Status
from incidents import lifecycle, maintenance, maintenance_plans
from incidents.lifecycle import State
from incidents.maintenance_plans import Plan
from incidents.models import (
    AffectedComponent,
    CorrectiveAction,
    Incident,
    IncidentUpdate,
    Postmortem,
    PostmortemEntry,
    UpdateComponent,
)
from monitoring.demo import history
from monitoring.demo.history import Event

_AUTHOR = "Demo"
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Story:
    """An incident about the event of a component that began `days` ago.

    `words` are its updates: minutes after the start, state, text. The last one resolves it.
    """

    slug: str
    days: int
    title: str
    words: Sequence[tuple[int, State, str]]
    cause: str = ""  # of the postmortem; without one there is none


_STORIES = (
    _Story(
        "image-delivery",
        3,
        "Some images do not load",
        (
            (6, State.INVESTIGATING, "About 1 in 3 images fails to load. Pages work without them."),
            (15, State.IDENTIFIED, "One of our three edge machines resets connections."),
            (35, State.RESOLVED, "The machine is out of rotation and all images load."),
        ),
    ),
    _Story(
        "public-api",
        12,
        "API requests time out",
        (
            (7, State.INVESTIGATING, "About half of all API requests get no answer in time."),
            (18, State.IDENTIFIED, "A batch job holds locks that requests wait for. We stop it."),
            (31, State.MONITORING, "The job is stopped. Requests are answered as usual."),
            (47, State.RESOLVED, "No request has timed out for a quarter of an hour."),
        ),
    ),
    _Story(
        "customer-portal",
        57,
        "The customer portal is not reachable",
        (
            (5, State.INVESTIGATING, "Nobody can open the portal. Orders by API work."),
            (16, State.IDENTIFIED, "A certificate has run out. We are installing a new one."),
            (31, State.RESOLVED, "The portal works again. Nothing was lost."),
        ),
        cause="The renewal of the certificate had failed for three weeks, and nobody was told.",
    ),
)


def tell(*, now: datetime) -> None:
    """Write the incidents of the made-up past, one postmortem, and plan a maintenance in two days.

    Call inside the transaction that fills the demo.
    """
    components = {row.slug: row for row in Component.objects.all()}
    for story in _STORIES:
        component = components[story.slug]
        event = _event(story, now)
        _write(story, component=component, event=event)
    _plan(components, now=now)


def _event(story: _Story, now: datetime) -> Event:
    """The event of the made-up past that the story is about."""
    day = (now - timedelta(days=story.days)).date()
    found = history.events(story.slug, now=now)
    # Not one of the short failures that nobody remembers.
    of_that_day = [event for event in found if event.start_at.date() == day]
    return max(of_that_day, key=lambda event: event.end_at - event.start_at)


def _write(story: _Story, *, component: Component, event: Event) -> None:
    end_at = event.start_at + story.words[-1][0] * _MINUTE
    written_at = event.start_at + story.words[0][0] * _MINUTE
    incident = Incident.objects.create(
        title=story.title,
        state=State.POSTMORTEM if story.cause else State.RESOLVED,
        impact=lifecycle.impact_of([event.status]),
        started_at=event.start_at,
        resolved_at=end_at,
        published_at=written_at,
        created_at=written_at,
        changed_at=end_at,
        page_revision=catalogue.next_revision(),
        author_name=_AUTHOR,
    )
    AffectedComponent.objects.create(incident=incident, component=component, status=event.status)
    previous = ""
    for minutes, state, text in story.words:
        update = IncidentUpdate.objects.create(
            incident=incident,
            previous_state=previous,
            state=state,
            text=text,
            html=markdown.render(text),
            at=event.start_at + minutes * _MINUTE,
            created_at=event.start_at + minutes * _MINUTE,
            author_name=_AUTHOR,
        )
        shown = Status.OPERATIONAL if state == State.RESOLVED else event.status
        UpdateComponent.objects.create(
            update=update,
            component=component,
            name=component.name,
            previous=event.status if previous else Status.OPERATIONAL,
            status=shown,
        )
        previous = state
    if story.cause:
        _write_postmortem(story, incident=incident, published_at=end_at + timedelta(days=1))


def _write_postmortem(story: _Story, *, incident: Incident, published_at: datetime) -> None:
    report = Postmortem.objects.create(
        incident=incident,
        title=f"Postmortem: {story.title}",
        summary="The certificate of the portal ran out at 15:20 UTC. For 31 minutes browsers "
        "refused to open it.",
        impact_description="Everybody who opened the portal, about 240 people. The API was not "
        "affected.",
        root_cause=story.cause,
        published_at=published_at,
        created_at=published_at,
        changed_at=published_at,
        author_name=_AUTHOR,
    )
    PostmortemEntry.objects.bulk_create(
        PostmortemEntry(
            postmortem=report,
            at=incident.started_at + minutes * _MINUTE,
            text=f"{state.label}. {text}",
        )
        for minutes, state, text in story.words
    )
    CorrectiveAction.objects.bulk_create(
        CorrectiveAction(
            postmortem=report, position=position, text=text, owner=owner, due_on=due_on
        )
        for position, (text, owner, due_on) in enumerate(_actions(published_at))
    )
    IncidentUpdate.objects.create(
        incident=incident,
        previous_state=State.RESOLVED,
        state=State.POSTMORTEM,
        at=published_at,
        created_at=published_at,
        author_name=_AUTHOR,
    )


def _actions(published_at: datetime) -> Iterable[tuple[str, str, date]]:
    due_on = (published_at + timedelta(days=14)).date()
    yield "Alert two weeks before a certificate ends", "Platform", due_on
    yield "Renew certificates in one place", "Infrastructure", due_on + timedelta(days=30)


def _plan(components: dict[str, Component], *, now: datetime) -> None:
    """Work that is really planned: it starts and ends by itself if the demo runs that long."""
    day = now + timedelta(days=2)
    chosen = [components[slug].id for slug in ("mail", "customer-portal")]
    plan = Plan(
        title="Database upgrade",
        text="Mail waits meanwhile and is delivered afterwards. The portal can be read.",
        wall_start=day.replace(hour=22, minute=0, second=0, microsecond=0, tzinfo=None),
        duration=timedelta(minutes=90),
        components=maintenance_plans.under_maintenance(chosen),
    )
    maintenance.schedule(plan=plan, notify=False, now=now, author_name=_AUTHOR)
