"""Subscribing as Statuspage's status API has it: the same proofs and limits, and nobody unsubscribes others."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.test.client import ClientHandler
from django.utils import timezone
from pytest_django import Settings

from common import host_names
from components.models import PageKind
from notifications.models import Delivery
from subscribers import asking, granting, link_digests, links
from subscribers.models import Asked, State, Subscriber, Tally, WaySettings
from tests import build, web
from tests.notifications import post
from tests.public_pages import world
from tests.subscribers import texts

pytestmark = [pytest.mark.django_db, pytest.mark.req("N4", "D7")]
PATH = "/api/v2/subscribers.json"
KEYS = [
    "created_at",
    "skip_confirmation_notification",
    "quarantined_at",
    "id",
    "mode",
    "purge_at",
    "email",
]


@pytest.fixture
def twilio(settings: Settings) -> Iterator[web.Server]:
    with texts.provider(settings) as running:
        yield running


def ask(path: str = PATH, **fields: Any) -> Any:
    """As a form, from a program without cookies, and with the checks that browsers meet."""
    named = {
        f"subscriber[{name}]" + ("[]" if isinstance(value, list) else ""): value
        for name, value in fields.items()
    }
    return Client(enforce_csrf_checks=True).post(path, named)


def leave(ident: str) -> Any:
    body = f"subscriber[id]={ident}"
    kind = "application/x-www-form-urlencoded"
    return Client(enforce_csrf_checks=True).delete(PATH, body, content_type=kind)


def told(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer.content)
    return found


def refused(answer: Any) -> str:
    assert answer.status_code == 422, answer.content
    return str(told(answer)["error"])


def letters() -> list[str]:
    """The addresses of what a worker puts, without what is withdrawn before it leaves."""
    asking.answer(now=timezone.now())
    real = Delivery.objects.exclude(address__endswith=".invalid")
    return list(real.order_by("id").values_list("address", flat=True))


# ---- e-mail --------------------------------------------------------------------------------------


@pytest.mark.req("A3")
def test_an_address_is_asked_to_confirm_and_known_ones_get_the_same_answer() -> None:
    build.subscriber(address="known@example.com")

    answers = [ask(email="new@example.com"), ask(email="known@example.com")]

    for answer, address in zip(answers, ("new@example.com", "known@example.com"), strict=True):
        assert answer.status_code == 201
        subscriber = told(answer)["subscriber"]
        assert list(subscriber) == KEYS
        assert (subscriber["mode"], subscriber["email"]) == ("email", address)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert not answer.cookies
    assert len({len(told(answer)["subscriber"]["id"]) for answer in answers}) == 1
    assert letters() == ["new@example.com", "known@example.com"]
    row = Subscriber.objects.get(address="new@example.com")
    assert (row.state, row.wants_all) == (State.WAITING, True)


def test_components_groups_and_one_event_are_named_by_their_ids(now: datetime) -> None:
    group = build.group()
    first, second = build.component(group=group), build.component(group=group)
    loose, other = build.component(), build.component()
    event = build.incident(components={loose: None}, title="Down", now=now)

    ask(email="a@example.com", component_ids=[loose.public_id, group.public_id])
    ask(email="b@example.com", components=f"{other.public_id},{first.public_id}")
    ask(email="c@example.com", incident_id=event.public_id)
    asking.answer(now=timezone.now())

    chosen = {
        row.address[0]: set(row.chosen.values_list("component_id", flat=True))
        for row in Subscriber.objects.all()
    }
    assert chosen == {"a": {first.pk, second.pk, loose.pk}, "b": {other.pk, first.pk}, "c": set()}
    assert Subscriber.objects.get(address="c@example.com").follows.endswith(event.public_id)


def test_json_is_taken_like_a_form() -> None:
    body = {"subscriber": {"email": "a@example.com"}}

    answer = Client().post(PATH, body, content_type="application/json")

    assert answer.status_code == 201
    assert Asked.objects.get().address == "a@example.com"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Send subscriber[email]"),
        ({"email": "nobody"}, "Enter a full address"),
        ({"email": "a@example.com", "incident_id": "0000bcdfghjk"}, "no open incident"),
        ({"email": "a@example.com", "component_ids": ["0000bcdfghjk"]}, "no component"),
        ({"email": "a@example.com", "component_ids": "x" * 900}, "no component"),
        ({"email": ["a@example.com"]}, "short text"),
        ({"endpoint": "https://hooks.example.com/x"}, "not offered"),
        ({"phone_number": "+12025550143"}, "not offered"),
    ],
)
def test_what_cannot_be_used_is_said_and_nothing_is_kept(
    fields: dict[str, Any], sentence: str
) -> None:
    assert sentence in refused(ask(**fields))
    assert not Asked.objects.exists()
    assert not Subscriber.objects.exists()


def test_a_hidden_component_is_no_component() -> None:
    hidden = build.component(is_visible=False)
    assert "no component" in refused(ask(email="a@b.example", component_ids=[hidden.public_id]))


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("{", "application/json", 400),
        ("[1]", "application/json", 400),
        ("subscriber[=1", "application/x-www-form-urlencoded", 400),
        ("subscriber=1", "application/x-www-form-urlencoded", 400),
        ("subscriber[incident_id]=a%00b", "application/x-www-form-urlencoded", 400),
        ('{"subscriber": {"email": "a\\ud800@example.com"}}', "application/json", 400),
        ('{"a": ' * 100_000, "application/json", 400),
    ],
)
def test_what_cannot_be_read_is_refused(body: str, kind: str, status: int) -> None:
    answer = Client().post(PATH, body, content_type=kind)
    assert answer.status_code == status
    assert told(answer)["error"]


@pytest.mark.parametrize("method", ["get", "head", "put", "patch"])
def test_a_get_changes_nothing(method: str) -> None:
    answer = getattr(Client(), method)(PATH + "?subscriber[email]=a@example.com")

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST, DELETE, OPTIONS"
    assert not Asked.objects.exists()


@pytest.mark.req("A3")
def test_a_network_that_asks_too_often_is_told_when_to_come_back() -> None:
    assert ask(email="a@example.com").status_code == 201
    Tally.objects.update(times=[datetime.now(UTC).timestamp()] * 59)
    assert ask(email="a@example.com").status_code == 201
    answer = ask(email="a@example.com")

    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


# ---- other pages ---------------------------------------------------------------------------------


def test_a_sub_page_takes_subscribers_of_its_own_and_a_customer_page_none() -> None:
    shown, other = build.component(), build.component()
    page = build.page(components=[shown])
    customer = build.page(kind=PageKind.CUSTOMER, components=[shown])
    sub = Client(**{host_names.PAGE_KEY: page.pk})  # type: ignore[arg-type]
    private = Client(**{host_names.PAGE_KEY: customer.pk})  # type: ignore[arg-type]

    fields = {"subscriber[email]": "a@example.com", "subscriber[component_ids]": shown.public_id}
    assert sub.post(PATH, fields).status_code == 201
    assert Asked.objects.get().page == page
    elsewhere = fields | {"subscriber[component_ids]": other.public_id}
    assert sub.post(PATH, elsewhere).status_code == 422
    assert private.post(PATH, fields).status_code == 404
    assert Asked.objects.count() == 1


# ---- ending it -----------------------------------------------------------------------------------


@pytest.mark.req("D1")
def test_the_id_that_a_stranger_got_ends_nothing_and_mails_the_owner_a_link() -> None:
    row = build.subscriber(address="known@example.com")
    ident = told(ask(email="known@example.com"))["subscriber"]["id"]
    Asked.objects.all().delete()

    answer = leave(ident)

    assert answer.status_code == 202
    assert told(answer)["subscriber"]["email"] == "known@example.com"
    assert letters() == ["known@example.com"]
    row.refresh_from_db()
    assert row.is_active


@pytest.mark.req("D1", "D2")
def test_the_token_of_an_unsubscribe_link_ends_it_at_once() -> None:
    row = build.subscriber(address="known@example.com")
    link_digests.keep([row])

    answer = leave(links.leave_token(row.pk))

    assert answer.status_code == 200
    assert list(told(answer)["subscriber"]) == KEYS
    row.refresh_from_db()
    assert row.state == State.ENDED


@pytest.mark.parametrize("ident", ["", "0000bcdfghjk", "x" * 32, "gAAAAAB" + "x" * 93, "ü"])
def test_an_id_that_was_made_up_is_not_found(ident: str) -> None:
    row = build.subscriber()

    assert leave(ident).status_code == 404
    assert leave(str(row.pk)).status_code == 404
    row.refresh_from_db()
    assert row.is_active


def test_an_id_of_another_page_is_not_found() -> None:
    ident = told(ask(email="a@example.com"))["subscriber"]["id"]
    sub = Client(**{host_names.PAGE_KEY: build.page().pk})  # type: ignore[arg-type]

    answer = sub.delete(PATH, {"subscriber": {"id": ident}}, content_type="application/json")
    assert answer.status_code == 404


# ---- phones and webhooks -------------------------------------------------------------------------


@pytest.mark.req("N7", "N8")
@pytest.mark.parametrize("is_known", [False, True])
def test_a_phone_gets_a_code_and_where_it_is_typed(twilio: web.Server, is_known: bool) -> None:
    if is_known:
        build.subscriber(channel="sms", address=texts.PHONE)

    answer = ask(phone_number="202 555 0143", phone_country="us")

    assert answer.status_code == 201, answer.content
    subscriber = told(answer)["subscriber"]
    assert (subscriber["mode"], subscriber["email"]) == ("sms", None)
    assert subscriber["phone_number"] == texts.PHONE
    post.drain(now=timezone.now())
    (got,) = twilio.got
    where = next(line for line in got.form["Body"].splitlines() if "/subscriptions/code/" in line)
    typed = Client().post(
        where.removeprefix("https://status.example.com"), {"code": texts.code_in(got)}
    )
    assert typed.status_code == 303
    assert Subscriber.objects.get().is_active
    assert leave(subscriber["id"]).status_code == 404


@pytest.mark.req("A6")
def test_a_phone_that_had_its_codes_gets_the_same_answer_and_no_other(twilio: web.Server) -> None:
    answers = [ask(phone_number=texts.PHONE) for _time in range(3)]

    assert [answer.status_code for answer in answers] == [201, 201, 201]
    post.drain(now=timezone.now())
    assert len(twilio.got) == 1
    assert "country" in refused(ask(phone_number="+33612345678"))


@pytest.mark.req("A7")
def test_a_webhook_gets_a_code_in_our_form_and_events_in_theirs(settings: Settings) -> None:
    WaySettings.objects.create(offers_webhook=True)
    assert "may not be called" in refused(ask(endpoint="https://127.0.0.1/hook"))
    settings.ALLOW_PRIVATE_HOOKS = settings.ALLOW_PRIVATE_VISITOR_HOOKS = True
    with web.server(web.answer(200, "ok")) as server:
        answer = ask(endpoint=f"{server.url}/hook", email="ops@example.com")
        post.drain(now=timezone.now() + timedelta(seconds=1))
        challenge = server.got[0].json["data"]

    assert answer.status_code == 201
    assert told(answer)["subscriber"]["mode"] == "webhook"
    row = Subscriber.objects.get()
    assert (row.options["payload"], row.state) == ("statuspage", State.WAITING)
    path = challenge["url"][challenge["url"].index("/subscriptions/") :]
    assert Client().post(path, {"code": challenge["code"]}).status_code == 200
    row.refresh_from_db()
    assert row.is_active
    assert granting.may_read(row)


def _django(environ: Any, start_response: Any) -> list[bytes]:
    """Django as it is called in tests: with the connection that they have."""
    answer: Any = ClientHandler(enforce_csrf_checks=True)(environ)
    start_response(f"{answer.status_code} {answer.reason_phrase}", list(answer.items()))
    return [answer.content]


def test_the_front_brings_what_is_sent_to_the_page_that_was_asked(
    tmp_path: Path, now: datetime
) -> None:
    build.page(components=[build.component()], slug="eu")
    world.publish(tmp_path, now=now)
    site = world.Site(tmp_path, now, app=_django, hosts=["testserver"])

    answers = [
        site.get(path, method, host="testserver")
        for path, method in (
            ("/s/eu/API/v2/subscribers.json", "POST"),
            (PATH, "GET"),
            ("/s/eu" + PATH, "OPTIONS"),
        )
    ]

    assert [answer.status for answer in answers] == [422, 405, 204]
    assert {answer.headers["Access-Control-Allow-Origin"] for answer in answers} == {"*"}
    assert "subscriber[email]" in answers[0].text


def test_a_body_nested_beyond_sense_is_refused() -> None:
    body = '{"subscriber": ' * 500 + "1" + "}" * 500
    for method in ("POST", "DELETE"):
        answer = Client().generic(method, PATH, body, content_type="application/json")
        assert answer.status_code == 400
        assert told(answer) == {"error": "The body is nested more than 32 levels deep."}
