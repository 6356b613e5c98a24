"""What happens to names by itself: certificates of new ones, the look of every week."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django.fixtures import Settings

from components import page_addresses, pages
from components.models import Page, PageHost, PageKind
from custom_domains import domains, tasks
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
