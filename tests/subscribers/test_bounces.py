"""Mails that come back: what they change, and what nobody can make them change."""

import base64
import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from anymail.signals import tracking
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.test import Client
from django.urls import include, path
from django.utils import timezone
from pytest_django import Settings

from notifications import delivering
from statuspage import env
from subscribers import bounce_reports, bounce_taking, bounce_views, bouncing, fanout
from subscribers.bounce_reports import Kind
from subscribers.models import Subscriber, Suppression
from tests import build
from tests.notifications import post, sinks

pytestmark = pytest.mark.django_db
Delivery = apps.get_model("notifications", "Delivery")
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _bounce_domain(settings: Settings) -> None:
    settings.BOUNCE_DOMAIN = "bounces.example.com"


def dsn(
    *, to: str, action: str = "failed", status: str = "5.1.1", said: str = "", more: str = ""
) -> bytes:
    """A delivery report as Postfix writes it."""
    return f"""\
Return-Path: <>
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="4A.16/mx"

--4A.16/mx
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.
--4A.16/mx
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
Arrival-Date: Thu, 19 Nov 2026 14:32:00 +0000 (UTC)

Final-Recipient: rfc822; reader@example.net
Original-Recipient: rfc822;reader@example.net
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {said or f"550 {status} something"}
{more}
--4A.16/mx
Content-Description: Undelivered Message
Content-Type: message/rfc822

Return-Path: <{to}>
Subject: [Status] Investigating: Trouble

We look at it.
--4A.16/mx--
""".encode()


def arf(*, path: str, kind: str = "abuse") -> bytes:
    """A complaint as feedback loops send it, to an address of its own."""
    return f"""\
From: <abusedesk@example.net>
To: <feedback@status.example.com>
Subject: FW: Trouble
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="part1"

--part1
Content-Type: text/plain; charset="US-ASCII"

This is an email abuse report.
--part1
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <{path}>
Original-Rcpt-To: <reader@example.net>

--part1
Content-Type: message/rfc822

Return-Path: <{path}>
Subject: Trouble

We look at it.
--part1--
""".encode()


def sent_to(reader: Subscriber, *, settings: Settings, now: datetime) -> str:
    """Send this reader an event through a real server; the return path it was sent under."""
    with sinks.sink() as sink:
        post.use_smtp(settings, sink.port)
        build.incident(components={build.component(): None}, now=now)
        fanout.expand(now=now)
        delivering.drain(now=now)
        (path,) = [one.sender for one in sink.received if reader.address in one.recipients]
    return path


@pytest.mark.req("D6")
def test_a_hard_bounce_suppresses_after_one(settings: Settings, now: datetime) -> None:
    reader = build.subscriber(address="reader@example.net")
    follower = build.subscriber(address="reader@example.net", follows="incident:x")
    path = sent_to(reader, settings=settings, now=now)
    assert path.endswith("@bounces.example.com")

    assert bounce_taking.take(raw=dsn(to=path), now=now + DAY) is Kind.HARD
    assert bounce_taking.take(raw=dsn(to=path), now=now + DAY) is Kind.NOTHING  # counts once
    bouncing.retire_bounced(now=now + DAY)

    reader.refresh_from_db()
    follower.refresh_from_db()
    assert (reader.state, follower.state) == ("ended", "ended")
    mark = Suppression.objects.get()
    assert (mark.canonical, mark.reason) == (reader.canonical, "hard_bounce")
    assert "550 5.1.1" in mark.note
    assert Delivery.objects.get(address=reader.address).state == "failed"


@pytest.mark.req("D6")
def test_soft_bounces_pause_after_three_days(settings: Settings, now: datetime) -> None:
    reader = build.subscriber()
    for days in (0, 3):
        path = sent_to(reader, settings=settings, now=now + days * DAY)
        full = dsn(to=path, status="4.2.2", said="452 4.2.2 mailbox full")
        at = now + days * DAY + DAY
        assert bounce_taking.take(raw=full, now=at) is Kind.SOFT
        bouncing.retire_bounced(now=at)
        reader.refresh_from_db()
        assert reader.state == ("active" if days == 0 else "paused")
    assert not Suppression.objects.exists()


@pytest.mark.req("D6")
def test_a_complaint_is_for_ever(settings: Settings, now: datetime) -> None:
    reader = build.subscriber()
    path = sent_to(reader, settings=settings, now=now)
    build.incident(components={build.component(): None}, now=now)
    fanout.expand(now=now)

    assert bounce_taking.take(raw=arf(path=path), now=now) is Kind.COMPLAINT
    assert bounce_taking.take(raw=arf(path=path), now=now) is Kind.NOTHING

    reader.refresh_from_db()
    assert reader.state == "ended"
    assert Suppression.objects.get().reason == "complaint"
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent", "cancelled"}


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"status": "5.1.1"}, Kind.HARD),
        ({"status": "5.1.10"}, Kind.HARD),
        ({"status": "5.2.1"}, Kind.HARD),
        ({"status": "5.0.0", "said": "550 5.1.1 no such user"}, Kind.HARD),
        ({"status": "5.0.0", "said": "550 go away"}, Kind.SOFT),
        ({"status": "5.2.2"}, Kind.SOFT),
        ({"status": "5.7.1", "said": "554 5.7.1 spam"}, Kind.SOFT),
        ({"status": "5.1.8"}, Kind.SOFT),  # our own sender address
        ({"status": "4.4.1"}, Kind.SOFT),
        ({"status": "4.4.7", "action": "delayed"}, Kind.NOTHING),
        ({"status": "2.0.0", "action": "relayed"}, Kind.NOTHING),
        ({"status": "", "said": "gone"}, Kind.SOFT),
        (
            {"more": "\nFinal-Recipient: rfc822; b@example.net\nAction: delivered\nStatus: 2.0.0"},
            Kind.NOTHING,
        ),
    ],
)
def test_the_status_says_whether_anybody_is_there(fields: dict[str, str], kind: Kind) -> None:
    assert (
        bounce_reports.read(dsn(to="b-1-abcdefghijklmnop@bounces.example.com", **fields)).kind
        is kind
    )


def test_only_complaints_of_abuse_count() -> None:
    path = "b-1-abcdefghijklmnop@bounces.example.com"
    assert bounce_reports.read(arf(path=path)).return_paths == (path,)
    assert bounce_reports.read(arf(path=path, kind="not-spam")).kind is Kind.NOTHING


@pytest.mark.req("G3", "D6")
def test_what_is_forged_changes_nothing(settings: Settings, now: datetime) -> None:
    reader, other = build.subscriber(), build.subscriber()
    path = sent_to(reader, settings=settings, now=now)
    number, signature = path.removeprefix("b-").split("@")[0].split("-")
    others = Delivery.objects.get(address=other.address).pk
    forged = [
        f"b-{others}-{signature}@bounces.example.com",  # the signature of another mail
        f"b-{number}-{'a' * 16}@bounces.example.com",
        f"b-{number}-{signature[:-1]}@bounces.example.com",
        f"b-{number}-{signature}@elsewhere.example.com",
        f"b-99999999999999999999-{signature}@bounces.example.com",
        f"b-9223372036854775807-{signature}@bounces.example.com",
        "reader@example.net",
        "",
    ]
    for address in forged:
        assert bounce_taking.take(raw=dsn(to=address), recipient=address, now=now) is Kind.NOTHING
        assert bounce_taking.take(raw=arf(path=address), now=now) is Kind.NOTHING
    old = now + timedelta(days=15)
    assert bounce_taking.take(raw=dsn(to=path), now=old) is Kind.NOTHING

    assert set(Subscriber.objects.values_list("state", flat=True)) == {"active"}
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}


def _nested(depth: int, path: str) -> bytes:
    head = f"To: {path}\nContent-Type: multipart/report; boundary=b0\n\n"
    inner = "".join(
        f"--b{n}\nContent-Type: multipart/mixed; boundary=b{n + 1}\n\n" for n in range(depth)
    )
    return (head + inner).encode() + dsn(to=path)


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"\x00\xff" * 5_000,
        b'Content-Type: multipart/report; boundary="\xff"\n\n--\xff\n',
        b"Content-Type: multipart/report\n\nno boundary at all",
        b"Content-Type: message/delivery-status\n\nAction: failed\nStatus: 5.1.1\n",
        b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n",
        b"Subject: Out of office\nContent-Type: text/plain\n\nStatus: 5.1.1\nAction: failed\n",
        b"A: " + b"x" * 10_000_000,
        b"To: " + b"b-1-" * 100_000 + b"\nContent-Type: multipart/report; boundary=b\n\n",
    ],
    ids=lambda raw: f"{len(raw)} bytes",
)
def test_what_is_hostile_says_nothing_and_breaks_nothing(hostile: bytes) -> None:
    assert bounce_reports.read(hostile).kind is Kind.NOTHING


def test_deep_nesting_is_not_even_parsed(settings: Settings, now: datetime) -> None:
    reader = build.subscriber()
    path = sent_to(reader, settings=settings, now=now)
    assert bounce_taking.take(raw=_nested(3_000, path), now=now) is Kind.NOTHING
    assert bounce_taking.take(raw=_nested(3, path), now=now) is Kind.NOTHING
    # A huge copy of the mail behind the report hides nothing of it.
    huge = dsn(to=path) + b"x" * 5_000_000
    assert bounce_taking.take(raw=huge, now=now) is Kind.HARD


def test_without_a_bounce_domain_mail_leaves_under_the_usual_sender(
    settings: Settings, now: datetime
) -> None:
    settings.BOUNCE_DOMAIN = ""
    assert sent_to(build.subscriber(), settings=settings, now=now) == "status@example.com"


def test_the_pipe_of_a_mail_server_is_taken(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = timezone.now()
    reader = build.subscriber()
    path = sent_to(reader, settings=settings, now=now)
    raw = dsn(to="undisclosed-recipients:;") + b"x" * 1_000_000
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
    call_command("take_bounce", recipient=path.upper())
    assert capsys.readouterr().out.strip() == "hard"
    assert Delivery.objects.get().bounced_at is not None


def test_the_mail_server_is_told_to_try_again_while_the_database_is_away(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "take_bounce"],
        input=dsn(to="b-1-abcdefghijklmnop@bounces.example.com"),
        cwd=Path(__file__).resolve().parents[2],
        env={
            "PATH": "/usr/bin:/bin",
            "DATABASE_URL": "postgres://candor@127.0.0.1:1/candor",
            "CANDOR_DATA": str(tmp_path),
            "CANDOR_BOUNCE_DOMAIN": "bounces.example.com",
            "CANDOR_ORIGIN": "https://status.example.com",
            "SECRET_KEY": "x" * 50,
            "DJANGO_SETTINGS_MODULE": "statuspage.settings",
        },
        capture_output=True,
        check=False,
    )
    assert done.returncode == 75, done.stderr


# ---- the hooks of mail providers


HOOK = "/hooks/mail/postmark/tracking/"
LOGIN = "hook:0123456789abcdefghij"


class _Urls:
    urlpatterns = [path("hooks/mail/", include("anymail.urls"))]


@pytest.fixture
def hook(settings: Settings, client: Client) -> Iterator[Callable[..., int]]:
    """Post an event as Postmark does; the status of the answer."""
    settings.ANYMAIL = {"WEBHOOK_SECRET": LOGIN}
    settings.ROOT_URLCONF = _Urls
    tracking.connect(bounce_views.heard, dispatch_uid="test")

    def post_event(address: str, *, login: str = LOGIN, **fields: object) -> int:
        event = {
            "RecordType": "Bounce",
            "Type": "HardBounce",
            "ID": 1,
            "Email": address,
            "BouncedAt": timezone.now().isoformat(),
            "Details": "smtp;550 5.1.1 no such user",
            "Description": "The server was unable to deliver your message.",
        } | fields
        sent = base64.b64encode(login.encode()).decode()
        answer = client.post(
            HOOK, event, content_type="application/json", headers={"Authorization": f"Basic {sent}"}
        )
        return answer.status_code

    yield post_event
    tracking.disconnect(dispatch_uid="test")


@pytest.mark.req("D6", "G3")
def test_a_provider_reports_what_came_back(hook: Callable[..., int], settings: Settings) -> None:
    now = timezone.now()
    hard, soft, angry = (build.subscriber() for _ in range(3))
    sent_to(hard, settings=settings, now=now - timedelta(minutes=1))

    assert hook(hard.address.upper()) == 200
    assert hook(soft.address, Type="SoftBounce", Details="smtp;452 4.2.2 full") == 200
    assert hook(angry.address, RecordType="SpamComplaint", Type="SpamComplaint") == 200
    assert hook("nobody@example.net") == 200
    bouncing.retire_bounced(now=timezone.now())

    assert dict(Suppression.objects.values_list("canonical", "reason")) == {
        hard.canonical: "hard_bounce",
        angry.canonical: "complaint",
    }
    soft.refresh_from_db()
    assert soft.state == "active"
    assert Delivery.objects.get(address=soft.address).state == "failed"


@pytest.mark.req("G3")
def test_a_provider_without_the_secret_is_not_believed(
    hook: Callable[..., int], settings: Settings
) -> None:
    reader = build.subscriber()
    sent_to(reader, settings=settings, now=timezone.now() - timedelta(minutes=1))
    assert hook(reader.address, login="hook:guessed") == 400
    assert hook(reader.address, login="") == 400
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}


def test_the_hook_needs_a_secret_worth_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert env.anymail("HOOK_SECRET", options="") == {}
    monkeypatch.setenv("HOOK_SECRET", LOGIN)
    found = env.anymail("HOOK_SECRET", options='{"MAILGUN_WEBHOOK_SIGNING_KEY": "k"}')
    assert found["WEBHOOK_SECRET"] == LOGIN
    assert found["MAILGUN_WEBHOOK_SIGNING_KEY"] == "k"
    assert found["AMAZON_SES_AUTO_CONFIRM_SNS_SUBSCRIPTIONS"] is False
    for options in ("[]", "{"):
        with pytest.raises(ImproperlyConfigured, match="JSON"):
            env.anymail("HOOK_SECRET", options=options)
    for wrong in ("hook", "hook:short", ":0123456789abcdefghij"):
        monkeypatch.setenv("HOOK_SECRET", wrong)
        with pytest.raises(ImproperlyConfigured, match="HOOK_SECRET"):
            env.anymail("HOOK_SECRET", options="")
