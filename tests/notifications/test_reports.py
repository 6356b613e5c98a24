"""What the provider of text messages reports after it took one."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from notifications import leasing, outbox
from notifications.messages import Message
from notifications.models import Delivery, State
from tests import web
from tests.notifications import post, twilio

pytestmark = [pytest.mark.django_db, pytest.mark.req("O3", "O4")]

NUMBER = "+12025550143"
FIELDS = {"AccountSid": twilio.SID, "From": "+15005550006", "To": NUMBER}


@pytest.fixture
def provider(settings: Settings, now: datetime) -> Iterator[twilio.Twilio]:
    with twilio.running(settings, now=now) as one:
        yield one


@pytest.fixture
def row(provider: twilio.Twilio) -> Delivery:
    """One that the provider took just now, by the clock of the hook."""
    return _sent(provider)


def _sent(provider: twilio.Twilio, **fields: Any) -> Delivery:
    now = timezone.now()
    message = Message(subject="Resolved: API", text="Acme: Resolved: API")
    found = post.put(now=now, channel="sms", address=NUMBER, message=message, **fields)
    post.drain(now=now)
    return post.fresh(found)


def _reports_to(provider: twilio.Twilio) -> str:
    return provider.server.got[-1].form["StatusCallback"]


def _report(client: Client, provider: twilio.Twilio, status: str, **fields: str) -> Any:
    params = {"MessageSid": provider.messages[-1]["sid"], "MessageStatus": status}
    return twilio.report(client, _reports_to(provider), **FIELDS | params | fields)


def test_arrival_is_noted_once(client: Client, provider: twilio.Twilio, row: Delivery) -> None:
    assert _reports_to(provider) == f"{twilio.STATUS}?of={row.pk}-{row.public_id}"
    assert row.delivered_at is None
    assert _report(client, provider, "delivered").status_code == 204
    first = post.fresh(row).delivered_at
    assert first is not None
    _report(client, provider, "delivered")
    _report(client, provider, "sent")
    _report(client, provider, "undelivered", ErrorCode="30003")
    row = post.fresh(row)
    assert (row.state, row.delivered_at, row.last_error) == (State.SENT, first, "")


@pytest.mark.parametrize(
    "fate",
    [
        ("30001", "queue of our number was full", False),
        ("30003", "switched off", False),
        ("30004", "blocks", False),
        ("30005", "no such phone", True),
        ("30006", "landline", True),
        ("30007", "spam", False),
        ("30008", "no reason", False),
        ("", "no reason given", False),
        ("٣", "no reason given", False),
    ],
)
def test_what_was_lost_failed_and_says_why(
    fate: tuple[str, str, bool],
    client: Client,
    provider: twilio.Twilio,
    row: Delivery,
) -> None:
    code, words, is_bounce = fate
    for _ in range(2):
        assert _report(client, provider, "undelivered", ErrorCode=code).status_code == 204
    row = post.fresh(row)
    assert (row.state, row.sent_at) == (State.FAILED, None)
    assert words in row.last_error
    assert (row.bounced_at is not None) is is_bounce
    _report(client, provider, "delivered")
    assert post.fresh(row).state == State.FAILED


def test_a_stop_that_only_the_provider_heard_is_told_as_one(
    client: Client, provider: twilio.Twilio, row: Delivery
) -> None:
    _report(client, provider, "failed", ErrorCode="21610")
    [bounce] = outbox.permanent_failures(since=row.created_at - timedelta(minutes=1))
    assert bounce.error.startswith("This number has answered STOP")


def test_a_report_is_the_answer_that_never_came(client: Client, provider: twilio.Twilio) -> None:
    provider.next_answers = [(True, web.DROP)]
    row = _sent(provider)
    assert row.state == State.PENDING
    _report(client, provider, "sent")
    row = post.fresh(row)
    assert (row.state, row.sent_at) == (State.SENT, row.handed_at)
    assert provider.questions == []


def test_a_report_that_comes_before_our_own_note_is_not_undone_by_it(
    client: Client, provider: twilio.Twilio, row: Delivery
) -> None:
    Delivery.objects.update(
        state=State.LEASED, lease_token="ours", sent_at=None, next_attempt_at=row.created_at
    )
    _report(client, provider, "failed", ErrorCode="30005")
    leasing.mark_sent_many(rows=[row], now=row.created_at)
    leasing.mark_sent(row=row, now=row.created_at)
    assert post.fresh(row).state == State.FAILED


def test_a_code_that_was_lost_leaves_nothing_to_read(
    client: Client, provider: twilio.Twilio
) -> None:
    row = _sent(provider, is_sensitive=True)
    _report(client, provider, "undelivered", ErrorCode="30003")
    assert post.fresh(row).message["text"] == ""


def test_only_genuine_reports_about_this_very_delivery_count(
    client: Client,
    provider: twilio.Twilio,
    row: Delivery,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    url, params = _reports_to(provider), FIELDS | {"MessageStatus": "failed"}
    params["MessageSid"] = provider.messages[-1]["sid"]
    with django_assert_num_queries(0):
        assert twilio.report(client, url, token="other", **params).status_code == 403
        assert twilio.report(client, f"{url}&a=b", **params).status_code == 403
        assert twilio.report(client, twilio.STATUS, **params).status_code == 403
        assert (
            client.post(f"/hooks/sms/twilio/status?of={row.pk}-{row.public_id}").status_code == 403
        )
        assert client.post("/hooks/sms/other/status").status_code == 404
        assert client.get("/hooks/sms/twilio/status").status_code == 405
        twilio.report(client, url, **params | {"MessageStatus": "pondered"})
        twilio.report(client, url, **params | {"MessageSid": "SM'--"})
    of_another = f"{twilio.STATUS}?of={row.pk}-{'0' * 32}"
    assert twilio.report(client, of_another, **params).status_code == 204
    assert twilio.report(client, url, **params | {"MessageSid": "SM" + "f" * 32}).status_code == 204
    assert post.fresh(row).state == State.SENT


def test_no_report_is_asked_for_where_the_provider_could_not_call(
    provider: twilio.Twilio, settings: Settings, now: datetime
) -> None:
    settings.SMS_STATUS_URL = ""
    _sent(provider)
    assert "StatusCallback" not in provider.server.got[-1].form
