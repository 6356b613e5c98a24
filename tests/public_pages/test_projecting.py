"""What a page shows of the world, for random worlds: its own part in every file, and nothing else.

Markers stand for everything that has a name or a text. Each belongs to a component, an event or an
update; what is rendered for a page is searched for every marker that is not the page's.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.models import PageKind
from components.page_addresses import PageAddress
from components.status import Status
from components.uptime import Change, Weights
from incidents import lifecycle, windows
from incidents.lifecycle import Impact
from monitoring.models import Span
from probing.health import Health
from public_pages import (
    elsewhere,
    event_days,
    feeds_entries,
    feeds_reading,
    feeds_rendering,
    projecting,
    readouts,
    templating,
)
from public_pages.event_calendar import Bounds, Calendars
from public_pages.event_rendering import EventPages
from public_pages.event_views import (
    AsideView,
    ChipView,
    EventLine,
    HomeEvents,
    IncidentView,
    Kind,
    MaintenanceView,
    SeenView,
    TouchedView,
    UpdateView,
)
from public_pages.feeds_reading import WorkView
from public_pages.page_views import (
    AnnouncementView,
    ComponentView,
    DetailView,
    GroupView,
    NodeView,
    PageView,
    ReplicaView,
    SiteView,
)
from public_pages.rendering import Fragments, Histories, Pages

NOW = datetime(2026, 11, 19, 14, 32, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MINE, OTHER = 7, 8
ZONE = ZoneInfo("UTC")
WORLD_SITE = SiteView(name="Main", time_zone=ZONE, weights=Weights(), is_demo=False)
SITE = SiteView(
    name="Sub",
    time_zone=ZONE,
    weights=Weights(),
    is_demo=False,
    feed_authority="status.example.com",
    page_id=MINE,
    kind=PageKind.SUB,
    shows_all=False,
    is_general=False,
    base="/s/sub",
    address=PageAddress("https://status.example.com", "/s/sub"),
)
STATUSES = (
    Status.OPERATIONAL,
    Status.DEGRADED_PERFORMANCE,
    Status.PARTIAL_OUTAGE,
    Status.MAJOR_OUTAGE,
)


@dataclass(frozen=True)
class Said:
    """An update of an incident: for everybody, or for one page; and what it showed of components."""

    audience: int | None
    shown: Mapping[int | None, Status]


@dataclass(frozen=True)
class Event:
    """An incident or planned work, as a test draws it."""

    number: int
    is_planned: bool
    is_open: bool
    hours_ago: int
    touched: Mapping[int, Status | None]
    said: tuple[Said, ...]

    @property
    def ident(self) -> str:
        return f"{'m' if self.is_planned else 'i'}{self.number:011}"

    @property
    def mark(self) -> str:
        return f"eventx{self.number}x"

    def words(self, place: int) -> str:
        return f"saidx{self.number}x{place}x"


@dataclass(frozen=True)
class World:
    components: tuple[int, ...]
    shown: frozenset[int]
    events: tuple[Event, ...]


def component_mark(ident: int | None) -> str:
    return f"partx{'gone' if ident is None else ident}x"


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Up to five components, a page of some, and events that touch some and say things of some."""
    ids = tuple(range(1, draw(st.integers(2, 5)) + 1))
    status = st.sampled_from(STATUSES)
    part = st.dictionaries(st.sampled_from(ids), st.none() | status, max_size=3)
    said = st.builds(
        Said,
        audience=st.sampled_from((None, None, MINE, OTHER)),
        shown=st.dictionaries(st.sampled_from((None, *ids)), status, max_size=3),
    )
    events = draw(
        st.lists(
            st.tuples(
                st.booleans(),
                st.booleans(),
                st.integers(1, 24 * 20),
                part,
                st.lists(said, min_size=1, max_size=3),
            ),
            max_size=4,
        )
    )
    return World(
        components=ids,
        shown=frozenset(draw(st.sets(st.sampled_from(ids), max_size=len(ids)))),
        events=tuple(
            Event(number, is_planned, is_open, hours_ago, touched, tuple(said))
            for number, (is_planned, is_open, hours_ago, touched, said) in enumerate(events)
        ),
    )


# ---- from a drawn world to what is read of it --------------------------------------------------------


def component(ident: int) -> ComponentView:
    mark = component_mark(ident)
    return ComponentView(
        id=ident,
        slug=mark,
        name=mark,
        description=mark,
        group_name="",
        status=STATUSES[ident % 4],
        status_since=NOW - DAY,
        is_in_maintenance=False,
        was_checked=True,
        nodes=(
            NodeView(
                name=mark,
                schemes=("https",),
                interval_s=60,
                sick_after_s=5,
                replicas=(
                    ReplicaView(
                        number=1,
                        label=mark,
                        health=Health.DEAD,
                        is_waiting=False,
                        counts_as=Health.DEAD,
                        why=mark,
                    ),
                ),
            ),
        ),
        changes=(Change(at=NOW - 100 * DAY, status=Status.OPERATIONAL),),
        checked_at=NOW,
    )


def touched(event: Event) -> tuple[TouchedView, ...]:
    return tuple(
        TouchedView(id=pk, slug=component_mark(pk), name=component_mark(pk), status=status)
        for pk, status in event.touched.items()
    )


def chips(said: Said) -> tuple[ChipView, ...]:
    return tuple(
        ChipView(
            key=str(pk or component_mark(pk)),
            name=component_mark(pk),
            previous=Status.OPERATIONAL,
            status=status,
            component_id=pk,
        )
        for pk, status in said.shown.items()
    )


def updates(event: Event) -> tuple[UpdateView, ...]:
    state = windows.State.SCHEDULED if event.is_planned else lifecycle.State.INVESTIGATING
    return tuple(
        UpdateView(
            ident=f"u{event.number}{place:010}",
            state=state,
            is_change=place == 0,
            html=f"<p>{event.words(place)}</p>",
            at=NOW - event.hours_ago * HOUR + timedelta(minutes=place),
            corrected_at=None,
            chips=chips(said),
            audience=said.audience,
        )
        for place, said in reversed(list(enumerate(event.said)))
    )


def incident(event: Event) -> IncidentView:
    return IncidentView(
        ident=event.ident,
        title=event.mark,
        state=lifecycle.State.INVESTIGATING if event.is_open else lifecycle.State.RESOLVED,
        impact=Impact.CRITICAL,
        started_at=NOW - event.hours_ago * HOUR,
        ended_at=None if event.is_open else NOW - event.hours_ago * HOUR + HOUR,
        next_update_by=None,
        is_retroactive=False,
        is_detected=False,
        touched=touched(event),
        updates=updates(event),
        postmortem=None,
    )


def maintenance(event: Event) -> MaintenanceView:
    start = NOW - event.hours_ago * HOUR
    return MaintenanceView(
        ident=event.ident,
        title=event.mark,
        html="",
        state=windows.State.IN_PROGRESS if event.is_open else windows.State.COMPLETED,
        starts_at=start,
        ends_at=start + HOUR,
        started_at=start,
        ended_at=None if event.is_open else start + HOUR,
        touched=touched(event),
        updates=updates(event),
    )


def line(event: Event) -> EventLine:
    """The line of lists, as `event_lists` makes it: what everybody was told last, and asides."""
    start = NOW - event.hours_ago * HOUR
    common = [place for place, said in enumerate(event.said) if said.audience is None]
    if event.is_planned:
        view = maintenance(event)
        return EventLine(
            kind=Kind.MAINTENANCE,
            ident=event.ident,
            title=event.mark,
            state=view.state,
            worst=Status.UNDER_MAINTENANCE,
            html="",
            starts_at=start,
            ended_at=view.ended_at,
            began_at=start,
            planned_end=view.ends_at,
            touched=touched(event),
        )
    asides = {}
    for place, said in enumerate(event.said):
        if said.audience is not None:
            asides[said.audience] = AsideView(
                page_id=said.audience,
                at=start + timedelta(minutes=place),
                html=f"<p>{event.words(place)}</p>",
                count=1,
            )
    return EventLine(
        kind=Kind.INCIDENT,
        ident=event.ident,
        title=event.mark,
        state=incident(event).state,
        worst=Status.MAJOR_OUTAGE,
        html=f"<p>{event.words(common[-1])}</p>" if common else "",
        starts_at=start,
        ended_at=incident(event).ended_at,
        touched=touched(event),
        updates=len(common),
        seen=SeenView(
            shown=tuple(pair for said in event.said for pair in said.shown.items()),
            claimed=Status.MAJOR_OUTAGE,
            said_at=start + timedelta(minutes=common[-1]) if common else None,
            asides=tuple(asides.values()),
        ),
    )


def read(world: World) -> PageView:
    lines = [line(event) for event in world.events]
    incidents = [one for one in lines if one.kind is Kind.INCIDENT and one.is_open]
    works = [one for one in lines if one.kind is Kind.MAINTENANCE and one.is_open]
    return PageView(
        revision=1,
        as_of=NOW,
        site=WORLD_SITE,
        groups=tuple(
            GroupView(
                name=f"groupx{pk}x" if pk % 2 else "",
                is_collapsed=False,
                components=(component(pk),),
            )
            for pk in world.components
        ),
        checked_at=NOW,
        announcements=tuple(
            AnnouncementView(
                ident=f"note{number}",
                title=f"notex{number}x",
                text=f"notex{number}x",
                starts_at=NOW - DAY + number * HOUR,
                ends_at=None,
                pages=frozenset(on),
            )
            for number, on in enumerate((set[int](), {MINE}, {OTHER}))
        ),
        events=HomeEvents(open=tuple(incidents), running=tuple(works), recent=tuple(lines)),
    )


# ---- everything that a page is in ---------------------------------------------------------------------


def rendered(world: World) -> Mapping[str, bytes]:
    """Every kind of file of the page, by its name."""
    page = projecting.page(read(world), site=SITE, shown=world.shown)
    pages = Pages(page, Histories(), Fragments())
    files = {
        **pages.home(),
        **pages.errors(),
        "gone.html": pages.gone(),
        "status.json": readouts.status_json(page, pages.percents()),
        "status/report": readouts.report(page),
        "badge/icon.svg": elsewhere.badge_icon(page),
        "badge/color.svg": elsewhere.badge_color(page),
    }
    lines = projecting.lines([line(event) for event in world.events], site=SITE, shown=world.shown)
    for member in page.components:
        detail = DetailView(
            changes=member.changes,
            responses=dict.fromkeys(Span, ()),
            incidents=tuple(
                line(event)
                for event in world.events
                if member.id in event.touched and not event.is_planned
            ),
        )
        own = projecting.detail(detail, site=SITE, shown=world.shown, now=NOW)
        files |= pages.component(member, own)
    views = list(own_views(world))
    events = EventPages(SITE, as_of=NOW)
    for view in views:
        made = events.incident(view) if isinstance(view, IncidentView) else events.maintenance(view)
        files |= made
    calendars = Calendars(SITE, as_of=NOW)
    month = event_days.month_of(NOW.date())
    for each in (month, month.previous):
        start, end = each.bounds(ZONE)
        inside = [one for one in lines if start <= one.starts_at < end]
        files |= calendars.month(each, inside, bounds=Bounds(first=month.previous, last=month))
    files |= calendars.maintenance(
        [one for one in lines if one.kind is Kind.MAINTENANCE], page=page
    )
    works = feeds_reading.shown_works(
        [work(event) for event in world.events if event.is_planned], site=SITE, shown=world.shown
    )
    with templating.active(SITE):
        entries = [feeds_entries.made(view, site=SITE) for view in views]
        files |= feeds_rendering.of_page(SITE, entries=entries, works=works, changed_at=None)
    return files


def own_views(world: World) -> Iterator[IncidentView | MaintenanceView]:
    for event in world.events:
        view = (
            projecting.maintenance(maintenance(event), site=SITE, shown=world.shown)
            if event.is_planned
            else projecting.incident(incident(event), site=SITE, shown=world.shown)
        )
        if view is not None:
            yield view


def work(event: Event) -> WorkView:
    view = maintenance(event)
    return WorkView(
        ident=view.ident,
        title=view.title,
        html="",
        state=view.state,
        starts_at=view.starts_at,
        ends_at=view.ends_at,
        created_at=NOW,
        changed_at=NOW,
        sequence=0,
        revision=1,
        touched=view.touched,
    )


def is_shown(event: Event, world: World) -> bool:
    return bool(world.shown & set(event.touched))


def strange(world: World) -> Iterator[str]:
    """The marks of all that is not the page's."""
    yield component_mark(None)
    yield "notex2x"
    for pk in set(world.components) - world.shown:
        yield component_mark(pk)
        if pk % 2:
            yield f"groupx{pk}x"
    for event in world.events:
        if not is_shown(event, world):
            yield event.mark
            yield event.ident
        for place, said in enumerate(event.said):
            if said.audience == OTHER or not is_shown(event, world):
                yield event.words(place)


@pytest.mark.req("R3")
@given(world=worlds())
@settings(max_examples=settings().max_examples // 2)
def test_what_a_page_shows_is_there_and_nothing_else_is_in_any_file(world: World) -> None:
    """Reliability A12 and B8."""
    files, marks = rendered(world), set(strange(world))
    for name, body in files.items():
        for mark in marks:
            assert mark not in name
            assert mark.encode() not in body, (name, mark)
    home = files["index.html"]
    for pk in world.shown:
        assert component_mark(pk).encode() in home
        assert f"components/{component_mark(pk)}.html" in files
    assert b"notex1x" in home
    for event in world.events:
        if is_shown(event, world):
            name = f"{'maintenance' if event.is_planned else 'incidents'}/{event.ident}.html"
            for place, said in enumerate(event.said):
                if said.audience != OTHER:
                    assert event.words(place).encode() in files[name]
                    assert (event.words(place) in files["history.rss"].decode()) is True


@given(world=worlds())
def test_nobody_can_tell_what_a_page_does_not_show(world: World) -> None:
    """The same page, cut from a world without all the rest, is the same page."""
    whole = projecting.page(read(world), site=SITE, shown=world.shown)
    alone = World(
        components=tuple(pk for pk in world.components if pk in world.shown),
        shown=world.shown,
        events=tuple(
            replace(
                event,
                touched={pk: said for pk, said in event.touched.items() if pk in world.shown},
                said=tuple(
                    Said(
                        said.audience,
                        {pk: status for pk, status in said.shown.items() if pk in world.shown},
                    )
                    for said in event.said
                ),
            )
            for event in world.events
            if is_shown(event, world)
        ),
    )
    cut = projecting.page(read(alone), site=SITE, shown=world.shown)
    assert whole.groups == cut.groups
    assert whole.announcements == cut.announcements
    assert [one.ident for one in whole.events.recent] == [one.ident for one in cut.events.recent]
    for one, other in zip(whole.events.recent, cut.events.recent, strict=True):
        # What an incident says of itself as a whole may be meant for others: it is left out then.
        assert replace(one, worst=Status.OPERATIONAL) == replace(other, worst=Status.OPERATIONAL)
        assert one.worst.rank <= other.worst.rank


def test_a_page_that_shows_everything_shows_events_that_touch_nothing() -> None:
    event = Event(1, False, True, 3, {}, (Said(None, {}),))
    world = World(components=(1,), shown=frozenset({1}), events=(event,))
    everything = replace(SITE, shows_all=True, is_general=True)
    assert projecting.page(read(world), site=everything, shown=world.shown).events.open
    assert not projecting.page(read(world), site=SITE, shown=world.shown).events.open


def test_what_is_for_chosen_pages_is_on_none_while_these_are_not_known() -> None:
    """They are read after the announcement itself, and may be gone or not be written yet."""
    world = read(World(components=(1,), shown=frozenset({1}), events=()))
    note = replace(world.announcements[0], is_for_some=True)
    world = replace(world, announcements=(note, *world.announcements[1:]))
    everything = replace(SITE, shows_all=True, is_general=True)
    for site in (SITE, everything):
        page = projecting.page(world, site=site, shown=frozenset({1}))
        assert [one.ident for one in page.announcements] == ["note1"]
        assert not any(one.is_for_some or one.pages for one in page.announcements)


def test_what_touched_only_components_of_others_that_are_gone_is_for_nobody() -> None:
    event = Event(1, False, True, 3, {}, (Said(None, {}),))
    world = read(World(components=(1,), shown=frozenset({1}), events=(event,)))
    lines = tuple(replace(one, dedicated=frozenset({9})) for one in world.events.open)
    everything = replace(SITE, shows_all=True, is_general=True)
    assert projecting.lines(lines, site=everything, shown=frozenset({1})) == ()
    assert projecting.lines(world.events.open, site=everything, shown=frozenset({1}))


def test_the_impact_is_that_on_the_components_of_the_page() -> None:
    event = Event(
        1,
        False,
        True,
        3,
        {1: Status.DEGRADED_PERFORMANCE, 2: Status.MAJOR_OUTAGE},
        (Said(None, {1: Status.DEGRADED_PERFORMANCE, 2: Status.MAJOR_OUTAGE}),),
    )
    world = World(components=(1, 2), shown=frozenset({1}), events=(event,))
    (one,) = projecting.page(read(world), site=SITE, shown=world.shown).events.open
    assert one.worst == Status.DEGRADED_PERFORMANCE
    view = projecting.incident(incident(event), site=SITE, shown=world.shown)
    assert view is not None
    assert view.impact == Impact.NONE
