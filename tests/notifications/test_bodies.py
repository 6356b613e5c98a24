"""What many get alike is stored and built once; each adds its own parts."""

from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from notifications import outbox
from notifications.channels.email import Mold
from notifications.messages import Message, PartNotAllowed, gap
from notifications.models import Body, Delivery
from tests.notifications import post, sinks

SHARED = Message(
    subject="Störung: API",
    text=f"Wir sehen Fehler.\n.dotted\nManage: {gap('manage_url')}\n",
    html=f"<p>Wir sehen <b>Fehler</b>.</p><a href='{gap('manage_url')}'>Manage</a>",
    headers={"List-Unsubscribe": f"<{gap('leave_url')}>", "References": "<incident.a@example.com>"},
)


def _letters(count: int, message: Message = SHARED, **fields: Any) -> list[outbox.Letter]:
    return [
        post.letter(
            address=f"reader{number}@example.com",
            message=message,
            dedupe_key="update:1",
            body_key="update:1/email",
            parts={
                "manage_url": f"https://status.example.com/m/{number}=",
                "leave_url": f"https://status.example.com/u/{number}",
            },
            **fields,
        )
        for number in range(count)
    ]


def _mails(sink: sinks.Sink) -> dict[str, EmailMessage]:
    return {received.recipients[0]: received.mail for received in sink.received}


@pytest.mark.django_db
def test_one_body_serves_many_and_each_gets_its_own_links(now: datetime, sink: sinks.Sink) -> None:
    assert outbox.put_many(letters=_letters(3), now=now) == 3
    assert Body.objects.count() == 1
    post.drain(now=now)

    for number in range(3):
        mail = _mails(sink)[f"reader{number}@example.com"]
        row = Delivery.objects.get(address=f"reader{number}@example.com")
        assert mail["To"] == f"reader{number}@example.com"
        assert mail["Subject"] == "Störung: API"
        assert mail["X-Delivery-Id"] == row.public_id
        assert mail["Message-ID"].startswith(f"<{row.public_id}@")
        assert mail["List-Unsubscribe"] == f"<https://status.example.com/u/{number}>"
        assert mail["References"] == "<incident.a@example.com>"
        assert mail["Date"].datetime == now
        text, html = [part.get_content().replace("\r\n", "\n") for part in mail.iter_parts()]
        assert f"Manage: https://status.example.com/m/{number}=\n" in text
        assert "\n.dotted\n" in text
        assert f"href='https://status.example.com/m/{number}='" in html
        assert not any(b"candor:" in received.data for received in sink.received)
        assert all(len(mail.get_all(name) or ()) == 1 for name in ("To", "Date", "Message-ID"))


@pytest.mark.django_db
def test_lines_of_any_length_arrive_whole(now: datetime, sink: sinks.Sink) -> None:
    words = "ein langer Satz über alles " * 100
    for number, html in enumerate((f"<p>{words}</p>", f"<pre>{words}</pre>")):
        message = Message(
            subject="Long", text="x", html=f"{html}<a href='{gap('manage_url')}'>m</a>"
        )
        letter = post.letter(
            message=message,
            body_key=f"long:{number}",
            parts={"manage_url": "https://status.example.com/m/1="},
        )
        outbox.put_many(letters=[letter], now=now)
    post.drain(now=now)

    for received in sink.received:
        _text, html_part = received.mail.iter_parts()
        shown = html_part.get_content()
        assert "href='https://status.example.com/m/1='" in shown
        assert " ".join(words.split()) in " ".join(shown.split())
    assert Mold.of(Message(subject="s", text="t", html=f"<p>{words}</p>")) is not None


@pytest.mark.django_db
def test_a_late_copy_says_so_although_its_body_is_shared(now: datetime, sink: sinks.Sink) -> None:
    outbox.put_many(letters=_letters(1), now=now)
    post.drain(now=now + timedelta(hours=7))
    assert sink.received[0].mail["Subject"] == "[delayed] Störung: API"


@pytest.mark.django_db
def test_a_part_that_could_mean_something_else_is_refused(now: datetime) -> None:
    letter = post.letter(body_key="b", parts={"manage_url": "https://x/\r\nBcc: a@b.c"})
    with pytest.raises(PartNotAllowed):
        outbox.put_many(letters=[letter], now=now)


@pytest.mark.django_db
def test_bodies_go_with_the_last_delivery_that_needs_them(now: datetime) -> None:
    outbox.put_many(letters=_letters(1), now=now)
    outbox.put_many(letters=[post.letter(body_key="new")], now=now + outbox.KEEP_FOR)
    Delivery.objects.filter(body__key="update:1/email").update(state="sent", next_attempt_at=None)
    outbox.prune(now=now + outbox.KEEP_FOR)
    assert list(Body.objects.values_list("key", flat=True)) == ["new"]
