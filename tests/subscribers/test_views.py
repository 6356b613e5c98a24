"""What visitors see and do: subscribe, confirm, change what they get, leave."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client

from components.status import Status
from incidents import publishing
from incidents.lifecycle import State as Step
from notifications.messages import Message
from subscribers import asking, fanout, granting, link_holders, links, proofs, subscribing
from subscribers.models import Asked, Purpose, Reason, State, Subscriber, Suppression, Tally
from tests import build, counting

pytestmark = pytest.mark.django_db
Delivery = apps.get_model("notifications", "Delivery")
ORIGIN = settings.CANDOR_ORIGIN


def _post(path: str, client: Client | None = None, **data: Any) -> Any:
    """POST as a browser that has loaded the form: cookie and token."""
    browser = client or Client(enforce_csrf_checks=True)
    browser.get("/subscribe")
    token = browser.cookies["csrftoken"].value
    return browser.post(path, {"csrfmiddlewaretoken": token, **data})


def _answered() -> None:
    """What a worker does a second later."""
    asking.answer(now=datetime.now(UTC))


def _subscribe(address: str = "ada@example.com", **data: Any) -> Any:
    response = _post("/subscribe", channel="email", email=address, **data)
    _answered()
    return response


def _messages() -> list[Message]:
    _answered()
    rows = Delivery.objects.exclude(grant=granting.grant_of(0)).order_by("id")
    return [Message.from_json(row.message) for row in rows]


def _path_in(message: Message) -> str:
    found = re.search(rf"{re.escape(ORIGIN)}(/\S+)", message.text)
    assert found
    return found[1]


def _visit(row: Subscriber) -> Client:
    """A browser in which the link to this subscription was opened."""
    client = Client(enforce_csrf_checks=True)
    issued = proofs.issue(subscriber=row, purpose=Purpose.MANAGE, now=datetime.now(UTC))
    response = _post(f"/subscriptions/open/{issued.token}", client)
    assert response.status_code == 303
    return client


def _text(response: Any) -> str:
    return str(response.content.decode())


@pytest.mark.req("N1")
def test_the_form_offers_what_is_configured_and_feeds_always() -> None:
    page = _text(Client().get("/subscribe"))
    assert [f'value="{way}"' in page for way in ("email", "feed", "calendar")] == [True] * 3
    assert f"{ORIGIN}/feed" in page
    assert f"{ORIGIN}/maintenance.ics" in page


@pytest.mark.req("N1")
def test_without_a_mail_server_feeds_and_calendar_stay(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    page = _text(Client().get("/subscribe"))
    assert 'value="email"' not in page
    assert re.search(r'value="(sms|feed|webpush)" checked', page)
    assert _subscribe().status_code == 422
    assert not Subscriber.objects.exists()

    settings.IS_DEMO = True  # whoever tries it reads the log
    assert 'value="email"' in _text(Client().get("/subscribe"))


@pytest.mark.req("N2")
def test_visitors_choose_among_the_components_they_see() -> None:
    group = build.group(name="Platform")
    api, jobs = build.component(name="API", group=group), build.component(name="Jobs", group=group)
    site, hidden = build.component(name="Site"), build.component(name="Secret", is_visible=False)
    page = _text(Client().get("/subscribe"))
    assert "Secret" not in page
    assert "All of Platform" in page

    _subscribe(scope="some", g=[group.pk], c=[site.pk])
    row = Subscriber.objects.get()
    chosen = set(row.chosen.values_list("component_id", flat=True))
    assert (row.wants_all, chosen) == (False, {api.pk, jobs.pk, site.pk})
    response = _subscribe("bob@example.com", scope="some", c=[hidden.pk])
    assert response.status_code == 422
    assert Subscriber.objects.count() == 1


@pytest.mark.req("N4")
@pytest.mark.req("N3")
@pytest.mark.req("C1")
def test_from_the_form_by_the_button_to_the_choice_of_services() -> None:
    part = build.component(name="API")
    response = _subscribe()
    assert (response.status_code, response["Location"]) == (303, "/subscribe/sent")
    path = _path_in(_messages()[0])

    scanner: Any = Client()
    for _time in range(5):
        assert scanner.get(path, headers={"Sec-Purpose": "prefetch"}).status_code == 200
        assert scanner.head(path).status_code == 200
    assert Subscriber.objects.get().state == State.WAITING
    assert Client(enforce_csrf_checks=True).post(path).status_code == 403

    browser = Client(enforce_csrf_checks=True)
    landed = _post(path, browser)
    assert landed["Location"] == "/subscriptions/mine?confirmed"
    page = _text(browser.get(landed["Location"]))
    assert "Confirmed." in page
    assert "ada@example.com" in page
    saved = _post("/subscriptions/mine", browser, scope="some", c=[part.pk], postmortems="1")
    assert saved["Location"] == "/subscriptions/mine?saved"
    row = Subscriber.objects.get()
    assert (row.is_active, row.wants_all, row.wants_postmortems) == (True, False, True)
    assert list(row.chosen.values_list("component_id", flat=True)) == [part.pk]


@pytest.mark.req("N4")
def test_postmortems_are_off_unless_asked_for() -> None:
    _subscribe()
    assert Subscriber.objects.get().wants_postmortems is False


@pytest.mark.req("C2")
def test_pages_with_a_token_are_not_cached_and_leak_no_address() -> None:
    row = build.subscriber()
    issued = proofs.issue(subscriber=row, purpose=Purpose.MANAGE, now=datetime.now(UTC))
    for path in (
        f"/subscriptions/open/{issued.token}",
        f"/subscriptions/leave/{links.leave_token(row.pk)}",
        "/subscriptions/mine",
    ):
        response = Client().get(path)
        assert "no-store" in response["Cache-Control"]
        assert response["Referrer-Policy"] == "strict-origin"
        outside = set(re.findall(r'(?:href|src|action)="(https?://[^/"]+)', _text(response)))
        assert outside <= {ORIGIN}


@pytest.mark.req("C1")
def test_a_used_link_says_so_and_offers_a_new_one() -> None:
    _subscribe()
    path = _path_in(_messages()[0])
    _post(path)
    again = Client().get(path)
    assert again.status_code == 410
    assert "You have confirmed already" in _text(again)
    assert 'action="/subscriptions"' in _text(again)
    assert Client().get("/subscriptions/confirm/" + "x" * 43).status_code == 404


@pytest.mark.req("A3")
@pytest.mark.parametrize("path", ["/subscribe", "/subscriptions"])
def test_answer_and_work_are_the_same_for_every_address(path: str) -> None:
    now = datetime.now(UTC)
    build.subscriber(address="known@example.com")
    build.subscriber(address="waits@example.com", state=State.WAITING, confirmed_at=None)
    Suppression.objects.create(
        channel="email", canonical="gone@example.com", reason=Reason.COMPLAINT, created_at=now
    )
    answers, work = [], []
    browser = Client()
    browser.get("/subscribe")
    for name in ("first", "new", "known", "waits", "gone"):
        with counting.statements() as made:
            answers.append(browser.post(path, {"channel": "email", "email": f"{name}@example.com"}))
        work.append([re.sub(r"'[^']*'|\d+|%s", "?", one) for one in made])

    assert len({(answer.status_code, answer["Location"]) for answer in answers}) == 1
    assert len({tuple(sorted(answer.cookies)) for answer in answers}) == 1
    assert len({answer.content for answer in answers}) == 1
    assert work[1] == work[2] == work[3] == work[4]
    assert Asked.objects.count() == 5


@pytest.mark.req("A3")
@pytest.mark.req("A5")
def test_one_network_cannot_ask_without_end() -> None:
    _post("/subscriptions", email="reader1@example.com")
    Tally.objects.update(times=[datetime.now(UTC).timestamp()] * 59)
    assert _post("/subscriptions", email="reader2@example.com").status_code == 303
    refused = _subscribe()
    assert (refused.status_code, refused["Retry-After"]) == (429, "600")
    assert "Try again" in _text(refused)
    assert Tally.objects.count() == 1  # nobody else was counted
    assert not Subscriber.objects.exists()


def test_a_wrong_address_is_told_beside_the_field_and_kept() -> None:
    response = _subscribe("ada@globex")
    page = _text(response)
    assert response.status_code == 422
    assert "<title>Error: " in page
    assert "Enter a full address" in page
    assert 'value="ada@globex"' in page
    assert re.search(r'aria-invalid="true" aria-describedby="e-email h-email" autofocus', page)


@pytest.mark.parametrize(
    "fields",
    [
        {"email": "a\x00@x.test"},
        {"email": "a" * 9_000},
        {"scope": "some", "c": ["²", "\x00", "9" * 40]},
        {"scope": "some", "g": ["²"]},
        {"scope": "some", "c": ["9" * 5_000], "g": ["9" * 5_000]},
        {"scope": "\x00"},
        {"channel": "\x00"},
        {"channel": "feed"},
        {"channel": "nothing"},
    ],
)
def test_whatever_is_posted_is_refused_in_words(fields: dict[str, Any]) -> None:
    build.component(group=build.group())
    posted = {"channel": "email", "email": "ada@example.com"} | fields
    response = _post("/subscribe", **posted)
    assert response.status_code == 422
    assert 'role="alert"' in _text(response)
    assert not Asked.objects.exists()


@pytest.mark.req("D1")
def test_one_click_of_a_mail_program_unsubscribes() -> None:
    row = build.subscriber(address="ada@example.com")
    subscribing.resume(subscriber=row, now=datetime.now(UTC))
    row.unsubscribe_digest = links.digest(links.leave_token(row.pk))
    row.save(update_fields=["unsubscribe_digest"])
    path = f"/subscriptions/leave/{links.leave_token(row.pk)}"
    for _time in range(10):
        assert Client().get(path).status_code == 200
        assert Client().head(path).status_code == 200
    assert Subscriber.objects.get().is_active

    program = Client(enforce_csrf_checks=True)
    for _time in range(2):  # again: still fine
        answer = program.post(
            path,
            "List-Unsubscribe=One-Click",
            content_type="application/x-www-form-urlencoded",
            headers={"Origin": "https://mail.example"},
        )
        assert answer.status_code == 200
    assert Subscriber.objects.get().state == State.ENDED
    wrong = program.post(f"/subscriptions/leave/{'a' * 32}", {"List-Unsubscribe": "One-Click"})
    assert wrong.status_code == 200


@pytest.mark.req("D1")
def test_the_link_in_the_last_mail_of_an_event_still_shows_its_button() -> None:
    row = build.subscriber(
        follows="incident:abc", state=State.ENDED, ended_reason=granting.EVENT_OVER
    )
    row.unsubscribe_digest = links.digest(links.leave_token(row.pk))
    row.save(update_fields=["unsubscribe_digest"])
    path = f"/subscriptions/leave/{links.leave_token(row.pk)}"
    assert f'action="{path}"' in _text(Client().get(path))

    Client().post(path)
    row.refresh_from_db()
    assert row.ended_reason == subscribing.LEFT


@pytest.mark.req("D1")
def test_leaving_can_be_undone_within_a_day() -> None:
    row = build.subscriber()
    row.unsubscribe_digest = links.digest(links.leave_token(row.pk))
    row.save(update_fields=["unsubscribe_digest"])
    token = links.leave_token(row.pk)
    browser = Client(enforce_csrf_checks=True)
    page = _text(browser.post(f"/subscriptions/leave/{token}"))
    assert f'action="/subscriptions/undo/{token}"' in page

    assert _post(f"/subscriptions/undo/{token}", browser).status_code == 200
    row.refresh_from_db()
    assert row.is_active
    subscribing.leave(subscriber=row, now=datetime.now(UTC) - timedelta(days=2))
    assert _post(f"/subscriptions/undo/{token}", browser).status_code == 410


@pytest.mark.req("D2")
def test_a_link_of_a_mail_ends_a_subscription_and_opens_none() -> None:
    row = build.subscriber()
    row.unsubscribe_digest = links.digest(links.leave_token(row.pk))
    row.save(update_fields=["unsubscribe_digest"])
    token = links.leave_token(row.pk)
    assert Client().get(f"/subscriptions/open/{token}").status_code == 404
    assert _post(f"/subscriptions/open/{token}").status_code == 404

    asked = _post(f"/subscriptions/manage/{token}")
    assert (asked.status_code, asked["Location"]) == (303, "/subscriptions/sent")
    (message,) = _messages()
    assert _path_in(message).startswith("/subscriptions/open/")
    unknown = _post(f"/subscriptions/manage/{'a' * 32}")
    assert (unknown.status_code, unknown["Location"]) == (303, "/subscriptions/sent")
    assert len(_messages()) == 1


@pytest.mark.req("D2")
def test_old_mails_unsubscribe_after_the_key_was_changed(settings: Any) -> None:
    row = build.subscriber()
    token = links.leave_token(row.pk)
    row.unsubscribe_digest = links.digest(token)
    row.save(update_fields=["unsubscribe_digest"])
    for name in ("another", "yet another"):
        settings.SECRET_KEY = f"{name} key of fifty characters, made up for this test"
        # Mails that go out now hold a link by the new key, which must not push the old one out.
        now = datetime.now(UTC)
        build.incident(components={build.component(): Status.MAJOR_OUTAGE}, now=now)
        assert fanout.expand(now=now) == 1
        assert link_holders.by_leave_token(links.leave_token(row.pk)) == row
    assert link_holders.by_leave_token(token) == row

    Client().post(f"/subscriptions/leave/{token}")
    row.refresh_from_db()
    assert row.state == State.ENDED
    # Neither does taking it back.
    Client().post(f"/subscriptions/undo/{token}")
    row.refresh_from_db()
    assert row.is_active
    assert link_holders.by_leave_token(token) == row


@pytest.mark.req("D6")
def test_an_old_link_ends_what_is_open_for_the_address_now() -> None:
    old = build.subscriber(address="Ada@example.com", canonical="ada@example.com")
    old.unsubscribe_digest = links.digest(links.leave_token(old.pk))
    old.state = State.ENDED
    old.save(update_fields=["unsubscribe_digest", "state"])
    new = build.subscriber(address="ada@example.com")
    Client().post(f"/subscriptions/leave/{links.leave_token(old.pk)}")
    new.refresh_from_db()
    assert new.state == State.ENDED


def test_the_page_of_a_subscription_ends_it_and_what_else_the_address_gets() -> None:
    row = build.subscriber(address="ada@example.com")
    other = build.subscriber(
        address="ada@example.com", follows="incident:abc", options={"event": "Slow logins"}
    )
    browser = _visit(row)
    assert "Slow logins" in _text(browser.get("/subscriptions/mine"))
    _post("/subscriptions/mine/stop", browser, which=other.pk)
    other.refresh_from_db()
    assert other.state == State.ENDED
    stranger = build.subscriber(address="bob@example.com")
    for which in (stranger.pk, other.pk, "²", "9" * 40, ""):
        assert _post("/subscriptions/mine/stop", browser, which=which).status_code == 303
    row.refresh_from_db()
    assert row.is_active
    assert "You are unsubscribed" in _text(_post("/subscriptions/mine/stop", browser))
    row.refresh_from_db()
    stranger.refresh_from_db()
    assert (row.state, stranger.is_active) == (State.ENDED, True)
    assert browser.get("/subscriptions/mine").status_code == 410


def test_a_paused_subscription_is_resumed_by_its_owner() -> None:
    row = build.subscriber(state=State.PAUSED)
    browser = _visit(row)
    assert "Send again" in _text(browser.get("/subscriptions/mine"))
    _post("/subscriptions/mine/resume", browser)
    row.refresh_from_db()
    assert row.is_active


@pytest.mark.req("N2")
def test_a_single_event_can_be_followed_to_its_end() -> None:
    incident = build.incident(title="Slow logins")
    page = _text(Client().get(f"/subscribe?follow={incident.public_id}"))
    assert "Only this incident:" in page
    _subscribe(follow=incident.public_id, scope="event")
    row = Subscriber.objects.get()
    assert (row.follows, row.wants_all) == (f"incident:{incident.public_id}", False)
    assert "Slow logins" in _messages()[0].text


def test_a_maintenance_can_be_followed_and_what_is_over_not() -> None:
    maintenance = build.maintenance()
    page = _text(Client().get(f"/subscribe?follow={maintenance.public_id}"))
    assert "Only this maintenance:" in page
    for unknown in ("0" * 12, "x", "%00", "é"):
        page = _text(Client().get("/subscribe", {"follow": unknown}))
        assert "is over" in page
    assert _subscribe(scope="event", follow="0" * 12).status_code == 422


def test_an_event_that_is_over_at_the_confirmation_is_not_followed() -> None:
    incident = build.incident()
    _subscribe(follow=incident.public_id, scope="event")
    publishing.post_update(
        incident=incident, state=Step.RESOLVED, text="Done.", notify=False, now=datetime.now(UTC)
    )
    browser = Client(enforce_csrf_checks=True)
    landed = _post(_path_in(_messages()[0]), browser)
    assert "is over" in _text(browser.get(landed["Location"]))
    assert Subscriber.objects.get().state == State.ENDED


@pytest.mark.req("A1")
def test_links_come_from_our_own_origin_whatever_is_asked(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    evil = Client(headers={"Host": "evil.test"})
    asked = {"channel": "email", "email": "ada@example.com"}
    assert evil.post("/subscribe", asked).status_code == 404
    browser = Client(headers={"X-Forwarded-Host": "evil.test"})
    browser.post("/subscribe", {"channel": "email", "email": "ada@example.com"})
    (message,) = _messages()
    assert "evil" not in message.text + message.html
    assert f"{ORIGIN}/subscriptions/confirm/" in message.text


def test_visitors_leave_no_ip_address_in_the_audit_log() -> None:
    _subscribe()
    entries = apps.get_model("accounts", "AuditEntry").objects.all()
    assert entries
    assert {entry.remote_addr for entry in entries} == {None}


def test_twice_as_many_components_cost_the_same_queries(
    django_assert_max_num_queries: Any,
) -> None:
    for _number in range(10):
        build.component(group=build.group())
    with django_assert_max_num_queries(12):
        Client().get("/subscribe")
