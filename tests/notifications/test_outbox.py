from datetime import datetime, timedelta

import pytest
from django.db import transaction

from common import sealing
from notifications import outbox, reading
from notifications.messages import Message
from notifications.models import Delivery, State
from tests import counting
from tests.notifications import post

pytestmark = pytest.mark.django_db


def test_letter_is_stored_once_for_an_event_channel_and_address(now: datetime) -> None:
    letters = [
        post.letter(dedupe_key="update:1", address="a@example.com"),
        post.letter(dedupe_key="update:1", address="b@example.com"),
        post.letter(dedupe_key="update:2", address="a@example.com"),
        post.letter(dedupe_key="update:1", address="a@example.com"),
    ]

    assert outbox.put_many(letters=letters, now=now) == 3
    assert outbox.put_many(letters=letters, now=now + timedelta(minutes=1)) == 0
    assert Delivery.objects.count() == 3
    assert {row.created_at for row in Delivery.objects.all()} == {now}


def test_put_says_whether_the_letter_is_new(now: datetime) -> None:
    message = Message(subject="s", text="t")

    def put() -> bool:
        return outbox.put(
            channel="email", address="a@example.com", message=message, dedupe_key="e:1", now=now
        )

    assert put() is True
    assert put() is False


def test_letter_goes_with_the_callers_transaction(now: datetime) -> None:
    class Broken(Exception):
        pass

    def put_and_break() -> None:
        with transaction.atomic():
            post.put(now=now)
            raise Broken

    with pytest.raises(Broken):
        put_and_break()
    assert not Delivery.objects.exists()


def test_thousands_of_letters_cost_two_statements_a_thousand(now: datetime) -> None:
    letters = [post.letter(dedupe_key="e:1", address=f"s{n}@example.com") for n in range(3_000)]
    outbox.put_many(letters=letters[:1], now=now)

    with counting.statements() as of_few:
        outbox.put_many(letters=letters[:10], now=now)
    with counting.statements() as of_many:
        assert outbox.put_many(letters=letters, now=now) == 2_990

    assert len(of_many) - len(of_few) == 2 * 2
    assert Delivery.objects.count() == 3_000


def test_no_letters_are_no_work(now: datetime) -> None:
    assert outbox.put_many(letters=[], now=now) == 0


def test_address_from_anywhere_does_not_break_the_callers_transaction(now: datetime) -> None:
    letters = [
        post.letter(address="x\x00\r\n@example.com"),
        post.letter(address="x" * 5_000),
        post.letter(channel="fax"),
    ]

    assert outbox.put_many(letters=letters, now=now) == 3

    post.drain(now=now)
    assert {row.state for row in Delivery.objects.all()} == {State.FAILED}
    assert Delivery.objects.get(channel="fax").last_error == "There is no such channel."


def test_key_that_is_too_long_is_a_mistake_of_the_caller(now: datetime) -> None:
    with pytest.raises(outbox.KeyTooLong):
        outbox.put_many(letters=[post.letter(), post.letter(dedupe_key="e" * 201)], now=now)
    assert not Delivery.objects.exists()


def test_cancel_stops_what_waits(now: datetime) -> None:
    for name in ("a", "b", "c"):
        post.put(now=now, dedupe_key="update:1", address=f"{name}@example.com")
    other = post.put(now=now, dedupe_key="update:2")

    assert outbox.cancel(dedupe_key="update:1", addresses=["a@example.com"]) == 1
    assert outbox.cancel(dedupe_key="update:1", channel="sms") == 0
    assert outbox.cancel(dedupe_key="update:1", channel="email") == 2
    assert outbox.cancel(dedupe_key="update:1") == 0

    assert post.drain(now=now).sent == 1
    assert post.fresh(other).state == State.SENT


def test_cancelled_sensitive_letter_loses_its_content(now: datetime) -> None:
    row = post.put(now=now, is_sensitive=True, message=Message(subject="Code 123", text="123"))

    outbox.cancel(dedupe_key=row.dedupe_key)

    assert post.fresh(row).message == {"subject": "", "text": ""}


def test_oldest_due_age_is_of_what_waits_for_a_sender(now: datetime) -> None:
    assert outbox.oldest_due_age(now=now) is None
    post.put(now=now)
    post.put(now=now - timedelta(minutes=3))

    assert outbox.oldest_due_age(now=now) == timedelta(minutes=3)
    assert outbox.oldest_due_age(now=now - timedelta(hours=1)) is None

    post.drain(now=now)

    assert outbox.oldest_due_age(now=now + timedelta(hours=1)) is None


@pytest.mark.parametrize("state", [State.FAILED, State.UNKNOWN, State.EXPIRED])
def test_operator_can_have_an_ended_delivery_tried_again(now: datetime, state: State) -> None:
    row = post.put(now=now - timedelta(days=3))
    post.become(state, attempts=9, copies=2, bounced_at=now, expires_at=now, handed_at=now)

    assert outbox.try_again(ids=[row.id], now=now) == 1
    post.drain(now=now)

    row = post.fresh(row)
    assert (row.state, row.attempts, row.bounced_at) == (State.SENT, 1, None)


@pytest.mark.parametrize(
    ("state", "is_sensitive"),
    [
        (State.SENT, False),
        (State.CANCELLED, False),
        (State.PENDING, False),
        (State.LEASED, False),
        (State.FAILED, True),
    ],
)
def test_nothing_else_is_tried_again(now: datetime, state: State, is_sensitive: bool) -> None:
    row = post.put(now=now, is_sensitive=is_sensitive)
    post.become(state)

    assert outbox.try_again(ids=[row.id], now=now) == 0
    assert post.fresh(row).state == state


def test_permanent_failures_are_read_from_a_moment_on(now: datetime) -> None:
    for minutes, name in enumerate(["a", "b", "c"]):
        row = post.put(now=now, address=f"{name}@example.com")
        bounced_at = now + timedelta(minutes=minutes)
        post.become(State.FAILED, row, bounced_at=bounced_at, last_error="550 no")
    post.put(now=now)

    found = outbox.permanent_failures(since=now + timedelta(minutes=1))

    assert found == [
        outbox.Bounce(
            channel="email",
            address=f"{name}@example.com",
            at=now + timedelta(minutes=minutes),
            error="550 no",
        )
        for minutes, name in [(1, "b"), (2, "c")]
    ]


def test_prune_deletes_what_ended_ninety_days_ago(now: datetime) -> None:
    ages = {State.SENT: 91, State.FAILED: 90, State.PENDING: 91, State.UNKNOWN: 89}
    for state, days in ages.items():
        row = post.put(now=now - timedelta(days=days))
        post.become(state, row)

    assert outbox.prune(now=now) == 2
    assert {row.state for row in Delivery.objects.all()} == {State.PENDING, State.UNKNOWN}


def test_ids_for_the_outside_differ_by_delivery_and_do_not_show_it(now: datetime) -> None:
    letters = [("e:1", "a@example.com"), ("e:1", "b@example.com"), ("e:2", "a@example.com")]
    rows = [post.put(now=now, dedupe_key=key, address=address) for key, address in letters]

    assert len({row.public_id for row in rows}) == 3
    assert all(len(row.public_id) == 32 and row.public_id.isalnum() for row in rows)


def test_one_event_for_two_pages_to_one_mailbox_is_two_ids_for_the_outside(now: datetime) -> None:
    """Mailboxes show one of two mails of the same Message-ID (Gmail does), so one page went unheard."""
    letters = [post.letter(dedupe_key="e:1", scope=scope) for scope in ("", "7", "8")]
    outbox.put_many(letters=letters, now=now)

    assert len({row.public_id for row in Delivery.objects.all()}) == 3

    # One from before this rule keeps the name that its reports come under.
    Delivery.objects.update(is_named_by_scope=False)
    assert len({row.public_id for row in Delivery.objects.all()}) == 1


def test_secrets_of_a_letter_are_stored_sealed_until_it_is_sent(now: datetime) -> None:
    row = post.put(
        now=now,
        channel="webhook",
        address="hook",
        secrets={"url": "https://Example.com/canary", "secret": "whsec_canary"},
    )

    assert row.destination == "example.com"
    assert "canary" not in row.sealed
    assert sealing.unseal_mapping(row.sealed)["secret"] == "whsec_canary"


def test_address_fails_since_its_first_failure_that_no_success_followed(now: datetime) -> None:
    def put(minutes: int, **fields: object) -> None:
        row = post.put(now=now + timedelta(minutes=minutes), channel="webhook", address="hook")
        if fields["state"] != State.PENDING:
            fields["next_attempt_at"] = None
        Delivery.objects.filter(id=row.id).update(**fields)

    def since() -> datetime | None:
        return reading.failing_since(channel="webhook", address="hook")

    assert since() is None
    put(0, state=State.FAILED)
    put(1, state=State.SENT, sent_at=now + timedelta(minutes=1))
    assert since() is None
    put(2, state=State.PENDING)
    assert since() is None
    put(3, state=State.PENDING, attempts=1)
    put(4, state=State.FAILED)
    assert since() == now + timedelta(minutes=3)
