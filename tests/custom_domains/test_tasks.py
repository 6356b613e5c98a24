"""What happens to names by itself: certificates of new ones, the look of every week."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django.fixtures import Settings

from components import catalogue, page_addresses, pages
from components.models import Page, PageHost, PageKind
from custom_domains import asking, domains, tasks
from custom_domains.records import Finding, Found
from tests import nameserver
from tests.custom_domains.test_tls import UNTIL, proxy
from tests.nameserver import NameServer

pytestmark = pytest.mark.django_db
NAME = "status.acme.test"
ALL_FOUND = [Finding("TXT", "_x", Found.FOUND), Finding("CNAME", "x", Found.FOUND)]


@pytest.fixture
def now() -> datetime:
    """This moment: tasks read the clock themselves."""
    return datetime.now(UTC)


@pytest.fixture
def served(asks_here: NameServer, now: datetime) -> PageHost:
    page = pages.add(kind=PageKind.SUB, name="EU", slug="eu", now=now)
    host = domains.add(page=page, text=NAME, now=now)
    domains.note_look(host=host, findings=ALL_FOUND, now=now)
    return host


@pytest.fixture
def certifying(settings: Settings, asks_here: NameServer) -> Iterator[None]:
    with proxy(NAME) as address:
        settings.PROXY_TLS = address
        yield


@pytest.mark.req("T4")
def test_a_new_name_gets_its_certificate_and_links_use_it(
    served: PageHost, certifying: None
) -> None:
    page = Page.objects.get(slug="eu")
    assert NAME not in page_addresses.canonical(page).home

    tasks.look_for_certificates()

    served.refresh_from_db()
    assert served.certificate_until is not None
    assert abs(served.certificate_until - UNTIL) < timedelta(seconds=1)
    assert page_addresses.canonical(page).home == f"https://{NAME}/"


def test_a_name_of_last_week_is_left_to_the_hourly_look(
    served: PageHost, certifying: None, now: datetime
) -> None:
    PageHost.objects.filter(pk=served.pk).update(verified_at=now - timedelta(hours=2))
    tasks.look_for_certificates()
    served.refresh_from_db()
    assert served.certificate_until is None

    tasks.look_again()
    served.refresh_from_db()
    assert served.certificate_until is not None


@pytest.mark.req("G4")
def test_records_are_asked_for_again_after_a_week(
    served: PageHost, asks_here: NameServer, now: datetime
) -> None:
    tasks.look_again()
    assert asks_here.asked == []

    PageHost.objects.filter(pk=served.pk).update(checked_at=now - timedelta(days=7))
    asks_here.zone.update(nameserver.zone_of("acme.test", {}))
    tasks.look_again()

    served.refresh_from_db()
    assert served.failing_since is not None
    assert served.is_active
    assert asks_here.asked != []


def test_without_a_proxy_nothing_is_called(served: PageHost) -> None:
    tasks.look_for_certificates()
    served.refresh_from_db()
    assert served.certificate_until is None


@contextmanager
def patient_proxy(together: int) -> Iterator[tuple[tuple[str, int], list[int]]]:
    """A proxy that answers nobody before so many wait at once; the list has how many that were."""
    listener = socket.create_server(("127.0.0.1", 0))
    everybody, met = threading.Barrier(together), []

    def hold(connection: socket.socket) -> None:
        with suppress(threading.BrokenBarrierError), connection:
            everybody.wait(timeout=20)
            met.append(1)

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=hold, args=listener.accept()[:1], daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname(), met
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def names(page: Page, count: int, now: datetime) -> list[PageHost]:
    return [
        PageHost.objects.create(
            page=page,
            name=f"n{number}.acme.test",
            challenge="x",
            is_active=True,
            created_at=now,
            verified_at=now,
            checked_at=now,
        )
        for number in range(count)
    ]


def test_names_wait_for_their_certificates_together(
    asks_here: NameServer, settings: Settings, now: datetime
) -> None:
    names(catalogue.page(), asking.AT_ONCE, now)
    with patient_proxy(asking.AT_ONCE) as (address, met):
        settings.PROXY_TLS = address
        tasks.look_again()
    assert len(met) == asking.AT_ONCE


def test_a_run_asks_for_so_many_and_the_next_one_goes_on_with_the_others(
    asks_here: NameServer, settings: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names that never get a certificate hold up nobody for ever."""
    monkeypatch.setattr(tasks, "_BATCH", 2)
    hosts = names(catalogue.page(), 5, now)
    with proxy(hosts[4].name) as address:
        settings.PROXY_TLS = address
        for asked in (2, 4, 5):
            assert not PageHost.objects.exclude(certificate_until=None).exists()
            tasks.look_again()
            assert PageHost.objects.exclude(certificate_asked_at=None).count() == asked
    assert PageHost.objects.exclude(certificate_until=None).get() == hosts[4]
