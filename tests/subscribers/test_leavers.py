"""Who left by themselves stays away after they are forgotten, until they confirm again (D6)."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from components import catalogue
from subscribers import csv_importing, csv_rules, erasing, lapsing, leavers, subscribing
from subscribers.csv_importing import Verdict
from subscribers.models import Leaver, Origin, State, Subscriber
from tests import build

pytestmark = [pytest.mark.django_db, pytest.mark.req("D6")]
DAY = timedelta(days=1)
ADA: dict[str, Any] = {
    "channel": "email",
    "address": "ada@example.com",
    "canonical": "ada@example.com",
}


@pytest.fixture
def month_later(now: datetime) -> datetime:
    """Ada has left by herself, and Bo was removed by an operator; both are forgotten."""
    ada = build.subscriber(address="ada@example.com")
    bo = build.subscriber(address="bo@example.com")
    subscribing.leave(subscriber=ada, now=now)
    subscribing.leave(subscriber=bo, reason=subscribing.REMOVED, now=now)
    later = now + 31 * DAY
    assert lapsing.forget_lapsed(now=later) == 2
    assert not Subscriber.objects.exists()
    return later


def _verdicts(text: str) -> list[Verdict]:
    report = csv_importing.look(lines=csv_rules.listed(text).lines)
    return [one.verdict for one in report.lines]


def test_a_list_brings_back_nobody_who_left(month_later: datetime) -> None:
    text = "address\nADA+news@example.com\nbo@example.com\n"
    assert _verdicts(text) == [Verdict.LEFT, Verdict.READY]


def test_an_operator_brings_back_nobody_who_left_on_their_word(month_later: datetime) -> None:
    page = catalogue.page()
    with pytest.raises(subscribing.HasLeft):
        subscribing.add_confirmed(
            page=page,
            **ADA,
            choice=subscribing.Choice(),
            origin=Origin.OPERATOR,
            consent_note="says he",
            now=month_later,
        )
    assert not Subscriber.objects.exists()


def test_a_confirmation_of_their_own_brings_them_back(month_later: datetime) -> None:
    row = subscribing.ask(
        page=catalogue.page(),
        **ADA,
        choice=subscribing.Choice(),
        origin=Origin.FORM,
        now=month_later,
    )
    assert Leaver.objects.count() == 1
    assert subscribing.confirm(subscriber=row, now=month_later).state == State.ACTIVE
    assert not Leaver.objects.exists()


def test_only_the_page_that_they_left_counts(month_later: datetime) -> None:
    [digest] = Leaver.objects.values_list("digest", flat=True)
    main = catalogue.page().pk
    assert leavers.among({(main, "email", "ada@example.com")})
    assert not leavers.among({(main + 1, "email", "ada@example.com")})
    assert not leavers.among({(main, "sms", "ada@example.com")})
    assert "ada" not in digest


def test_who_left_is_known_under_an_earlier_secret_key(
    month_later: datetime, settings: Settings
) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-of-some-length"
    assert _verdicts("address\nada@example.com\n") == [Verdict.LEFT]
    settings.SECRET_KEY_FALLBACKS = []
    assert _verdicts("address\nada@example.com\n") == [Verdict.READY]


def test_leaving_is_remembered_for_three_years(month_later: datetime, now: datetime) -> None:
    assert leavers.prune(now=now + 3 * 365 * DAY - DAY) == 0
    assert leavers.prune(now=now + 3 * 365 * DAY) == 1


def test_who_is_erased_without_having_left_is_not_remembered(now: datetime) -> None:
    row = build.subscriber(address="cy@example.com")
    erasing.erase_person(subscriber=row, now=now)
    assert not Leaver.objects.exists()
