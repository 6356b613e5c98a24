"""Everything that pages are made from, read with a fixed number of queries into frozen values.

Called by the publisher and by customer pages: the world is read once (`everything`), whatever the
number of pages, and `projecting` cuts out the part of each. The values are in `page_views`. Hidden
components are not read at all, and a replica's address only where the operator shows addresses.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from django.db import models

from branding import reading as branding
from branding.brand_views import BrandView
from components import catalogue, overlay, page_addresses
from components.models import (
    Component,
    DeclaredPeriod,
    Page,
    PageKind,
    StatusChange,
    StatusClaim,
)
from components.overlay import Declared
from components.page_addresses import PageAddress
from components.status import Source, Status
from components.uptime import Change
from incidents.models import Announcement
from monitoring.models import (
    AlertSettings,
    PageHealthChange,
    ResponseSummary,
    Span,
)
from probing.health import Health
from public_pages import event_days, event_lists, node_reading, projecting, unseen
from public_pages.event_views import Kind
from public_pages.page_views import (
    SPAN_LENGTHS,
    AnnouncementView,
    ComponentView,
    DetailView,
    GroupView,
    NodeView,
    PageView,
    Response,
    SiteView,
)
from public_pages.warning import Watch

# A day begins at other moments in other zones: enough is read for all of them.
_ZONES = timedelta(days=2)
_SPANS_READ = {
    Span.QUARTER: timedelta(hours=26),
    Span.HOUR: timedelta(days=8),
    Span.DAY: timedelta(days=93),
}


def page(*, now: datetime) -> PageView:
    """Read the main page."""
    world = everything(now=now)
    return projecting.page(world, site=world.site, shown=world.general_ids)


def everything(
    *, now: datetime, kinds: Callable[[], Collection[Kind]] = lambda: tuple(Kind)
) -> PageView:
    """Read the world, with the same number of queries however many components and pages there are.

    The revision is read first: what changes while the rest is read raises it again, so the next
    look at it finds something to publish. `kinds` tells, after that, of which events there may be any.
    """
    row = catalogue.page()
    among = kinds()
    since = now - timedelta(days=projecting.HISTORY_DAYS) - _ZONES
    rows = list(
        Component.objects.visible()
        .in_page_order()
        .select_related("group")
        .annotate(**_before(since))
    )
    in_maintenance = set(
        StatusClaim.objects.filter(
            source=Source.MAINTENANCE, component__is_visible=True
        ).values_list("component_id", flat=True)
    )
    changes = _changes(rows, StatusChange.objects.filter(component__is_visible=True), since=since)
    blind = unseen.stretches(since=since)
    unseen.put(changes, blind=blind)
    _lay_over(changes, since=since)
    interrupted_since = blind[-1][0] if blind and blind[-1][1] is None else None
    nodes, checked = node_reading.nodes(
        {row.id for row in rows if row.shows_addresses},
        now=now,
        is_interrupted=interrupted_since is not None,
    )
    marks = event_lists.marks(since=since) if Kind.INCIDENT in among else {}
    views = [
        replace(
            _component(row, nodes[row.id], changes[row.id], checked, row.id in in_maintenance),
            incidents_mark=marks.get(row.id, (0, 0)),
            checked_at=checked.get(row.id),
        )
        for row in rows
    ]
    return PageView(
        revision=row.revision,
        as_of=now,
        site=site(row),
        groups=_groups(rows, views),
        checked_at=max(checked.values(), default=None),
        interrupted_since=interrupted_since,
        announcements=_announcements(now),
        events=event_lists.home(
            now=now, since=now - timedelta(days=event_days.RECENT_DAYS) - _ZONES, kinds=among
        ),
        warning=_warning(),
    )


def details(
    *, component_ids: Iterable[int], now: datetime, kinds: Collection[Kind] = tuple(Kind)
) -> Mapping[int, DetailView]:
    """Read what only the pages of these components show, in a fixed number of queries.

    `kinds` are those of which there may be events. As with the world, `projecting.detail` cuts out
    what one page shows.
    """
    ids = list(component_ids)
    since = now - timedelta(days=projecting.YEAR_DAYS) - _ZONES
    rows = list(Component.objects.visible().filter(id__in=ids))
    changes = changes_of(ids, since=since)
    responses = _responses(ids, now=now)
    since = now - timedelta(days=projecting.HISTORY_DAYS) - _ZONES
    told = event_lists.of_components(ids, since=since) if Kind.INCIDENT in kinds else {}
    return {
        row.id: DetailView(
            changes=changes[row.id],
            responses={span: tuple(responses[row.id, span]) for span in SPAN_LENGTHS},
            incidents=told.get(row.id, ()),
        )
        for row in rows
    }


def changes_of(
    component_ids: Iterable[int], *, since: datetime
) -> Mapping[int, tuple[Change, ...]]:
    """Read the changes of components, visible or not, as uptime counts them: what was not seen is
    unknown, what was declared afterwards is laid over. Led by the one that held at `since`."""
    ids = list(component_ids)
    rows = list(Component.objects.filter(id__in=ids).annotate(**_before(since)))
    changes = _changes(rows, StatusChange.objects.filter(component_id__in=ids), since=since)
    unseen.put(changes, blind=unseen.stretches(since=since))
    _lay_over(changes, since=since)
    return changes


def site(row: Page, address: PageAddress | None = None) -> SiteView:
    """Read what everything on a page shares.

    `address` is where the page is asked for, when it answers there only (a customer page under a
    host name of its own); without one, links stay on the host that was asked, below the page's
    default path, and absolute ones lead to its canonical address.
    """
    if address is not None:
        return _site(
            row,
            base=address.base,
            address=address,
            brand=branding.brand(row.pk),
            is_split=_is_split(),
        )
    return sites([row])[row.pk]


def sites(
    rows: Iterable[Page], brands: Mapping[int, BrandView] | None = None
) -> Mapping[int, SiteView]:
    """Read what everything on each of some pages shares, by the page's id, in three statements.

    `brands` are those of all pages, if they were read already.
    """
    pages = list(rows)
    is_split = _is_split()
    brands = branding.brands() if brands is None else brands
    canonical = page_addresses.canonical_by(pages)
    return {
        row.pk: _site(
            row,
            base=page_addresses.default(row).base,
            address=canonical[row.pk],
            brand=brands[row.pk],
            is_split=is_split,
        )
        for row in pages
    }


def _is_split() -> bool:
    """Whether there are components that only some pages show."""
    return Component.objects.visible().filter(only_where_chosen=True).exists()


def _site(
    row: Page, *, base: str, address: PageAddress, brand: BrandView, is_split: bool
) -> SiteView:
    return SiteView(
        name=row.name,
        time_zone=ZoneInfo(row.time_zone),
        weights=row.weights,
        is_demo=row.is_demo,
        # The default address stays when a name of its own comes or goes.
        feed_authority=row.feed_authority or page_addresses.default(row).host,
        page_id=row.pk,
        kind=PageKind(row.kind),
        shows_all=row.shows_all and not is_split,
        is_general=row.shows_all,
        is_set_up=row.set_up_at is not None,
        language=row.language,
        base=base,
        address=address,
        brand=brand,
    )


def _announcements(now: datetime) -> tuple[AnnouncementView, ...]:
    """The current ones and those to come."""
    rows = Announcement.objects.not_over(now=now).prefetch_related(
        models.Prefetch("pages", queryset=Page.objects.only("id"))
    )
    return tuple(
        AnnouncementView(
            ident=str(row.uuid),
            title=row.title,
            text=row.text,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            pages=frozenset(page.pk for page in row.pages.all()),
            # Read before the pages: what is given to some in between is on none until it is read again.
            is_for_some=row.is_for_some,
        )
        for row in rows
    )


def _warning() -> Watch:
    latest = PageHealthChange.objects.order_by("-at", "-id").first()
    chosen = AlertSettings.objects.filter(id=1).first() or AlertSettings()
    is_dead = latest is not None and latest.health == Health.DEAD
    return Watch(
        dead_since=latest.at if latest and is_dead else None,
        after_s=chosen.warns_after_s,
        is_on=chosen.warns,
    )


def _before(since: datetime) -> dict[str, models.Subquery]:
    """Annotations: the status that held at `since`, and from when."""
    earlier = StatusChange.objects.filter(component=models.OuterRef("pk"), at__lt=since)
    last = earlier.order_by("-at", "-id")
    return {
        "status_before": models.Subquery(last.values("status")[:1]),
        "before_at": models.Subquery(last.values("at")[:1]),
    }


def _changes(
    rows: Sequence[Component], stored: "models.QuerySet[StatusChange]", *, since: datetime
) -> dict[int, tuple[Change, ...]]:
    """The changes by component, led by the one that held at `since`.

    Of the changes at one instant the one stored later comes later and so holds.
    """
    found: dict[int, list[Change]] = defaultdict(list)
    for row in rows:
        if held := getattr(row, "status_before", None):
            found[row.id].append(Change(at=getattr(row, "before_at"), status=Status(held)))  # noqa: B009 - annotated
    within = stored.filter(at__gte=since).order_by("at", "id")
    for component_id, at, value in within.values_list("component_id", "at", "status"):
        found[component_id].append(Change(at=at, status=Status(value)))
    return defaultdict(tuple, {component_id: tuple(held) for component_id, held in found.items()})


def _lay_over(changes: dict[int, tuple[Change, ...]], *, since: datetime) -> None:
    """Put into the changes what was declared of these components afterwards (AMB-9)."""
    periods: dict[int, list[Declared]] = defaultdict(list)
    rows = DeclaredPeriod.objects.filter(component_id__in=list(changes), ends_at__gt=since)
    for component_id, start, end, value in rows.values_list(
        "component_id", "starts_at", "ends_at", "status"
    ):
        declared = Declared(start=start, end=end, status=Status(value))
        periods[component_id].append(declared)
    for component_id, declared_of in periods.items():
        changes[component_id] = tuple(overlay.overlaid(changes[component_id], declared_of))


def _component(
    row: Component,
    nodes: tuple[NodeView, ...],
    changes: tuple[Change, ...],
    checked: Mapping[int, datetime],
    is_in_maintenance: bool,
) -> ComponentView:
    view = ComponentView(
        id=row.id,
        slug=row.slug,
        name=row.name,
        description=row.description,
        group_name=row.group.name if row.group else "",
        status=row.shown_status,
        status_since=row.status_since,
        is_in_maintenance=is_in_maintenance,
        is_restricted=row.only_where_chosen,
        was_checked=row.id in checked,
        nodes=nodes,
        changes=changes,
    )
    if view.status == Status.OPERATIONAL and not row.is_manual and _is_unheard(view):
        return replace(view, status=Status.UNKNOWN)
    return view


def _is_unheard(view: ComponentView) -> bool:
    """Whether the replicas give no ground to say "operational" (DESIGN: no green without evidence).

    The gap is normally noted in the status itself; this holds also when nobody could write it.
    A new replica beside others is still silent without raising doubt.
    """
    heard = [replica.health for replica in view.replicas if not replica.is_waiting]
    return None in heard or (view.is_monitored and not heard)


def _groups(rows: Sequence[Component], views: Sequence[ComponentView]) -> tuple[GroupView, ...]:
    groups = []
    for _, pairs in groupby(zip(rows, views, strict=True), key=lambda pair: pair[0].group_id):
        members = list(pairs)
        group = members[0][0].group
        groups.append(
            GroupView(
                name=group.name if group else "",
                is_collapsed=bool(group and group.is_collapsed),
                components=tuple(view for _, view in members),
            )
        )
    return tuple(groups)


def _responses(ids: Sequence[int], *, now: datetime) -> dict[tuple[int, Span], list[Response]]:
    found: dict[tuple[int, Span], list[Response]] = defaultdict(list)
    wanted = models.Q()
    for kind, length in _SPANS_READ.items():
        wanted |= models.Q(span=kind, start_at__gte=now.astimezone(UTC) - length)
    rows = ResponseSummary.objects.filter(wanted, component_id__in=ids).order_by("start_at")
    for component_id, span, start_at, answered, failed, p50_ms, p95_ms in rows.values_list(
        "component_id", "span", "start_at", "answered", "failed", "p50_ms", "p95_ms"
    ):
        found[component_id, Span(span)].append(
            Response(
                start_at=start_at, answered=answered, failed=failed, p50_ms=p50_ms, p95_ms=p95_ms
            )
        )
    return found
