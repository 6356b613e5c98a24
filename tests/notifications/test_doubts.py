"""A text message whose answer never came: the provider is asked, then it is decided (reliability 3.1)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from notifications import doubts, outbox
from notifications.channels.base import Carried
from notifications.messages import Message
from notifications.models import Delivery, State
from tests import web
from tests.notifications import post, twilio

pytestmark = [pytest.mark.django_db, pytest.mark.req("O3", "O4")]

NUMBER = "+12025550143"
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
LOST: tuple[bool, web.Reply | None] = (False, web.DROP)
TAKEN_WITHOUT_ANSWER: tuple[bool, web.Reply | None] = (True, web.DROP)


@pytest.fixture
def provider(settings: Settings, now: datetime) -> Iterator[twilio.Twilio]:
    with twilio.running(settings, now=now) as one:
        yield one


def put(now: datetime, text: str = "Acme: Resolved: API", **fields: object) -> Delivery:
    message = Message(subject="Resolved: API", text=text)
    return post.put(now=now, channel="sms", address=NUMBER, **{"message": message} | fields)


def test_what_the_provider_has_counts_as_sent_when_it_was_handed_over(
    provider: twilio.Twilio, now: datetime
) -> None:
    provider.next_answers = [TAKEN_WITHOUT_ANSWER]
    row = put(now)

    post.drain(now=now)
    assert post.fresh(row).state == State.PENDING
    assert post.drain(now=now + 59 * SECOND).sent == 0
    assert post.drain(now=now + MINUTE).sent == 1
    post.drain(now=now + timedelta(hours=5))

    row = post.fresh(row)
    assert (row.state, row.sent_at) == (State.SENT, now)
    assert row.provider_id == provider.messages[0]["sid"]
    assert provider.questions == [{"To": NUMBER, "PageSize": "100"}]
    assert len(provider.messages) == 1


@pytest.mark.parametrize("answer", [web.DROP, web.answer(500, "{}")], ids=["dropped", "500"])
def test_what_the_provider_has_not_is_sent_again(
    answer: web.Reply, provider: twilio.Twilio, now: datetime
) -> None:
    provider.keep(to=NUMBER, body="Acme: Resolved: API", date_created=web_date(now - 3 * MINUTE))
    provider.next_answers = [(False, answer)]
    row = put(now)

    post.drain(now=now)
    post.drain(now=now + MINUTE)

    row = post.fresh(row)
    assert (row.state, row.copies) == (State.SENT, 1)
    assert [each["body"] for each in provider.messages[1:]] == ["Acme: Resolved: API"]
    assert row.provider_id == provider.messages[1]["sid"]


def test_who_dies_before_the_answer_leaves_a_question_not_a_copy(
    provider: twilio.Twilio, now: datetime
) -> None:
    row = put(now)
    provider.keep(to=NUMBER, body="Acme: Resolved: API")
    Delivery.objects.update(
        state=State.LEASED,
        lease_token="dead",
        handed_at=now,
        copies=1,
        next_attempt_at=now + MINUTE,
    )

    post.drain(now=now + MINUTE)

    assert post.fresh(row).state == State.SENT
    assert len(provider.messages) == 1


def test_a_provider_that_cannot_be_asked_is_asked_less_and_less_for_an_hour(
    provider: twilio.Twilio, now: datetime
) -> None:
    provider.next_answers = [TAKEN_WITHOUT_ANSWER]
    provider.list_answer = web.answer(503, "{}")
    row = put(now)

    asked: list[int] = []
    for minutes in range(4 * 60):
        post.drain(now=now + minutes * MINUTE)
        asked += [minutes] * (len(provider.questions) - len(asked))

    assert asked == [1, 2, 4, 8, 16, 32, 64]
    row = post.fresh(row)
    assert row.state == State.UNKNOWN
    assert "Twilio answered 503" in row.last_error
    assert len(provider.messages) == 1


def test_one_that_is_silent_is_not_asked_about_each_message(
    provider: twilio.Twilio, now: datetime
) -> None:
    provider.next_answers = [TAKEN_WITHOUT_ANSWER] * 5
    provider.list_answer = web.DROP
    for number in range(5):
        put(now, text=f"Acme: {number}")
    post.drain(now=now)

    post.drain(now=now + MINUTE)
    assert len(provider.questions) == 1
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.PENDING}
    provider.list_answer = None
    post.drain(now=now + 2 * MINUTE)
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.SENT}


def test_what_was_lost_over_there_meanwhile_failed(provider: twilio.Twilio, now: datetime) -> None:
    provider.next_answers = [LOST]
    provider.keep(to=NUMBER, body="Acme: Resolved: API", status="undelivered", error_code=30005)
    row = put(now)

    post.drain(now=now)
    post.drain(now=now + MINUTE)

    row = post.fresh(row)
    assert (row.state, row.bounced_at) == (State.FAILED, now + MINUTE)
    assert "30005: there is no such phone" in row.last_error


def test_another_message_in_other_words_leaves_the_doubt(
    provider: twilio.Twilio, now: datetime
) -> None:
    provider.next_answers = [LOST]
    provider.keep(to=NUMBER, body="Acme: Resolved... API")
    row = put(now)

    for minutes in range(3 * 60):
        post.drain(now=now + minutes * MINUTE)

    assert post.fresh(row).state == State.UNKNOWN
    assert len(provider.messages) == 1


def test_of_two_in_doubt_the_one_that_arrived_is_not_taken_for_the_other(
    provider: twilio.Twilio, now: datetime
) -> None:
    provider.next_answers = [LOST, TAKEN_WITHOUT_ANSWER]
    lost, taken = put(now, text="Acme: one"), put(now, text="Acme: two")

    for minutes in range(5):
        post.drain(now=now + minutes * MINUTE)

    assert post.fresh(lost).state == post.fresh(taken).state == State.SENT
    assert [each["body"] for each in provider.messages] == ["Acme: two", "Acme: one"]


def test_a_list_that_is_longer_than_a_page_says_nothing(
    provider: twilio.Twilio, now: datetime
) -> None:
    provider.next_answers = [LOST]
    for number in range(100):
        provider.keep(to=NUMBER, body=f"Other {number}")
    row = put(now)
    post.drain(now=now)
    post.drain(now=now + MINUTE)
    row = post.fresh(row)
    assert (row.state, len(provider.messages)) == (State.PENDING, 100)
    assert "more messages" in row.last_error


def test_nobody_gets_what_was_cancelled_while_it_was_in_doubt(
    provider: twilio.Twilio, now: datetime
) -> None:
    provider.next_answers = [LOST]
    row = put(now, topic="incident:1", sequence=1)
    post.drain(now=now)
    assert outbox.cancel_topic(topic="incident:1", now=now) == 1
    post.drain(now=now + MINUTE)
    assert post.fresh(row).state == State.UNKNOWN
    assert provider.messages == []


def test_a_newer_one_does_not_wait_and_the_older_is_not_sent_after_it(
    provider: twilio.Twilio, now: datetime
) -> None:
    provider.next_answers = [LOST]
    older = put(now, text="Acme: one", topic="incident:1", sequence=1)
    post.drain(now=now)
    newer = put(now + SECOND, text="Acme: two", topic="incident:1", sequence=2)
    post.drain(now=now + SECOND)
    assert post.fresh(newer).state == State.SENT
    post.drain(now=now + MINUTE)
    post.drain(now=now + 2 * MINUTE)
    assert post.fresh(older).state == State.FOLDED
    assert [each["body"] for each in provider.messages] == ["Acme: two"]


@pytest.mark.parametrize("channel", ["slack", "pushover", "x"])
def test_where_nobody_can_be_asked_a_doubt_stays_and_is_shown(
    channel: str, settings: Settings, now: datetime
) -> None:
    settings.ALLOW_PRIVATE_HOOKS = True
    settings.SLACK_HOSTS = ["127.0.0.1"]
    with web.server(web.DROP) as server:
        settings.PUSHOVER_URL = settings.X_URL = server.url
        row = post.put(
            now=now,
            channel=channel,
            address=channel,
            secrets={"url": f"{server.url}/T1/B1", "token": "a" * 30, "key": "b" * 30},
        )
        for minutes in range(3 * 60):
            post.drain(now=now + minutes * MINUTE)
        assert len(server.got) == 1
    row = post.fresh(row)
    assert row.state == State.UNKNOWN
    assert row.last_error


def test_the_words_decide_and_names_that_others_stand_for_do_not_count() -> None:
    known = Carried(provider_id="SM1", text="Acme:  Resolved")
    assert doubts.find(carried=[known], text="Acme: Resolved", others=set()) == known
    assert doubts.find(carried=[known], text="Acme: Resolved", others={"SM1"}) is None
    assert doubts.find(carried=[], text="Acme: Resolved", others=set()) is None
    with pytest.raises(doubts.Unclear):
        doubts.find(carried=[known], text="Acme: Resolved!", others=set())


def web_date(at: datetime) -> str:
    return at.strftime("%a, %d %b %Y %H:%M:%S +0000")
