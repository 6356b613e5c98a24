"""All reads for the operators' list of subscribers, each with a fixed number of statements (N11)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, OuterRef, Q

from components.models import Page as PageRow
from subscribers import chart, forecast, recipients, suppressing
from subscribers.models import Origin, Reason, State, Subscriber, Subscription, Suppression
from subscribers.models.people import SubscriberQuerySet

PAGE_SIZE = 50
# Beside the states of a subscription: what the list can be narrowed to.
SUPPRESSED = "suppressed"
_OPEN = (State.WAITING, State.ACTIVE, State.PAUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the list is narrowed to; empty fields narrow nothing, but for who has unsubscribed."""

    text: str = ""
    state: str = ""
    channel: str = ""
    origin: str = ""
    component_id: int | None = None
    page_id: int | None = None

    @property
    def is_filter(self) -> bool:
        return bool(
            self.text
            or self.state
            or self.channel
            or self.origin
            or self.component_id
            or self.page_id
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One subscriber in the list; `chosen` counts components, `reason` is why it gets nothing."""

    subscriber: Subscriber
    chosen: int
    reason: Reason | None

    @property
    def state(self) -> State:
        return State(self.subscriber.state)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelCount:
    """How many subscribers a channel has, by state; who left is not in the total."""

    channel: str
    by_state: dict[str, int] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The channel's name for people."""
        return forecast.title_of(self.channel)

    @property
    def active(self) -> int:
        return self.by_state.get(State.ACTIVE, 0)

    @property
    def waiting(self) -> int:
        return self.by_state.get(State.WAITING, 0)

    @property
    def paused(self) -> int:
        return self.by_state.get(State.PAUSED, 0)

    @property
    def total(self) -> int:
        return self.active + self.waiting + self.paused


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many subscribers there are, by channel in the order of the chart."""

    channels: tuple[ChannelCount, ...] = ()

    @property
    def active(self) -> int:
        return sum(one.active for one in self.channels)

    @property
    def waiting(self) -> int:
        return sum(one.waiting for one in self.channels)

    @property
    def paused(self) -> int:
        return sum(one.paused for one in self.channels)

    @property
    def total(self) -> int:
        return sum(one.total for one in self.channels)


def counts() -> Counts:
    """The subscribers by channel and state, with one statement that an index answers."""
    grouped = Subscriber.objects.filter(state__in=_OPEN).order_by()
    found: dict[str, dict[str, int]] = {}
    for channel, state, count in grouped.values_list("channel", "state").annotate(Count("id")):
        found.setdefault(channel, {})[state] = count
    order = {name: place for place, name in enumerate(chart.CHANNELS)}
    names = sorted(found, key=lambda name: (order.get(name, len(order)), name))
    return Counts(
        channels=tuple(ChannelCount(channel=name, by_state=found[name]) for name in names)
    )


def counts_by_page() -> Mapping[int, int]:
    """How many are told of what concerns them, by the page's id, in one statement."""
    active = Subscriber.objects.active().order_by()
    return dict(active.values_list("page_id").annotate(Count("id")))


def pages_with_subscribers() -> list[PageRow]:
    """The pages that somebody has subscribed on, and those that can be subscribed on, by name."""
    asked = Subscriber.objects.filter(page=OuterRef("pk"))
    rows = PageRow.objects.filter(Q(retired_at__isnull=True) | Exists(asked))
    return sorted(rows, key=lambda row: (not row.is_main, row.name.casefold(), row.pk))


def count_active() -> int:
    """How many are told something, for the number in the menu (N11)."""
    return Subscriber.objects.active().count()


def narrowed(wanted: Wanted) -> SubscriberQuerySet:
    """Those that the list shows, the newest first."""
    rows = Subscriber.objects.select_related("page")
    if wanted.page_id:
        rows = rows.filter(page_id=wanted.page_id)
    if wanted.state == SUPPRESSED:
        rows = rows.filter(Exists(recipients.suppressions()))
    elif wanted.state in State:
        rows = rows.filter(state=wanted.state)
    else:
        # Not "one of the open states": so the newest are found without sorting all of them.
        rows = rows.exclude(state=State.ENDED)
    if wanted.channel in chart.CHANNELS:
        rows = rows.filter(channel=wanted.channel)
    if wanted.origin in Origin:
        rows = rows.filter(origin=wanted.origin)
    if wanted.component_id:
        chosen = Subscription.objects.filter(component_id=wanted.component_id)
        named = Q(id__in=chosen.values("subscriber_id"))
        rows = rows.filter(named | Q(wants_all=True), follows="")
    if wanted.text:
        text = wanted.text
        rows = rows.filter(Q(address__icontains=text) | Q(canonical__icontains=text))
    return rows.order_by("-id")


def page_of(*, wanted: Wanted, page: str) -> Page[Subscriber]:
    """One page of the list; a page that does not exist is the nearest one."""
    return Paginator(narrowed(wanted), PAGE_SIZE).get_page(page)


def rows_of(subscribers: Iterable[Subscriber]) -> list[Row]:
    """The subscribers as rows, in their order."""
    found = list(subscribers)
    chosen = Subscription.objects.filter(subscriber__in=[row.pk for row in found]).order_by()
    numbers = dict(chosen.values_list("subscriber").annotate(Count("id")))
    reasons = suppressing.reasons(addresses=[(row.channel, row.canonical) for row in found])
    return [
        Row(
            subscriber=row,
            chosen=numbers.get(row.pk, 0),
            reason=reasons.get((row.channel, row.canonical)),
        )
        for row in found
    ]


def suppressed(*, text: str, page: str) -> Page[Suppression]:
    """One page of the suppression list, the newest first."""
    rows = Suppression.objects.order_by("-created_at", "-id")
    if text:
        rows = rows.filter(Q(canonical__icontains=text) | Q(note__icontains=text))
    return Paginator(rows, PAGE_SIZE).get_page(page)
