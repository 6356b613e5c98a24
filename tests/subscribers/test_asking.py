"""What visitors ask for by e-mail is answered by a worker."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps

from components import catalogue
from subscribers import asking, canonical, subscribing
from subscribers.models import Asked, Subscriber
from subscribers.subscribing import Choice
from tests import build

pytestmark = pytest.mark.django_db
Delivery = apps.get_model("notifications", "Delivery")
ADA = canonical.mailbox("ada@example.com")


def _subscribe(now: datetime, **choice: Any) -> None:
    asking.subscribe(
        page=catalogue.page(),
        mailbox=ADA,
        choice=Choice(**choice),
        language="en",
        client="192.0.2.7",
        now=now,
    )


@pytest.mark.req("N2", "N4")
def test_a_worker_does_what_was_asked_once(now: datetime) -> None:
    part = build.component()
    _subscribe(now, wants_all=False, component_ids=frozenset({part.pk}), wants_postmortems=True)
    assert not Subscriber.objects.exists()

    assert (asking.answer(now=now), asking.answer(now=now)) == (1, 0)
    row = Subscriber.objects.get()
    assert (row.address, row.language, row.wants_postmortems) == (ADA.address, "en", True)
    assert list(row.chosen.values_list("component_id", flat=True)) == [part.pk]
    assert Delivery.objects.get().address == ADA.address


def test_what_was_hidden_meanwhile_cannot_be_subscribed(now: datetime) -> None:
    part = build.component()
    _subscribe(now, wants_all=False, component_ids=frozenset({part.pk}))
    type(part).objects.update(is_visible=False)

    assert asking.answer(now=now) == 1
    assert not Subscriber.objects.exists()
    assert not Asked.objects.exists()


def test_a_request_that_fails_holds_back_no_other_and_is_let_go(now: datetime) -> None:
    Asked.objects.create(address="x", canonical="x", choice={"component_ids": 1}, asked_at=now)
    _subscribe(now)

    assert asking.answer(now=now) == 1
    assert Asked.objects.count() == 1
    asking.answer(now=now + timedelta(minutes=31))
    assert not Asked.objects.exists()


@pytest.mark.req("A3")
def test_a_network_that_asks_too_often_leaves_nothing(now: datetime) -> None:
    for _time in range(60):
        asking.send_link(page=catalogue.page(), mailbox=ADA, client="192.0.2.7", now=now)
    with pytest.raises(subscribing.TooManyRequests):
        _subscribe(now)
    assert Asked.objects.count() == 60
