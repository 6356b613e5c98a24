"""Subscribing on a sub-page and on a customer page: what is offered, whose letters come, who may."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client

from branding import changing
from common import host_names
from components import catalogue
from components.models import Component, Page
from notifications.messages import Message
from subscribers import (
    asking,
    csv_exporting,
    csv_importing,
    csv_rules,
    erasing,
    granting,
    links,
    operators_list,
    proofs,
    subscribing,
)
from subscribers.models import Asked, Purpose, Reason, State, Subscriber, Suppression
from tests import build
from tests.customer_pages import people

pytestmark = pytest.mark.django_db
Delivery = apps.get_model("notifications", "Delivery")
ORIGIN = settings.CANDOR_ORIGIN


def _on(page: Page, client: Client | None = None) -> Any:
    """A browser on a page without a host name of its own, as the front hands its requests on."""
    browser = client or Client()
    where: Any = {"SCRIPT_NAME": f"/s/{page.slug}", host_names.PAGE_KEY: page.pk}

    def ask(path: str, data: dict[str, Any] | None = None) -> Any:
        if data is None:
            return browser.get(path, **where)
        return browser.post(path, data, **where)

    return ask


def _letters() -> list[tuple[str, Message]]:
    """The letters that were put so far, after a worker has answered, to whom."""
    asking.answer(now=datetime.now(UTC))
    rows = Delivery.objects.exclude(grant=granting.grant_of(0)).order_by("id")
    return [(row.address, Message.from_json(row.message)) for row in rows]


def _link_in(message: Message) -> str:
    found = re.search(r"https?://\S+", message.text)
    assert found
    return found[0]


def _text(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.fixture
def api() -> Component:
    return build.component(name="CANARY-API")


@pytest.fixture
def sub(api: Component) -> Page:
    return build.page(components=[api], slug="eu", name="Europe")


@pytest.mark.req("R3", "N1", "N5")
def test_the_form_of_a_sub_page_offers_what_the_page_shows(sub: Page, api: Component) -> None:
    other = build.component(name="CANARY-OTHER")
    ask = _on(sub)
    form = _text(ask("/subscribe"))
    assert "CANARY-API" in form
    assert "CANARY-OTHER" not in form
    assert "Europe Status" in form
    assert f"{ORIGIN}/s/eu/history.atom" in form
    assert 'action="/s/eu/subscribe"' in form

    posted = {"channel": "email", "email": "ada@example.com", "scope": "some"}
    assert ask("/subscribe", posted | {"c": other.pk}).status_code == 422
    assert not Asked.objects.exists()
    assert ask("/subscribe", posted | {"c": api.pk})["Location"] == "/s/eu/subscribe/sent"
    ((address, letter),) = _letters()
    assert address == "ada@example.com"
    assert "Europe" in letter.subject
    assert _link_in(letter).startswith(f"{ORIGIN}/s/eu/subscriptions/confirm/")
    row = Subscriber.objects.get()
    assert (row.page, row.state) == (sub, State.WAITING)


@pytest.mark.req("N4")
def test_the_links_of_a_sub_page_work_there_and_on_the_main_host(sub: Page, api: Component) -> None:
    for asker, path_of in ((_on(sub), "/s/eu"), (None, "")):
        Subscriber.objects.all().delete()
        Delivery.objects.all().delete()
        people.forget_limits()
        _on(sub)("/subscribe", {"channel": "email", "email": "ada@example.com", "scope": "all"})
        ((_address, letter),) = _letters()
        path = _link_in(letter).removeprefix(f"{ORIGIN}/s/eu")
        browser = Client()
        answer = _on(sub, browser)(path, {}) if asker else browser.post(path)
        assert answer["Location"] == f"{path_of}/subscriptions/mine?confirmed"
        mine = _on(sub, browser) if asker else browser.get
        shown = _text(mine("/subscriptions/mine"))
        assert "CANARY-API" in shown
        assert "Europe Status" in shown
        assert Subscriber.objects.get().is_active


def test_who_left_one_page_stays_on_the_others(sub: Page) -> None:
    rows = [
        build.subscriber(page=page, address="ada@example.com") for page in (catalogue.page(), sub)
    ]
    token = links.leave_token(rows[1].pk)
    Subscriber.objects.filter(pk=rows[1].pk).update(unsubscribe_digest=links.digest(token))

    answer = Client().post(f"/subscriptions/leave/{token}")  # an old link, on the main host

    assert "You are unsubscribed" in _text(answer)
    states = dict(Subscriber.objects.values_list("page__slug", "state"))
    assert states == {"status": "active", "eu": "ended"}


def test_only_an_event_of_the_page_can_be_followed(sub: Page, api: Component) -> None:
    shown = build.incident(components={api: None}, title="Ours fails")
    elsewhere = build.incident(components={build.component(): None}, title="Theirs fails")
    ask = _on(sub)
    assert "Ours fails" in _text(ask(f"/subscribe?follow={shown.public_id}"))
    other = _text(ask(f"/subscribe?follow={elsewhere.public_id}"))
    assert "Theirs fails" not in other
    assert "Theirs fails" in _text(Client().get(f"/subscribe?follow={elsewhere.public_id}"))


def test_a_letter_has_the_brand_of_its_page(sub: Page) -> None:
    changing.save(page=sub, look=changing.Look(colour="#7a0019", pictures={}), now=build.LONG_AGO)
    _on(sub)("/subscribe", {"channel": "email", "email": "ada@example.com", "scope": "all"})
    ((_address, letter),) = _letters()
    assert "background:#7a0019" in letter.html


@pytest.mark.req("R6", "AMB-13")
def test_a_customer_subscribes_with_the_mailbox_that_signed_in_at_once(api: Component) -> None:
    build.component(name="CANARY-OTHER")
    acme = people.customer_page("acme", components=[api])
    browser = people.signed_in(acme, "ada@acme.com")
    Delivery.objects.all().delete()
    base = people.base(acme)
    form = _text(browser.get(f"{base}/subscribe"))
    assert "CANARY-API" in form
    assert "CANARY-OTHER" not in form
    assert "history.atom" not in form

    answer = browser.post(
        f"{base}/subscribe", {"channel": "email", "email": " Ada@ACME.com", "scope": "all"}
    )

    row = Subscriber.objects.get()
    assert answer["Location"] == f"{base}/subscriptions/mine?confirmed"
    assert (row.address, row.holder, row.page, row.state) == (
        "ada@acme.com",
        "ada@acme.com",
        acme,
        State.ACTIVE,
    )
    assert _letters() == []
    assert "CANARY-API" in _text(browser.get(f"{base}/subscriptions/mine"))


@pytest.mark.req("R6", "AMB-13", "N4")
def test_a_colleague_confirms_and_nobody_else_can_be_subscribed(api: Component) -> None:
    acme = people.customer_page("acme", components=[api])
    browser = people.signed_in(acme, "ada@acme.com")
    Delivery.objects.all().delete()
    base = people.base(acme)

    def subscribe(email: str) -> Any:
        posted = {"channel": "email", "email": email, "scope": "all"}
        return browser.post(f"{base}/subscribe", posted)

    assert subscribe("eve@evil.com").status_code == 422
    assert subscribe("eve@mail.acme.com").status_code == 422
    assert not Asked.objects.exists()
    assert subscribe("bo@acme.com")["Location"] == f"{base}/subscribe/sent"
    ((address, letter),) = _letters()
    row = Subscriber.objects.get()
    assert (address, row.state, row.holder) == ("bo@acme.com", State.WAITING, "ada@acme.com")
    # Who holds the link need not sign in; it leads to the main host.
    confirm = _link_in(letter).removeprefix(ORIGIN)
    assert confirm.startswith("/subscriptions/confirm/")

    people.list_only(acme)
    assert granting.still_readers([granting.reader_of(row.pk)]) == set()
    assert Client().post(confirm).status_code == 410
    people.list_only(acme, "acme.com")
    assert Client().post(confirm).status_code == 303
    row.refresh_from_db()
    assert row.is_active


@pytest.mark.req("R9", "AMB-13")
def test_whose_domain_was_removed_sees_nothing_and_can_still_leave(api: Component) -> None:
    acme = people.customer_page("acme", components=[api])
    row = build.subscriber(page=acme, address="ada@acme.com", holder="ada@acme.com")
    token = links.leave_token(row.pk)
    Subscriber.objects.filter(pk=row.pk).update(unsubscribe_digest=links.digest(token))
    browser = Client()
    issued = proofs.issue(subscriber=row, purpose=Purpose.MANAGE, now=datetime.now(UTC))
    browser.post(f"/subscriptions/open/{issued.token}")
    assert "CANARY-API" in _text(browser.get("/subscriptions/mine"))

    people.list_only(acme)
    again = proofs.issue(subscriber=row, purpose=Purpose.MANAGE, now=datetime.now(UTC))

    for path in ("/subscriptions/mine", f"/subscriptions/open/{again.token}"):
        gone = browser.get(path)
        assert gone.status_code == 410
        assert "CANARY" not in _text(gone)
    # Who holds an old mail ends the subscription, and is not told whose page it was.
    for method in ("get", "post", "get"):
        answer = getattr(Client(), method)(f"/subscriptions/leave/{token}")
        assert answer.status_code == 200
        assert "Acme" not in _text(answer)
        assert str(acme.address) not in _text(answer)
        assert "/undo/" not in _text(answer)
    row.refresh_from_db()
    assert row.state == State.ENDED
    back = Client().post(f"/subscriptions/undo/{token}")
    assert (back.status_code, str(acme.address) in _text(back)) == (410, False)
    row.refresh_from_db()
    assert row.state == State.ENDED


def test_a_suppressed_mailbox_is_told_so_when_it_signed_in_itself(api: Component) -> None:
    acme = people.customer_page("acme", components=[api])
    browser = people.signed_in(acme, "ada@acme.com")
    Suppression.objects.create(
        channel="email",
        canonical="ada@acme.com",
        reason=Reason.COMPLAINT,
        created_at=build.LONG_AGO,
    )
    posted = {"channel": "email", "email": "ada@acme.com", "scope": "all"}
    answer = browser.post(f"{people.base(acme)}/subscribe", posted)
    assert answer.status_code == 422
    assert "suppressed" in _text(answer)
    assert not Subscriber.objects.exists()


@pytest.mark.req("N11", "AMB-13")
def test_operators_add_find_and_count_subscribers_by_page(
    client: Client, sub: Page, api: Component
) -> None:
    client.force_login(build.operator())
    acme = people.customer_page("acme", components=[api])
    posted = {"channel": "email", "consent": "agreed", "note": "By phone.", "hears": "all"}

    def add(page: Page, address: str) -> Any:
        fields = posted | {"page_id": str(page.pk), "address": address}
        return client.post("/admin/subscribers/add/", fields)

    assert add(sub, "ada@example.com").status_code == 302
    assert add(catalogue.page(), "ada@example.com").status_code == 302
    assert add(acme, "Bo@Acme.com").status_code == 302
    refused = add(acme, "eve@evil.com")
    assert refused.status_code == 422
    assert "its domain is not listed" in _text(refused)

    found = client.get(f"/admin/subscribers/?page_id={sub.pk}")
    assert [row.subscriber.page for row in found.context["rows"]] == [sub]
    assert "Europe" in _text(client.get("/admin/subscribers/"))
    assert operators_list.counts_by_page() == {catalogue.page().pk: 1, sub.pk: 1, acme.pk: 1}
    assert Subscriber.objects.get(page=acme).address == "bo@acme.com"
    page_of_one = client.get(f"/admin/subscribers/{Subscriber.objects.get(page=sub).pk}/")
    assert "on Status" in _text(page_of_one)


@pytest.mark.req("N11", "AMB-13")
def test_lists_name_the_page_of_each_line(sub: Page, api: Component, now: datetime) -> None:
    people.customer_page("acme", components=[api])
    web = build.component(name="Web")
    text = (
        "address,components,page\n"
        f"a@example.com,{api.slug},eu\n"
        f"b@example.com,{web.slug},eu\n"
        f"c@example.com,{web.slug},\n"
        "d@acme.com,,acme\n"
        "e@evil.com,,acme\n"
        "f@example.com,,nowhere\n"
    )
    lines = csv_rules.listed(text).lines
    report = csv_importing.look(lines=lines)
    assert [one.verdict for one in report.lines] == [
        "ready",
        "no_component",
        "ready",
        "ready",
        "not_let_in",
        "no_page",
    ]
    csv_importing.take(lines=lines, stamp=report.stamp, consent="Signed.", now=now)
    pages = dict(Subscriber.objects.values_list("address", "page__slug"))
    assert pages == {"a@example.com": "eu", "c@example.com": "status", "d@acme.com": "acme"}
    out = "".join(csv_exporting.exported(rows=Subscriber.objects.all(), now=now))
    again = csv_importing.look(lines=csv_rules.listed(out).lines)
    assert {one.verdict for one in again.lines} == {"known"}


def test_a_person_is_erased_on_every_page(sub: Page, now: datetime) -> None:
    rows = [
        build.subscriber(page=page, address="ada@example.com") for page in (catalogue.page(), sub)
    ]
    acme = people.customer_page("acme")
    build.subscriber(page=acme, channel="sms", address="+15550100", holder="ada@example.com")
    colleague = build.subscriber(page=acme, address="bo@acme.com", holder="ada@example.com")
    told = erasing.everything_about(subscriber=rows[0], now=now)
    assert {one["page"] for one in told["subscriptions"]} == {"Status", "Europe"}
    erasing.erase_person(subscriber=rows[0], now=now)
    assert list(Subscriber.objects.values_list("pk", "holder")) == [(colleague.pk, "")]
    assert subscribing.suppression_of("email", "ada@example.com") is None
