"""The world that is asked: a main page, a sub-page and two customers, all of it written with marks.

Made through the operations of the product, as operators would.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import User
from accounts.roles import Role
from branding import changing
from branding.changing import Look
from catalog import entering, sources
from catalog.models import Entry, PageSource
from components import catalogue, pages
from components.models import Component, Page, PageHost, PageKind
from components.status import Status
from incidents import announcements, maintenance, postmortems, publishing
from incidents.lifecycle import Impact, State
from incidents.maintenance_plans import Plan, under_maintenance
from incidents.models import Incident
from incidents.postmortems import Writing
from incidents.publishing import Report
from leaktest.marks import EVERY_PAGE, Audience, Marks
from monitoring import inventory
from monitoring.models import AlertChannel
from subscribers.models import Origin, Subscriber
from subscribers.models import State as Standing

A, B, PUBLIC, SUB = Audience.A, Audience.B, Audience.PUBLIC, Audience.SUB
_CHANNELS = ("email", "sms", "webhook", "slack", "webpush")
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Its pages by audience, the mailboxes of the customers, and everything that has an address."""

    pages: Mapping[Audience, Page]
    mailboxes: Mapping[Audience, str]
    slugs: tuple[str, ...]
    incidents: tuple[str, ...]
    works: tuple[str, ...]


def make(marks: Marks, *, now: datetime) -> World:
    """Make the world."""
    components = _components(marks, now)
    made = _pages(marks, components, now)
    _people(marks)
    _replicas(marks, components, now)
    incidents = _incidents(marks, components, made, now)
    works = _works(marks, components, now)
    _announcements(marks, made, now)
    _subscribers(marks, made, now)
    return World(
        pages=made,
        mailboxes={A: "ada@a.example", B: "bob@b.example"},
        slugs=tuple(Component.objects.order_by("id").values_list("slug", flat=True)),
        incidents=incidents,
        works=works,
    )


def _components(marks: Marks, now: datetime) -> dict[str, Component]:
    shown = {
        "shared": EVERY_PAGE,
        "general": (PUBLIC,),
        "of the sub-page": (PUBLIC, SUB),
        "of A": (A,),
        "of B": (B,),
        "hidden": (),
    }
    found = {}
    for number, (name, allowed) in enumerate(shown.items()):
        row = catalogue.add_component(
            name=f"Service {marks.new(f'the service {name}', *allowed)}",
            description=f"Text {marks.new(f'the text of the service {name}', *allowed)}",
            slug=f"c{number}-{marks.new(f'the address of the service {name}', *allowed)}",
            now=now - 100 * timedelta(days=1),
        )
        fields = {"only_where_chosen": True} if name in {"of A", "of B"} else {}
        if name == "hidden":
            fields = {"is_visible": False}
        if fields:
            catalogue.change_component(component=row, **fields)
        found[name] = row
    return found


def _pages(
    marks: Marks, components: Mapping[str, Component], now: datetime
) -> dict[Audience, Page]:
    main = pages.set_up(name="Acme", slug="status", time_zone="UTC", language="en", now=now)
    sub = pages.add(
        kind=PageKind.SUB,
        name=f"Europe {marks.new('the name of the sub-page', SUB)}",
        slug=f"eu-{marks.new('the address of the sub-page', SUB)}",
        component_ids=[components["shared"].pk, components["of the sub-page"].pk],
        now=now,
    )
    found = {PUBLIC: main, SUB: sub} | _customer_pages(marks, components, now)
    PageHost.objects.create(
        page=found[A],
        name=f"status.{marks.new('the host name of A', A)}.example",
        challenge="x",
        is_active=True,
        created_at=now,
        verified_at=now,
    )
    for audience, page in found.items():
        # Where people sign in, the page says whose installation it is.
        others = tuple(Audience) if audience is PUBLIC else ()
        text = f"Foot {marks.new(f'the footer of {audience}', audience, also=others)}"
        changing.save(page=page, look=Look(pictures={}, footer_text=text), now=now)
    return found


def _customer_pages(
    marks: Marks, components: Mapping[str, Component], now: datetime
) -> dict[Audience, Page]:
    source: PageSource = sources.start_with_new_type(
        name=f"Customer {marks.new('the name of a catalog type')}", kind=PageKind.CUSTOMER, now=now
    )
    found = {}
    for audience, letter in ((A, "a"), (B, "b")):
        own = components[f"of {letter.upper()}"]
        other = f"{marks.new(f'a listed domain of {audience}')}.example"
        entry: Entry = entering.add(
            type=source.type,
            name=f"Customer {letter} {marks.new(f'the name of {audience}', audience)}",
            said={
                "components": [components["shared"].slug, own.slug],
                "domains": [f"{letter}.example", other],
            },
            now=now - 60 * timedelta(days=1),
        )
        found[audience] = Page.objects.get(made_from__entry=entry)
    return found


def _people(marks: Marks) -> None:
    User.objects.create_user(
        username=f"op-{marks.new('the user name of an operator')}",
        email=f"{marks.new('the mailbox of an operator')}@example.com",
        password="not-for-anybody-9k2",  # noqa: S106 - the world is thrown away
        is_staff=True,
        role=Role.OWNER,
    )
    AlertChannel.objects.create(
        kind="email",
        name=marks.new("the name of an alert channel"),
        recipients=[f"{marks.new('the recipient of an alert')}@example.com"],
    )


def _replicas(marks: Marks, components: Mapping[str, Component], now: datetime) -> None:
    allowed = {"shared": EVERY_PAGE, "of A": (A,), "of B": (B,)}
    for name, shown in allowed.items():
        node = inventory.add_node(
            component=components[name],
            name=f"Node {marks.new(f'a node of the service {name}', *shown)}",
            slug=f"node-{components[name].pk}",
            now=now,
        )
        address = f"tcp://{marks.new(f'the address of a replica of the service {name}')}.example:1"
        inventory.add_replica(node=node, address=address, now=now)


def _incidents(
    marks: Marks,
    components: Mapping[str, Component],
    made: Mapping[Audience, Page],
    now: datetime,
) -> tuple[str, ...]:
    touching = {
        "shared": EVERY_PAGE,
        "of the sub-page": (PUBLIC, SUB),
        "of A": (A,),
        "of B": (B,),
    }
    found = []
    for name, allowed in touching.items():
        row = publishing.open_incident(
            report=_report(marks, f"an incident of the service {name}", allowed, components[name]),
            notify=True,
            now=now - 2 * _HOUR,
        )
        found.append(row)
    shared = found[0]
    for audience in (A, B):
        publishing.post_update(
            incident=shared,
            state=State.INVESTIGATING,
            text=f"For you: {marks.new(f'an update for {audience} alone', audience)}",
            notify=True,
            audience=made[audience],
            now=now - _HOUR,
        )
    both = publishing.open_incident(
        report=Report(
            title=f"Both {marks.new('an incident of A and B', A, B)}",
            text="Looking.",
            impact=Impact.MAJOR,
            components={components["of A"].pk: None, components["of B"].pk: Status.MAJOR_OUTAGE},
        ),
        notify=True,
        now=now - _HOUR,
    )
    general = publishing.open_incident(
        report=_report(marks, "an incident without services", (PUBLIC,)), notify=True, now=now
    )
    draft = publishing.save_draft(
        report=_report(marks, "a draft", (), components["shared"]), notify=True, now=now
    )
    over = _over(marks, components, now)
    return tuple(row.public_id for row in (*found, both, general, draft, *over))


def _over(
    marks: Marks, components: Mapping[str, Component], now: datetime
) -> tuple[Incident, Incident]:
    """Two that are over: one with a report that was published, one with a draft of it."""
    found = []
    for name, allowed in (("of A", (A,)), ("shared", EVERY_PAGE)):
        row = publishing.open_incident(
            report=_report(marks, f"a past incident of {name}", allowed, components[name]),
            notify=True,
            now=now - 30 * _HOUR,
        )
        publishing.post_update(
            incident=row, state=State.RESOLVED, text="Over.", notify=True, now=now - 28 * _HOUR
        )
        found.append(row)
    reports: tuple[tuple[Incident, str, tuple[Audience, ...]], ...] = (
        (found[0], "a published postmortem of A", (A,)),
        (found[1], "a draft of a postmortem", ()),
    )
    for row, what, readers in reports:
        writing = Writing(
            title=f"Report {marks.new(what, *readers)}",
            summary="Short.",
            impact_description="Some.",
            root_cause=f"Cause {marks.new(f'the cause in {what}', *readers)}",
        )
        postmortems.save_draft(incident=row, writing=writing, now=now - 20 * _HOUR)
    postmortems.publish(incident=found[0], now=now - 19 * _HOUR)
    return found[0], found[1]


def _report(
    marks: Marks, what: str, allowed: tuple[Audience, ...], component: Component | None = None
) -> Report:
    return Report(
        title=f"Trouble {marks.new(f'the title of {what}', *allowed)}",
        text=f"Text {marks.new(f'the text of {what}', *allowed)}",
        impact=Impact.MAJOR,
        components={component.pk: None} if component else {},
    )


def _works(marks: Marks, components: Mapping[str, Component], now: datetime) -> tuple[str, ...]:
    found = []
    for name, allowed in (("shared", EVERY_PAGE), ("of B", (B,)), ("of A", (A,))):
        row = maintenance.schedule(
            plan=Plan(
                title=f"Work {marks.new(f'the title of work on {name}', *allowed)}",
                text=f"Disk {marks.new(f'the text of work on {name}', *allowed)}",
                wall_start=(now + 5 * _HOUR).replace(tzinfo=None, second=0, microsecond=0),
                duration=_HOUR,
                components=under_maintenance([components[name].pk]),
            ),
            notify=True,
            now=now,
        )
        found.append(row.public_id)
    return tuple(found)


def _announcements(marks: Marks, made: Mapping[Audience, Page], now: datetime) -> None:
    for audience, page in made.items():
        announcements.publish(
            title=f"News {marks.new(f'an announcement for {audience} alone', audience)}",
            text="Text.",
            pages=[page],
            now=now,
        )


def _subscribers(marks: Marks, made: Mapping[Audience, Page], now: datetime) -> None:
    """One on every channel of every page, confirmed; nobody may see their addresses anywhere."""
    holders = {A: "ada@a.example", B: "bob@b.example"}
    for audience, page in made.items():
        for channel in _CHANNELS:
            mark = marks.new(f"the address of a subscriber of {audience} by {channel}")
            address = f"{mark}@{holders.get(audience, '@example.com').partition('@')[2]}"
            row = Subscriber(
                page=page,
                holder=holders.get(audience, ""),
                channel=channel,
                address=address,
                canonical=address,
                state=Standing.ACTIVE,
                origin=Origin.OPERATOR,
                created_at=now - 50 * timedelta(days=1),
                confirmed_at=now - 50 * timedelta(days=1),
            )
            row.secrets = {"url": f"https://hooks.example/{mark}", "secret": "x" * 32}
            row.save(force_insert=True)
