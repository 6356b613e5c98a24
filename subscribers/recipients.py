"""Who is told of an event: the one question that the fan-out and the forecast both ask.

So that the set that was forecast is the set that is sent (issue 5, section 2).
"""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from subscribers import chart, shown_events
from subscribers.chart import Stage
from subscribers.models import Subscriber, Suppression
from subscribers.models.people import SubscriberQuerySet


def channels_told(stage: Stage, *, with_postmortems: bool = True) -> list[str]:
    """The channels that the chart gives this stage to (a postmortem only to those who want them)."""
    return [
        channel
        for channel in chart.CHANNELS
        if chart.tells(stage, channel, wants_postmortems=with_postmortems)
    ]


def asked(
    *,
    component_ids: Collection[int],
    audience_id: int | None = None,
    dedicated_ids: Collection[int] = (),
) -> SubscriberQuerySet:
    """Everybody whose page shows the event, whatever they chose; with an `audience_id`, of that page.

    `dedicated_ids`, here and below, as in `shown_events.of`.
    """
    rows = Subscriber.objects.seeing(shown_events.of(component_ids, dedicated_ids=dedicated_ids))
    return rows if audience_id is None else rows.filter(page_id=audience_id)


def concerned(
    *,
    component_ids: Collection[int],
    topic: str,
    audience_id: int | None = None,
    dedicated_ids: Collection[int] = (),
) -> SubscriberQuerySet:
    """Those of them whose choice covers the event, whether or not they can be told."""
    shown = shown_events.of(component_ids, dedicated_ids=dedicated_ids)
    rows = Subscriber.objects.concerned(shown, topic=topic)
    return rows if audience_id is None else rows.filter(page_id=audience_id)


def posts_for_page(
    *,
    stage: Stage,
    component_ids: Collection[int],
    audience_id: int | None = None,
    dedicated_ids: Collection[int] = (),
) -> list[str]:
    """The kinds of the page's own integrations that post this: what its main page shows to everybody."""
    shown = shown_events.of(component_ids, dedicated_ids=dedicated_ids)
    if audience_id is not None or not shown.is_general:
        return []
    return channels_told(stage, with_postmortems=False)


def told(
    *,
    stage: Stage,
    component_ids: Collection[int],
    topic: str,
    at: datetime | None,
    audience_id: int | None = None,
    dedicated_ids: Collection[int] = (),
) -> SubscriberQuerySet:
    """Those who get it: confirmed by `at`, concerned, on a channel of this stage, not suppressed.

    Without `at`, whoever is confirmed by the time that the database is asked.
    """
    rows = concerned(
        component_ids=component_ids,
        topic=topic,
        audience_id=audience_id,
        dedicated_ids=dedicated_ids,
    ).active()
    rows = rows.filter(channel__in=channels_told(stage))
    if at is not None:
        # Who was added with a stated consent confirmed nothing.
        rows = rows.filter(
            Q(confirmed_at__lte=at) | Q(confirmed_at__isnull=True, created_at__lte=at)
        )
    if stage is Stage.POSTMORTEM_PUBLISHED:
        rows = rows.filter(wants_postmortems=True)
    return rows.exclude(Exists(suppressions()))


def suppressions() -> QuerySet[Suppression]:
    """The suppressions of the address of an outer subscriber."""
    return Suppression.objects.filter(channel=OuterRef("channel"), canonical=OuterRef("canonical"))
