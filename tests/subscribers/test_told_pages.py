"""Who hears of an event on which page, and how much of it: each page's subscribers their own part."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Attribute, CatalogType, Entry, EntryPage, PageSource
from catalog.values import Kind
from components import catalogue, page_addresses
from components import pages as page_rows
from components.models import Component, Page, PageHost, PageKind
from components.status import Status
from incidents import saying, status_telling, telling
from incidents.models import Incident, IncidentUpdate
from notifications import delivering
from subscribers import fanout, forecast, granting, links, told_pages
from subscribers.chart import Stage
from subscribers.content import Content
from subscribers.models import Broadcast, Integration, Subscriber
from tests import build
from tests.notifications import post, sinks

pytestmark = pytest.mark.django_db
Delivery = apps.get_model("notifications", "Delivery")
WAYS: dict[str, dict[str, Any]] = {
    "email": {},
    "sms": {"address": "+15550100"},
    "webhook": {"address": "hook.example.com"},
    "slack": {"address": "slack.example.com"},
    "webpush": {"address": "browser"},
}


@pytest.fixture
def sink(settings: Any) -> Iterator[sinks.Sink]:
    with sinks.sink() as kept:
        post.use_smtp(settings, kept.port)
        yield kept


@pytest.fixture
def acme() -> Page:
    """A customer page of one component, which lets in the mailboxes of acme.com."""
    page = build.page(kind=PageKind.CUSTOMER, components=[build.component()], name="Acme")
    of = CatalogType.objects.create(name="Customer", slug="customer", created_at=build.LONG_AGO)
    domains = Attribute.objects.create(
        type=of, name="Domains", key="domains", kind=Kind.DOMAINS.value
    )
    source = PageSource.objects.create(type=of, kind=PageKind.CUSTOMER, domains=domains)
    entry = Entry.objects.create(type=of, name="Acme", key="acme", created_at=build.LONG_AGO)
    EntryPage.objects.create(source=source, entry=entry, page=page)
    _allow(page, ["acme.com"])
    return page


def _allow(page: Page, domains: list[str]) -> None:
    Entry.objects.filter(made__page=page).update(values={"domains": domains})


def _everything_sent(page: Page | None = None) -> str:
    """All that deliveries of a page hold, or of all pages, as one text."""
    rows = Delivery.objects.select_related("body")
    if page is not None:
        rows = rows.filter(scope="" if page.is_main else str(page.pk))
    return json.dumps([[_plain(row.content), row.parts, row.topic] for row in rows])


def _plain(content: dict[str, Any]) -> dict[str, Any]:
    """What is kept as a text for the order of its keys, as JSON like the rest."""
    return content | {"payload_text": json.loads(content.get("payload_text", "null"))}


def _only_for(page: Page, incident: Incident, text: str, now: datetime) -> IncidentUpdate:
    """An update for the subscribers of one page, as the composer's operation writes it."""
    update = IncidentUpdate.objects.create(
        incident=incident,
        previous_state=incident.state,
        state=incident.state,
        text=text,
        html=f"<p>{text}</p>",
        at=now,
        created_at=now,
        notifies=True,
        audience=page,
    )
    telling.tell_incident(incident=incident, update=update, now=now)
    return update


def _on_every_way(page: Page, **fields: Any) -> list[Subscriber]:
    rows = [
        build.subscriber(page=page, channel=channel, **({"holder": "ada@acme.com"} | way | fields))
        for channel, way in WAYS.items()
    ]
    rows.append(
        build.subscriber(
            page=page,
            channel="webhook",
            address="old.example.com",
            options={"payload": "statuspage"},
            **fields,
        )
    )
    return rows


@pytest.mark.req("R3", "N5")
def test_subscribers_hear_of_what_their_page_shows_and_of_nothing_else(now: datetime) -> None:
    api, web = build.component(), build.component()
    hidden = build.component(is_visible=False)
    sub = build.page(components=[api, hidden])
    grouped = build.group()
    in_group = build.component(group=grouped)
    by_group = build.page(kind=PageKind.CUSTOMER, groups=[grouped])
    gone = build.page(components=[api])
    page_rows.retire(page=gone, now=now)
    only = build.component(only_where_chosen=True)
    chooses = build.page(components=[only])
    people = {
        "main": build.subscriber(),
        "main, chose what it does not show": build.subscriber(components=[only]),
        "chooses": build.subscriber(page=chooses),
        "sub": build.subscriber(page=sub),
        "sub, chose both": build.subscriber(page=sub, components=[api, web]),
        "group": build.subscriber(page=by_group),
        "group, chose it": build.subscriber(page=by_group, components=[in_group]),
        "retired": build.subscriber(page=gone),
    }

    def told(*components: Component) -> set[str]:
        Delivery.objects.all().delete()
        build.incident(components=dict.fromkeys(components), now=now)
        fanout.expand(now=now)
        found = set(Delivery.objects.values_list("address", flat=True))
        return {name for name, row in people.items() if row.address in found}

    assert told(api) == {"main", "sub", "sub, chose both"}
    assert told(web) == {"main"}  # chosen once, and not on that page any more
    assert told(hidden) == {"main"}
    assert told(in_group) == {"main", "group", "group, chose it"}
    assert told() == {"main"}
    assert told(only) == {"chooses"}
    assert told(only, api) == {"main", "sub", "sub, chose both", "chooses"}
    main = _everything_sent(catalogue.page())
    assert api.name in main
    assert only.name not in main


@pytest.mark.req("R3")
def test_integrations_post_what_the_main_page_shows(now: datetime) -> None:
    only, api = build.component(only_where_chosen=True), build.component()
    Integration.objects.create(kind="slack", is_enabled=True)
    for components in ([only], [api], [api, only]):
        ids = [row.pk for row in components]
        found = forecast.of(stage=Stage.INCIDENT_CREATED, component_ids=ids, topic="")
        build.incident(components=dict.fromkeys(components), now=now)
        Delivery.objects.all().delete()
        fanout.expand(now=now)
        posted = Delivery.objects.filter(address="page slack").count()
        assert posted == len(found.page) == int(api in components)
        assert only.name not in _everything_sent()


@pytest.mark.req("R3")
def test_who_follows_an_event_hears_of_it_where_it_is_shown(now: datetime) -> None:
    api = build.component()
    shows, does_not = build.page(components=[api]), build.page(components=[build.component()])
    incident = build.incident(components={api: None}, notify=False, now=now)
    topic = telling.incident_topic(incident)
    follower = build.subscriber(page=shows, follows=topic, wants_all=False)
    build.subscriber(page=does_not, follows=topic, wants_all=False)
    telling.tell_incident(incident=incident, update=incident.updates.get(), now=now)

    fanout.expand(now=now)

    assert list(Delivery.objects.values_list("address", flat=True)) == [follower.address]


@pytest.mark.req("R3", "N4")
def test_one_address_on_two_pages_gets_a_mail_of_each(now: datetime, sink: sinks.Sink) -> None:
    api = build.component()
    sub = build.page(components=[api], name="Acme Europe")
    for page in (catalogue.page(), sub):
        build.subscriber(page=page, address="ada@example.com")
    incident = build.incident(components={api: None}, title="Payments fail", now=now)
    fanout.expand(now=now)
    delivering.drain(now=now)

    assert sink.addresses == ["ada@example.com"] * 2
    subjects = sorted(one.mail["Subject"] for one in sink.received)
    assert subjects == [
        "[Acme Europe] Investigating: Payments fail",
        "[Status] Investigating: Payments fail",
    ]
    for header in ("List-Id", "References", "List-Unsubscribe"):
        assert len({one.mail[header] for one in sink.received}) == 2
    assert incident.get_absolute_url() in _everything_sent(sub)


@pytest.mark.req("R3")
def test_two_customers_of_one_incident_hear_nothing_of_each_other(now: datetime) -> None:
    """Reliability B8: no name, id or text of the other, in any form of any message."""
    ours = build.component(name="CANARY-OURS")
    theirs = build.component(name="CANARY-THEIRS")
    page_a = build.page(kind=PageKind.CUSTOMER, components=[ours], name="Customer A")
    page_b = build.page(kind=PageKind.CUSTOMER, components=[theirs], name="CANARY-B-PAGE")
    Integration.objects.create(kind="slack", is_enabled=True)
    for page in (catalogue.page(), page_a, page_b):
        _on_every_way(page)
    incident = build.incident(
        components={ours: Status.DEGRADED_PERFORMANCE, theirs: Status.MAJOR_OUTAGE}, now=now
    )
    _only_for(page_b, incident, "CANARY-B-TEXT", now)
    _only_for(page_a, incident, "CANARY-A-TEXT", now)
    later = IncidentUpdate.objects.create(
        incident=incident,
        previous_state="investigating",
        state="identified",
        text="Found it.",
        at=now + timedelta(minutes=1),
        created_at=now,
        notifies=True,
    )
    telling.tell_incident(incident=incident, update=later, now=now)
    fanout.expand(now=now)

    told_a, told_b = _everything_sent(page_a), _everything_sent(page_b)
    told_main = _everything_sent(catalogue.page())
    for canary in ("CANARY-THEIRS", str(theirs.uuid), theirs.slug, "CANARY-B", str(page_b.uuid)):
        assert canary not in told_a
    assert str(page_b.address) not in told_a
    assert Status.MAJOR_OUTAGE not in told_a
    for part in ('"impact": "major"', '"status_indicator": "major"'):
        assert part in told_main
        assert part not in told_a + told_b  # it may be the other's
    assert "CANARY-OURS" not in told_b
    assert "CANARY-A-TEXT" not in told_b
    for own, told in (("CANARY-A-TEXT", told_a), ("CANARY-B-TEXT", told_b)):
        assert own in told
        assert own not in told_main
    for each in ("CANARY-OURS", "CANARY-THEIRS", "Found it."):
        assert each in told_main
    # Of every way, and of both forms of webhooks.
    for page in (page_a, page_b):
        forms = Delivery.objects.filter(scope=str(page.pk)).values_list("channel", flat=True)
        assert set(forms) == {*WAYS}
    page_posts = Delivery.objects.filter(address="page slack")
    assert page_posts.count() == 2  # the two that have no audience


@pytest.mark.req("R3")
def test_links_lead_to_the_page_s_own_address(now: datetime) -> None:
    api = build.component()
    sub = build.page(components=[api], slug="eu")
    customer = build.page(kind=PageKind.CUSTOMER, components=[api])
    hosted = build.page(components=[api])
    PageHost.objects.create(
        page=hosted, name="status.acme.com", is_active=True, created_at=now, verified_at=now
    )
    for page in (sub, customer, hosted):
        _on_every_way(page)
    incident = build.incident(components={api: None}, now=now)
    fanout.expand(now=now)

    origin = settings.CANDOR_ORIGIN
    for page in (sub, customer, hosted):
        home = page_addresses.canonical(page).url("")
        path = f"/incidents/{incident.public_id}"
        for delivery in Delivery.objects.filter(scope=str(page.pk)).select_related("body"):
            found = json.dumps([delivery.content, delivery.parts])
            short = f"{home}/i/{incident.public_id}".partition("://")[2]
            assert f"{home}{path}".partition("://")[2] in found or short in found
            assert f"{origin}{path}" not in found
    leave = {
        row.page_id: Delivery.objects.get(grant=granting.grant_of(row.pk)).parts["leave_url"]
        for row in Subscriber.objects.filter(channel="email")
    }
    token = {
        row.page_id: links.leave_token(row.pk) for row in Subscriber.objects.filter(channel="email")
    }
    assert leave == {
        sub.pk: f"{origin}/s/eu/subscriptions/leave/{token[sub.pk]}",
        # Who holds the link need not sign in to leave.
        customer.pk: f"{origin}/subscriptions/leave/{token[customer.pk]}",
        hosted.pk: links.leave_url(
            token[hosted.pk],
            page_addresses.PageAddress(page_addresses.with_host("status.acme.com")),
        ),
    }


def test_a_page_hears_in_its_own_time_zone(now: datetime) -> None:
    api = build.component()
    page = build.page(components=[api], time_zone="Asia/Tokyo")
    build.incident(components={api: None}, next_update_by=now + timedelta(hours=1), now=now)
    status_telling.choose(choices={api.pk: Status.MAJOR_OUTAGE}, now=now, by="ada")

    incident, status = (Content.from_json(row.content) for row in Broadcast.objects.order_by("id"))
    told = told_pages.read(page_ids=[page.pk, catalogue.page().pk])

    assert incident.on(told[page.pk]).when == "19 Nov 2026, 23:32 JST."
    assert incident.on(told[page.pk]).promise == "Next update by 00:32 JST."
    assert status.on(told[page.pk]).when == "19 Nov 2026, 23:32 JST."
    assert incident.on(told[catalogue.page().pk]).when == "19 Nov 2026, 14:32 UTC."


def test_words_are_made_once_for_each_language_and_zone(now: datetime) -> None:
    made = []
    for zone in ("UTC", "Asia/Tokyo", "Asia/Tokyo", "Europe/Paris"):
        build.page(time_zone=zone)

    def make(*, page: Page) -> Content:
        made.append(page.time_zone)
        return Content(
            kind="incident", public_id="a", update_id="b", page_name="", title="", word="",
            state="", stage="", path="", at="", when=page.time_zone,
        )  # fmt: skip

    said = saying.in_every_voice(make).said

    assert sorted(made) == ["Asia/Tokyo", "Europe/Paris", "UTC"]
    assert {words["when"] for words in said.values()} == {"Asia/Tokyo", "Europe/Paris"}


def test_more_pages_cost_no_more_statements(now: datetime) -> None:
    api = build.component()

    def statements(pages: int) -> int:
        for _ in range(pages):
            build.subscriber(page=build.page(components=[api]))
        fanout_row = build.incident(components={api: None}, now=now)
        with CaptureQueriesContext(connection) as captured:
            fanout.expand(now=now)
        assert Delivery.objects.filter(topic=telling.incident_topic(fanout_row)).exists()
        return len(captured)

    statements(2)
    assert statements(1) == statements(10)


@pytest.mark.req("R9", "AMB-13")
def test_nothing_is_sent_to_a_mailbox_that_may_not_see_the_page_any_more(
    now: datetime, sink: sinks.Sink, acme: Page
) -> None:
    """Reliability B9: enqueue, remove the domain, run the worker."""
    rows = [
        build.subscriber(page=acme, address="ada@acme.com", holder="ada@acme.com"),
        build.subscriber(page=acme, address="by@acme.com"),  # by an operator: stands for itself
        build.subscriber(page=acme, channel="sms", address="+15550100", holder="ada@acme.com"),
    ]
    build.subscriber(address="visitor@acme.com")
    assert all(granting.may_read(row) for row in rows)
    build.incident(components={Component.objects.get(): None}, now=now)
    fanout.expand(now=now)
    _allow(acme, [])

    delivering.drain(now=now)

    assert sink.addresses == ["visitor@acme.com"]
    stopped = Delivery.objects.exclude(scope="")
    assert {(row.state, row.last_error.split(":")[0]) for row in stopped} == {
        ("cancelled", "Access revoked")
    }
    assert not any(granting.may_read(row) for row in rows)
