"""What is kept of people who signed in, and for how long."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import AuditEntry
from customer_pages import database_clock, readers, sessions, signing_in, tasks
from customer_pages.models import CustomerSession, Reader, ReaderToken, SignIn
from notifications.models import Delivery
from subscribers import erasing, lapsing
from tests import build
from tests.customer_pages import people

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("days", "left"), [(0, (1, 1, 1)), (2, (0, 1, 1)), (59, (0, 1, 1)), (61, (0, 0, 0))]
)
def test_people_are_forgotten_when_what_they_did_is_long_over(
    days: int, left: tuple[int, int, int]
) -> None:
    page = people.customer_page()
    people.signed_in_by_mail(page)
    now = database_clock.now()
    readers.make(page=page, mailbox="ada@acme.com", reads=Reader.FEED, now=now)
    (row,) = readers.of_person(page=page, mailbox="ada@acme.com")
    readers.end(page=page, mailbox="ada@acme.com", token_id=row.pk, now=now)
    later = now + timedelta(days=days, hours=1)
    for prune in (signing_in.prune, sessions.prune, readers.prune):
        prune(now=later)
    rows = (SignIn, CustomerSession, ReaderToken)
    assert tuple(model._default_manager.count() for model in rows) == left


def test_the_hourly_task_forgets_and_the_other_answers() -> None:
    page = people.customer_page()
    people.ask(page, "ada@acme.com")
    tasks.answer_sign_ins()
    assert [state for _address, state in people.letters()] == ["pending"]
    SignIn.objects.update(expires_at=database_clock.now() - timedelta(days=2))
    tasks.forget_what_is_over()
    assert not SignIn.objects.exists()


class Person:
    """Somebody who subscribed, signed in twice (once by a tagged address), and reads by a program."""

    def __init__(self) -> None:
        now = database_clock.now()
        self.page = people.customer_page()
        self.browsers = [people.signed_in_by_mail(self.page)]
        self.other = people.signed_in_by_mail(self.page, "adam@acme.com")
        people.forget_limits()
        self.browsers.append(people.signed_in_by_mail(self.page, "ada+work@acme.com"))
        for mailbox in ("ada@acme.com", "adam@acme.com"):
            readers.make(page=self.page, mailbox=mailbox, reads=Reader.FEED, now=now)
        mine = CustomerSession.objects.filter(mailbox="ada@acme.com")
        sessions.end_by_operator(sessions=list(mine), now=now)
        for token in ReaderToken.objects.all():
            readers.end_by_operator(token=token, now=now)
        self.row = build.subscriber(address="ada@acme.com")


def seen(person: Person, client: Client) -> int:
    return client.get(f"{people.base(person.page)}/").status_code


@pytest.mark.req("N11")
def test_erasing_a_person_reaches_what_they_did_on_customer_pages() -> None:
    person = Person()
    people.forget_limits()
    people.ask(person.page, "ada@acme.com")

    erasing.erase_person(subscriber=person.row, now=database_clock.now())

    assert seen(person, person.browsers[1]) == 302
    assert seen(person, person.other) == 200
    for model in (SignIn, CustomerSession, ReaderToken):
        left = set(model._default_manager.values_list("mailbox", flat=True))
        assert left == {"adam@acme.com"}, model
    text = str([*Delivery.objects.values(), *AuditEntry.objects.values()])
    assert "ada@acme.com" not in text
    assert "ada+work@acme.com" not in text
    assert "adam@acme.com" in text
    assert AuditEntry.objects.filter(redacted_at__isnull=False).exists()


@pytest.mark.req("N11")
def test_entries_about_what_was_forgotten_long_ago_are_blanked_too() -> None:
    person = Person()
    CustomerSession.objects.all().delete()
    ReaderToken.objects.all().delete()
    erasing.erase_person(subscriber=person.row, now=database_clock.now())
    text = str(list(AuditEntry.objects.values()))
    assert "ada@acme.com" not in text
    assert "adam@acme.com" in text


@pytest.mark.req("N11")
def test_the_file_of_a_person_tells_where_they_signed_in() -> None:
    person = Person()
    told = erasing.everything_about(subscriber=person.row, now=database_clock.now())
    about = told["customer_pages"]
    assert [one["address"] for one in about["sessions"]] == ["ada@acme.com", "ada+work@acme.com"]
    assert about["sessions"][0]["page"] == "Acme"
    assert about["sessions"][0]["ended_at"]
    assert [one["reads"] for one in about["addresses_for_programs"]] == ["feed"]
    assert len(about["links_asked_for"]) == 2
    text = json.dumps(told)
    assert "adam" not in text
    assert not [digest for digest in _digests() if digest in text]


def test_who_unsubscribed_long_ago_stays_signed_in() -> None:
    person = Person()
    now = database_clock.now()
    type(person.row).objects.update(state="ended", ended_at=now - timedelta(days=31))
    assert lapsing.forget_lapsed(now=now) == 1
    assert seen(person, person.browsers[1]) == 200
    phone = build.subscriber(channel="sms", address="+491701234567")
    erasing.erase_person(subscriber=phone, now=now)
    assert "customer_pages" not in erasing.everything_about(subscriber=phone, now=now)


def _digests() -> list[str]:
    return [
        *CustomerSession.objects.values_list("key_digest", flat=True),
        *ReaderToken.objects.values_list("digest", flat=True),
        *(row.token_digest for row in SignIn.objects.all() if row.token_digest),
    ]
