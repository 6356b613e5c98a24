"""Who is told of an event: the one question that the fan-out and the forecast both ask.

So that the set that was forecast is the set that is sent (issue 5, section 2).
"""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from subscribers import chart
from subscribers.chart import Stage
from subscribers.models import Subscriber, Suppression
from subscribers.models.people import SubscriberQuerySet
from subscribers.shown_events import Shown


def channels_told(stage: Stage, *, with_postmortems: bool = True) -> list[str]:
    """The channels that the chart gives this stage to (a postmortem only to those who want them)."""
    return [
        channel
        for channel in chart.CHANNELS
        if chart.tells(stage, channel, wants_postmortems=with_postmortems)
    ]


def asked(shown: Shown, *, audience_id: int | None = None) -> SubscriberQuerySet:
    """Everybody whose page shows the event, whatever they chose; with an `audience_id`, of that page."""
    return _of_page(Subscriber.objects.seeing(shown), audience_id)


def posts_for_page(shown: Shown, *, stage: Stage, audience_id: int | None = None) -> list[str]:
    """The kinds of the page's own integrations that post this: what its main page shows to everybody."""
    if audience_id is not None or not shown.is_general:
        return []
    return channels_told(stage, with_postmortems=False)


def told(
    shown: Shown,
    *,
    stage: Stage,
    topic: str,
    at: datetime | None,
    audience_id: int | None = None,
) -> SubscriberQuerySet:
    """Those who get it: confirmed by `at`, concerned, on a channel of this stage, not suppressed.

    Without `at`, whoever is confirmed by the time that the database is asked.
    """
    rows = _of_page(Subscriber.objects.concerned(shown, topic=topic).active(), audience_id)
    rows = rows.filter(channel__in=channels_told(stage))
    if at is not None:
        # Who was added with a stated consent confirmed nothing.
        rows = rows.filter(
            Q(confirmed_at__lte=at) | Q(confirmed_at__isnull=True, created_at__lte=at)
        )
    if stage is Stage.POSTMORTEM_PUBLISHED:
        rows = rows.filter(wants_postmortems=True)
    return rows.exclude(Exists(suppressions()))


def _of_page(rows: SubscriberQuerySet, audience_id: int | None) -> SubscriberQuerySet:
    return rows if audience_id is None else rows.filter(page_id=audience_id)


def suppressions() -> QuerySet[Suppression]:
    """The suppressions of the address of an outer subscriber."""
    return Suppression.objects.filter(channel=OuterRef("channel"), canonical=OuterRef("canonical"))
