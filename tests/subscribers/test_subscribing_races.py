"""Requests at once for one mailbox: needs real connections."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.apps import apps
from django.db import connection

from components import catalogue
from subscribers import asking, canonical, granting, proofs, subscribing
from subscribers.models import Origin, Purpose, State, Subscriber, Tally
from subscribers.proofs import CodeRefused, LinkDead
from tests import build

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.mark.req("A5")
def test_one_mailbox_asked_at_once_gets_one_letter(now: datetime) -> None:
    def ask(number: int) -> None:
        try:
            subscribing.ask(
                page=catalogue.page(),
                channel="email",
                address=f"ada+{number}@example.com",
                canonical="ada@example.com",
                choice=subscribing.Choice(),
                origin=Origin.FORM,
                client="192.0.2.7",
                now=now,
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(ask, range(12)))

    assert Subscriber.objects.count() == 1
    letters = apps.get_model("notifications", "Delivery").objects
    assert letters.exclude(grant=granting.grant_of(0)).count() == 1
    assert sorted(len(row.times) for row in Tally.objects.all()) == [1, 12]


def test_two_workers_answer_each_request_once(now: datetime) -> None:
    for number in range(8):
        mailbox = canonical.mailbox(f"reader{number}@example.com")
        asking.subscribe(
            page=catalogue.page(),
            mailbox=mailbox,
            choice=subscribing.Choice(),
            language="",
            client="192.0.2.7",
            now=now,
        )

    def answer(_number: int) -> int:
        try:
            return asking.answer(now=now)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(answer, range(4))) == 8
    assert Subscriber.objects.count() == 8


@pytest.mark.req("C4")
@pytest.mark.req("C5")
def test_of_many_who_use_a_link_one_wins_and_five_may_guess(now: datetime) -> None:
    row = build.subscriber(state=State.WAITING, confirmed_at=None)
    link = proofs.issue(subscriber=row, purpose=Purpose.CONFIRM, now=now, with_code=True)
    wrong = "000000" if link.code != "000000" else "000001"

    def use(_number: int) -> bool:
        try:
            subscribing.confirm_by_token(token=link.token, now=now)
        except LinkDead:
            return False
        finally:
            connection.close()
        return True

    def guess(_number: int) -> None:
        try:
            with pytest.raises(CodeRefused):
                proofs.guess(subscriber=row, code=wrong, now=now)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(guess, range(12)))
        assert sum(pool.map(use, range(12))) == 1
    assert row.proofs.get().attempts == proofs.MAX_ATTEMPTS
