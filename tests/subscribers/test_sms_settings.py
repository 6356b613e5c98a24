"""The console's screen of the ways to subscribe."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver
from pytest_django import Settings

from accounts.roles import Role
from components import catalogue
from notifications.models import Delivery
from subscribers import subscribing, ways
from subscribers.models import Origin, Subscriber, WaySettings
from subscribers.pages import Door
from tests import build, web
from tests.notifications import post
from tests.subscribers import texts

pytestmark = pytest.mark.django_db

FORM = {
    "offers_sms": "on",
    "offers_chat": "on",
    "sms_countries": "at, de",
    "sms_per_day": "50",
    "sms_per_hour": "10",
    "sms_per_month": "500",
    "sms_test_number": "+49 151 23456789",
}


@pytest.fixture
def twilio(settings: Settings) -> Iterator[web.Server]:
    with texts.provider(settings) as running:
        yield running


@pytest.fixture
def owner(client: Client) -> Client:
    client.force_login(build.operator())
    return client


@pytest.mark.req("N1", "A6", "A7")
def test_visitors_are_offered_what_an_owner_has_chosen(owner: Client, twilio: web.Server) -> None:
    assert owner.post("/admin/ways/", FORM).status_code == 302

    row = WaySettings.objects.get()
    assert (row.sms_countries, row.sms_test_number) == ("AT DE", "+4915123456789")
    assert [way.channel for way in ways.offered(Door(page=catalogue.page()))] == [
        "sms",
        "slack",
        "teams",
        "discord",
    ]
    page = owner.get("/subscribe").content.decode()
    assert "+43, +49" in page
    assert 'value="webpush"' not in page


@pytest.mark.req("N1")
def test_text_messages_are_offered_only_with_an_account_and_a_country(
    twilio: web.Server, settings: Settings
) -> None:
    assert "sms" in [way.channel for way in ways.offered(Door(page=catalogue.page()))]
    settings.TWILIO_TOKEN = ""
    assert "sms" not in [way.channel for way in ways.offered(Door(page=catalogue.page()))]
    settings.TWILIO_TOKEN = texts.TOKEN
    WaySettings.objects.update(sms_countries="")
    assert "sms" not in [way.channel for way in ways.offered(Door(page=catalogue.page()))]


@pytest.mark.req("A6")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sms_countries": "DE XX"}, "These are no countries: XX."),
        ({"sms_test_number": "+33 6 12 34 56 78"}, "not sent to this country"),
        ({"sms_test_number": "+49 30 123456"}, "mobile phones only"),
        ({"sms_per_day": "-1"}, "greater than or equal to 0"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(
    change: dict[str, str], said: str, owner: Client, twilio: web.Server
) -> None:
    answer = owner.post("/admin/ways/", FORM | change)
    assert answer.status_code == 422
    assert said in answer.content.decode()


@pytest.mark.req("A6")
def test_a_test_goes_to_the_stored_number_only(owner: Client, twilio: web.Server) -> None:
    owner.post("/admin/ways/test/", {"number": "+12025550199"})
    assert not Delivery.objects.exists()

    owner.post("/admin/ways/", FORM)
    owner.post("/admin/ways/test/", {"number": "+12025550199"})
    post.drain(now=Delivery.objects.get().created_at)

    assert twilio.got[0].form["To"] == "+4915123456789"
    assert "Last test" in owner.get("/admin/ways/").content.decode()


@pytest.mark.req("A6")
@pytest.mark.parametrize("path", ["/admin/ways/", "/admin/ways/test/"])
@pytest.mark.parametrize("role", [Role.RESPONDER, Role.VIEWER, None])
def test_nobody_but_an_owner_sets_this_or_sends_a_test(
    path: str, role: Role | None, client: Client, twilio: web.Server
) -> None:
    WaySettings.objects.update(sms_test_number=texts.PHONE)
    if role is not None:
        client.force_login(build.operator(role=role))
    assert client.post(path, FORM).status_code in {302, 403}
    assert WaySettings.objects.get().sms_countries == "DE US"
    assert not Delivery.objects.exists()


@pytest.mark.req("A6")
def test_owner_sees_how_much_of_the_budget_is_used(
    owner: Client, twilio: web.Server, now: datetime
) -> None:
    answer = owner.post(
        "/subscribe", {"channel": "sms", "scope": "all", "phone": "+1 202 555 0143"}
    )
    assert answer.status_code == 303
    shown = owner.get("/admin/ways/").content.decode()
    assert "1 of 40 in an hour, 1 of 200 in 24 hours" in shown


@pytest.mark.req("N7", "N2")
def test_phone_is_typed_on_the_page_then_the_code_then_the_choice(
    client: Client, twilio: web.Server
) -> None:
    api, site = build.component(), build.component()
    sent = client.post("/subscribe", {"channel": "sms", "phone": "+1 202 555 0143", "scope": "all"})
    page = client.get(sent["Location"]).content.decode()
    assert "+1 202-555-0143" in page
    assert 'autocomplete="one-time-code"' in page
    post.drain(now=Delivery.objects.get().created_at)

    confirmed = client.post(sent["Location"], {"code": texts.code_in(twilio.got[0])})
    assert confirmed["Location"] == "/subscriptions/mine?confirmed"
    client.post("/subscriptions/mine", {"scope": "some", "c": str(api.pk)})

    row = Subscriber.objects.get()
    assert [each.component_id for each in row.chosen.all()] == [api.pk]
    assert site.pk not in [each.component_id for each in row.chosen.all()]


@pytest.mark.req("A3")
def test_answer_is_the_same_for_known_stopped_and_new_phones(
    client: Client, twilio: web.Server
) -> None:
    build.subscriber(channel="sms", address="+12025550101")
    texts.answer(client, "STOP", From="+12025550102")
    pages = []
    for number in ("+12025550101", "+12025550102", "+12025550103"):
        sent = client.post("/subscribe", {"channel": "sms", "phone": number, "scope": "all"})
        shown = client.get(sent["Location"]).content.decode()
        pages.append(shown.replace(f"+1 202-555-{number[-4:]}", "PHONE"))
    assert len({page.replace(_token(page), "") for page in pages}) == 1


def _token(page: str) -> str:
    return page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]


@pytest.mark.req("A6")
def test_number_that_may_not_be_written_to_is_refused_at_the_field(
    client: Client, twilio: web.Server
) -> None:
    for number in ("+882 1 3300 655", "+979 1 2345 6789", "+33 6 12 34 56 78", "72404"):
        answer = client.post("/subscribe", {"channel": "sms", "phone": number, "scope": "all"})
        assert answer.status_code == 422
        assert 'id="e-phone"' in answer.content.decode()
    assert not Delivery.objects.exists()


@pytest.mark.req("AMB-14")
def test_sign_up_does_not_override_a_stop(client: Client, twilio: web.Server) -> None:
    row = build.subscriber(channel="sms", address=texts.PHONE)
    texts.answer(client, "STOP")
    client.post("/subscribe", {"channel": "sms", "phone": texts.PHONE, "scope": "all"})
    assert not Delivery.objects.filter(channel="sms").exists()
    with pytest.raises(subscribing.Suppressed):
        subscribing.add_confirmed(
            page=catalogue.page(),
            channel="sms",
            address=texts.PHONE,
            canonical=texts.PHONE,
            choice=subscribing.Choice(),
            origin=Origin.OPERATOR,
            consent_note="by phone",
            now=row.created_at,
        )


def _addresses(patterns: list[Any], prefix: str = "/") -> Iterator[str]:
    """Every address of the site, with something in the place of ids."""
    for entry in patterns:
        route = prefix + re.sub(r"<[^>]+>", "1", str(entry.pattern).lstrip("^").rstrip("$"))
        if hasattr(entry, "url_patterns"):
            yield from _addresses(entry.url_patterns, route)
        else:
            yield route


@pytest.mark.req("A6")
def test_nobody_without_a_sign_in_makes_us_send_a_test(client: Client, twilio: web.Server) -> None:
    WaySettings.objects.update(sms_test_number=texts.PHONE)
    found = {
        each
        for each in _addresses(get_resolver().url_patterns)
        if re.search("test|send|verify", each) and "(" not in each
    }
    assert "/admin/ways/test/" in found
    for each in sorted(found):
        answer = client.post(each, {"number": texts.PHONE, "phone": texts.PHONE})
        is_sign_in = answer.status_code == 302 and "login" in answer["Location"]
        assert is_sign_in or answer.status_code in {401, 403, 404, 405}, each
    assert not Delivery.objects.exists()
