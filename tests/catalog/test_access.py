"""Who may see a customer page: what the entry says at this moment."""

from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog import access
from catalog.access import NOBODY, Listed
from catalog.models import Attribute, CatalogType, Entry, EntryPage, PageSource
from components import pages
from components.models import Page, PageKind

pytestmark = pytest.mark.django_db


def customer(name: str, *listed: str, now: datetime) -> tuple[Entry, Page]:
    kind, _made = CatalogType.objects.get_or_create(
        slug="customer", defaults={"name": "Customer", "created_at": now}
    )
    domains, _made = Attribute.objects.get_or_create(
        type=kind, key="domains", defaults={"name": "Domains", "kind": "domains"}
    )
    source, _made = PageSource.objects.get_or_create(
        type=kind, kind=PageKind.CUSTOMER, defaults={"domains": domains}
    )
    entry = Entry.objects.create(
        type=kind, name=name, key=name, values={"domains": list(listed)}, created_at=now
    )
    page = pages.add(kind=PageKind.CUSTOMER, name=name, slug=name, now=now)
    EntryPage.objects.create(source=source, entry=entry, page=page)
    return entry, page


@pytest.mark.req("R6", "R7", "R8")
def test_the_list_of_a_page_is_what_its_entry_says(now: datetime) -> None:
    _acme, page = customer("acme", "acme.com", "*.acme.com", "ann@gmail.com", now=now)
    _beta, other = customer("beta", "beta.example", now=now)

    assert access.listed(page.pk).domains == {"acme.com", "*.acme.com"}
    assert access.listed(page.pk).addresses == {"ann@gmail.com"}
    found = access.listed_by([page.pk, other.pk, 5])
    assert {pk: one.domains for pk, one in found.items()} == {
        page.pk: {"acme.com", "*.acme.com"},
        other.pk: {"beta.example"},
        5: frozenset(),
    }


@pytest.mark.req("R8", "R9")
def test_a_change_of_the_entry_counts_with_the_very_next_question(now: datetime) -> None:
    entry, page = customer("acme", "acme.com", now=now)
    assert access.listed(page.pk).domains == {"acme.com"}

    Entry.objects.filter(pk=entry.pk).update(values={"domains": ["other.example"]})
    assert access.listed(page.pk).domains == {"other.example"}

    Entry.objects.filter(pk=entry.pk).update(values={})
    assert access.listed(page.pk) == NOBODY

    Entry.objects.filter(pk=entry.pk).update(values={"domains": "acme.com"})
    assert access.listed(page.pk) == NOBODY  # text where a list belongs opens nothing


@pytest.mark.req("R9")
def test_nobody_gets_in_where_no_entry_stands_behind_the_page(now: datetime) -> None:
    entry, page = customer("acme", "acme.com", now=now)
    main = pages.add(kind=PageKind.CUSTOMER, name="By hand", slug="by-hand", now=now)
    assert access.listed(main.pk) == access.listed(4711) == NOBODY

    PageSource.objects.update(ended_at=now)
    assert access.listed(page.pk) == NOBODY
    PageSource.objects.update(ended_at=None)
    Entry.objects.filter(pk=entry.pk).update(removed_at=now)
    assert access.listed(page.pk) == NOBODY


def test_one_page_and_many_cost_one_statement(now: datetime) -> None:
    found = [customer(f"c{number}", "acme.com", now=now)[1].pk for number in range(5)]
    with CaptureQueriesContext(
        connection,
    ) as asked:
        access.listed_by(found)
        access.listed(found[0])
    assert len(asked) == 2


@pytest.mark.req("R6", "R7")
@pytest.mark.parametrize(
    ("mailbox", "is_let_in"),
    [
        ("ada@acme.com", True),
        ("Ada@ACME.com", True),
        ("ada@eu.acme.com", True),
        ("ann@gmail.com", True),
        ("Ann@Gmail.com", True),
        ("bob@gmail.com", False),
        ("ada@acme.com.evil.test", False),
        ("ada@notacme.com", False),
        ("acme.com", False),
        ("a@b@acme.com", False),
        ("", False),
    ],
)
def test_one_decision_says_who_is_on_a_list(mailbox: str, is_let_in: bool) -> None:
    listed = Listed(frozenset({"acme.com", "*.acme.com"}), frozenset({"ann@gmail.com"}))
    assert access.lets_in(listed, mailbox) is is_let_in
