"""hosts.json: which page a name means, for the front and for Django, without a database."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest

from components import pages
from components.models import Page, PageHost, PageKind
from public_pages import host_map, hosts
from public_pages.hosts import AllowedHosts, HostFile, HostMap, Place, State

PLACES = HostMap(
    hosts={"eu.status.acme.com": Place(7), "old.acme.com": Place(9, State.GONE)},
    slugs={"eu": Place(7, origin="https://eu.status.acme.com")},
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assert hosts.write(tmp_path, PLACES)

    assert HostFile(tmp_path).read() == PLACES
    assert not hosts.write(tmp_path, PLACES), "the same map is not written again"
    assert [path.name for path in tmp_path.iterdir()] == [hosts.FILE]


def test_a_new_map_is_seen_by_a_reader_that_read_the_old_one(tmp_path: Path) -> None:
    file = HostFile(tmp_path)
    assert file.read() == HostMap()

    hosts.write(tmp_path, PLACES)
    assert file.read() == PLACES
    hosts.write(tmp_path, HostMap(slugs={"us": Place(8)}))
    assert file.read() == HostMap(slugs={"us": Place(8)})


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "[]",
        '{"version": 2, "hosts": {}, "slugs": {}}',
        '{"version": 1}',
        '{"version": 1, "hosts": {"EVIL": [1, "published", ""]}, "slugs": {}}',
        '{"version": 1, "hosts": {"a.b": ["../x", "published", ""]}, "slugs": {}}',
        '{"version": 1, "hosts": {"a.b": [1, "open", ""]}, "slugs": {}}',
        '{"version": 1, "hosts": {"a.b": 1}, "slugs": {}}',
    ],
)
def test_a_broken_map_leaves_the_one_before(tmp_path: Path, broken: str) -> None:
    file = HostFile(tmp_path)
    hosts.write(tmp_path, PLACES)
    file.read()

    (tmp_path / hosts.FILE).write_text(broken)

    assert file.read() == PLACES
    assert HostFile(tmp_path).read() == HostMap(), "and a new reader has none"


def test_only_a_page_of_its_own_has_a_folder_of_its_own() -> None:
    assert hosts.MAIN.tree == ""
    assert Place(7).tree == "pages/7/"


@pytest.mark.req("A1")
def test_django_takes_the_main_host_and_the_names_of_the_map_at_this_moment(
    tmp_path: Path, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = AllowedHosts(
        ["status.acme.com"], root=tmp_path, domain="pages.acme.com"
    )

    def is_taken(host: str) -> bool:
        request = HttpRequest()
        request.META = {"HTTP_HOST": host, "HTTP_X_FORWARDED_HOST": "status.acme.com"}
        try:
            return request.get_host() == host
        except DisallowedHost:
            return False

    assert is_taken("status.acme.com:8443")
    assert is_taken("eu.pages.acme.com")
    assert not is_taken("old.acme.com")
    assert not is_taken("evil.test")
    assert not is_taken("status.acme.com:80@evil.test")
    assert not is_taken("status.acme.com,evil.test")

    hosts.write(tmp_path, PLACES)
    assert is_taken("old.acme.com")
    hosts.write(tmp_path, HostMap())
    assert not is_taken("old.acme.com")


# ---- the map of the database ---------------------------------------------------------------------


def _host(page: Page, name: str, now: datetime, **fields: Any) -> None:
    PageHost.objects.create(
        **{"page": page, "name": name, "challenge": "c", "is_active": True, "created_at": now}
        | fields
    )


@pytest.fixture
def eu(now: datetime) -> Page:
    return pages.add(kind=PageKind.SUB, name="EU", slug="eu", now=now)


@pytest.fixture
def acme(now: datetime) -> Page:
    return pages.add(kind=PageKind.CUSTOMER, name="Acme", slug="acme", now=now)


@pytest.mark.req("A2")
@pytest.mark.django_db
def test_without_a_service_domain_a_sub_page_is_a_path(eu: Page, acme: Page) -> None:
    assert host_map.current() == HostMap(slugs={"eu": Place(eu.pk)})


@pytest.mark.req("A2")
@pytest.mark.django_db
def test_every_public_page_has_a_default_name_below_the_service_domain(
    eu: Page, acme: Page, settings: Any
) -> None:
    settings.CANDOR_SERVICE_DOMAIN = "pages.acme.com"
    settings.CANDOR_ORIGIN = "https://status.acme.com"

    assert host_map.current() == HostMap(
        hosts={"eu.pages.acme.com": Place(eu.pk), "status.pages.acme.com": hosts.MAIN},
        slugs={"eu": Place(eu.pk, origin="https://eu.pages.acme.com")},
    )


@pytest.mark.req("T5")
@pytest.mark.django_db
def test_own_names_stand_beside_the_default_ones_once_they_are_verified(
    eu: Page, acme: Page, now: datetime
) -> None:
    _host(eu, "status.acme.com", now)
    _host(eu, "waiting.acme.com", now, is_active=False)
    _host(acme, "private.acme.com", now)

    found = host_map.current()

    assert found.hosts == {
        "status.acme.com": Place(eu.pk),
        "private.acme.com": Place(acme.pk, State.DYNAMIC),
    }
    assert "eu" in found.slugs


@pytest.mark.django_db
def test_a_retired_page_is_gone_and_a_retired_customer_page_never_was(
    eu: Page, acme: Page, now: datetime
) -> None:
    _host(eu, "status.acme.com", now)
    _host(acme, "private.acme.com", now)
    pages.retire(page=eu, now=now)
    pages.retire(page=acme, now=now)

    gone = Place(eu.pk, State.GONE)
    assert host_map.current() == HostMap(hosts={"status.acme.com": gone}, slugs={"eu": gone})

    pages.remove(page=eu)
    assert host_map.current() == HostMap()


@pytest.mark.django_db
def test_no_customer_page_stands_in_the_map_by_slug_or_address(acme: Page, tmp_path: Path) -> None:
    hosts.write(tmp_path, host_map.current())

    stored = (tmp_path / hosts.FILE).read_text()
    assert json.loads(stored)["slugs"] == {}
    assert str(acme.address) not in stored
