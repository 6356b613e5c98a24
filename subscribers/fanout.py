"""From one event to a delivery for everybody who asked: announced in one row, expanded in batches.

`announce` stands in the transaction of the event. `expand` runs on any number of workers at once and
may be killed anywhere: each batch and the place that passes it are one transaction. What is broken
about one recipient or one event stops no other: operators see a delivery that failed, or a miss.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property, partial
from typing import Any

from django.db import InterfaceError, OperationalError, transaction

from common import sealing
from components.models import Page
from components.models.pages import MAIN_ID
from notifications import outbox
from notifications.channels import CHANNELS
from notifications.messages import Message
from notifications.outbox import Letter
from subscribers import (
    chart,
    granting,
    link_digests,
    links,
    parking,
    recipients,
    shown_events,
    told_facts,
    told_pages,
)
from subscribers import content as contents
from subscribers.chart import Stage
from subscribers.content import Content
from subscribers.models import Broadcast, Integration, State, Subscriber
from subscribers.shown_events import Shown
from subscribers.told_pages import ToldPage

BATCH = 1_000
# Kinds of integrations of the page itself that are told of every event (Q3).
PAGE_KINDS = ("slack", "x")
# Groups of channels in the order in which they are expanded: what is promised within two minutes is
# on its way before ten thousand mails are written.
LANES = (tuple(one for one in chart.CHANNELS if one != "email"), ("email",))


def announce(
    *,
    key: str,
    topic: str,
    stage: Stage,
    component_ids: Collection[int],
    content: Content,
    ends_topic: bool,
    now: datetime,
    audience: Page | None = None,
    dedicated_ids: Collection[int] = (),
) -> Broadcast:
    """Note that this is to be told; call in the transaction of the event. The same key counts once.

    With an `audience` it is for the subscribers of that page alone, and no integration gets it.
    `dedicated_ids` are the components of the event that only some pages chose, also those that are
    gone: without others that it shows, a page of every service does not tell it.
    """
    row, _is_new = Broadcast.objects.get_or_create(
        key=key,
        defaults={
            "topic": topic,
            "stage": stage,
            "component_ids": sorted(component_ids),
            "dedicated_ids": sorted(dedicated_ids),
            "audience": audience,
            "content": content.as_json(),
            "ends_topic": ends_topic,
            "created_at": now,
        },
    )
    return row


def cancel(*, topic: str, now: datetime) -> int:
    """Stop all that is unsent about an event (AMB-18) and let its followers go; how many it stopped."""
    with transaction.atomic():
        Broadcast.objects.unfinished().filter(topic=topic).update(cancelled_at=now)
        Broadcast.objects.filter(topic=topic).update(content={})
        _let_go(topic, now=now)
        return outbox.cancel_topic(topic=topic, now=now)


def expand(*, now: datetime, batches: int = 200) -> int:
    """Write the deliveries of what is announced, up to so many batches; how many it wrote.

    What is promised sooner comes first, of all events. Events of one topic are expanded one after
    the other, so that a newer one finds the older ones; but one that cannot be expanded holds up none.
    """
    written = 0
    for lane in range(len(LANES)):
        busy: set[str] = set()
        for row in parking.due(Broadcast.objects.unfinished(), now=now):
            if row.topic in busy:
                continue
            try:
                count, batches = _expand_lane(row, lane, batches, now=now)
            except (OperationalError, InterfaceError):
                raise  # the database is away, for every event
            except Exception as error:  # noqa: BLE001 - one broken event holds up no other
                parking.note_failure(row=row, error=error, now=now)
                continue
            written += count
            if row.lane <= lane and row.expanded_at is None:
                busy.add(row.topic)
    return written


def _expand_lane(row: Broadcast, lane: int, batches: int, *, now: datetime) -> tuple[int, int]:
    """Expand one event up to the end of a lane: how many it wrote, how many batches are left."""
    written = 0
    while batches > 0 and row.lane <= lane and row.expanded_at is None:
        batches -= 1
        count = _expand_batch(row, now=now)
        if count is None:
            break
        written += count
    return written, batches


def _expand_batch(row: Broadcast, *, now: datetime) -> int | None:
    """Write the next batch and move on; None when another worker has done it meanwhile."""
    stage = Stage(row.stage)
    shown = shown_events.of(row.component_ids, dedicated_ids=row.dedicated_ids)
    people = recipients.told(
        shown,
        stage=stage,
        topic=row.topic,
        at=row.created_at,
        audience_id=row.audience_id,
    )
    people = people.filter(channel__in=LANES[row.lane], id__gt=row.cursor)
    batch = list(people.order_by("id")[:BATCH])
    letters = list(_letters(row, batch, stage, shown))
    counts = Counter(row.written) + Counter(letter.channel for letter in letters)
    before = {"lane": row.lane, "cursor": row.cursor}
    after = {**_next_place(row, batch, now=now), "written": dict(counts), "failures": 0}
    with transaction.atomic():
        # The place first: whoever moves it holds the row until the batch is written.
        moved = Broadcast.objects.filter(
            pk=row.pk, expanded_at__isnull=True, cancelled_at__isnull=True, **before
        ).update(**after)
        if not moved:
            return None
        link_digests.keep(row for row in batch if row.channel in {"email", "webhook"})
        count = outbox.put_many(letters=letters, now=now)
        if after["expanded_at"] is not None and row.ends_topic:
            _let_go(row.topic, now=now)
    for name, value in after.items():
        setattr(row, name, value)
    return count


def _letters(
    row: Broadcast, batch: Sequence[Subscriber], stage: Stage, shown: Shown
) -> Iterable[Letter]:
    posts: Collection[str] = ()
    if row.lane == 0 and row.cursor == 0:
        posts = recipients.posts_for_page(shown, stage=stage, audience_id=row.audience_id)
    pages = {subscriber.page_pk for subscriber in batch} | ({MAIN_ID} if posts else set())
    forms = _Forms(row, pages)
    yield from forms.page_letters(posts)
    for subscriber in batch:
        yield forms.letter(subscriber)


def _next_place(row: Broadcast, batch: Sequence[Subscriber], *, now: datetime) -> dict[str, Any]:
    """Where the expansion goes on after this batch: in its lane, in the next one, or nowhere."""
    if len(batch) == BATCH:
        return {"lane": row.lane, "cursor": batch[-1].id, "expanded_at": None}
    is_last = row.lane == len(LANES) - 1
    return {"lane": row.lane + 1, "cursor": 0, "expanded_at": now if is_last else None}


class _Forms:
    """The letters of one broadcast; what each page hears, and each form of it, is made once a batch."""

    def __init__(self, row: Broadcast, page_ids: Collection[int]) -> None:
        self._row = row
        self._page_ids = page_ids
        self._on: dict[int, Content] = {}
        self._messages: dict[str, Message] = {}

    @cached_property
    def _content(self) -> Content:
        return Content.from_json(self._row.content)

    @cached_property
    def _pages(self) -> Mapping[int, ToldPage]:
        return told_pages.read(
            page_ids=self._page_ids,
            component_ids=self._row.component_ids,
            uuids=[one.id for one in self._content.touched],
        )

    def letter(self, subscriber: Subscriber) -> Letter:
        page = self._pages[subscriber.page_pk]
        form = contents.form_of(channel=subscriber.channel, options=subscriber.options)
        return self._letter(
            page=page,
            form=form,
            channel=subscriber.channel,
            address=address_of(subscriber),
            **_secrets(subscriber.sealed, lambda: subscriber.secrets),
            grant=granting.grant_of(subscriber.id),
            parts=_parts(subscriber, page) if form in {"mail", "statuspage"} else {},
        )

    def page_letters(self, kinds: Collection[str]) -> Iterable[Letter]:
        posting = set(kinds) & set(PAGE_KINDS)
        for row in Integration.objects.filter(is_enabled=True, kind__in=posting):
            yield self._letter(
                page=self._pages[MAIN_ID],
                form="post",
                channel=row.kind,
                address=page_address(row.kind),
                **_secrets(row.sealed, partial(integration_secrets, row)),
            )

    def _letter(self, *, page: ToldPage, form: str, **fields: object) -> Letter:
        key = f"{self._row.key}/{form}{page.body_key}"
        if key not in self._messages:
            self._messages[key] = contents.rendered(self._cut(page, form), form=form)
        return Letter(
            message=self._messages[key],
            dedupe_key=self._row.key,
            body_key=key,
            scope=page.scope,
            topic=self._row.topic,
            sequence=self._row.pk,
            **fields,  # type: ignore[arg-type]
        )

    def _cut(self, page: ToldPage, form: str) -> Content:
        if page.id not in self._on:
            self._on[page.id] = self._content.on(page)
        own = self._on[page.id]
        if form != "statuspage":
            return own
        return replace(own, known=told_facts.read(page_id=page.id, impacts=own.open_impacts))


def address_of(subscriber: Subscriber) -> str:
    """What the delivery is addressed to: two hooks of one name are two addresses."""
    if subscriber.channel in {"email", "sms"}:
        return subscriber.address
    return f"{subscriber.address[:280]} ({subscriber.id})"


def page_address(kind: str) -> str:
    """The address of an integration of the page itself in the list of deliveries."""
    return f"page {kind}"


def integration_secrets(row: Integration) -> dict[str, str]:
    """What the channel needs to post for the page."""
    secrets = sealing.unseal_mapping(row.sealed)
    names = {each.name for each in CHANNELS[row.kind].fields}
    return {name: value for name, value in secrets.items() if name in names}


def _secrets(sealed: str, unsealed: Callable[[], dict[str, str]]) -> dict[str, object]:
    """Of a letter; what cannot be read after a change of the key goes along as it is."""
    try:
        return {"secrets": unsealed()}
    except sealing.SealBroken:
        return {"sealed": sealed}


def _parts(subscriber: Subscriber, page: ToldPage) -> dict[str, str]:
    token, at = links.leave_token(subscriber.id), page.own_links
    return {"manage_url": links.manage_url(token, at), "leave_url": links.leave_url(token, at)}


def _let_go(topic: str, *, now: datetime) -> None:
    """End the subscriptions to this one event; what is on its way to them still arrives."""
    followers = Subscriber.objects.exclude(state=State.ENDED).filter(follows=topic)
    followers.update(state=State.ENDED, ended_at=now, ended_reason=granting.EVENT_OVER)
