"""Names of pages in the database: taken, verified, lost and given back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError

from components import catalogue, page_addresses, pages
from components.models import Page, PageHost, PageKind
from custom_domains import domains
from custom_domains.records import Finding, Found
from public_pages import host_map
from tests import build

Delivery = apps.get_model("notifications", "Delivery")
pytestmark = pytest.mark.django_db
NAME = "status.acme.com"


@pytest.fixture
def eu(now: datetime) -> Page:
    return pages.add(kind=PageKind.SUB, name="EU", slug="eu", now=now)


@pytest.fixture
def us(now: datetime) -> Page:
    return pages.add(kind=PageKind.SUB, name="US", slug="us", now=now)


@pytest.fixture
def host(eu: Page, now: datetime) -> PageHost:
    return domains.add(page=eu, text=NAME, now=now)


@pytest.fixture
def served(host: PageHost, now: datetime) -> PageHost:
    domains.note_look(host=host, findings=findings(Found.FOUND), now=now)
    return host


def findings(*states: Found) -> Sequence[Finding]:
    txt, *rest = states
    return [Finding("TXT", "_x", txt), Finding("CNAME", "x", rest[0] if rest else txt)]


def refusal(**arguments: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        domains.add(**arguments)
    return " ".join(caught.value.message_dict["name"])


@pytest.mark.req("T1", "G4")
def test_a_new_name_has_a_random_challenge_and_is_not_served(
    eu: Page, us: Page, now: datetime
) -> None:
    one = domains.add(page=eu, text="Status.ACME.com.", now=now)
    two = domains.add(page=us, text="status.other.com", now=now)

    assert one.name == NAME
    assert one.challenge != two.challenge
    assert len(one.challenge) >= 40
    assert NAME not in host_map.current().hosts


@pytest.mark.req("G4")
def test_one_owner_a_name(host: PageHost, eu: Page, us: Page, now: datetime, settings: Any) -> None:
    settings.MAIN_HOSTS = ["status.ours.test"]
    assert "Another page has" in refusal(page=us, text=NAME.upper(), now=now)
    assert "already" in refusal(page=eu, text=NAME, now=now)
    assert "belongs to the status page" in refusal(page=us, text="status.ours.test", now=now)
    assert PageHost.objects.count() == 1


@pytest.mark.req("T2", "T4", "T5")
def test_a_name_is_served_once_all_was_found(host: PageHost, eu: Page, now: datetime) -> None:
    revision = catalogue.page().revision

    assert domains.note_look(host=host, findings=findings(Found.FOUND), now=now)

    assert (host.is_active, host.verified_at, host.checked_at) == (True, now, now)
    assert host_map.current().hosts[NAME].page_id == eu.pk
    assert host_map.current().slugs["eu"].page_id == eu.pk, "the default address goes on"
    assert catalogue.page().revision > revision


@pytest.mark.req("T2", "T3")
@pytest.mark.parametrize("missing", [f for f in Found if f is not Found.FOUND])
def test_anything_less_is_refused_and_can_be_tried_again(
    host: PageHost, now: datetime, missing: Found
) -> None:
    for attempt in range(30):
        at = now + timedelta(seconds=attempt)
        assert not domains.note_look(host=host, findings=findings(Found.FOUND, missing), now=at)
    assert (host.is_active, host.checked_at) == (False, at)
    assert host.findings[1]["state"] == missing.value

    assert domains.note_look(host=host, findings=findings(Found.FOUND), now=now)
    assert host.is_active


@pytest.mark.req("A9")
def test_new_names_are_accepted_at_a_pace(eu: Page, now: datetime) -> None:
    for number in range(domains.NEW_PER_HOUR):
        each = domains.add(page=eu, text=f"s{number}.acme.com", now=now)
        domains.note_look(host=each, findings=findings(Found.FOUND), now=now)
    last = domains.add(page=eu, text=NAME, now=now)

    with pytest.raises(ValidationError, match="in an hour"):
        domains.note_look(host=last, findings=findings(Found.FOUND), now=now)
    last.refresh_from_db()
    assert not last.is_active
    assert domains.note_look(
        host=last, findings=findings(Found.FOUND), now=now + timedelta(hours=1)
    )


@pytest.mark.req("G4")
def test_a_name_without_records_is_switched_off_after_seven_days(
    served: PageHost, now: datetime
) -> None:
    owner = build.operator(email="ada@acme.example")
    lost = now + timedelta(days=7)

    domains.note_look(host=served, findings=findings(Found.FOUND, Found.WRONG), now=lost)
    assert (served.is_active, served.failing_since) == (True, lost)
    domains.note_look(
        host=served, findings=findings(Found.MISSING), now=lost + timedelta(days=6, hours=23)
    )
    assert served.is_active
    domains.note_look(host=served, findings=findings(Found.MISSING), now=lost + timedelta(days=7))

    assert not served.is_active
    assert host_map.current().hosts == {}
    told = Delivery.objects.filter(address=owner.email).order_by("id")
    subjects = [delivery.message["subject"] for delivery in told]
    assert subjects == [f"{NAME}: DNS records are missing", f"{NAME} is switched off"]


def test_a_name_that_is_back_is_well_again(served: PageHost, now: datetime) -> None:
    domains.note_look(host=served, findings=findings(Found.MISSING), now=now + timedelta(days=7))
    domains.note_look(host=served, findings=findings(Found.FOUND), now=now + timedelta(days=8))

    assert (served.is_active, served.failing_since, served.verified_at) == (True, None, now)


def test_names_are_looked_at_every_week_and_failing_ones_every_day(
    served: PageHost, now: datetime
) -> None:
    assert domains.due(now=now + timedelta(days=6)) == []
    week = now + timedelta(days=7)
    assert domains.due(now=week) == [served]
    domains.note_look(host=served, findings=findings(Found.MISSING), now=week)
    assert domains.due(now=week + timedelta(hours=23)) == []
    assert domains.due(now=week + timedelta(days=1)) == [served]


@pytest.mark.req("G4")
def test_a_released_name_is_held_for_its_page(
    served: PageHost, eu: Page, us: Page, now: datetime
) -> None:
    before = served.challenge
    domains.release(host=served, now=now)
    assert host_map.current().hosts == {}

    assert "is kept for that page until 2026-12-19" in refusal(page=us, text=NAME, now=now)
    again = domains.add(page=eu, text=NAME, now=now)
    assert (again.is_active, again.released_at, again.findings) == (False, None, [])
    assert again.challenge != before

    domains.release(host=again, now=now)
    domains.forget_released(now=now + timedelta(days=29))
    assert "is kept" in refusal(page=us, text=NAME, now=now + timedelta(days=29))
    domains.forget_released(now=now + timedelta(days=30))
    assert domains.add(page=us, text=NAME, now=now + timedelta(days=30)).page == us


@pytest.mark.req("G4")
def test_the_name_of_a_removed_page_is_held_too(
    served: PageHost, eu: Page, us: Page, now: datetime
) -> None:
    pages.remove(page=eu)

    assert "is kept" in refusal(page=us, text=NAME, now=now)
    assert domains.forget_released(now=now) == 0
    assert "is kept" in refusal(page=us, text=NAME, now=now + timedelta(days=29))
    assert domains.forget_released(now=now + timedelta(days=30)) == 1


@pytest.mark.req("T4", "T5")
def test_links_use_a_name_from_its_first_certificate_on(
    eu: Page, now: datetime, settings: Any
) -> None:
    settings.CANDOR_ORIGIN = "https://status.ours.test"
    until = now + timedelta(days=90)
    host = domains.add(page=eu, text=NAME, now=now)
    domains.note_look(host=host, findings=findings(Found.FOUND), now=now)
    assert page_addresses.canonical(eu).home == "https://status.ours.test/s/eu/"

    domains.note_certificate(host=host, until=until)
    assert page_addresses.canonical(eu).home == f"https://{NAME}/"

    domains.set_primary(host=host, is_primary=False)
    domains.note_certificate(host=host, until=until + timedelta(days=60))
    assert page_addresses.canonical(eu).home == "https://status.ours.test/s/eu/"


def test_one_name_a_page_is_in_its_links(eu: Page, now: datetime) -> None:
    one, two = (domains.add(page=eu, text=f"{n}.acme.com", now=now) for n in ("one", "two"))
    for host in (one, two):
        domains.note_look(host=host, findings=findings(Found.FOUND), now=now)
    assert [host.is_primary for host in (one, two)] == [True, False]

    domains.set_primary(host=two, is_primary=True)
    one.refresh_from_db()
    assert [host.is_primary for host in (one, two)] == [False, True]


def test_a_name_that_was_released_meanwhile_does_not_come_back(
    host: PageHost, now: datetime
) -> None:
    domains.release(host=PageHost.objects.get(pk=host.pk), now=now)
    domains.note_look(host=host, findings=findings(Found.FOUND), now=now)
    assert not host.is_active
