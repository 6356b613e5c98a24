"""Deliveries over the API."""

from datetime import datetime

import pytest

from accounts.roles import Role
from notifications import outbox
from notifications.messages import Message
from notifications.models import Delivery, State
from tests.management_api.calling import Caller

pytestmark = pytest.mark.django_db


def put(address: str, now: datetime, *, is_sensitive: bool = False) -> Delivery:
    outbox.put(
        dedupe_key=f"test:{address}",
        channel="email",
        address=address,
        message=Message(subject="Basket is down", text="A query is slow."),
        now=now,
        is_sensitive=is_sensitive,
    )
    return Delivery.objects.get(address=address)


def test_deliveries_are_listed_narrowed_and_tried_again(now: datetime) -> None:
    api = Caller()
    put("ada@acme.example", now)
    failed = put("bob@acme.example", now)
    Delivery.objects.filter(pk=failed.pk).update(
        state=State.FAILED, next_attempt_at=None, last_error="550 no such user", attempts=3
    )
    rows = api.get("/deliveries").json()["data"]
    assert [row["address"] for row in rows] == ["bob@acme.example", "ada@acme.example"]
    assert (rows[0]["last_error"], rows[0]["subject"]) == ("550 no such user", "Basket is down")
    assert len(api.get("/deliveries?state=failed&channel=email&q=BOB").json()["data"]) == 1
    path = f"/deliveries/{failed.pk}"
    assert api.post(f"{path}/retry").json()["state"] == "pending"
    assert api.post(f"{path}/retry").status_code == 409
    assert api.get(path).json()["attempts"] == 0


def test_of_a_sensitive_one_nothing_is_told_but_that_it_is_there(now: datetime) -> None:
    row = put("ada@acme.example", now, is_sensitive=True)
    told = Caller().get(f"/deliveries/{row.pk}")
    assert (told.json()["is_sensitive"], told.json()["subject"]) == (True, "")
    assert b"Basket" not in told.content


def test_viewers_see_none_and_responders_change_none(now: datetime) -> None:
    row = put("ada@acme.example", now)
    assert Caller(role=Role.VIEWER).get("/deliveries").status_code == 403
    responder = Caller(role=Role.RESPONDER)
    assert responder.get("/deliveries").status_code == 200
    assert responder.post(f"/deliveries/{row.pk}/retry").status_code == 403
