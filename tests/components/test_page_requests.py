"""Which page a request is for: by the front's word, else by the Host header."""

from datetime import datetime
from typing import Any

import pytest
from django.http import Http404
from django.test import RequestFactory

from common import host_names
from components import catalogue, page_requests, pages
from components.models import Page, PageHost, PageKind

pytestmark = pytest.mark.django_db


@pytest.fixture
def eu(now: datetime) -> Page:
    return pages.add(kind=PageKind.SUB, name="EU", slug="eu", now=now)


def ask(host: str, **environ: Any) -> Page:
    return page_requests.page_of(RequestFactory().get("/subscribe", HTTP_HOST=host, **environ))


@pytest.fixture(autouse=True)
def _any_host(settings: Any) -> None:
    settings.CANDOR_SERVICE_DOMAIN = "pages.acme.com"
    settings.ALLOWED_HOSTS = [".acme.com", "testserver"]


def test_the_front_says_which_page_it_is(eu: Page) -> None:
    assert ask("testserver", **{host_names.PAGE_KEY: eu.pk}) == eu
    assert ask("testserver", **{host_names.PAGE_KEY: 1}) == catalogue.page()


def test_no_header_can_say_it(eu: Page) -> None:
    page = ask("testserver", **{"HTTP_CANDOR_PAGE_ID": str(eu.pk), "HTTP_CANDOR.PAGE_ID": "7"})
    assert page.is_main


@pytest.mark.req("A2", "T5")
def test_a_page_is_found_by_its_own_names_exactly(eu: Page, now: datetime) -> None:
    PageHost.objects.create(
        page=eu, name="own.acme.com", challenge="c", is_active=True, created_at=now
    )
    PageHost.objects.create(page=eu, name="unverified.acme.com", challenge="c", created_at=now)

    for host in ("eu.pages.acme.com", "own.acme.com", "OWN.acme.com.:8443"):
        assert ask(host) == eu, host
    for host in ("unverified.acme.com", "x.eu.pages.acme.com", "us.pages.acme.com", "acme.com"):
        with pytest.raises(Http404):
            ask(host)


def test_a_page_that_is_retired_or_removed_is_not_found(eu: Page, now: datetime) -> None:
    pages.retire(page=eu, now=now)
    with pytest.raises(Http404):
        ask("eu.pages.acme.com")
    pages.remove(page=eu)
    with pytest.raises(Http404):
        ask("testserver", **{host_names.PAGE_KEY: eu.pk})


def test_a_customer_page_has_no_default_name(now: datetime) -> None:
    pages.add(kind=PageKind.CUSTOMER, name="Acme", slug="acme", now=now)
    with pytest.raises(Http404):
        ask("acme.pages.acme.com")


@pytest.mark.req("G4", "R3")
def test_a_customer_page_is_at_a_host_name_only_as_long_as_the_name_is_its_own(
    eu: Page, now: datetime, django_assert_num_queries: Any
) -> None:
    """The front's map is as old as the last publishing."""
    acme = pages.add(kind=PageKind.CUSTOMER, name="Acme", slug="acme", now=now)
    own = PageHost.objects.create(
        page=acme, name="own.acme.com", challenge="c", is_active=True, created_at=now
    )
    said = {host_names.PAGE_KEY: acme.pk}
    with django_assert_num_queries(1):
        assert ask("own.acme.com", **said) == acme
    with pytest.raises(Http404):
        ask("testserver", **said)

    for changed in ({"is_active": False}, {"is_active": True, "page": eu}):
        PageHost.objects.filter(pk=own.pk).update(**changed)
        with pytest.raises(Http404):
            ask("own.acme.com", **said)
