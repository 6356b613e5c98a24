"""The mail faults F-15 to F-21 of the specification, each against a server that misbehaves so."""

import itertools
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from notifications import circuits, outbox
from notifications.models import Delivery, State
from tests.notifications import post, sinks
from tests.notifications.sinks import DRIP, DROP, SILENCE

pytestmark = pytest.mark.django_db


def _seconds(start: datetime, *, minutes: float) -> Iterator[datetime]:
    return (start + timedelta(seconds=second) for second in range(int(minutes * 60)))


@pytest.mark.parametrize(
    "replies",
    [{"CONNECT": "421 too busy"}, {"EHLO": DROP}, {"MAIL": "550 5.7.1 not this sender"}],
)
def test_f15_server_away_is_tried_rarely_and_everything_waits(
    now: datetime, settings: Settings, replies: dict[str, str]
) -> None:
    rows = [post.put(now=now) for _ in range(15)]
    connected = [0]
    with sinks.hostile(**replies) as server:
        post.use_smtp(settings, server.port)
        for minute in range(2):
            for at in _seconds(now + timedelta(minutes=minute), minutes=1):
                post.drain(now=at)  # as beat rings
                if at.second % 5 == 0:
                    post.drain(now=at)  # another worker's sweep
            connected.append(server.connections)

        per_minute = [after - before for before, after in itertools.pairwise(connected)]
        assert max(per_minute) <= 12
        assert min(per_minute) >= 1
        waiting = Delivery.objects.all()
        assert {(row.state, row.attempts) for row in waiting} == {(State.PENDING, 0)}
        assert {row.next_attempt_at for row in waiting} == {now}
        [trouble] = circuits.troubles()
        assert (trouble.channel, trouble.since) == ("email", now)

        server.replies |= sinks.FRIENDLY
        back_at = now + timedelta(minutes=2)
        sent = sum(post.drain(now=at).sent for at in _seconds(back_at, minutes=1.05))

    assert sent == len(rows)
    assert circuits.troubles() == []
    assert len({received.message_id for received in server.received}) == len(server.received)


@pytest.mark.parametrize(
    "replies",
    [
        {"CONNECT": "450 not you"},
        {"CONNECT": "554 never you"},
        {"CONNECT": DROP},
        {"EHLO": "502 no", "HELO": "502 no"},
        {"MAIL": "530 5.7.0 log in first"},
        {"RCPT": "530 5.7.0 log in first"},
        {"DATA": "530 5.7.0 log in first"},
    ],
)
def test_f15_refusal_of_everybody_is_no_fault_of_a_delivery(
    now: datetime, settings: Settings, replies: dict[str, str]
) -> None:
    for _ in range(3):
        post.put(now=now)
    with sinks.hostile(**replies) as server:
        post.use_smtp(settings, server.port)
        for seconds in range(5):
            post.drain(now=now + timedelta(seconds=seconds))

        assert server.connections == 1
        assert len(circuits.troubles()) == 1
        server.replies |= sinks.FRIENDLY
        assert post.drain(now=now + timedelta(seconds=5)).sent == 3
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}


def test_f15_nobody_listens(now: datetime, settings: Settings) -> None:
    row = post.put(now=now)
    port = sinks.free_port()
    post.use_smtp(settings, port)

    post.drain(now=now)

    row = post.fresh(row)
    assert (row.state, row.attempts, row.next_attempt_at) == (State.PENDING, 0, now)
    assert "Connection refused" in row.last_error
    with sinks.sink(port=port) as kept:
        post.drain(now=now + timedelta(seconds=4))
        assert not kept.received
        post.drain(now=now + timedelta(seconds=5))
        assert len(kept.received) == 1


def _greylist(seconds: float, clock: Callable[[], datetime]) -> Callable[[str], str]:
    first_seen: dict[str, datetime] = {}

    def answer(line: str) -> str:
        since = first_seen.setdefault(line, clock())
        is_known = clock() - since >= timedelta(seconds=seconds)
        return "250 ok" if is_known else "450 4.7.1 come back later"

    return answer


@pytest.mark.parametrize(("greylisted_s", "sent_after_s"), [(20, 30), (60, 90), (300, 330)])
def test_f16_greylisting_is_passed(
    now: datetime, settings: Settings, greylisted_s: float, sent_after_s: int
) -> None:
    rows = [post.put(now=now, address=f"{name}@example.com") for name in "abc"]
    at = now
    with sinks.hostile(RCPT=_greylist(greylisted_s, lambda: at)) as server:
        post.use_smtp(settings, server.port)
        for at in _seconds(now, minutes=6):
            post.drain(now=at)

        assert len(server.received) == 3
    sent_at = {post.fresh(row).sent_at for row in rows}
    assert sent_at == {now + timedelta(seconds=sent_after_s)}


@pytest.mark.parametrize(
    ("answer", "is_bounce"),
    [
        ("550 5.1.1 no such user", True),
        ("550 no such user", True),
        ("553 5.1.3 bad syntax", True),
        ("550 5.2.1 mailbox disabled", True),
        ("552 5.2.2 mailbox full", False),
        ("554 5.7.1 relay access denied", False),
    ],
)
def test_f17_recipient_refused_for_good_is_not_tried_again(
    now: datetime, settings: Settings, answer: str, is_bounce: bool
) -> None:
    bad = post.put(now=now, address="bad@example.com")
    good = post.put(now=now, address="good@example.com")
    with sinks.hostile(RCPT=lambda line: answer if "bad@" in line else "250 ok") as server:
        post.use_smtp(settings, server.port)
        post.drain(now=now)
        post.drain(now=now + timedelta(hours=1))

        assert server.connections == 1
        assert server.commands.count("RCPT") == 2
    assert post.fresh(good).state == State.SENT
    assert post.fresh(bad).state == State.FAILED
    assert answer.split(maxsplit=1)[0] in post.fresh(bad).last_error
    assert len(outbox.permanent_failures(since=now)) == is_bounce


@pytest.mark.parametrize("replies", [{"DOT": "554 5.7.1 looks like spam"}, {"DATA": "554 no"}])
def test_f17_refused_content_stops_after_three(
    now: datetime, settings: Settings, replies: dict[str, str]
) -> None:
    for number in range(20):
        post.put(now=now, address=f"s{number}@example.com")
    with sinks.hostile(**replies) as server:
        post.use_smtp(settings, server.port)
        post.drain(now=now)
        assert server.commands.count("DATA") == 3
        assert len(circuits.troubles()) == 1

        post.drain(now=now + timedelta(seconds=59))
        assert server.commands.count("DATA") == 3
        post.drain(now=now + timedelta(seconds=60))
        assert server.commands.count("DATA") == 4

    assert Delivery.objects.filter(state=State.FAILED, copies=0, bounced_at=None).count() == 4
    assert Delivery.objects.filter(state=State.PENDING, attempts=0).count() == 16


@pytest.mark.parametrize(
    "replies",
    [
        {"MAIL": "452 4.3.1 disk full"},
        {"RCPT": "450 4.2.1 later"},
        {"DATA": "451 later"},
        {"DOT": "451 4.3.0 later"},
        {"DOT": "421 shutting down"},
        {"RCPT": "421 shutting down"},
        {"MAIL": DROP},
        {"RCPT": DROP},
        {"DATA": DROP},
    ],
)
def test_refused_or_lost_before_it_was_taken_is_tried_again(
    now: datetime, settings: Settings, replies: dict[str, str]
) -> None:
    row = post.put(now=now)
    with sinks.hostile(**replies) as server:
        post.use_smtp(settings, server.port)
        post.drain(now=now)

        row = post.fresh(row)
        assert (row.state, row.copies, row.handed_at) == (State.PENDING, 0, None)
        assert row.next_attempt_at == now + timedelta(seconds=30)
        assert row.last_error

        server.replies |= sinks.FRIENDLY
        post.drain(now=now + timedelta(seconds=30))

    row = post.fresh(row)
    assert (row.state, row.attempts, row.last_error) == (State.SENT, 2, "")


def test_given_up_after_a_day_of_refusals(now: datetime, settings: Settings) -> None:
    row = post.put(now=now)
    with sinks.hostile(RCPT="450 later") as server:
        post.use_smtp(settings, server.port)
        while row.next_attempt_at is not None:
            post.drain(now=row.next_attempt_at)
            row = post.fresh(row)

        assert server.commands.count("RCPT") == row.attempts == 31
    assert row.state == State.FAILED
    assert "450 later" in row.last_error


@pytest.mark.parametrize("behaviour", [SILENCE, DRIP])
@pytest.mark.parametrize("verb", ["RCPT", "DATA"])
def test_f18_tarpit_holds_up_one_mail_only(
    now: datetime, settings: Settings, behaviour: str, verb: str
) -> None:
    addresses = ["a@example.com", "slow@example.com", "b@example.com"]
    rows = [post.put(now=now, address=address) for address in addresses]
    asked: list[str] = []

    def answer(line: str) -> str:
        asked.append(line)
        is_slow = "slow@" in line or (verb == "DATA" and len(asked) == 2)
        friendly = sinks.FRIENDLY[verb]
        return behaviour if is_slow else friendly

    with sinks.hostile(**{verb: answer}) as server:
        post.use_smtp(settings, server.port, timeout=0.3)
        started = time.monotonic()
        post.drain(now=now)
        assert time.monotonic() - started < 10

        assert server.connections == 2
    assert [post.fresh(row).state for row in rows] == [State.SENT, State.PENDING, State.SENT]
    assert post.fresh(rows[1]).next_attempt_at == now + timedelta(seconds=30)


@pytest.mark.parametrize("behaviour", [SILENCE, DRIP])
def test_f18_server_that_drips_its_greeting_or_every_answer_is_left_alone(
    now: datetime, settings: Settings, behaviour: str
) -> None:
    for _ in range(5):
        post.put(now=now)
    with sinks.hostile(EHLO=behaviour) as server:
        post.use_smtp(settings, server.port, timeout=0.2)
        post.drain(now=now)

        assert server.connections == 1
    assert len(circuits.troubles()) == 1


def test_connections_lost_three_times_in_a_row_stop_the_run(
    now: datetime, settings: Settings
) -> None:
    for _ in range(10):
        post.put(now=now)
    with sinks.hostile(RCPT=DROP) as server:
        post.use_smtp(settings, server.port)
        post.drain(now=now)

        assert server.connections == 3
    assert Delivery.objects.filter(attempts=1).count() == 2
    assert Delivery.objects.filter(attempts=0, next_attempt_at=now).count() == 8


@pytest.mark.parametrize("behaviour", [DROP, SILENCE, DRIP, "what is SMTP", "2"])
def test_f19_no_answer_after_the_final_dot_makes_two_copies_at_the_most(
    now: datetime, settings: Settings, behaviour: str
) -> None:
    row = post.put(now=now)
    with sinks.hostile(DOT=behaviour) as server:
        post.use_smtp(settings, server.port, timeout=0.3)
        post.drain(now=now)

        row = post.fresh(row)
        assert (row.state, row.copies) == (State.PENDING, 1)
        assert row.next_attempt_at == now + timedelta(minutes=5)

        for minutes in range(0, 60 * 50, 20):
            post.drain(now=now + timedelta(minutes=5 + minutes))

        assert len(server.received) == 2
        assert len({received.message_id for received in server.received}) == 1
    row = post.fresh(row)
    assert (row.state, row.copies) == (State.UNKNOWN, 2)


def test_f19_second_copy_that_is_answered_settles_the_doubt(
    now: datetime, settings: Settings
) -> None:
    row = post.put(now=now)
    with sinks.hostile(DOT=sinks.in_turn(DROP, "250 taken")) as server:
        post.use_smtp(settings, server.port)
        post.drain(now=now)
        post.drain(now=now + timedelta(minutes=5))

        assert len(server.received) == 2
    assert post.fresh(row).state == State.SENT


@pytest.mark.parametrize(
    ("then", "state"),
    [
        ({"RCPT": "550 5.1.1 no such user"}, State.UNKNOWN),
        ({"DOT": "554 spam"}, State.UNKNOWN),
        ({"RCPT": "450 later"}, State.PENDING),
    ],
)
def test_f19_doubt_about_the_first_copy_stays_when_the_second_is_refused(
    now: datetime, settings: Settings, then: dict[str, str], state: State
) -> None:
    row = post.put(now=now)
    with sinks.hostile(DOT=DROP) as server:
        post.use_smtp(settings, server.port)
        post.drain(now=now)
        server.replies |= {**sinks.FRIENDLY, **{k.replace("DOT", "."): v for k, v in then.items()}}
        post.drain(now=now + timedelta(minutes=5))

    row = post.fresh(row)
    assert (row.state, row.copies) == (state, 1)


@pytest.mark.parametrize("behaviour", [DROP, "500 what", SILENCE, DRIP])
def test_f20_trouble_at_quit_changes_nothing(
    now: datetime, settings: Settings, behaviour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifications.channels.smtp.QUIT_TIMEOUT_S", 0.2)
    row = post.put(now=now)
    with sinks.hostile(QUIT=behaviour) as server:
        post.use_smtp(settings, server.port)
        assert post.drain(now=now).sent == 1
        post.drain(now=now + timedelta(hours=1))

        assert len(server.received) == 1
    assert post.fresh(row).state == State.SENT


def test_f21_server_without_starttls_gets_nothing(now: datetime, settings: Settings) -> None:
    row = post.put(now=now)
    with sinks.hostile() as server:
        post.use_smtp(settings, server.port)
        settings.EMAIL_USE_TLS = True
        post.drain(now=now)

        assert not set(server.commands) & {"MAIL", "RCPT", "DATA"}
    assert "STARTTLS" in post.fresh(row).last_error


@pytest.mark.parametrize("ending", ["421 enough for one connection", DROP])
def test_server_that_ends_a_kept_connection_is_called_again(
    now: datetime, settings: Settings, ending: str
) -> None:
    for _ in range(4):
        post.put(now=now)
    with sinks.hostile(MAIL=sinks.in_turn("250 ok", ending, "250 ok")) as server:
        post.use_smtp(settings, server.port)

        assert post.drain(now=now).sent == 4
        assert server.connections == 2
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}
