"""What is kept about one person: handed out in one file, and erased wherever it stands."""

import json
from datetime import datetime

import pytest
from django.apps import apps
from django.db import models

from accounts.models import AuditEntry
from components import catalogue
from notifications import outbox
from notifications.messages import Message
from notifications.models import Delivery
from notifications.models import State as Sending
from notifications.outbox import Letter
from subscribers import asking, erasing, granting, subscribing, suppressing
from subscribers.canonical import Mailbox
from subscribers.models import InboundMessage, Origin, Proof, Reason, Subscriber, Suppression
from subscribers.subscribing import Choice
from tests import build

pytestmark = pytest.mark.django_db
ADDRESS, KEY = "Ada.Lovelace+x@acme.example", "ada.lovelace@acme.example"


@pytest.fixture
def ada(now: datetime) -> Subscriber:
    """Confirmed by a letter, has left once, was told something, and something waits."""
    row = subscribing.ask(
        page=catalogue.page(),
        channel="email",
        address=ADDRESS,
        canonical=KEY,
        choice=Choice(wants_all=True),
        origin=Origin.FORM,
        now=now,
    )
    subscribing.confirm(subscriber=row, now=now)
    for number in (1, 2):
        letter = Letter(
            channel="email",
            address=ADDRESS,
            message=Message(subject=f"Update {number}", text="We are looking."),
            dedupe_key=f"update:{number}",
            body_key=f"update:{number}/mail",
            parts={"leave_url": "https://status.acme.example/leave/abc"},
            grant=granting.grant_of(row.pk),
        )
        outbox.put_many(letters=[letter], now=now)
    Delivery.objects.filter(dedupe_key="update:1").update(
        state=Sending.FAILED, next_attempt_at=None, last_error=f"550 no such user {ADDRESS}"
    )
    outbox.try_again(ids=[Delivery.objects.get(dedupe_key="update:1").pk], now=now)
    suppressing.suppress(channel="email", canonical=KEY, note=f"{ADDRESS} called us", now=now)
    asking.send_link(
        page=catalogue.page(), mailbox=Mailbox(ADDRESS, KEY), client="192.0.2.7", now=now
    )
    return row


def stored() -> str:
    """Every text that the database holds, but for the suppression list."""
    found = []
    for model in apps.get_models():
        if model is Suppression:
            continue
        names = [
            field.name
            for field in model._meta.concrete_fields
            if isinstance(field, models.CharField | models.TextField | models.JSONField)
        ]
        found += [str(row) for row in model._base_manager.values(*names)] if names else []
    return "\n".join(found).casefold()


@pytest.mark.req("N11")
def test_erasing_leaves_the_address_nowhere_but_on_the_suppression_list(
    ada: Subscriber, now: datetime
) -> None:
    other = build.subscriber()
    assert KEY.partition("@")[0] in stored()
    erasing.erase_person(subscriber=ada, now=now)
    assert "lovelace" not in stored()
    assert list(Subscriber.objects.all()) == [other]
    assert not Proof.objects.exists()
    kept = Suppression.objects.get()
    assert (kept.canonical, kept.reason, kept.note) == (KEY, Reason.OPERATOR, "")
    assert not Delivery.objects.filter(state=Sending.PENDING).exists()
    assert Delivery.objects.count() == 3, "the counts of an event stay as they were"
    assert AuditEntry.objects.filter(redacted_at=now).exists(), "who did it when, without text"


@pytest.mark.req("N11")
def test_erasing_leaves_nothing_of_a_suppression_that_was_lifted(
    ada: Subscriber, now: datetime
) -> None:
    suppressing.lift(suppression=Suppression.objects.get(), why=f"{ADDRESS} asked us")
    other = suppressing.suppress(channel="email", canonical="bob@acme.example", note="", now=now)
    suppressing.lift(suppression=other, why="A mistake.")
    erasing.erase_person(subscriber=ada, now=now)
    assert "lovelace" not in stored()
    assert "bob@acme.example" in stored(), "the entries of others stay"


@pytest.mark.req("N11", "F14")
def test_the_file_of_a_person_names_nothing_hidden_and_its_taking_is_kept(now: datetime) -> None:
    chosen = [build.component(name="Checkout"), build.component(name="Vault", is_visible=False)]
    row = build.subscriber(components=chosen)
    told = erasing.everything_about(subscriber=row, now=now)
    assert told["subscriptions"][0]["components"] == ["Checkout"]
    entry = AuditEntry.objects.get(changes__has_key="exported_person")
    assert (entry.object_repr, entry.object_pk) == (str(row), str(row.pk))


@pytest.mark.req("N11")
def test_erasing_takes_text_messages_and_every_subscription_of_the_number(now: datetime) -> None:
    number = "+491701234567"
    row = build.subscriber(channel="sms", address=number)
    build.subscriber(channel="sms", address=number, follows="incident:1a2b3c")
    same_name = build.subscriber(channel="email", address="x@acme.example", canonical=number)
    for pk, sender in (("SM1", number), ("SM2", "+491700000000")):
        InboundMessage.objects.create(
            provider_id=pk, canonical=sender, keyword="HELP", received_at=now
        )
    erasing.erase_person(subscriber=row, now=now)
    assert list(Subscriber.objects.all()) == [same_name]
    assert [one.pk for one in InboundMessage.objects.all()] == ["SM2"]


def test_letters_to_the_same_address_for_another_reason_stay(
    ada: Subscriber, now: datetime
) -> None:
    outbox.put(
        channel="email",
        address=ADDRESS,
        message=Message(subject="Checkout is dead", text="No answer."),
        dedupe_key="alert:1",
        now=now,
    )
    erasing.erase_person(subscriber=ada, now=now)
    alert = Delivery.objects.get(dedupe_key="alert:1")
    assert (alert.address, alert.state) == (ADDRESS, Sending.PENDING)


@pytest.mark.req("N11")
def test_the_file_of_a_person_holds_all_and_no_secret(ada: Subscriber, now: datetime) -> None:
    hook = build.subscriber(channel="webhook", secrets={"url": "https://x.example/CANARY"})
    told = erasing.everything_about(subscriber=ada, now=now)
    text = json.dumps(told)
    for word in (ADDRESS, "Update 2", "Update 1", "confirm", "called us", "form"):
        assert word in text
    assert told["subscriptions"][0]["confirmed_at"] == now.isoformat()
    about_hook = json.dumps(erasing.everything_about(subscriber=hook, now=now))
    assert "CANARY" not in about_hook


def test_what_operators_were_told_about_a_hook_forgets_its_name(now: datetime) -> None:
    row = build.subscriber(channel="webhook", address="lovelace.example", secrets={"url": "x"})
    for key in (f"paused:{row.pk}:1", f"paused:{row.pk}0:1"):
        outbox.put(
            channel="email",
            address="owner@acme.example",
            message=Message(subject=f"Switched off: {row.address}", text=key),
            dedupe_key=key,
            now=now,
        )
    erasing.erase_person(subscriber=row, now=now)
    about, other = Delivery.objects.order_by("id")
    assert about.content == {"subject": "", "text": ""}
    assert other.content["subject"] == f"Switched off: {row.address}"
