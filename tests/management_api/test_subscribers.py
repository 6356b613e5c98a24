"""Subscribers over the API."""

from datetime import datetime

import pytest
from django.utils import timezone

from accounts.roles import Role
from management_api.models import IdempotentRequest
from notifications.models import Delivery
from subscribers import addressing, subscribing
from subscribers.models import Reason, State, Subscriber, Suppression
from tests import build
from tests.management_api.calling import Caller

pytestmark = pytest.mark.django_db


def test_who_has_agreed_is_told_at_once_and_who_has_not_is_asked() -> None:
    api = Caller()
    basket = build.component(name="Basket")
    told = api.post(
        "/subscribers",
        {
            "address": "ada@acme.example",
            "has_agreed": True,
            "consent_note": "order 17",
            "component_ids": [basket.public_id],
        },
    )
    assert told.status_code == 201, told.content
    assert (told.json()["state"], told.json()["component_ids"]) == ("active", [basket.public_id])
    assert told.json()["consent_note"] == "order 17"
    asked = api.post("/subscribers", {"address": "bob@acme.example"})
    assert asked.json()["state"] == "waiting"
    main, other = told.json()["page_id"], build.page().public_id
    assert len(api.get(f"/subscribers?page_id={main}").json()["data"]) == 2
    assert api.get(f"/subscribers?page_id={other}").json()["data"] == []
    assert [row.address for row in Delivery.objects.all()] == ["bob@acme.example"]
    listed = api.get("/subscribers").json()["data"]
    assert [row["address"] for row in listed] == ["bob@acme.example", "ada@acme.example"]
    assert [
        row["address"] for row in api.get("/subscribers?state=active&q=ADA").json()["data"]
    ] == ["ada@acme.example"]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"address": "nobody"}, 422, "address"),
        ({"address": "ada@acme.example", "component_ids": ["nothing"]}, 422, "component_ids"),
        ({"address": "ada@acme.example", "component_ids": []}, 422, "component_ids"),
        ({"address": "ada@acme.example", "page_id": "nothing"}, 422, "page_id"),
        ({"address": "ada@acme.example", "channel": "pigeon"}, 422, "channel"),
    ],
)
def test_what_cannot_be_subscribed_is_said_by_field(
    body: dict[str, object], status: int, field: str
) -> None:
    answer = Caller().post("/subscribers", body)
    assert answer.status_code == status, answer.content
    assert field in answer.json()["errors"]
    assert not Subscriber.objects.exists()


def test_what_somebody_hears_of_changes_and_ends() -> None:
    api = Caller()
    basket = build.component(name="Basket")
    path = f"/subscribers/{build.subscriber(address='ada@acme.example').pk}"
    seen = api.get(path)
    changed = api.patch(path, {"component_ids": [basket.slug]}, if_match=seen.headers["ETag"])
    assert changed.json()["component_ids"] == [basket.public_id]
    assert (
        api.patch(path, {"component_ids": None}, if_match=seen.headers["ETag"]).status_code == 412
    )
    assert api.patch(path, {"wants_postmortems": True}).json()["component_ids"] == [
        basket.public_id
    ]
    assert api.delete(path).status_code == 204
    assert api.get(path).json()["state"] == State.ENDED
    assert api.get("/subscribers").json()["data"] == []


def test_who_left_by_themselves_is_not_brought_back() -> None:
    api = Caller()
    row = build.subscriber(address="ada@acme.example")
    subscribing.leave(subscriber=row, now=timezone.now())
    again = api.post("/subscribers", {"address": "ada@acme.example", "has_agreed": True})
    assert again.status_code == 409
    assert "unsubscribed" in again.json()["detail"]


def test_a_person_is_erased() -> None:
    row = build.subscriber(address="ada@acme.example")
    assert Caller().delete(f"/subscribers/{row.pk}/person").status_code == 204
    assert not Subscriber.objects.filter(canonical="ada@acme.example").exists()


def test_an_address_is_suppressed_and_lifted_and_complaints_stay(now: datetime) -> None:
    api = Caller()
    row = build.subscriber(address="ada@acme.example")
    made = api.post("/suppressions", {"address": "Ada@acme.example", "note": "asked by phone"})
    assert made.status_code == 201, made.content
    assert api.get(f"/subscribers/{row.pk}").json()["suppressed_because"] == "operator"
    assert api.get("/subscribers").json()["data"][0]["suppressed_because"] == "operator"
    path = f"/suppressions/{made.json()['id']}/lift"
    assert api.post(path, {"why": "asked again"}).status_code == 200
    assert api.get("/suppressions").json()["data"] == []
    stays = Suppression.objects.create(
        channel="email", canonical="bob@acme.example", reason=Reason.COMPLAINT, created_at=now
    )
    assert api.post(f"/suppressions/{stays.pk}/lift", {"why": "please"}).status_code == 409
    assert Suppression.objects.count() == 1


def test_a_viewer_sees_no_subscribers_and_a_responder_changes_none() -> None:
    row = build.subscriber(address="ada@acme.example")
    viewer, responder = Caller(role=Role.VIEWER), Caller(role=Role.RESPONDER)
    assert viewer.get("/subscribers").status_code == 403
    assert viewer.get("/suppressions").status_code == 403
    assert responder.get("/subscribers").status_code == 200
    assert responder.delete(f"/subscribers/{row.pk}").status_code == 403
    assert Subscriber.objects.get().state == State.ACTIVE


def test_a_list_costs_the_same_for_two_and_for_twenty(
    django_assert_max_num_queries: object,
) -> None:
    api = Caller()
    basket = build.component()
    for number in range(20):
        row = build.subscriber(address=f"a{number}@acme.example", wants_all=False)
        row.chosen.create(component=basket)
    with django_assert_max_num_queries(12):  # type: ignore[operator]  # the fixture is untyped
        assert len(api.get("/subscribers").json()["data"]) == 20


def test_a_confirmation_is_sent_again_and_a_paused_one_is_told_again() -> None:
    api = Caller()
    waiting = build.subscriber(address="ada@acme.example", state=State.WAITING)
    path = f"/subscribers/{waiting.pk}"
    assert api.post(f"{path}/resend", if_match='"stale"').status_code == 412
    assert api.post(f"{path}/resend").json()["state"] == "waiting"
    assert [row.address for row in Delivery.objects.all()] == ["ada@acme.example"]
    # Only its owner ends the wait.
    assert api.post(f"{path}/resume").json()["state"] == "waiting"
    paused = build.subscriber(address="bob@acme.example", state=State.PAUSED)
    assert api.post(f"/subscribers/{paused.pk}/resend").status_code == 409
    assert api.post(f"/subscribers/{paused.pk}/resume").json()["state"] == "active"
    responder = Caller(role=Role.RESPONDER)
    for step in ("resend", "resume"):
        assert responder.post(f"{path}/{step}").status_code == 403


@pytest.mark.req("N11")
@pytest.mark.parametrize(
    ("typed", "stays"),
    [
        ({"address": "Ada.L+work@Acme.example"}, {"address": "adam@acme.example"}),
        ({"address": "+4915123456789", "channel": "sms"}, {"address": "bob@acme.example"}),
    ],
    ids=["mailbox", "phone"],
)
def test_who_is_erased_is_in_no_answer_that_is_kept(
    typed: dict[str, object], stays: dict[str, object]
) -> None:
    # The rows are made by hand, so that the test needs no channel for text messages.
    channel, address = str(typed.get("channel", "email")), str(typed["address"])
    canonical = addressing.canonical_of(channel=channel, text=address)
    row = build.subscriber(channel=channel, address=address, canonical=canonical)
    api = Caller()
    suppressed = api.post("/suppressions", typed, idempotency_key="suppressed")
    assert suppressed.status_code == 201, suppressed.content
    named = {"title": f"Call {address}.", "text": "x"}
    assert api.post("/announcements", named, idempotency_key="named").status_code == 201
    other = api.post("/suppressions", stays, idempotency_key="other")
    assert other.status_code == 201

    assert api.delete(f"/subscribers/{row.pk}/person").status_code == 204

    assert [note.key for note in IdempotentRequest.objects.all()] == ["other"]


def test_a_create_that_is_repeated_does_not_tell_of_who_was_erased_meanwhile() -> None:
    api = Caller()
    body: dict[str, object] = {"address": "ada@acme.example", "has_agreed": True}
    first = api.post("/subscribers", body, idempotency_key="k")
    assert api.delete(f"/subscribers/{first.json()['id']}/person").status_code == 204

    again = api.post("/subscribers", body, idempotency_key="k")

    assert "Idempotent-Replayed" not in again.headers
