"""What an author sees before posting is what is sent."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.apps import apps
from django.template.loader import render_to_string
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from pytest_django import Settings

from components import catalogue
from components import pages as page_rows
from components.models import PageKind
from notifications import outbox
from notifications.messages import Message
from notifications.outbox import Letter
from subscribers import fanout, forecast
from subscribers.chart import Stage
from subscribers.content import Content
from subscribers.forecast import Why
from subscribers.models import Subscriber, Suppression
from tests import build

Delivery = apps.get_model("notifications", "Delivery")
NOW = build.LONG_AGO + timedelta(days=1)
TOPIC = "incident:abc"

PEOPLE = st.lists(
    st.fixed_dictionaries(
        {
            "channel": st.sampled_from(["email", "sms", "webhook", "slack", "webpush"]),
            "state": st.sampled_from(["active", "active", "active", "waiting", "paused", "ended"]),
            "chosen": st.sets(st.integers(0, 2)),
            "follows": st.sampled_from(["", "", "", TOPIC, "incident:other"]),
            "wants_postmortems": st.booleans(),
            "is_suppressed": st.sampled_from([False, False, True]),
            "page": st.sampled_from(["main", "main", "sub", "customer", "retired"]),
        }
    ),
    max_size=12,
)


def _content() -> Content:
    return Content(
        kind="incident",
        public_id="abc",
        update_id="u",
        page_name="Acme",
        title="Trouble",
        word="Investigating",
        state="investigating",
        stage="incident_created",
        path="/incidents/abc",
        at=NOW.isoformat(),
        when="Now.",
    )


class ForecastIsSent(TestCase):
    """A property: for any people and any event, the forecast counts what the fan-out writes."""

    @given(
        people=PEOPLE,
        stage=st.sampled_from(Stage),
        touched=st.sets(st.integers(0, 2)),
        shown=st.fixed_dictionaries(
            {kind: st.sets(st.integers(0, 2)) for kind in ("sub", "customer", "retired")}
        ),
        about=st.sampled_from(
            [*[(TOPIC, "")] * 4, ("", ""), (TOPIC, "main"), (TOPIC, "sub"), (TOPIC, "customer")]
        ),
    )
    @settings(max_examples=settings().max_examples // 3, deadline=None)
    def test_the_set_that_was_forecast_is_the_set_that_is_sent(
        self,
        people: list[dict[str, object]],
        stage: Stage,
        touched: set[int],
        shown: dict[str, set[int]],
        about: tuple[str, str],
    ) -> None:
        topic, audience = about
        components = [build.component() for _ in range(3)]
        pages = {"main": catalogue.page()}
        for name, kind in (("sub", "sub"), ("customer", "customer"), ("retired", "sub")):
            pages[name] = build.page(
                kind=PageKind(kind), components=[components[at] for at in shown[name]]
            )
        page_rows.retire(page=pages["retired"], now=NOW)
        for number, person in enumerate(people):
            address = f"p{number}@example.com"
            row = build.subscriber(
                page=pages[str(person["page"])],
                channel=person["channel"],
                address=address,
                state=person["state"],
                follows=person["follows"],
                wants_postmortems=person["wants_postmortems"],
                components=[components[at] for at in person["chosen"]],  # type: ignore[attr-defined]
            )
            if person["is_suppressed"]:
                Suppression.objects.create(
                    channel=row.channel, canonical=address, reason="operator", created_at=NOW
                )
        ids = [components[at].id for at in touched]
        only = pages[audience] if audience else None
        expected = forecast.of(
            stage=stage,
            component_ids=ids,
            topic=topic,
            now=NOW,
            audience_id=only.pk if only else None,
        )
        fanout.announce(
            key="update:u",
            topic=topic,
            stage=stage,
            component_ids=ids,
            content=_content(),
            ends_topic=False,
            audience=only,
            now=NOW,
        )
        fanout.expand(now=NOW)

        sent = Counter(Delivery.objects.values_list("channel", flat=True))
        assert {part.channel: part.told for part in expected.parts if part.told} == dict(sent)
        # A page shows what touches one of its components; the main one shows everything.
        asked = {"main"} | {name for name in ("sub", "customer") if shown[name] & touched}
        if audience:
            asked &= {audience}
        subscribed = [
            one
            for one in people
            if one["state"] != "ended" and one["follows"] in {"", topic} and one["page"] in asked
        ]
        on_other_pages = Delivery.objects.exclude(scope="").count()
        assert sum(one.told for one in expected.elsewhere) == on_other_pages
        told_on = set(Delivery.objects.values_list("scope", flat=True))
        assert told_on <= {"" if name == "main" else str(pages[name].pk) for name in asked}
        counted = sum(part.told + sum(part.not_told.values()) for part in expected.parts)
        assert counted == len(subscribed)


@pytest.mark.django_db
@pytest.mark.req("AMB-15", "N11")
def test_it_says_who_does_not_get_it_and_why(now: datetime) -> None:
    api, web = build.component(), build.component()
    build.subscriber(components=[api])
    build.subscriber(components=[web])
    build.subscriber(state="waiting")
    build.subscriber(state="paused")
    bounced = build.subscriber()
    Suppression.objects.create(
        channel="email", canonical=bounced.canonical, reason="complaint", created_at=now
    )
    for reason in ("hard_bounce", "operator"):
        row = build.subscriber()
        Suppression.objects.create(
            channel="email", canonical=row.canonical, reason=reason, created_at=now
        )
    # Of two entries for one address the stronger is told.
    Suppression.objects.create(
        channel="email", canonical=bounced.canonical, reason="hard_bounce", created_at=now
    )
    build.subscriber(channel="sms", address="+15550100")
    stopped = build.subscriber(channel="sms", address="+15550101")
    Suppression.objects.create(
        channel="sms", canonical=stopped.canonical, reason="stop", created_at=now
    )

    found = forecast.of(stage=Stage.INCIDENT_IDENTIFIED, component_ids=[api.id], topic="", now=now)

    mail, sms = found.parts
    assert (mail.channel, mail.told) == ("email", 1)
    assert mail.not_told == {
        Why.OTHER_SERVICES: 1,
        Why.UNCONFIRMED: 1,
        Why.PAUSED: 1,
        Why.COMPLAINED: 1,
        Why.BOUNCED: 1,
        Why.SUPPRESSED: 1,
    }
    assert (sms.told, sms.not_told) == (0, {Why.NOT_THIS_STAGE: 1, Why.STOPPED: 1})
    assert found.total == 1


@pytest.mark.django_db
@pytest.mark.req("O2", "G-04")
def test_it_says_when_the_promise_cannot_be_kept(now: datetime, settings: Settings) -> None:
    settings.EMAIL_PER_S = 1
    for _ in range(301):
        build.subscriber()
    found = forecast.of(stage=Stage.INCIDENT_CREATED, component_ids=[], topic="", now=now)
    assert found.parts[0].takes == timedelta(seconds=301)
    assert found.parts[0].is_late


@pytest.mark.django_db
@pytest.mark.req("O3", "G-04")
def test_12_000_text_messages_at_one_a_second_take_3_hours_and_20_minutes(
    now: datetime, settings: Settings
) -> None:
    settings.SMS_PER_S = 1
    page = catalogue.page()  # once: a subscriber without one looks for it
    Subscriber.objects.bulk_create(
        Subscriber(
            page=page,
            channel="sms",
            address=f"+1555{number:07d}",
            canonical=f"+1555{number:07d}",
            state="active",
            created_at=build.LONG_AGO,
            confirmed_at=build.LONG_AGO,
        )
        for number in range(12_000)
    )
    found = forecast.of(stage=Stage.INCIDENT_CREATED, component_ids=[], topic="", now=now)
    (sms,) = found.parts
    assert (sms.told, sms.per_s) == (12_000, 1)
    assert sms.takes == timedelta(hours=3, minutes=20)
    shown = render_to_string(
        "admin/_forecast.html", {"told": {"forecast": found, "total": found.total}}
    )
    assert "3 h 20 min at 1/s" in " ".join(shown.split())


@pytest.mark.django_db
@pytest.mark.req("O3", "G-04")
def test_what_waits_on_the_channel_counts_into_the_time(now: datetime, settings: Settings) -> None:
    settings.SMS_PER_S = 1
    build.subscriber(channel="sms", address="+15550100")
    for number, topic in enumerate(["incident:other", "incident:other", TOPIC]):
        letter = Letter(
            channel="sms",
            address=f"+1555020{number}",
            message=Message(subject="Trouble", text="Trouble"),
            dedupe_key=f"update:{number}",
            topic=topic,
        )
        outbox.put_many(letters=[letter], now=now)
    found = forecast.of(stage=Stage.INCIDENT_CREATED, component_ids=[], topic=TOPIC, now=now)
    (sms,) = found.parts
    assert (sms.told, sms.queued, sms.takes) == (1, 2, timedelta(seconds=3))
