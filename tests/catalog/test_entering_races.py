"""Entries of one name added at once, to one type and to two: needs real connections."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import connection

from catalog import entering
from catalog.models import Entry
from components.models import Page, PageKind
from tests.catalog import made

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.mark.req("R4")
def test_entries_of_one_name_added_at_once_all_get_pages(now: datetime) -> None:
    types = [made.customers(now, kind=PageKind.SUB).type, made.customers(now).type]

    def add(number: int) -> None:
        try:
            entering.add(type=types[number % 2], name="Acme", said={}, now=now)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(add, range(12)))

    assert Entry.objects.count() == 12
    for type_ in types:
        assert len(set(type_.entries.values_list("key", flat=True))) == 6
    slugs = Page.objects.filter(made_from__isnull=False).values_list("slug", flat=True)
    assert len(set(slugs)) == len(slugs) == 12
