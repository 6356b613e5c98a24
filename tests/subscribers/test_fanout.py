"""From an operator's update to deliveries: who gets one, once, and what it says."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from components.models import Component
from components.page_addresses import PageAddress
from components.status import Status
from incidents import maintenance as work
from incidents import maintenance_entries, publishing, telling
from incidents.lifecycle import State
from incidents.models import Incident
from incidents.windows import State as Step
from notifications import delivering
from notifications.messages import Message
from subscribers import fanout, link_holders, links
from subscribers.models import Broadcast, Integration, Subscriber, Suppression
from tests import build
from tests.notifications import post, sinks

pytestmark = pytest.mark.django_db
Delivery = apps.get_model("notifications", "Delivery")


def _told(now: datetime) -> set[str]:
    """Expand what is announced; the addresses that get a delivery, of all broadcasts so far."""
    fanout.expand(now=now)
    return set(Delivery.objects.exclude(state="folded").values_list("address", flat=True))


def _incident(*components: Component, now: datetime, **fields: Any) -> Incident:
    chosen: Mapping[Component, Status | None] = dict.fromkeys(components, Status.PARTIAL_OUTAGE)
    return build.incident(components=chosen, now=now, **fields)


@pytest.mark.req("N5", "N6", "O1")
def test_only_who_chose_an_affected_component_is_told(now: datetime) -> None:
    api, web, shop = build.component(), build.component(), build.component()
    both = build.subscriber(components=[api, web])
    build.subscriber(components=[shop])
    everything = build.subscriber()

    _incident(api, now=now)
    assert _told(now) == {both.address, everything.address}

    Delivery.objects.all().delete()
    _incident(shop, now=now)
    assert both.address not in _told(now)


@pytest.mark.req("N4", "O1", "O3")
def test_who_is_unconfirmed_paused_gone_or_suppressed_is_not_told(now: datetime) -> None:
    told = build.subscriber()
    for state in ("waiting", "paused", "ended"):
        build.subscriber(state=state)
    bounced = build.subscriber()
    Suppression.objects.create(
        channel="email", canonical=bounced.canonical, reason="hard_bounce", created_at=now
    )
    build.subscriber(confirmed_at=now + timedelta(seconds=1))

    _incident(build.component(), now=now)

    assert _told(now) == {told.address}


@pytest.mark.req("AMB-15")
def test_an_event_without_components_reaches_only_who_wants_everything(now: datetime) -> None:
    everything = build.subscriber()
    build.subscriber(components=[build.component()])
    _incident(now=now)
    assert _told(now) == {everything.address}


@pytest.mark.req("N12", "O4")
def test_every_update_goes_by_mail_and_only_the_first_and_last_by_sms(now: datetime) -> None:
    build.subscriber()
    build.subscriber(channel="sms", address="+15550100")
    incident = _incident(build.component(), now=now)
    for state in (State.IDENTIFIED, State.MONITORING, State.MONITORING, State.RESOLVED):
        publishing.post_update(incident=incident, state=state, text="More.", notify=True, now=now)

    fanout.expand(now=now)

    by_channel = list(Delivery.objects.order_by("id").values_list("channel", flat=True))
    assert by_channel.count("email") == 5
    assert by_channel.count("sms") == 2


def test_nothing_is_told_without_notify(now: datetime) -> None:
    build.subscriber()
    _incident(build.component(), now=now, notify=False)
    assert _told(now) == set()


@pytest.mark.req("M9")
def test_a_postmortem_reaches_only_who_asked_for_them(now: datetime) -> None:
    build.subscriber()
    asked = build.subscriber(wants_postmortems=True)
    incident = _incident(build.component(), now=now, notify=False)
    publishing.post_update(
        incident=incident, state=State.RESOLVED, text="Over.", notify=False, now=now
    )
    update = incident.updates.latest("id")
    update.previous_state, update.state = State.RESOLVED, State.POSTMORTEM
    telling.tell_incident(incident=incident, update=update, now=now)
    assert _told(now) == {asked.address}


@pytest.mark.req("O7")
def test_each_step_of_a_maintenance_is_told(now: datetime) -> None:
    build.subscriber()
    row = build.maintenance(now=now)
    for state in (Step.IN_PROGRESS, Step.VERIFICATION, Step.COMPLETED):
        work.post_update(maintenance=row, state=state, notify=True, now=now)
    maintenance_entries.remind(maintenance=row, at=now, now=now)

    assert list(Broadcast.objects.order_by("id").values_list("stage", flat=True)) == [
        "maintenance_scheduled",
        "maintenance_started",
        "maintenance_verifying",
        "maintenance_completed",
        "maintenance_reminder",
    ]


def test_an_event_that_is_rolled_back_tells_nobody(now: datetime) -> None:
    with pytest.raises(Exception, match="title"):
        build.incident(title="", now=now)
    assert not Broadcast.objects.exists()


def test_who_follows_an_event_hears_its_end_and_is_let_go(now: datetime, sink: sinks.Sink) -> None:
    incident = _incident(build.component(), now=now, notify=False)
    follower = build.subscriber(follows=f"incident:{incident.public_id}", wants_all=False)
    build.subscriber(follows="incident:another", wants_all=False)
    publishing.post_update(
        incident=incident, state=State.RESOLVED, text="Over.", notify=True, now=now
    )

    fanout.expand(now=now)
    follower.refresh_from_db()
    assert follower.state == "ended"
    delivering.drain(now=now)
    assert sink.addresses == [follower.address]


@pytest.mark.req("F13", "O3")
def test_who_cannot_be_unsealed_fails_where_operators_see_it_and_the_others_are_told(
    now: datetime, sink: sinks.Sink
) -> None:
    healthy = build.subscriber()
    build.subscriber(channel="webhook", address="hook.example.com", sealed="of-another-key")
    Integration.objects.create(kind="slack", is_enabled=True, sealed="of-another-key")
    _incident(build.component(), now=now)

    fanout.expand(now=now)
    delivering.drain(now=now)

    assert Broadcast.objects.get().expanded_at == now
    assert sink.addresses == [healthy.address]
    broken = Delivery.objects.exclude(channel="email").order_by("channel")
    assert [(row.channel, row.state) for row in broken] == [
        ("slack", "failed"),
        ("webhook", "failed"),
    ]
    assert all("cannot be read with this SECRET_KEY" in row.last_error for row in broken)


@pytest.mark.req("O3")
def test_an_event_that_cannot_be_rendered_holds_up_no_other(now: datetime) -> None:
    reader = build.subscriber()
    incident = _incident(build.component(), now=now)
    broken = Broadcast.objects.get()
    Broadcast.objects.update(content={"title": "Of no version that we know"})
    publishing.post_update(
        incident=incident, state=State.RESOLVED, text="Over.", notify=True, now=now
    )
    other = _incident(build.component(), now=now)

    fanout.expand(now=now)

    told = {(row.topic, row.address) for row in Delivery.objects.all()}
    topics = (f"incident:{one.public_id}" for one in (incident, other))
    assert told == {(topic, reader.address) for topic in topics}
    assert list(Broadcast.objects.unfinished()) == [broken]


def test_expanding_again_or_after_a_crash_doubles_nothing(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout, "BATCH", 3)
    people = {build.subscriber().address for _ in range(8)}
    _incident(build.component(), now=now)

    fanout.expand(now=now, batches=2)  # the first finds nobody but mail readers
    assert Delivery.objects.count() == 3
    # A worker died after its batch, and another began with what it had read before.
    stale = Broadcast.objects.get()
    fanout.expand(now=now)
    assert fanout._expand_batch(stale, now=now) is None
    fanout.expand(now=now)

    assert set(Delivery.objects.values_list("address", flat=True)) == people
    assert Delivery.objects.count() == 8
    assert Broadcast.objects.get().written == {"email": 8}


@pytest.mark.req("O3", "O5")
def test_what_is_promised_sooner_is_expanded_before_any_mail(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout, "BATCH", 2)
    for _ in range(3):
        build.subscriber()
    others = [build.subscriber(channel="webhook", address=f"hook{n}") for n in range(3)]
    _incident(build.component(), now=now)
    _incident(build.component(), now=now)

    fanout.expand(now=now, batches=4)
    assert Counter(Delivery.objects.values_list("channel", flat=True)) == {"webhook": 6}
    fanout.expand(now=now)
    assert Counter(Delivery.objects.values_list("channel", flat=True)) == {"webhook": 6, "email": 6}
    assert len({*Delivery.objects.values_list("grant", flat=True)}) == 3 + len(others)


@pytest.mark.req("G-05")
def test_a_newer_update_waits_until_the_older_is_expanded(
    now: datetime, monkeypatch: pytest.MonkeyPatch, sink: sinks.Sink
) -> None:
    monkeypatch.setattr(fanout, "BATCH", 2)
    for _ in range(5):
        build.subscriber()
    incident = _incident(build.component(), now=now)
    publishing.post_update(
        incident=incident, state=State.RESOLVED, text="Over.", notify=True, now=now
    )
    fanout.expand(now=now, batches=4)
    assert Delivery.objects.count() == 4
    assert set(Delivery.objects.values_list("dedupe_key", flat=True)) == {
        Broadcast.objects.earliest("id").key
    }
    fanout.expand(now=now)
    delivering.drain(now=now)
    assert {str(one.mail["Subject"]).split()[1] for one in sink.received} == {"Resolved:"}


@pytest.mark.req("AMB-18")
def test_a_deleted_event_stops_what_is_unsent_and_is_forgotten(now: datetime) -> None:
    build.subscriber()
    incident = _incident(build.component(), now=now)
    fanout.expand(now=now)
    publishing.post_update(
        incident=incident, state=State.IDENTIFIED, text="More.", notify=True, now=now
    )
    publishing.delete_incident(incident=incident, now=now)
    fanout.expand(now=now)

    assert set(Delivery.objects.values_list("state", flat=True)) == {"cancelled"}
    assert all(row.content == {} for row in Broadcast.objects.all())


def test_twice_the_people_cost_the_same_statements(now: datetime) -> None:
    def statements() -> int:
        _incident(build.component(), now=now)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            fanout.expand(now=now)
        return len(captured)

    for _ in range(5):
        build.subscriber()
    statements()  # stores the digests of their links
    few = statements()
    for _ in range(20):
        build.subscriber()
    statements()
    assert statements() == few


def test_the_mail_says_what_happened_and_how_to_leave(now: datetime, sink: sinks.Sink) -> None:
    reader = build.subscriber()
    component = build.component(name="Checkout")
    incident = _incident(
        component, now=now, title="Payments fail & stall", text="We look at **it**."
    )
    fanout.expand(now=now)
    delivering.drain(now=now)

    (received,) = sink.received
    token = links.leave_token(reader.id)
    text, html = [part.get_content() for part in received.mail.iter_parts()]
    assert received.mail["Subject"].endswith("Investigating: Payments fail & stall")
    assert (
        received.mail["List-Unsubscribe"]
        == f"<{links.leave_url(token, PageAddress(settings.CANDOR_ORIGIN))}>"
    )
    assert received.mail["List-Id"] == f"<{urlsplit(settings.CANDOR_ORIGIN).hostname}>"
    assert received.mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"incident-{incident.public_id}@" in received.mail["References"]
    assert "Payments fail & stall" in text
    assert "- Checkout: Partial outage" in text
    assert links.manage_url(token, PageAddress(settings.CANDOR_ORIGIN)) in text
    assert "<strong>it</strong>" in html
    assert "Payments fail &amp; stall" in html
    reader.refresh_from_db()
    assert reader.unsubscribe_digest == links.digest(token)


def test_a_text_message_fits_and_keeps_its_link(now: datetime) -> None:
    build.subscriber(channel="sms", address="+15550100")
    incident = _incident(build.component(), now=now, title="Long " * 35)
    fanout.expand(now=now)
    text = Delivery.objects.get().content["text"].strip()
    assert len(text) <= 160
    assert text.endswith(f"/i/{incident.public_id} Reply STOP to end")


def test_a_webhook_gets_the_form_it_chose(now: datetime) -> None:
    rows = {
        payload: build.subscriber(
            channel="webhook", address=f"{payload}.example.com", options={"payload": payload}
        )
        for payload in ("native", "statuspage")
    }
    api = build.component(name="API")
    incident = _incident(api, now=now)
    fanout.expand(now=now)

    bodies = {
        row.address.split(".")[0]: Message.from_json(row.content).payload
        for row in Delivery.objects.all()
    }
    assert bodies["native"]["type"] == "incident.created"
    assert bodies["native"]["data"]["components"] == [
        {"id": str(api.uuid), "name": "API", "status": "partial_outage"}
    ]
    assert bodies["statuspage"]["incident"]["id"] == incident.public_id
    assert bodies["statuspage"]["incident"]["incident_updates"][0]["status"] == "investigating"
    token = links.leave_token(rows["statuspage"].pk)
    parts = Delivery.objects.get(address__startswith="statuspage").parts
    assert parts["leave_url"] == links.leave_url(token, PageAddress(settings.CANDOR_ORIGIN))
    assert link_holders.by_leave_token(token) == rows["statuspage"]


def test_who_leaves_between_the_fan_out_and_the_sending_gets_nothing(
    now: datetime, sink: sinks.Sink
) -> None:
    left, stays = build.subscriber(), build.subscriber()
    _incident(build.component(), now=now)
    fanout.expand(now=now)
    Subscriber.objects.filter(pk=left.pk).update(state="ended")
    delivering.drain(now=now)
    assert sink.addresses == [stays.address]


@pytest.fixture
def sink(settings: Any) -> Any:
    with sinks.sink() as kept:
        post.use_smtp(settings, kept.port)
        yield kept
