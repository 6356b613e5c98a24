"""What each channel sends, read as the far end would read it."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import standardwebhooks
from py_vapid import Vapid02
from pytest_django import Settings

from notifications import vapid
from notifications.channels import CHANNELS
from notifications.channels.base import FieldInvalid
from notifications.messages import Message, Tone
from notifications.models import Delivery, State
from tests import web
from tests.notifications import post
from tests.notifications.channels import providers

pytestmark = pytest.mark.django_db

HOSTILE = "<!channel> <http://evil.example|click> [click](http://evil.example) @everyone *x* & `y`"
DEAD = Message(
    subject="Website / web, replica 1 is dead",
    text=f"It does not answer.\n{HOSTILE}\n",
    url="https://status.example.com/admin/monitors/",
    tone=Tone.PROBLEM,
    alert_key="replica:1",
)
BACK = replace(DEAD, subject="Website / web, replica 1 has recovered", tone=Tone.RECOVERY)


@pytest.fixture
def server() -> Iterator[web.Server]:
    with web.server(web.answer(202, "{}")) as running:
        yield running


class Sender:
    def __init__(self, server: web.Server, settings: Settings, now: datetime) -> None:
        self.server, self.settings, self.now = server, settings, now

    def send(self, kind: str, message: Message, **values: str) -> web.Got:
        row = self.put(kind, message, **values)
        post.drain(now=self.now)
        assert post.fresh(row).state == State.SENT, post.fresh(row).last_error
        return self.server.got[-1]

    def put(self, kind: str, message: Message, **values: str) -> Delivery:
        to = providers.recipient(kind, self.server, self.settings, **values)
        return post.put(
            now=self.now, channel=kind, address=to.address, secrets=to.secrets, message=message
        )


@pytest.fixture
def sender(server: web.Server, settings: Settings, now: datetime) -> Sender:
    return Sender(server, settings, now)


@pytest.mark.req("F4", "E3")
def test_slack_reads_nothing_of_a_message_as_markup(sender: Sender) -> None:
    got = sender.send("slack", DEAD)

    assert got.path == "/services/T0/B0/secret"
    body = got.json
    assert body["text"] == DEAD.subject
    title, text, link = (block["text"]["text"] for block in body["blocks"])
    assert title == f"*{DEAD.subject}*"
    assert "&lt;!channel&gt; &lt;http://evil.example|click&gt;" in text
    assert "<" not in text
    assert link == f"<{DEAD.url}|Open>"
    assert all(block["text"]["verbatim"] for block in body["blocks"])


def test_slack_cuts_a_long_text_between_two_signs(sender: Sender) -> None:
    got = sender.send("slack", replace(DEAD, text="<&>" * 3_000))

    text = got.json["blocks"][1]["text"]["text"]
    assert len(text) <= 3_000
    assert text.rstrip("…").replace("&lt;", "").replace("&gt;", "").replace("&amp;", "") == ""


def test_slack_hook_that_is_no_more_is_given_up(sender: Sender) -> None:
    sender.server.reply = web.answer(404, "no_service")
    row = sender.put("slack", DEAD)

    post.drain(now=sender.now)

    assert post.fresh(row).bounced_at == sender.now


@pytest.mark.req("E3")
def test_discord_mentions_nobody_and_shows_markup_as_typed(sender: Sender) -> None:
    got = sender.send("discord", DEAD)

    assert got.target == "/api/webhooks/1/secret?thread_id=7&wait=true"
    assert got.json["allowed_mentions"] == {"parse": []}
    [embed] = got.json["embeds"]
    assert embed["url"] == DEAD.url
    assert r"\[click\]\(http\://evil.example\)" in embed["description"]
    assert r"\@everyone \*x\*" in embed["description"]


def test_discord_text_keeps_to_the_limits(sender: Sender) -> None:
    [embed] = sender.send("discord", replace(DEAD, text="*" * 9_000)).json["embeds"]

    assert len(embed["description"]) <= 4_096
    assert embed["description"].endswith("*…")


@pytest.mark.req("E3")
def test_teams_gets_a_card_of_plain_runs(sender: Sender) -> None:
    got = sender.send("teams", DEAD)

    assert got.target == "/workflows/1?sig=secret"
    [attachment] = got.json["attachments"]
    card = attachment["content"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    texts = [block["inlines"][0]["text"] for block in card["body"]]
    assert texts == [DEAD.subject, "It does not answer.", HOSTILE]
    assert card["actions"][0]["url"] == DEAD.url


def test_teams_connector_that_fails_with_a_200_is_tried_again(sender: Sender) -> None:
    sender.server.reply = web.answer(200, "Webhook message delivery failed with error: 429")
    row = sender.put("teams", DEAD)

    post.drain(now=sender.now)

    assert post.fresh(row).state == State.PENDING


@pytest.mark.req("E3")
def test_telegram_gets_plain_text_with_a_bold_subject(sender: Sender) -> None:
    got = sender.send("telegram", replace(DEAD, subject="🔥 dead"), chats="-100200/45")

    assert got.path == f"/bot{providers.TOKEN}/sendMessage"
    body = got.json
    assert (body["chat_id"], body["message_thread_id"]) == (-100200, 45)
    assert "parse_mode" not in body
    assert body["text"].startswith("🔥 dead\n\nIt does not answer.\n<!channel>")
    assert body["text"].endswith(DEAD.url)
    assert body["entities"] == [{"type": "bold", "offset": 0, "length": 7}]


def test_telegram_says_in_its_body_how_long_to_wait(sender: Sender) -> None:
    sender.server.reply = web.answer(429, '{"ok":false,"parameters":{"retry_after":77}}')
    row = sender.put("telegram", DEAD)

    post.drain(now=sender.now)

    assert post.fresh(row).next_attempt_at == sender.now + timedelta(seconds=77)


def test_telegram_chat_that_threw_the_bot_out_is_given_up(sender: Sender) -> None:
    sender.server.reply = web.answer(403, '{"description":"Forbidden: bot was kicked"}')
    row = sender.put("telegram", DEAD)

    post.drain(now=sender.now)

    row = post.fresh(row)
    assert row.bounced_at == sender.now
    assert "bot was kicked" in row.last_error


@pytest.mark.req("F6")
def test_pushover_gets_a_form_for_each_key(sender: Sender) -> None:
    form = sender.send("pushover", DEAD).form

    assert (form["token"], form["user"], form["priority"]) == ("t" * 30, "u" * 30, "0")
    assert (form["title"], form["url"]) == (DEAD.subject, DEAD.url)
    assert form["message"] == DEAD.text.strip()
    assert form["timestamp"] == str(int(sender.now.timestamp()))


@pytest.mark.req("F6")
def test_urgent_pushover_message_breaks_through_quiet_hours(sender: Sender) -> None:
    assert sender.send("pushover", replace(DEAD, is_urgent=True)).form["priority"] == "1"


@pytest.mark.req("F6")
def test_pushover_has_one_recipient_for_each_user_or_group_key() -> None:
    channel = CHANNELS["pushover"]
    keys = "\n".join(["a" * 30, "b" * 30, "a" * 30])
    values = channel.check({"token": "t" * 30, "keys": f" {keys} "})

    recipients = channel.recipients(values)

    assert [to.secrets["key"] for to in recipients] == ["a" * 30, "b" * 30]
    assert len({to.address for to in recipients}) == 2
    assert "a" * 30 not in recipients[0].address


def test_pushover_key_that_nobody_has_is_given_up(sender: Sender) -> None:
    sender.server.reply = web.answer(400, '{"user":"invalid","errors":["x"],"status":0}')
    row = sender.put("pushover", DEAD)

    post.drain(now=sender.now)

    assert post.fresh(row).bounced_at == sender.now


def test_pagerduty_links_a_recovery_to_its_problem(sender: Sender) -> None:
    trigger = sender.send("pagerduty", DEAD)
    resolve = sender.send("pagerduty", BACK)

    assert trigger.path == resolve.path == "/v2/enqueue"
    assert trigger.json["event_action"] == "trigger"
    assert trigger.json["routing_key"] == "r" * 32
    assert trigger.json["payload"]["summary"] == DEAD.subject
    assert trigger.json["payload"]["severity"] == "critical"
    assert resolve.json["event_action"] == "resolve"
    assert trigger.json["dedup_key"] == resolve.json["dedup_key"] == "replica:1"


def test_opsgenie_closes_the_alert_that_the_problem_opened(sender: Sender) -> None:
    opened = sender.send("opsgenie", replace(DEAD, alert_key="replica/1"))
    closed = sender.send("opsgenie", replace(BACK, alert_key="replica/1"))

    assert opened.path == "/v2/alerts"
    assert opened.headers["authorization"].startswith("GenieKey 1234")
    assert (opened.json["alias"], opened.json["priority"]) == ("replica/1", "P2")
    assert closed.target == "/v2/alerts/replica%2F1/close?identifierType=alias"
    assert BACK.subject in closed.json["note"]


@pytest.mark.req("D7")
def test_webhook_can_be_verified_with_the_new_and_the_old_secret(sender: Sender) -> None:
    got = sender.send("webhook", DEAD, previous_secret=providers.OLD_SECRET)

    for secret in (providers.SECRET, providers.OLD_SECRET):
        _verify(secret, got)
    assert got.json["type"] == "alert.problem"
    assert got.json["data"]["subject"] == DEAD.subject


@pytest.mark.req("D7")
def test_webhook_is_signed_with_the_new_secret_alone_after_the_overlap(sender: Sender) -> None:
    got = sender.send("webhook", DEAD)

    _verify(providers.SECRET, got)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        _verify(providers.OLD_SECRET, got)
    for changed in (
        replace(got, body=got.body + b" "),
        replace(got, headers={**got.headers, "webhook-id": "msg_other"}),
    ):
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            _verify(providers.SECRET, changed)


@pytest.mark.req("D7")
def test_webhook_keeps_its_id_and_gets_a_fresh_timestamp_at_each_attempt(sender: Sender) -> None:
    sender.server.reply = web.in_turn(web.answer(500), web.answer(500), web.answer(200))
    sender.put("webhook", DEAD)
    moments = [sender.now + timedelta(seconds=seconds) for seconds in (0, 10, 400)]

    for at in moments:
        post.drain(now=at)

    got = sender.server.got
    assert len({each.headers["webhook-id"] for each in got}) == 1
    assert len({each.body for each in got}) == 1
    assert [each.headers["webhook-timestamp"] for each in got] == [
        str(int(at.timestamp())) for at in moments
    ]


def test_payload_is_the_whole_body_of_a_webhook(sender: Sender) -> None:
    payload = {"event": "status:health:changed", "data": {"health": "dead"}, "timestamp": 1}

    assert sender.send("webhook", replace(DEAD, payload=payload)).json == payload


def test_webhook_without_a_secret_gets_one() -> None:
    channel = CHANNELS["webhook"]
    first, second = (channel.check({"url": "https://example.com/"})["secret"] for _ in range(2))

    assert first != second
    assert len(base64.b64decode(first.removeprefix("whsec_"))) == 32


def test_webhook_that_refuses_is_tried_for_three_days_and_a_daily_letter_for_one(
    sender: Sender, settings: Settings
) -> None:
    sender.server.reply = web.answer(400)
    to = providers.recipient("webhook", sender.server, settings)
    slow, daily = (
        post.put(
            now=sender.now, channel="webhook", address=to.address, secrets=to.secrets, schedule=name
        )
        for name in ("", "day")
    )

    while due := [at for row in (slow, daily) if (at := post.fresh(row).next_attempt_at)]:
        post.drain(now=min(due))

    assert (slow.state, slow.attempts) == (State.FAILED, 10)
    assert (daily.state, daily.attempts) == (State.FAILED, 13)


@pytest.mark.req("F5", "A8")
def test_browser_can_read_the_push_and_the_service_knows_our_key(sender: Sender) -> None:
    got = sender.send("webpush", DEAD)

    shown = json.loads(providers.BROWSER.read(got.body))
    assert (shown["title"], shown["url"]) == (DEAD.subject, DEAD.url)
    assert "It does not answer." in shown["body"]
    assert got.headers["content-encoding"] == "aes128gcm"
    assert got.headers["ttl"] == "21600"
    assert len(got.headers["topic"]) == 32
    token, key = got.headers["authorization"].removeprefix("vapid ").split(",")
    assert key == f"k={vapid.public_key()}"
    assert Vapid02.verify(got.headers["authorization"])
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["aud"] == sender.server.url
    assert claims["exp"] == int((sender.now + timedelta(hours=12)).timestamp())


def test_longest_push_fits_into_what_services_take(sender: Sender) -> None:
    got = sender.send("webpush", replace(DEAD, subject="é" * 200, text='"é\\' * 5_000))

    assert len(got.body) <= 4_096


def test_push_that_is_not_ours_to_send_asks_for_a_new_subscription(sender: Sender) -> None:
    sender.server.reply = web.answer(403)
    row = sender.put("webpush", DEAD)

    post.drain(now=sender.now)

    assert "Subscribe it again" in post.fresh(row).last_error


@pytest.mark.req("A8")
@pytest.mark.parametrize(
    "endpoint",
    [
        "http://127.0.0.1:6379/",
        "https://127.0.0.1/",
        "https://fcm.googleapis.com.evil.example/",
        "https://fcm.googleapis.com@evil.example/",
        "https://evil.example/?fcm.googleapis.com",
        "https://push.apple.com.evil.example/",
        "http://fcm.googleapis.com/",
    ],
)
def test_browser_may_name_push_services_only(endpoint: str, settings: Settings) -> None:
    settings.ALLOW_PRIVATE_HOOKS = False
    settings.PUSH_HOSTS = ["fcm.googleapis.com", "*.push.apple.com"]
    channel = CHANNELS["webpush"]
    good = providers.BROWSER.subscription("https://web.push.apple.com/x")
    assert channel.check(good)["endpoint"] == "https://web.push.apple.com/x"

    with pytest.raises(FieldInvalid):
        channel.check({**good, "endpoint": endpoint})


@pytest.mark.parametrize(
    "key", ["", "AAAA", base64.urlsafe_b64encode(b"\x04" + b"1" * 64).decode()]
)
def test_subscription_with_keys_that_are_none_is_refused(key: str) -> None:
    good = providers.BROWSER.subscription("https://127.0.0.1/x")

    with pytest.raises(FieldInvalid):
        CHANNELS["webpush"].check({**good, "p256dh": key})


@pytest.mark.req("A7")
@pytest.mark.parametrize("kind", ["slack", "teams", "discord", "webhook"])
@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/?x=office.com",
        "https://169.254.169.254/?x=hooks.slack.com",
        "https://10.0.0.1/hooks.slack.com",
        "https://[::1]/",
        "http://hooks.slack.com/services/x",
        "no address",
        "",
    ],
)
def test_hook_has_to_be_at_the_provider(kind: str, url: str, settings: Settings) -> None:
    settings.ALLOW_PRIVATE_HOOKS = False

    with pytest.raises(FieldInvalid) as raised:
        CHANNELS[kind].check({"url": url})

    assert raised.value.name == "url"


@pytest.mark.req("A7")
def test_hook_stored_under_wider_settings_is_not_called(sender: Sender, settings: Settings) -> None:
    rows = [sender.put(kind, DEAD) for kind in ("slack", "teams", "discord", "webhook", "webpush")]
    settings.ALLOW_PRIVATE_HOOKS = False

    post.drain(now=sender.now)

    assert {post.fresh(row).state for row in rows} == {State.FAILED}
    assert sender.server.connections == 0


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("telegram", "token", "nonsense"),
        ("telegram", "chats", "../sendMessage"),
        ("pushover", "token", "short"),
        ("pushover", "keys", "short"),
        ("pagerduty", "routing_key", "short"),
        ("opsgenie", "key", "with\nbreak"),
        ("webhook", "secret", "whsec_c2hvcnQ="),
        ("email", "recipients", "nobody"),
    ],
)
def test_value_that_cannot_work_is_named(kind: str, name: str, value: str, sender: Sender) -> None:
    entered = {} if kind == "email" else providers.entered(kind, sender.server, sender.settings)

    with pytest.raises(FieldInvalid) as raised:
        CHANNELS[kind].check({**entered, name: value})

    assert raised.value.name == name


def _verify(secret: str, got: web.Got) -> None:
    """The published library as the receiver; its clock is not ours, so the time is not judged."""
    hook = standardwebhooks.Webhook(secret)
    signed_at = int(got.headers["webhook-timestamp"])
    moment = datetime.fromtimestamp(signed_at).astimezone()
    expected = hook.sign(got.headers["webhook-id"], moment, got.body.decode())
    if expected not in got.headers["webhook-signature"].split(" "):
        raise standardwebhooks.WebhookVerificationError(secret[:8])
