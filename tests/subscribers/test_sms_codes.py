"""A phone proves itself by a code, and nobody can make us pay for more than the budget."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from components import catalogue
from notifications.models import Delivery
from subscribers import limits, sms_hook, subscribing, texting
from subscribers.models import Origin, State, Subscriber, WaySettings
from subscribers.subscribing import Choice, CodeRefused
from tests import build, web
from tests.notifications import post
from tests.subscribers import texts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def twilio(settings: Settings) -> Iterator[web.Server]:
    with texts.provider(settings) as running:
        yield running


def ask(now: datetime, *, number: str = texts.PHONE, **fields: object) -> Subscriber:
    values = {"choice": Choice(), "origin": Origin.FORM} | fields
    return subscribing.ask(
        page=catalogue.page(),
        channel="sms",
        address=number,
        canonical=number,
        now=now,
        **values,  # type: ignore[arg-type]
    )


@pytest.mark.req("N7", "N8")
def test_phone_gets_a_code_and_nothing_else_before_it_is_brought_back(
    twilio: web.Server, now: datetime
) -> None:
    row = ask(now)
    post.drain(now=now)

    [got] = twilio.got
    assert got.form["To"] == texts.PHONE
    assert got.form["Body"].endswith(f"\n\n@status.example.com #{texts.code_in(got)}")
    assert row.state == State.WAITING

    subscribing.confirm_by_code(subscriber=row, code=texts.code_in(got), now=now)
    assert row.is_active
    with pytest.raises(CodeRefused):  # it works once
        subscribing.confirm_by_code(subscriber=row, code=texts.code_in(got), now=now)


@pytest.mark.req("C5", "N8")
def test_code_is_of_no_use_after_five_guesses_or_fifteen_minutes(
    twilio: web.Server, now: datetime
) -> None:
    row = ask(now)
    post.drain(now=now)
    code = texts.code_in(twilio.got[0])
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"

    later = now + timedelta(minutes=15)
    with pytest.raises(CodeRefused):
        subscribing.confirm_by_code(subscriber=row, code=code, now=later)
    for _ in range(5):
        with pytest.raises(CodeRefused):
            subscribing.confirm_by_code(subscriber=row, code=wrong, now=now)
    with pytest.raises(CodeRefused):
        subscribing.confirm_by_code(subscriber=row, code=code, now=now)
    row.refresh_from_db()
    assert row.state == State.WAITING


@pytest.mark.req("N8")
def test_code_is_not_kept_after_it_is_sent(twilio: web.Server, now: datetime) -> None:
    ask(now)
    post.drain(now=now)
    code = texts.code_in(twilio.got[0])
    assert code not in str(Delivery.objects.values())


@pytest.mark.req("A6")
def test_number_gets_three_codes_a_day_at_most_and_one_a_minute(
    twilio: web.Server, now: datetime
) -> None:
    for minutes in (0, 0.5, 2, 4, 6, 8):
        ask(now + timedelta(minutes=minutes))
    post.drain(now=now + timedelta(minutes=9))
    assert len(twilio.got) == 3

    ask(now + timedelta(days=1, minutes=1))
    post.drain(now=now + timedelta(days=1, minutes=1))
    assert len(twilio.got) == 4


@pytest.mark.req("A6")
def test_a_hundred_numbers_from_one_network_get_ten_messages(
    twilio: web.Server, now: datetime
) -> None:
    admitted = 0
    for number in range(100):
        try:
            texting.admit(client=f"203.0.113.{number}", now=now)
        except limits.TooManyRequests:
            continue
        admitted += 1
        ask(now, number=f"+1202555{number:04d}")
    post.drain(now=now)

    assert admitted == len(twilio.got) == 10
    texting.admit(client="198.51.100.1", now=now)
    texting.admit(client="2001:db8::1", now=now)


@pytest.mark.req("A6")
def test_budget_stops_codes_and_owners_hear_of_it_once(twilio: web.Server, now: datetime) -> None:
    WaySettings.objects.update(sms_per_day=2)
    build.operator(email="owner@example.com")
    for number in range(2):
        texting.admit(client="203.0.113.1", now=now)
        ask(now, number=f"+1202555000{number}")

    for _ in range(3):
        with pytest.raises(limits.NotNow):
            texting.admit(client="203.0.113.1", now=now)
    ask(now, number="+12025550009")

    assert Delivery.objects.filter(channel="sms").count() == 2
    told = Delivery.objects.get(channel="email", grant="")
    assert told.address == "owner@example.com"
    assert "budget" in told.message["subject"]
    texting.admit(client="203.0.113.1", now=now + timedelta(days=1, seconds=1))


@pytest.mark.req("A6")
def test_budget_of_an_hour_holds_however_much_of_the_day_is_left(now: datetime) -> None:
    WaySettings.objects.update(sms_per_hour=2, sms_per_day=200)
    build.operator(email="owner@example.com")
    for number in range(3):
        ask(now, number=f"+1202555000{number}")
    assert Delivery.objects.filter(channel="sms").count() == 2
    with pytest.raises(limits.NotNow):
        texting.admit(client="203.0.113.1", now=now + timedelta(minutes=59))
    told = Delivery.objects.get(channel="email", grant="")
    assert "2 codes in an hour" in told.message["text"]
    texting.admit(client="203.0.113.1", now=now + timedelta(minutes=61))


@pytest.mark.req("A6")
def test_budget_of_a_month_holds_over_the_days(now: datetime) -> None:
    WaySettings.objects.update(sms_per_day=1, sms_per_month=2)
    for day in range(2):
        ask(now + timedelta(days=day, minutes=day), number=f"+1202555000{day}")
    with pytest.raises(limits.NotNow):
        texting.admit(client="203.0.113.1", now=now + timedelta(days=5))
    texting.admit(client="203.0.113.1", now=now + timedelta(days=31))


@pytest.mark.req("A6")
def test_nothing_is_sent_to_a_country_that_was_taken_off(twilio: web.Server, now: datetime) -> None:
    WaySettings.objects.update(sms_countries="DE")
    ask(now)
    ask(now, number="+19005551234")
    post.drain(now=now)
    assert twilio.got == []


@pytest.mark.req("N8")
@pytest.mark.parametrize("change", [{"offers_sms": False}, {"sms_countries": ""}])
def test_codes_are_not_sent_while_text_messages_are_off(
    change: dict[str, object], twilio: web.Server, now: datetime
) -> None:
    WaySettings.objects.update(**change)
    with pytest.raises(limits.NotNow):
        texting.admit(client="203.0.113.1", now=now)
    ask(now)
    post.drain(now=now)
    assert twilio.got == []


@pytest.mark.req("A3", "N8")
def test_phone_that_is_known_gets_a_code_that_opens_what_it_has(
    twilio: web.Server, now: datetime
) -> None:
    known = build.subscriber(channel="sms", address=texts.PHONE)
    row = ask(now)
    post.drain(now=now)

    assert row == known
    subscribing.confirm_by_code(subscriber=row, code=texts.code_in(twilio.got[0]), now=now)
    assert row.is_active


@pytest.mark.req("A3", "D5")
def test_asking_costs_the_same_work_for_every_phone(twilio: web.Server, now: datetime) -> None:
    stopped, enough = "+12025550101", "+12025550102"
    sms_hook.stop(number=stopped, now=now)
    for minutes in (0, 2, 4):
        ask(now + timedelta(minutes=minutes), number=enough)
    before = Delivery.objects.count()

    for number in (stopped, enough, "+12025550103"):
        ask(now + timedelta(minutes=6), number=number)

    assert Delivery.objects.count() == before + 3
    post.drain(now=now + timedelta(minutes=6))
    assert [got.form["To"] for got in twilio.got].count(stopped) == 0
    assert [got.form["To"] for got in twilio.got].count(enough) == 3


@pytest.mark.req("N8")
def test_code_that_an_operator_sends_says_where_it_is_typed(
    twilio: web.Server, now: datetime
) -> None:
    row = ask(now)
    subscribing.resend(subscriber=row, now=now + timedelta(minutes=2))
    post.drain(now=now + timedelta(minutes=2))

    first, second = (got.form["Body"] for got in twilio.got)
    assert "https://" not in first
    assert "\n\nhttps://status.example.com/subscriptions/code/" in second
