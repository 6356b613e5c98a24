"""Order within a topic: a later update takes in the earlier ones that are still unsent."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from notifications import leasing, outbox
from notifications.messages import Message
from notifications.models import Body, Delivery, State
from tests.notifications import post, sinks

LEASE = timedelta(seconds=90)


def _tell(sequence: int, *, now: datetime, address: str = "ana@example.com", **fields: Any) -> None:
    word = f"Update {sequence}"
    letter = post.letter(
        address=address,
        dedupe_key=f"update:{sequence}",
        message=Message(subject=word, text=f"{word}.\n"),
        topic="incident:a",
        sequence=sequence,
        **fields,
    )
    outbox.put_many(letters=[letter], now=now)


def _states() -> list[str]:
    return list(Delivery.objects.order_by("sequence").values_list("state", flat=True))


@pytest.mark.django_db
@pytest.mark.req("G-05")
def test_only_the_latest_of_three_unsent_updates_leaves_and_says_so(
    now: datetime, sink: sinks.Sink
) -> None:
    for sequence in (1, 2, 3):
        _tell(sequence, now=now)

    post.drain(now=now)

    (received,) = sink.received
    assert received.mail["Subject"] == "Update 3"
    assert "2 earlier updates were not sent to you" in received.mail.get_content()
    assert _states() == [State.FOLDED, State.FOLDED, State.SENT]


@pytest.mark.django_db
def test_another_recipient_and_another_topic_are_left_alone(
    now: datetime, sink: sinks.Sink
) -> None:
    _tell(1, now=now)
    _tell(2, now=now, address="bo@example.com")
    outbox.put_many(letters=[post.letter(topic="incident:b", sequence=9)], now=now)

    post.drain(now=now)

    assert len(sink.received) == 3
    assert not Delivery.objects.filter(folded__gt=0).exists()


@pytest.mark.django_db
def test_two_scopes_of_one_address_are_two_recipients(now: datetime, sink: sinks.Sink) -> None:
    for scope in ("", "17"):
        for sequence in (1, 2):
            _tell(sequence, now=now, scope=scope)
            _tell(sequence, now=now, scope=scope)

    post.drain(now=now)

    assert sink.addresses == ["ana@example.com"] * 2
    kept = Delivery.objects.filter(state=State.SENT).order_by("scope")
    assert list(kept.values_list("scope", "sequence", "folded")) == [("", 2, 1), ("17", 2, 1)]


@pytest.mark.django_db
def test_the_newer_waits_while_the_older_is_being_sent(now: datetime, sink: sinks.Sink) -> None:
    _tell(1, now=now)
    (older,) = leasing.claim(channel="email", now=now, limit=5, lease=LEASE)
    _tell(2, now=now)

    post.drain(now=now)
    assert sink.received == []

    leasing.mark_handed(row=older, now=now)
    leasing.mark_sent(row=older, now=now)
    post.drain(now=now)
    assert [received.mail["Subject"] for received in sink.received] == ["Update 2"]


@pytest.mark.django_db
@pytest.mark.parametrize("is_sent", [True, False])
def test_an_older_that_failed_is_not_tried_again_behind_a_newer(
    now: datetime, sink: sinks.Sink, is_sent: bool
) -> None:
    _tell(1, now=now)
    (older,) = leasing.claim(channel="email", now=now, limit=5, lease=LEASE)
    _tell(2, now=now)
    leasing.mark_again(row=older, at=now + timedelta(seconds=30), error="450 later")
    if is_sent:
        post.drain(now=now)

    post.drain(now=now + timedelta(minutes=1))

    assert [received.mail["Subject"] for received in sink.received] == ["Update 2"]
    assert _states() == [State.FOLDED, State.SENT]


@pytest.mark.django_db
def test_a_sender_that_slept_over_its_lease_cannot_send_the_older_any_more(
    now: datetime, sink: sinks.Sink
) -> None:
    _tell(1, now=now)
    (older,) = leasing.claim(channel="email", now=now, limit=5, lease=LEASE)
    _tell(2, now=now)

    for seconds in (91, 92):
        post.drain(now=now + timedelta(seconds=seconds))

    assert [received.mail["Subject"] for received in sink.received] == ["Update 2"]
    with pytest.raises(leasing.LeaseLost):
        leasing.mark_handed(row=older, now=now + timedelta(seconds=93))


@pytest.mark.django_db
def test_an_older_in_doubt_gets_no_second_copy_behind_a_newer(
    now: datetime, sink: sinks.Sink
) -> None:
    _tell(1, now=now)
    (older,) = leasing.claim(channel="email", now=now, limit=5, lease=LEASE)
    leasing.mark_handed(row=older, now=now)
    _tell(2, now=now)

    for minutes in (2, 10):
        post.drain(now=now + timedelta(minutes=minutes))

    assert [received.mail["Subject"] for received in sink.received] == ["Update 2"]
    assert _states() == [State.UNKNOWN, State.SENT]


@pytest.mark.django_db
@pytest.mark.req("AMB-18")
def test_cancelling_a_topic_stops_what_is_unsent_of_it(now: datetime, sink: sinks.Sink) -> None:
    _tell(1, now=now)
    _tell(2, now=now, address="bo@example.com")
    post.put(now=now)

    assert outbox.cancel_topic(topic="incident:a", now=now) == 2
    post.drain(now=now)

    assert sink.addresses == ["ops@example.com"]


@pytest.mark.django_db
@pytest.mark.req("AMB-18")
@pytest.mark.parametrize(
    ("becomes", "ends_as"),
    [
        ("taken", State.SENT),
        ("refused for now", State.EXPIRED),
        ("its sender dies", State.UNKNOWN),
    ],
)
def test_what_is_being_handed_over_as_its_topic_is_cancelled_does_not_come_again(
    now: datetime, sink: sinks.Sink, becomes: str, ends_as: State
) -> None:
    _tell(1, now=now)
    (row,) = leasing.claim(channel="email", now=now, limit=1, lease=LEASE)
    leasing.mark_handed(row=row, now=now)

    assert outbox.cancel_topic(topic="incident:a", now=now) == 0
    if becomes == "taken":
        leasing.mark_sent(row=row, now=now)
    elif becomes == "refused for now":
        row.copies -= 1  # that one did not arrive
        leasing.mark_again(row=row, at=now, error="450 later")
    for hour in (1, 2):
        post.drain(now=now + timedelta(hours=hour))

    assert sink.received == []
    assert _states() == [ends_as]


@pytest.mark.django_db
@pytest.mark.req("AMB-18", "I16")
@pytest.mark.parametrize("ended", [State.FAILED, State.UNKNOWN, State.EXPIRED])
def test_nothing_of_a_cancelled_topic_is_kept_or_sent_once_more(
    now: datetime, sink: sinks.Sink, ended: State
) -> None:
    _tell(1, now=now, body_key="update:1/mail")
    post.put(now=now, body_key="update:2/mail", address="bo@example.com")
    post.become(ended)

    outbox.cancel_topic(topic="incident:a", now=now)
    queued = outbox.try_again(ids=Delivery.objects.values_list("id", flat=True), now=now)
    post.drain(now=now)

    assert (queued, sink.addresses) == (1, ["bo@example.com"])
    assert "Update 1" not in str(Body.objects.values_list("message", flat=True))


def still_granted(grants: set[str]) -> set[str]:
    """Stands for the app above that knows."""
    return {grant for grant in grants if grant != "reader:2"}


def reasons(grants: set[str]) -> dict[str, str]:
    """And knows why."""
    return dict.fromkeys(grants, "They moved on.")


@pytest.mark.django_db
@pytest.mark.req("N4")
def test_who_left_meanwhile_gets_nothing(now: datetime, sink: sinks.Sink, settings: Any) -> None:
    settings.DELIVERY_GRANTS = {"reader": "tests.notifications.test_folding.still_granted"}
    settings.DELIVERY_GRANT_REASONS = {"reader": "tests.notifications.test_folding.reasons"}
    _tell(1, now=now, grant="reader:1")
    _tell(2, now=now, address="bo@example.com", grant="reader:2")

    post.drain(now=now)

    assert sink.addresses == ["ana@example.com"]
    assert _states() == [State.SENT, State.CANCELLED]
    assert Delivery.objects.get(state=State.CANCELLED).last_error == "They moved on."
