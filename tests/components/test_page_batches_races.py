"""Two lists of pages with one slug at the same moment: needs real connections."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import connection, transaction

from components import catalogue, page_batches
from components.models import Page, PageKind
from components.page_batches import Wanted

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def is_somebody_waiting() -> bool:
    """Whether a connection waits for another one's transaction (pg_stat_activity would be a snapshot)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        row = cursor.fetchone()
    return bool(row and row[0])


def test_who_loses_a_slug_to_another_transaction_takes_the_next_one(now: datetime) -> None:
    catalogue.page()
    has_inserted = threading.Event()

    def first() -> str:
        try:
            with transaction.atomic():
                (page,) = page_batches.add(kind=PageKind.SUB, wanted=[Wanted(name="Acme")], now=now)
                has_inserted.set()
                until = time.monotonic() + 60
                while not is_somebody_waiting() and time.monotonic() < until:
                    pass
                return page.slug
        finally:
            has_inserted.set()
            connection.close()

    def second() -> str:
        try:
            has_inserted.wait(60)
            with transaction.atomic():
                (page,) = page_batches.add(kind=PageKind.SUB, wanted=[Wanted(name="Acme")], now=now)
                return page.slug
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        slugs = [future.result() for future in (pool.submit(first), pool.submit(second))]

    assert slugs == ["acme", "acme-2"]
    assert Page.objects.filter(kind=PageKind.SUB).count() == 2
