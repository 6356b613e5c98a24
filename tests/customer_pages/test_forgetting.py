"""What is kept of people who signed in, and for how long."""

from datetime import timedelta

import pytest

from customer_pages import database_clock, readers, sessions, signing_in, tasks
from customer_pages.models import CustomerSession, Reader, ReaderToken, SignIn
from tests.customer_pages import people

pytestmark = [pytest.mark.django_db, pytest.mark.stores]


@pytest.mark.parametrize(
    ("days", "left"), [(0, (1, 1, 1)), (2, (0, 1, 1)), (59, (0, 1, 1)), (61, (0, 0, 0))]
)
def test_people_are_forgotten_when_what_they_did_is_long_over(
    days: int, left: tuple[int, int, int]
) -> None:
    page = people.customer_page()
    people.signed_in(page)
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
