"""Links, codes and limits of which many ask at once (reliability C4, C5): on either database."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import TypeVar

import pytest
from django.core import mail
from django.db import connection
from django.test import Client

from components.models import Page
from customer_pages import database_clock, sessions, signing_in
from customer_pages.models import CustomerSession, SignIn
from tests.customer_pages import people

pytestmark = pytest.mark.django_db(transaction=True)
Result = TypeVar("Result")


def at_once(times: int, do: Callable[[int], Result]) -> list[Result]:
    def done(number: int) -> Result:
        try:
            return do(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(done, range(times)))


@pytest.fixture
def page() -> Page:
    return people.customer_page()


def test_of_fifty_who_use_a_link_at_once_one_is_signed_in(page: Page) -> None:
    people.ask(page, "ada@acme.com")
    path = people.link_in(people.post_office()[0])
    statuses = at_once(50, lambda _number: Client().post(path).status_code)
    assert sorted(statuses) == [HTTPStatus.SEE_OTHER] + [HTTPStatus.GONE] * 49
    assert CustomerSession.objects.count() == 1


def test_of_thirty_guesses_at_once_five_are_counted(page: Page) -> None:
    client = people.ask(page, "ada@acme.com")
    code = people.code_in(people.post_office()[0])
    wrong = "000000" if code != "000 000" else "111111"
    name = sessions.browser_cookie_name(page)
    browser = client.cookies[name].value

    def guess(_number: int) -> int:
        guesser = Client()
        guesser.cookies[name] = browser
        return guesser.post(f"{people.base(page)}/sign-in/code", {"code": wrong}).status_code

    assert set(at_once(30, guess)) == {HTTPStatus.UNPROCESSABLE_ENTITY}
    assert SignIn.objects.get().attempts == signing_in.MAX_ATTEMPTS
    right = client.post(f"{people.base(page)}/sign-in/code", {"code": code})
    assert right.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


def test_the_right_code_sent_many_times_at_once_signs_in_once(page: Page) -> None:
    client = people.ask(page, "ada@acme.com")
    code = people.code_in(people.post_office()[0])
    name = sessions.browser_cookie_name(page)
    browser = client.cookies[name].value

    def sign_in(_number: int) -> int:
        same = Client()
        same.cookies[name] = browser
        return same.post(f"{people.base(page)}/sign-in/code", {"code": code}).status_code

    assert at_once(16, sign_in).count(HTTPStatus.SEE_OTHER) == 1
    assert CustomerSession.objects.count() == 1


def test_of_many_who_ask_for_one_mailbox_at_once_one_letter_leaves(page: Page) -> None:
    place, now = people.place(page), database_clock.now()
    box = people.box("ada@acme.com")
    assert at_once(12, lambda _number: people.asks(place, box, now=now)).count(True) == 1
    answered = at_once(4, lambda _number: signing_in.answer(now=database_clock.now()))
    assert sum(answered) == 1
    people.post_office()
    assert len(mail.outbox) == 1
