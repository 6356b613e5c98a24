"""Sign in to a customer page as a person does it, and as mail scanners and guessers do (C1-C8)."""

import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from io import StringIO
from typing import Any

import hypothesis
import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from components import pages
from components.models import Page, PageHost
from customer_pages import database_clock, sessions, signing_in
from customer_pages.models import CustomerSession, SignIn
from statuspage.log_masking import MaskTokens
from subscribers.limits import TooManyRequests
from tests import build
from tests.customer_pages import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def page() -> Page:
    return people.customer_page(components=[build.component(name="Acme cluster")])


def home(client: Client, page: Page) -> int:
    return client.get(f"{people.base(page)}/").status_code


@pytest.mark.req("R5", "AMB-12")
def test_the_link_of_the_mail_signs_in_by_a_button_and_works_once(page: Page) -> None:
    client = people.ask(page, "Ada@ACME.com")
    (message,) = people.post_office()
    assert message.to == ["ada@acme.com"]
    path = people.link_in(message)

    shown = client.get(path)
    assert shown.status_code == HTTPStatus.OK
    assert b"ada@acme.com" in shown.content
    assert home(client, page) == HTTPStatus.FOUND
    done = client.post(path)
    assert (done.status_code, done["Location"]) == (303, f"{people.base(page)}/")
    assert home(client, page) == HTTPStatus.OK

    again = Client().post(path)
    assert again.status_code == HTTPStatus.GONE
    assert b"This link was used" in again.content
    assert b'value="ada@acme.com"' in again.content  # offers a new one, and keeps the address


@pytest.mark.req("R5")
def test_the_code_signs_in_the_tab_that_asked_and_no_other(page: Page) -> None:
    client = people.ask(page, "ada@acme.com")
    code = people.code_in(people.post_office()[0])
    elsewhere = Client().post(f"{people.base(page)}/sign-in/code", {"code": code})
    assert elsewhere["Location"] == f"{people.base(page)}/sign-in"  # which has asked for nothing

    done = client.post(f"{people.base(page)}/sign-in/code", {"code": code})
    assert done.status_code == HTTPStatus.SEE_OTHER
    assert home(client, page) == HTTPStatus.OK
    assert client.post(people.link_in(mail.outbox[0])).status_code == HTTPStatus.GONE


def test_after_signing_in_somebody_is_where_they_wanted_to_go(page: Page) -> None:
    client = Client()
    sent_to = client.get(f"{people.base(page)}/history")["Location"]
    assert sent_to == f"{people.base(page)}/sign-in?to=history"
    client.post(f"{people.base(page)}/sign-in", {"email": "ada@acme.com", "to": "history"})
    done = client.post(people.link_in(people.post_office()[0]))
    assert done["Location"] == f"{people.base(page)}/history"


@pytest.mark.parametrize("target", ["//evil.test", "https://evil.test", "../x", "a//b", "\\evil"])
def test_nobody_is_led_elsewhere_after_signing_in(page: Page, target: str) -> None:
    client = Client()
    client.post(f"{people.base(page)}/sign-in", {"email": "ada@acme.com", "to": target})
    done = client.post(people.link_in(people.post_office()[0]))
    assert done["Location"] == f"{people.base(page)}/"


def test_scanners_use_nothing_up_and_leave_the_code_even_when_they_press_the_button(
    page: Page,
) -> None:
    """Reliability C1."""
    person = people.ask(page, "ada@acme.com")
    (message,) = people.post_office()
    path = people.link_in(message)
    scanner = Client(enforce_csrf_checks=True)
    scanner.head(path)
    for purpose in ({}, {"Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}, {}, {}):
        assert scanner.get(path, headers=purpose).status_code == HTTPStatus.OK
    assert Client(enforce_csrf_checks=True).post(path).status_code == HTTPStatus.FORBIDDEN
    assert not CustomerSession.objects.exists()

    # One that keeps cookies and sends the form is signed in, and cannot keep the person out.
    form = {"csrfmiddlewaretoken": scanner.cookies["csrftoken"].value}
    assert scanner.post(path, form).status_code == HTTPStatus.SEE_OTHER
    used = person.post(path)
    assert used.status_code == HTTPStatus.GONE
    code = {"code": people.code_in(message)}
    assert person.post(f"{people.base(page)}/sign-in/code", code).status_code == 303
    assert home(person, page) == HTTPStatus.OK


def test_the_link_works_in_another_browser_than_the_one_that_asked(page: Page) -> None:
    people.ask(page, "ada@acme.com")
    phone = Client()
    phone.post(people.link_in(people.post_office()[0]))
    assert home(phone, page) == HTTPStatus.OK


def test_a_session_set_before_is_not_the_one_after(page: Page) -> None:
    """Reliability C3: fixation, and signing in again over an open session."""
    client = people.ask(page, "ada@acme.com")
    name = sessions.cookie_name(page)
    client.cookies[name] = planted = secrets.token_urlsafe(32)
    client.post(people.link_in(people.post_office()[0]))
    first = client.cookies[name].value
    assert first not in {planted, ""}

    SignIn.objects.update(asked_at=build.LONG_AGO)
    now = database_clock.now()
    opened = sessions.open_session(
        page=page, mailbox="bob@acme.com", host="testserver", earlier_key=first, now=now
    )
    assert opened.key != first
    assert home(client, page) == HTTPStatus.FOUND  # the old one is dead


@pytest.mark.req("A1")
@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_HOST": "evil.test"},
        {"HTTP_HOST": "testserver:80@evil.test"},
        {"HTTP_X_FORWARDED_HOST": "evil.test"},
    ],
)
def test_a_forged_host_gets_nothing_or_a_mail_that_leads_home(
    page: Page, headers: dict[str, Any], settings: Settings
) -> None:
    answer = Client().post(f"{people.base(page)}/sign-in", {"email": "ada@acme.com"}, **headers)
    sent = people.post_office()
    assert answer.status_code in {303, 400, 404, 421}
    assert len(sent) == (answer.status_code == 303)
    for message in sent:
        assert "evil.test" not in str(message.message())
        assert f"{settings.CANDOR_ORIGIN}{people.base(page)}/enter/" in str(message.body)


@pytest.mark.parametrize(
    "token",
    ["null", "x", "0" * 42, "0" * 44, "ä" * 43, "a" * 10_000, "%00", "token[]=x", "🔑" * 11],
)
def test_what_is_no_token_is_refused_kindly(page: Page, token: str) -> None:
    """Reliability C4, C7."""
    for ask in (Client().get, Client().post, Client().head):
        with CaptureQueriesContext(connection) as asked:
            answer = ask(f"{people.base(page)}/enter/{token}")
        assert (answer.status_code, len(asked)) == (HTTPStatus.NOT_FOUND, 0)


@pytest.mark.parametrize("code", ["", "1", "abcdef", "१२३४५६", "1" * 10_000, "\x00", "ä", "12 34"])
def test_what_is_no_code_is_refused_kindly(page: Page, code: str) -> None:
    client = people.ask(page, "ada@acme.com")
    people.post_office()
    answer = client.post(f"{people.base(page)}/sign-in/code", {"code": code})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


def test_after_five_guesses_the_right_code_is_refused_too(page: Page) -> None:
    """Reliability C5."""
    client = people.ask(page, "ada@acme.com")
    right = people.code_in(people.post_office()[0])
    wrong = "000000" if right != "000 000" else "111111"
    for code in (*[wrong] * 5, right):
        answer = client.post(f"{people.base(page)}/sign-in/code", {"code": code})
        assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert SignIn.objects.get().attempts == 5
    assert not CustomerSession.objects.exists()


def test_links_are_sent_a_minute_apart_and_five_an_hour(page: Page) -> None:
    """Reliability C5: for one mailbox, however it is written."""
    place = people.place(page)
    start = database_clock.now()
    answers = []
    for second in (0, 30, 61, 122, 183, 244, 305, 3601, 3660):
        box = people.box("ada+x@acme.com" if second % 2 else "ada@acme.com")
        answers.append(people.asks(place, box, now=start + timedelta(seconds=second)))
    assert answers == [True, False, True, True, True, True, False, True, False]


@pytest.mark.req("AMB-12")
def test_old_links_and_codes_are_dead_and_offer_a_new_one(page: Page) -> None:
    client = people.ask(page, "ada@acme.com")
    (message,) = people.post_office()
    SignIn.objects.update(expires_at=database_clock.now() - timedelta(seconds=1))
    for ask in (client.get, client.post):
        answer = ask(people.link_in(message))
        assert answer.status_code == HTTPStatus.GONE
        assert b"This link no longer works" in answer.content
        assert b'value="ada@acme.com"' in answer.content
    code = {"code": people.code_in(message)}
    assert client.post(f"{people.base(page)}/sign-in/code", code).status_code == 422


@pytest.mark.req("R6", "AMB-12")
def test_nobody_can_tell_who_is_on_the_list(page: Page) -> None:
    """Reliability A3, A4: every step of it is equal, and a mail goes to one of them."""
    other = people.customer_page("beta", ["beta.example"])
    seen = []
    for where, email in (
        (page, "eve@acme.com"),
        (page, "eve@evil.com"),
        (other, "eve@acme.com"),
    ):
        client = Client()
        asked = client.post(f"{people.base(where)}/sign-in", {"email": email})
        people.post_office()
        sent = client.get(f"{people.base(where)}/sign-in/sent")
        guessed = client.post(f"{people.base(where)}/sign-in/code", {"code": "12345"})
        steps = [people.told(each) for each in (asked, sent, guessed)]
        seen.append(
            [(code, body.replace(email.encode(), b"@"), head) for code, body, head in steps]
        )
        SignIn.objects.update(asked_at=build.LONG_AGO)
        people.forget_limits()
    assert seen[0] == seen[1] == seen[2]
    assert [message.to for message in mail.outbox] == [["eve@acme.com"]]
    assert "acme" not in str(seen).lower()


def test_asking_costs_the_same_statements_for_everybody(page: Page) -> None:
    people.asks(people.place(page), people.box("first@acme.com"), now=database_clock.now())
    counts = set()
    for email in ("ada@acme.com", "eve@evil.com"):
        place, box = people.place(page), people.box(email)
        with CaptureQueriesContext(connection) as asked:
            people.asks(place, box, now=database_clock.now())
        counts.add(len(asked))
    assert len(counts) == 1


def test_tries_at_a_limited_mailbox_count_for_the_network_too(page: Page) -> None:
    place, box = people.place(page), people.box("ada@acme.com")
    now = database_clock.now()
    assert [people.asks(place, box, now=now) for _ in range(60)] == [True] + [False] * 59
    with pytest.raises(TooManyRequests, match="network"):
        signing_in.ask(
            place=place, box=people.box("bob@acme.com"), browser="x", client="192.0.2.7", now=now
        )
    assert SignIn.objects.count() == 1


@pytest.mark.req("R11")
def test_guessed_addresses_and_retired_pages_answer_alike(page: Page) -> None:
    """Reliability A4; `HYPOTHESIS_PROFILE=thorough` guesses 10,000."""
    examples = hypothesis.settings().max_examples
    guesses = 10_000 if examples > 100 else 2 * examples
    retired = people.customer_page("gone", ["gone.example"])
    gone = people.base(retired)
    pages.retire(page=retired, now=database_clock.now())
    client = people.signed_in_by_mail(page)
    addresses = [f"/p/{secrets.token_urlsafe(16)}" for _number in range(guesses)]
    addresses += [gone, f"/p/{page.address}x", "/p/x", f"/p/{page.slug}", f"/p/{page.pk}"]
    paths = ["/", "/sign-in", "/status.json", "/history.rss", "/enter/" + "a" * 43, "/nothing/here"]
    answers = {people.told(client.get(address + "/"))[:2] for address in addresses}
    answers |= {people.told(client.get(gone + path))[:2] for path in paths}
    answers |= {people.told(client.get(addresses[0] + path))[:2] for path in paths}
    assert len(answers) == 1
    assert answers.pop()[0] == HTTPStatus.NOT_FOUND
    headers = [dict(client.get(where + "/").items()) for where in (gone, addresses[0])]
    assert headers[0] == headers[1]


@pytest.mark.req("R9")
def test_who_is_taken_off_the_list_while_the_link_is_open_does_not_get_in(page: Page) -> None:
    client = people.ask(page, "ada@acme.com")
    (message,) = people.post_office()
    people.list_only(page, "other.example")
    answer = client.post(people.link_in(message))
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert b"Your access to this page has ended." in answer.content
    code = {"code": people.code_in(message)}
    assert client.post(f"{people.base(page)}/sign-in/code", code).status_code == 403
    assert not CustomerSession.objects.exists()


@pytest.mark.req("AMB-13")
def test_a_mail_that_waits_does_not_leave_after_the_domain_was_removed(page: Page) -> None:
    """Reliability B9."""
    people.ask(page, "ada@acme.com")
    signing_in.answer(now=database_clock.now())
    assert [state for _address, state in people.letters()] == ["pending"]
    people.list_only(page)
    assert people.post_office() == []
    assert [state for _address, state in people.letters()] == ["cancelled"]


def test_cookies_are_of_one_host_and_one_page(page: Page, settings: Settings) -> None:
    """Reliability B2."""
    settings.SESSION_COOKIE_SECURE = True
    other = people.customer_page("beta", ["acme.com"])
    client = people.signed_in_by_mail(page)
    cookie = client.cookies[sessions.cookie_name(page)]
    assert cookie.key.startswith("__Host-")
    assert str(page.address) not in cookie.OutputString()
    attributes = (cookie["domain"], cookie["path"], cookie["secure"], cookie["samesite"])
    assert attributes == ("", "/", True, "Lax")
    assert cookie["httponly"]
    # On another page of the same list it is nothing, under its own name and under the other's.
    client.cookies[sessions.cookie_name(other)] = cookie.value
    assert home(client, other) == HTTPStatus.FOUND


def test_who_signs_out_is_out_everywhere_with_that_cookie(page: Page) -> None:
    client = people.signed_in_by_mail(page)
    stolen = Client()
    stolen.cookies[sessions.cookie_name(page)] = client.cookies[sessions.cookie_name(page)].value
    assert home(stolen, page) == HTTPStatus.OK
    assert client.post(f"{people.base(page)}/sign-out").status_code == HTTPStatus.SEE_OTHER
    assert home(client, page) == home(stolen, page) == HTTPStatus.FOUND


def test_somebody_can_sign_out_everywhere_and_leaves_others_alone(page: Page) -> None:
    """Reliability C6."""
    desk, other = people.signed_in_by_mail(page), people.signed_in_by_mail(page, "bob@acme.com")
    people.forget_limits()
    phone = people.signed_in_by_mail(page)
    desk.post(f"{people.base(page)}/sign-out", {"everywhere": "1"})
    assert [home(client, page) for client in (desk, phone, other)] == [302, 302, 200]


@pytest.mark.parametrize("days", [29, 31])
def test_a_session_ends_after_thirty_days(page: Page, days: int) -> None:
    """Reliability C6."""
    client = people.signed_in_by_mail(page)
    CustomerSession.objects.update(created_at=database_clock.now() - timedelta(days=days))
    assert (home(client, page) == HTTPStatus.OK) is (days < 30)


def test_a_session_ends_with_the_page(page: Page) -> None:
    client = people.signed_in_by_mail(page)
    pages.retire(page=page, now=database_clock.now())
    assert home(client, page) == HTTPStatus.NOT_FOUND


def test_the_token_stands_in_no_log_and_no_row(page: Page) -> None:
    """Reliability C2."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(MaskTokens())
    logging.getLogger().addHandler(handler)
    try:
        client = people.ask(page, "ada@acme.com")
        (message,) = people.post_office()
        path = people.link_in(message)
        client.get(path)
        Client(enforce_csrf_checks=True).post(path)
        client.put(path)
        client.post(path)
        client.post(path)
    finally:
        logging.getLogger().removeHandler(handler)
    token = path.rpartition("/")[2]
    dumped = StringIO()
    call_command("dumpdata", "customer_pages", "notifications", "subscribers", stdout=dumped)
    assert token not in written.getvalue() + dumped.getvalue()
    assert people.code_in(message) not in dumped.getvalue()
    assert client.cookies[sessions.cookie_name(page)].value not in dumped.getvalue()


def test_no_page_of_the_sign_in_gives_its_address_away_or_is_kept(page: Page) -> None:
    client = people.ask(page, "ada@acme.com")
    (message,) = people.post_office()
    below = people.base(page)
    paths = (f"{below}/", f"{below}/sign-in", f"{below}/sign-in/sent", people.link_in(message))
    for path in paths:
        answer = client.get(path)
        assert answer["Cache-Control"] == "private, no-store"
        assert answer["Referrer-Policy"] == "strict-origin"
        assert answer["X-Robots-Tag"] == "noindex"
        assert "Cookie" in answer["Vary"]
        assert b"http://" not in answer.content.replace(b"http://www.w3.org", b"")
        assert b"https://" not in answer.content


@contextmanager
def clock_an_hour_back(patched: pytest.MonkeyPatch) -> Iterator[None]:
    """Set the clock of this process back, by whatever name our code reads it; the database keeps its own."""
    true_time, true_now = time.time, timezone.now
    with patched.context() as here:
        here.setattr(time, "time", lambda: true_time() - 3600)
        here.setattr(timezone, "now", lambda: true_now() - timedelta(hours=1))
        yield


def test_a_link_that_ran_out_stays_out_where_the_clock_of_a_host_is_set_back(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reliability C8.

    What is set back is Python's clock, as of one web host of several, and the database has its own. On
    SQLite that is the clock of the host too: there one that is set back for real makes an unused link
    last longer, as docs/explanation/customer-sign-in.md says.
    """
    client = people.ask(page, "ada@acme.com")
    (message,) = people.post_office()
    link, code = people.link_in(message), {"code": people.code_in(message)}
    SignIn.objects.update(expires_at=database_clock.now() - timedelta(seconds=1))

    with clock_an_hour_back(monkeypatch):
        assert people.clock() < SignIn.objects.get().expires_at  # by Python's clock it is good
        refused = [client.get(link), client.post(link)]
        refused.append(client.post(f"{people.base(page)}/sign-in/code", code))
        assert home(client, page) == HTTPStatus.FOUND

    assert HTTPStatus.SEE_OTHER not in {answer.status_code for answer in refused}
    assert not CustomerSession.objects.exists()


def test_under_its_own_host_name_a_page_has_sessions_of_its_own(
    page: Page, settings: Settings
) -> None:
    """Reliability B2, T5."""
    PageHost.objects.create(
        page=page, name="status.acme.example", is_active=True, created_at=build.LONG_AGO
    )
    settings.ALLOWED_HOSTS = ["*"]
    own = Client(headers={"host": "status.acme.example"})
    assert own.get("/")["Location"] == "/sign-in"
    own.post("/sign-in", {"email": "ada@acme.com"})
    (message,) = people.post_office()
    assert "http://status.acme.example" in str(message.body)
    done = own.post(people.link_in(message))
    assert done["Location"] == "/"
    assert own.get("/").status_code == HTTPStatus.OK
    assert own.get(f"{people.base(page)}/").status_code == HTTPStatus.NOT_FOUND
    # The same cookie under the other host name is nothing.
    default = Client()
    name = sessions.cookie_name(page)
    default.cookies[name] = own.cookies[name].value
    assert home(default, page) == HTTPStatus.FOUND


@pytest.mark.req("R10")
def test_of_a_public_provider_single_mailboxes_get_in_and_nobody_else(page: Page) -> None:
    """Reliability B7."""
    people.list_only(page, "ann@gmail.com", "*.acme.com")
    for email in ("ann@gmail.com", "bob@gmail.com", "ann@mail.acme.com", "ann@acme.com"):
        people.ask(page, email)
    sent = [message.to for message in people.post_office()]
    assert sent == [["ann@gmail.com"], ["ann@mail.acme.com"]]
