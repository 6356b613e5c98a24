"""The drain against a real mail server that takes everything."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import OperationalError, connection
from pytest_django import Settings

from notifications import outbox, runs
from notifications.messages import Message
from notifications.models import Delivery, State
from tests.notifications import post, sinks

pytestmark = pytest.mark.django_db


@pytest.mark.req("F3")
def test_message_reaches_the_mailbox(now: datetime, sink: sinks.Sink) -> None:
    row = post.put(
        now=now,
        address="ops@example.com",
        message=Message(
            subject="Wébsite is dead",
            text="It does not answer.\n\n.hidden dot\nFrom the probe\n",
            html="<p>It does not answer.</p>",
            headers={"Reply-To": "team@example.com"},
        ),
    )

    assert post.drain(now=now).sent == 1

    [received] = sink.received
    assert received.recipients == ["ops@example.com"]
    got = received.mail
    assert got["Subject"] == "Wébsite is dead"
    assert got["To"] == "ops@example.com"
    assert got["From"] == "Acme status <status@example.com>"
    assert got["Reply-To"] == "team@example.com"
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["X-Delivery-Id"] == row.public_id
    assert got["Message-ID"] == f"<{row.public_id}@status.example.com>"
    assert got.get_content_type() == "multipart/alternative"
    plain, html = got.get_body(["plain"]), got.get_body(["html"])
    assert plain is not None
    assert plain.get_content().splitlines() == [
        "It does not answer.",
        "",
        ".hidden dot",
        "From the probe",
    ]
    assert html is not None
    assert html.get_content().strip() == "<p>It does not answer.</p>"
    row = post.fresh(row)
    assert (row.state, row.attempts, row.copies, row.sent_at) == (State.SENT, 1, 1, now)
    assert row.lease_token == ""


def test_text_alone_is_a_plain_mail(now: datetime, sink: sinks.Sink) -> None:
    post.put(now=now)

    post.drain(now=now)

    assert sink.received[0].mail.get_content_type() == "text/plain"


@pytest.mark.parametrize(
    "title",
    [
        "a\r\nBcc: x@y.example",
        "a\u2028b",
        "x" * 5_000,
        "\u202eRTL",
        "=?utf-8?q?=0aBcc?=",
        "é" * 999,
    ],
)
def test_no_title_can_break_the_mail(now: datetime, sink: sinks.Sink, title: str) -> None:
    post.put(
        now=now,
        message=Message(subject=title, text=title, html=f"<p>{title}</p>"),
    )

    post.drain(now=now)

    [received] = sink.received
    assert received.recipients == ["ops@example.com"]
    assert max(len(line) for line in received.data.split(b"\r\n")) <= 998
    assert b"\n" not in received.data.replace(b"\r\n", b"")
    headers = received.mail
    assert not headers.defects
    assert headers["Bcc"] is None
    assert "\n" not in str(headers["Subject"])


def test_a_run_keeps_one_connection_for_all(now: datetime, settings: Settings) -> None:
    settings.EMAIL_CONNECTIONS = 1
    with sinks.hostile() as server:
        post.use_smtp(settings, server.port)
        for _ in range(45):
            post.put(now=now)

        assert post.drain(now=now).sent == 45

        assert server.connections == 1
        assert server.commands.count("MAIL") == server.commands.count("RCPT") == 45
        assert server.commands[-1] == "QUIT"


def test_nothing_due_means_no_connection(now: datetime, settings: Settings) -> None:
    with sinks.hostile() as server:
        post.use_smtp(settings, server.port)
        post.put(now=now + timedelta(seconds=1))

        post.drain(now=now)

        assert server.connections == 0


def test_a_second_run_sends_nothing_twice(now: datetime, sink: sinks.Sink) -> None:
    for _ in range(3):
        post.put(now=now)

    post.drain(now=now)
    post.drain(now=now + timedelta(days=1))

    assert len(sink.received) == 3


def test_old_message_says_that_it_is_late(now: datetime, sink: sinks.Sink) -> None:
    post.put(now=now - timedelta(hours=6))
    post.put(now=now - timedelta(hours=6, seconds=1))

    post.drain(now=now)

    subjects = {str(received.mail["Subject"]) for received in sink.received}
    assert subjects == {"Website is dead", "[delayed] Website is dead"}


def test_message_of_two_days_ago_is_not_sent(now: datetime, sink: sinks.Sink) -> None:
    row = post.put(now=now - timedelta(hours=48))

    post.drain(now=now)

    assert not sink.received
    row = post.fresh(row)
    assert row.state == State.FAILED
    assert row.last_error.startswith("Too old")


def test_expired_message_is_dropped_rather_than_sent_late(now: datetime, sink: sinks.Sink) -> None:
    late = post.put(now=now - timedelta(minutes=15), expires_at=now)
    in_time = post.put(now=now - timedelta(minutes=15), expires_at=now + timedelta(seconds=1))

    post.drain(now=now)

    assert post.fresh(late).state == State.EXPIRED
    assert post.fresh(in_time).state == State.SENT
    assert len(sink.received) == 1


def test_sensitive_content_is_gone_once_it_was_sent(now: datetime, sink: sinks.Sink) -> None:
    secret = Message(subject="Sign in", text="https://status.example.com/enter/TOKEN")
    sent = post.put(now=now, is_sensitive=True, message=secret)
    expired = post.put(now=now, is_sensitive=True, message=secret, expires_at=now)
    refused = post.put(now=now, is_sensitive=True, message=secret, address="no address")
    open_one = post.put(now=now, message=secret)

    post.drain(now=now)

    assert b"TOKEN" in sink.received[0].data
    blank = {"subject": "", "text": ""}
    assert [post.fresh(row).message for row in (sent, expired, refused)] == [blank] * 3
    assert post.fresh(open_one).message == secret.as_json()


def test_bad_address_fails_for_good_and_blocks_nobody(now: datetime, sink: sinks.Sink) -> None:
    bad = post.put(now=now, address='"x@example.com"@evil.example')
    good = post.put(now=now)

    post.drain(now=now)

    assert sink.addresses == ["ops@example.com"]
    assert post.fresh(good).state == State.SENT
    bad = post.fresh(bad)
    assert (bad.state, bad.bounced_at, bad.copies) == (State.FAILED, now, 0)
    assert [bounce.address for bounce in outbox.permanent_failures(since=now)] == [bad.address]


def test_poisoned_row_is_pushed_ahead_and_blocks_nobody(
    now: datetime, sink: sinks.Sink, caplog: pytest.LogCaptureFixture
) -> None:
    poisoned = post.put(now=now)
    Delivery.objects.update(message={"subject": 1})
    good = post.put(now=now)

    post.drain(now=now)

    assert post.fresh(good).state == State.SENT
    poisoned = post.fresh(poisoned)
    assert (poisoned.state, poisoned.last_error) == (State.PENDING, "Internal error: TypeError")
    assert poisoned.next_attempt_at == now + timedelta(seconds=30)
    assert "Traceback" in caplog.text
    ids = {getattr(each, "delivery_id", "") for each in caplog.records}
    assert ids - {""} == {poisoned.public_id}


def test_limit_leaves_the_rest_for_the_next_run(now: datetime, sink: sinks.Sink) -> None:
    for _ in range(5):
        post.put(now=now)

    assert post.drain(now=now, limit=2).sent == 2
    assert post.drain(now=now, limit=100).sent == 3


def test_run_out_of_time_leaves_the_rest_as_it_was(now: datetime, sink: sinks.Sink) -> None:
    for _ in range(5):
        post.put(now=now)
    passed = _clock_at_each_sent(sink, seconds=4)

    assert post.drain(now=now, budget_s=10, elapsed_s=passed).sent == 3

    left = Delivery.objects.exclude(state=State.SENT)
    assert {(row.state, row.attempts, row.next_attempt_at) for row in left} == {
        (State.PENDING, 0, now)
    }


def test_nothing_is_begun_in_the_last_third_of_a_lease(now: datetime, sink: sinks.Sink) -> None:
    for _ in range(5):
        post.put(now=now)
    # A lease is 15 s with a timeout of 5 s: the third mail may begin at 10 s, and no other.
    passed = _clock_at_each_sent(sink, seconds=5)

    assert post.drain(now=now, budget_s=1_000, elapsed_s=passed).sent == 3
    assert Delivery.objects.filter(state=State.PENDING, attempts=0).count() == 2


@pytest.mark.django_db(transaction=True)
def test_cancelled_while_the_mail_is_on_its_way_is_not_sent(
    now: datetime, settings: Settings
) -> None:
    row = post.put(now=now)

    def unsubscribe(_: str) -> str:
        try:
            outbox.cancel(dedupe_key=row.dedupe_key)
        finally:
            connection.close()
        return "250 ok"

    with sinks.hostile(RCPT=unsubscribe) as server:
        post.use_smtp(settings, server.port)
        post.drain(now=now)

        assert "." not in server.commands
        assert not server.received
    assert post.fresh(row).state == State.CANCELLED


@pytest.mark.django_db(transaction=True)
def test_database_that_comes_back_after_the_sending_is_told_of_it(
    now: datetime, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = post.put(now=now)
    monkeypatch.setattr(runs, "_DATABASE_PAUSES_S", (0.0, 0.01))
    away = [True, True, False]

    def fail(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "sent_at" in sql and sql.startswith("UPDATE") and away.pop(0):
            raise OperationalError("terminating connection due to administrator command")
        return execute(sql, params, many, context)

    with sinks.sink() as kept, connection.execute_wrapper(fail):
        post.use_smtp(settings, kept.port)
        assert post.drain(now=now).sent == 1

    assert len(kept.received) == 1
    assert post.fresh(row).state == State.SENT


def test_other_backends_get_the_whole_message(now: datetime, settings: Settings) -> None:
    settings.CANDOR_ORIGIN = "http://[::1]:8000"
    row = post.put(now=now)

    post.drain(now=now)

    [sent] = mail.outbox
    assert sent.to == ["ops@example.com"]
    assert sent.message()["Message-ID"] == f"<{row.public_id}@localhost>"
    assert post.fresh(row).state == State.SENT


def test_console_backend_shows_the_mail(
    now: datetime, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    row = post.put(now=now)

    post.drain(now=now)

    assert row.public_id in capsys.readouterr().out


def _clock_at_each_sent(sink: sinks.Sink, *, seconds: float) -> Callable[[], float]:
    return lambda: len(sink.received) * seconds
