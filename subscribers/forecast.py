"""Know before you send: who would get it, who would not and why, and how long it takes.

Asks the same question as the fan-out (`recipients.told`), so that the numbers are those of the
sending, for as long as nobody subscribes in between.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Case, Count, Exists, Q, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from components.models import PageKind
from notifications import reading
from notifications.channels import CHANNELS
from subscribers import chart, recipients, shown_events
from subscribers.chart import Stage
from subscribers.models import Integration, Reason, State, people
from subscribers.models.people import SubscriberQuerySet

# What a channel without a limit of its own is expected to do in a second (bench/fanout.py).
_USUAL_PER_S = {"email": 300, "webhook": 50, "sms": 50}
_OTHERWISE_PER_S = 20
# Promised times (O2, O3, O5, O6).
PROMISED = {"email": timedelta(minutes=5)}
PROMISED_OTHERWISE = timedelta(minutes=2)


class Why(StrEnum):
    """Why somebody who is subscribed is not told; the first that holds."""

    UNCONFIRMED = "unconfirmed"
    COMPLAINED = "complained"
    STOPPED = "stopped"
    BOUNCED = "bounced"
    SUPPRESSED = "suppressed"
    PAUSED = "paused"
    OTHER_SERVICES = "other_services"
    NOT_THIS_STAGE = "not_this_stage"

    @property
    def label(self) -> str:
        """The English words for a person, to be translated where they are shown."""
        return _LABELS[self]


_LABELS = {
    Why.UNCONFIRMED: gettext_noop("not confirmed"),
    Why.COMPLAINED: gettext_noop("complained about our mail"),
    Why.STOPPED: gettext_noop("answered STOP"),
    Why.BOUNCED: gettext_noop("bounced: the address does not exist"),
    Why.SUPPRESSED: gettext_noop("suppressed by an operator"),
    Why.PAUSED: gettext_noop("paused, because deliveries fail"),
    Why.OTHER_SERVICES: gettext_noop("chose other services"),
    Why.NOT_THIS_STAGE: gettext_noop("not told of this step on this channel"),
}


# Of several entries for one address the strongest is told, as in the list (`suppressing.reasons`).
_WHY_SUPPRESSED = (
    (Reason.COMPLAINT, Why.COMPLAINED),
    (Reason.STOP, Why.STOPPED),
    (Reason.HARD_BOUNCE, Why.BOUNCED),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One channel: how many get it, how many do not and why, and how long sending takes.

    `queued` messages of other events wait to leave before them, and their time counts.
    """

    channel: str
    told: int = 0
    not_told: Mapping[Why, int] = field(default_factory=dict)
    takes: timedelta = timedelta()
    queued: int = 0

    @property
    def is_late(self) -> bool:
        """Whether the last one gets it after the promised time."""
        return self.takes > promised(self.channel)

    @property
    def title(self) -> str:
        """The channel for people."""
        return title_of(self.channel)

    @property
    def per_s(self) -> float:
        return speed_per_s(self.channel)

    @property
    def takes_s(self) -> int:
        return int(self.takes.total_seconds())

    @property
    def promised_minutes(self) -> int:
        return int(promised(self.channel).total_seconds() // 60)

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Why how many do not get it, in words, the most first."""
        found = sorted(self.not_told.items(), key=lambda one: -one[1])
        return [(_(why.label), count) for why, count in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """How many subscribers of how many pages of one kind are told."""

    kind: PageKind
    told: int
    pages: int

    @property
    def words(self) -> str:
        """Like “12 of them on 3 customer pages”."""
        one, many = _ON_PAGES[self.kind]
        named = ngettext(one, many, self.pages) % {"pages": self.pages}
        return _("%(told)d of them on %(pages)s") % {"told": self.told, "pages": named}


_ON_PAGES = {
    PageKind.SUB: (gettext_noop("%(pages)d sub-page"), gettext_noop("%(pages)d sub-pages")),
    PageKind.CUSTOMER: (
        gettext_noop("%(pages)d customer page"),
        gettext_noop("%(pages)d customer pages"),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """All channels that somebody uses; `page` are the page's own integrations that post it.

    `elsewhere` says how many of those who are told subscribed on other pages than the main one.
    """

    parts: tuple[Part, ...] = ()
    page: tuple[str, ...] = ()
    elsewhere: tuple["Elsewhere", ...] = ()

    @property
    def total(self) -> int:
        return sum(part.told for part in self.parts)

    @property
    def page_titles(self) -> list[str]:
        """The page's own integrations for people."""
        return [title_of(kind) for kind in self.page]

    @property
    def late(self) -> list[Part]:
        return [part for part in self.parts if part.is_late]


def of(
    *,
    stage: Stage,
    component_ids: Collection[int],
    topic: str,
    now: datetime | None = None,
    audience_id: int | None = None,
    dedicated_ids: Collection[int] = (),
) -> Forecast:
    """What would be sent if this were posted now; a fixed number of queries.

    `topic` is that of the event ("incident:9k2…"), empty while it has none. Without `now` it counts
    whoever is confirmed. With an `audience_id` it is for the subscribers of that page alone.
    `dedicated_ids` as in `shown_events.of`.
    """
    shown = shown_events.of(component_ids, dedicated_ids=dedicated_ids)
    told = recipients.told(shown, stage=stage, topic=topic, at=now, audience_id=audience_id)
    counts = dict(told.order_by().values_list("channel").annotate(Count("id")))
    others = _others(
        recipients.asked(shown, audience_id=audience_id),
        stage=stage,
        topic=topic,
        wanting=people.wanting(shown, topic=topic),
    )
    channels = [channel for channel in chart.CHANNELS if channel in counts or channel in others]
    queued = reading.waiting(except_topic=topic)
    parts = tuple(
        _part(channel, counts.get(channel, 0), others.get(channel, {}), queued.get(channel, 0))
        for channel in channels
    )
    posts = recipients.posts_for_page(shown, stage=stage, audience_id=audience_id)
    page = Integration.objects.filter(is_enabled=True, kind__in=posts).order_by("kind")
    return Forecast(
        parts=parts,
        page=tuple(page.values_list("kind", flat=True)),
        elsewhere=tuple(_elsewhere(told)) if counts else (),
    )


def title_of(channel: str) -> str:
    """The name of a channel for people."""
    known = CHANNELS.get(channel)
    return known.title if known is not None else channel


def promised(channel: str) -> timedelta:
    """The time within which a message on this channel is to arrive."""
    return PROMISED.get(channel, PROMISED_OTHERWISE)


def speed_per_s(channel: str) -> float:
    """How many messages a second leave on this channel: its limit, or what is usual."""
    known = CHANNELS.get(channel)
    limit = known.per_s if known is not None else 0
    return limit or _USUAL_PER_S.get(channel, _OTHERWISE_PER_S)


def _part(channel: str, told: int, not_told: Mapping[Why, int], queued: int) -> Part:
    if not told:
        return Part(channel=channel, not_told=not_told)
    takes = timedelta(seconds=round((queued + told) / speed_per_s(channel)))
    return Part(channel=channel, told=told, not_told=not_told, takes=takes, queued=queued)


def _elsewhere(told: SubscriberQuerySet) -> Iterator[Elsewhere]:
    """Of those who are told, who subscribed on sub-pages and customer pages."""
    rows = told.exclude(page__kind=PageKind.PUBLIC).order_by()
    counted = rows.values_list("page__kind").annotate(Count("id"), Count("page", distinct=True))
    for kind, subscribers, pages in sorted(counted, reverse=True):
        yield Elsewhere(kind=PageKind(kind), told=subscribers, pages=pages)


def _others(
    rows: SubscriberQuerySet, *, stage: Stage, topic: str, wanting: Q
) -> dict[str, dict[Why, int]]:
    """By channel and reason, those of these rows who are subscribed and not told.

    Followers of other events are left out.
    """
    rows = rows.exclude(state=State.ENDED).filter(Q(follows="") | Q(follows=topic))
    is_told = Q(channel__in=recipients.channels_told(stage))
    if stage is Stage.POSTMORTEM_PUBLISHED:
        is_told &= Q(wants_postmortems=True)
    why = Case(
        When(state=State.WAITING, then=Value(Why.UNCONFIRMED.value)),
        When(Exists(recipients.suppressions()), then=_why_suppressed()),
        When(state=State.PAUSED, then=Value(Why.PAUSED.value)),
        When(~wanting, then=Value(Why.OTHER_SERVICES.value)),
        When(~is_told, then=Value(Why.NOT_THIS_STAGE.value)),
        default=Value(""),
    )
    found: dict[str, dict[Why, int]] = {}
    counted = rows.annotate(why=why).exclude(why="").order_by()
    for channel, reason, count in counted.values_list("channel", "why").annotate(Count("id")):
        found.setdefault(channel, {})[Why(reason)] = count
    return found


def _why_suppressed() -> Case:
    """The strongest reason why the address of an outer subscriber is suppressed."""
    entries = recipients.suppressions()
    return Case(
        *(
            When(Exists(entries.filter(reason=reason)), then=Value(why.value))
            for reason, why in _WHY_SUPPRESSED
        ),
        default=Value(Why.SUPPRESSED.value),
    )
