"""Visitors' hooks: proved by a code that arrives there, signed, and never into a private network."""

import base64
import json
import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import standardwebhooks
from django.test import Client
from django.utils.translation import trans_real
from pytest_django import Settings

from notifications import outbox
from notifications.messages import Message
from notifications.models import Delivery
from notifications.outbox import Letter
from subscribers import bouncing, code_links, content, fanout, granting, hooking
from subscribers.models import State, Subscriber, WaySettings
from tests import build, web
from tests.notifications import post

pytestmark = pytest.mark.django_db

FORM = {"scope": "all"}


@pytest.fixture(autouse=True)
def ways() -> None:
    WaySettings.objects.create(offers_webhook=True)


@pytest.fixture
def server(settings: Settings) -> Iterator[web.Server]:
    """A receiver in the network of colleagues, which this page is for."""
    settings.ALLOW_PRIVATE_HOOKS = settings.ALLOW_PRIVATE_VISITOR_HOOKS = True
    settings.SLACK_HOSTS = settings.DISCORD_HOSTS = settings.TEAMS_HOSTS = ["127.0.0.1"]
    with web.server(web.answer(200, "ok")) as running:
        yield running


def asked(client: Client, kind: str, url: str, **fields: str) -> Any:
    return client.post("/subscribe", {**FORM, "channel": kind, f"{kind}_url": url, **fields})


def due() -> datetime:
    return Delivery.objects.latest("id").created_at


def subscribed(client: Client, server: web.Server, kind: str = "webhook", **fields: str) -> Any:
    """Ask, read the code where it arrives, and type it; the page that follows."""
    sent = asked(client, kind, f"{server.url}/hook", **fields)
    assert sent.status_code == 303, sent.content.decode()
    post.drain(now=due())
    return client.post(sent["Location"], {"code": code_in(server.got[-1])})


def code_in(got: web.Got) -> str:
    """The code that was posted, in JSON of our own or among the words of a chat."""
    if "data" in got.json:
        return str(got.json["data"]["code"])
    found = re.search(r"\b\d{6}\b", got.body.decode())
    assert found
    return found[0]


def event(row: Subscriber, now: datetime, **fields: Any) -> None:
    letter = Letter(
        channel=row.channel,
        address=fanout.address_of(row),
        message=Message(subject="Down", text="It is down.", payload={"type": "incident.created"}),
        dedupe_key=f"update:{now.isoformat()}",
        secrets=row.secrets,
        grant=granting.grant_of(row.id),
        **fields,
    )
    outbox.put_many(letters=[letter], now=now)


@pytest.mark.req("A7", "D7")
def test_webhook_proves_itself_by_the_code_it_got_and_then_sees_its_secret_once(
    client: Client, server: web.Server
) -> None:
    page = subscribed(client, server, payload="statuspage")

    challenge = server.got[0].json
    assert challenge["type"] == "webhook.challenge"
    assert re.fullmatch(r"\d{6}", challenge["data"]["code"])
    row = Subscriber.objects.get()
    assert row.is_active
    assert content.form_of(channel=row.channel, options=row.options) == "statuspage"
    assert row.secrets["secret"].startswith("whsec_")
    assert row.secrets["secret"] in page.content.decode()
    mine = client.get("/subscriptions/mine")
    assert mine.status_code == 200
    assert row.secrets["secret"] not in mine.content.decode()
    assert server.url not in row.address
    assert "/hook" not in row.sealed + row.address + row.canonical


@pytest.mark.req("A7", "N4")
def test_nothing_but_the_code_is_posted_before_it_is_typed(
    client: Client, server: web.Server, now: datetime
) -> None:
    sent = asked(client, "webhook", f"{server.url}/hook")
    post.drain(now=due())
    row = Subscriber.objects.get()
    event(row, now)
    post.drain(now=now)

    assert [got.json["type"] for got in server.got] == ["webhook.challenge"]
    wrong = f"{(int(server.got[0].json['data']['code']) + 1) % 1_000_000:06d}"
    refused = client.post(sent["Location"], {"code": wrong})
    assert refused.status_code == 422
    row.refresh_from_db()
    assert row.state == State.WAITING


@pytest.mark.req("A7")
def test_who_knows_an_address_learns_nothing_about_it(client: Client, server: web.Server) -> None:
    subscribed(client, server)
    secret = Subscriber.objects.get().secrets["secret"]

    other = Client()
    sent = asked(other, "webhook", f"{server.url}/hook")
    page = other.get(sent["Location"]).content.decode()

    assert Subscriber.objects.get().secrets["secret"] == secret
    assert secret not in page


@pytest.mark.req("D7")
def test_events_are_signed_so_that_the_standard_library_verifies_them(
    client: Client, server: web.Server, now: datetime
) -> None:
    subscribed(client, server)
    row = Subscriber.objects.get()
    event(row, now)
    post.drain(now=now)

    got = server.got[-1]
    verify(got, row.secrets["secret"])
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        verify(got, row.secrets["secret"], body=got.body + b" ")


@pytest.mark.req("D7")
def test_both_secrets_sign_for_a_day_after_a_rotation(
    client: Client, server: web.Server, now: datetime
) -> None:
    subscribed(client, server)
    old = Subscriber.objects.get().secrets["secret"]
    page = client.post("/subscriptions/secret").content.decode()
    row = Subscriber.objects.get()
    new = row.secrets["secret"]
    assert new != old
    assert new in page
    rotated_at = datetime.fromisoformat(row.options["replaced_at"])

    event(row, now)
    post.drain(now=now)
    verify(server.got[-1], old)
    verify(server.got[-1], new)

    assert hooking.forget_replaced(now=rotated_at + timedelta(hours=23)) == 0
    assert hooking.forget_replaced(now=rotated_at + timedelta(hours=24)) == 1
    later = now + timedelta(hours=25)
    event(Subscriber.objects.get(), later)
    post.drain(now=later)
    verify(server.got[-1], new)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        verify(server.got[-1], old)


@pytest.mark.req("F13")
def test_a_secret_that_nobody_can_read_keeps_no_other_from_being_forgotten(now: datetime) -> None:
    options = {"replaced_at": now.isoformat()}
    broken = build.subscriber(
        channel="webhook", address="a.example.com", sealed="of-another-key", options=options
    )
    healthy = build.subscriber(
        channel="webhook",
        address="b.example.com",
        secrets={"url": "https://b.example.com/", "previous_secret": "old"},
        options=options,
    )
    assert hooking.forget_replaced(now=now + timedelta(hours=24)) == 1
    healthy.refresh_from_db()
    broken.refresh_from_db()
    assert healthy.secrets == {"url": "https://b.example.com/"}
    assert broken.sealed == "of-another-key"


def verify(got: web.Got, secret: str, *, body: bytes | None = None) -> None:
    """As a receiver would, but for the clock: these tests live in a time of their own."""
    hook = standardwebhooks.Webhook(secret)
    at = datetime.fromtimestamp(int(got.headers["webhook-timestamp"]), tz=standardwebhooks_zone())
    signed = hook.sign(got.headers["webhook-id"], at, (body or got.body).decode())
    if signed not in got.headers["webhook-signature"].split(" "):
        raise standardwebhooks.WebhookVerificationError("No matching signature found")


def standardwebhooks_zone() -> Any:
    return datetime.now().astimezone().tzinfo


@pytest.mark.req("D7")
def test_only_the_owner_of_a_webhook_makes_a_new_secret(client: Client, server: web.Server) -> None:
    subscribed(client, server)
    secret = Subscriber.objects.get().secrets["secret"]
    assert Client().post("/subscriptions/secret").status_code == 303
    assert client.get("/subscriptions/secret").status_code == 405
    assert Subscriber.objects.get().secrets["secret"] == secret


@pytest.mark.req("A7")
def test_webhooks_are_off_for_visitors_unless_the_page_offers_them(client: Client) -> None:
    WaySettings.objects.all().delete()
    page = client.get("/subscribe").content.decode()
    assert 'value="webhook"' not in page
    refused = asked(client, "webhook", "https://hook.example.com/")
    assert refused.status_code == 422
    assert not Subscriber.objects.exists()


@pytest.mark.req("A7", "F7")
@pytest.mark.parametrize(
    "url",
    [
        "http://hook.example.com/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://①②⑦.⓪.⓪.①/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://[2002:7f00:1::]/",
        "https://hook.example.com:6379/\r\nX: y",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://10.0.0.1/",
        "https://192.168.1.1/",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://user:password@hook.example.com/",
        "ftp://hook.example.com/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_",
        "https://",
        "",
    ],
)
def test_private_address_of_a_visitor_is_never_called(
    url: str, client: Client, settings: Settings
) -> None:
    settings.ALLOW_PRIVATE_HOOKS = True  # the team's own hooks may; a visitor's may not
    answer = asked(client, "webhook", url)
    if answer.status_code == 303:  # its text tells nothing: then it is refused when it is dialled
        post.drain(now=due())
        row = Delivery.objects.latest("id")
        assert (row.state, row.copies) in {("pending", 0), ("failed", 0)}
        assert row.last_error
    else:
        assert answer.status_code == 422


@pytest.mark.req("A7", "F7")
def test_name_that_leads_into_this_machine_is_refused_when_it_is_dialled(
    client: Client, settings: Settings
) -> None:
    settings.ALLOW_PRIVATE_HOOKS = True
    with web.server() as canary:
        assert asked(client, "webhook", f"https://localhost:{canary.port}/").status_code == 303
        post.drain(now=due())
        assert canary.connections == 0
    assert "may not be dialled" in Delivery.objects.latest("id").last_error


@pytest.mark.req("A7", "F7")
@pytest.mark.parametrize("leads_to", ["::1", "169.254.169.254", "93.184.215.14 ::1"])
def test_name_that_leads_to_ipv6_loopback_or_metadata_reaches_no_canary(
    leads_to: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as canary:
        canary.setblocking(False)
        port = canary.getsockname()[1]
        found = [(0, socket.SOCK_STREAM, 0, "", (one, port)) for one in leads_to.split()]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: found)
        asked(client, "webhook", f"https://hook.example.com:{port}/")
        post.drain(now=due())
        with pytest.raises(BlockingIOError):
            canary.accept()
    row = Delivery.objects.latest("id")
    assert "may not be dialled" in row.last_error
    assert row.copies == 0


@pytest.mark.req("A7")
@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("teams", "http://169.254.169.254/?x=office.com"),
        ("teams", "https://evil.example/#.logic.azure.com"),
        ("slack", "https://hooks.slack.com.evil.example/services/1"),
        ("slack", "https://evil.example/hooks.slack.com"),
        ("discord", "https://discord.com@evil.example/api/webhooks/1"),
    ],
)
def test_chat_hooks_are_at_their_vendors_hosts_only(kind: str, url: str, client: Client) -> None:
    answer = asked(client, kind, url)
    assert answer.status_code == 422
    assert not Subscriber.objects.exists()


@pytest.mark.req("N1")
@pytest.mark.parametrize("kind", ["slack", "teams", "discord"])
def test_chat_is_subscribed_by_the_code_that_was_posted_in_it(
    kind: str, client: Client, server: web.Server, now: datetime
) -> None:
    answer = subscribed(client, server, kind)

    assert answer.status_code == 303
    row = Subscriber.objects.get()
    assert (row.channel, row.state) == (kind, State.ACTIVE)
    event(row, now)
    post.drain(now=now)
    assert "It is down." in json.dumps(server.got[-1].json)


@pytest.mark.req("A7")
def test_nobody_makes_us_call_a_host_again_and_again(client: Client, server: web.Server) -> None:
    answers = [asked(client, "webhook", f"{server.url}/{n}").status_code for n in range(12)]
    assert answers == [303] * 10 + [429] * 2
    for number in range(12):
        other = Client(REMOTE_ADDR=f"198.51.100.{number}")
        # Another port is the same host.
        asked(other, "webhook", f"http://127.0.0.1:{3000 + number}/other/{number}")
    assert Delivery.objects.filter(channel="webhook").count() == 20


@pytest.mark.req("A7")
@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("webhook", "https://127.0.0.1/"),
        ("webhook", "https://10.0.0.1/"),
        ("webhook", "http://hook.example.com/"),
        ("webhook", "https://hook.example.com/é"),
        ("webhook", "https://hook.example.com:99999/"),
        ("webhook", "https://hook.example.com:6379/"),
        ("webhook", "https://me@hook.example.com/"),
        ("webhook", f"https://{'a' * 1_900}/"),
        ("webhook", ""),
        ("slack", "https://evil.example/"),
    ],
)
def test_refusal_of_an_address_is_a_sentence_in_the_visitors_language(
    kind: str, url: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And it names no setting: those are for operators."""
    mark_translations(monkeypatch)
    answer = asked(client, kind, url)
    assert answer.status_code == 422
    found = r'class="err" id="[^"]+" role="alert">.*?<span>(.*?)</span>'
    [said] = re.findall(found, answer.content.decode(), re.DOTALL)
    assert "«" in said
    assert "CANDOR_" not in said
    assert not Subscriber.objects.exists()


def mark_translations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put every text that is translated between guillemets."""
    words = trans_real.translation("en")
    plain = words.gettext
    monkeypatch.setattr(words, "gettext", lambda text: f"«{plain(text)}»")


@pytest.mark.req("D7")
def test_endpoint_that_is_gone_is_switched_off(
    client: Client, server: web.Server, now: datetime
) -> None:
    subscribed(client, server)
    row = Subscriber.objects.get()
    later = due() + timedelta(hours=1)
    server.reply = web.answer(410)
    event(row, later)
    post.drain(now=later)

    bouncing.retire_bounced(now=later)
    row.refresh_from_db()
    assert row.state == State.PAUSED


@pytest.mark.req("N2")
def test_choice_of_the_form_is_what_the_hook_gets(client: Client, server: web.Server) -> None:
    api = build.component()
    build.component()
    subscribed(client, server, "slack", scope="some", c=str(api.pk))
    row = Subscriber.objects.get()
    assert not row.wants_all
    assert [each.component_id for each in row.chosen.all()] == [api.pk]


@pytest.mark.req("A3")
def test_address_of_the_code_page_cannot_be_made_up(client: Client) -> None:
    row = build.subscriber(channel="webhook", state=State.WAITING, confirmed_at=None)
    good = code_links.path(row, now=datetime.now(UTC))
    assert client.get(good).status_code == 200
    middle = len(good) - 60
    tampered = good[:middle] + ("A" if good[middle] != "A" else "B") + good[middle + 1 :]
    old = code_links.path(row, now=datetime.now(UTC) - timedelta(minutes=61))
    for path in (tampered, old, "/subscriptions/code/1", "/subscriptions/code/MQ:1vF:é"):
        answer = client.get(path)
        assert answer.status_code == 410
        assert "This link no longer works" in answer.content.decode()
        assert client.post(path, {"code": "000000"}).status_code == 410


@pytest.mark.req("A3")
def test_address_of_the_code_page_tells_nothing_of_the_row(now: datetime) -> None:
    """Who asks twice must not see the same number come back, nor how many rows there are."""
    known = Subscriber(pk=7, channel="webhook")
    newest = Subscriber(pk=123_456_789_012, channel="webhook")
    first, again, other = (code_links.path(row, now=now) for row in (known, known, newest))

    assert first != again
    assert len(first) == len(again) == len(other)
    opened = other.rpartition("/")[2]
    assert b"123456789012" not in base64.urlsafe_b64decode(opened + "=" * (-len(opened) % 4))
