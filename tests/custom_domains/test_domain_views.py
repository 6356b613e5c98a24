"""The wizard of custom domains on the console, with a real DNS on loopback behind it."""

from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from accounts.roles import Role
from components import pages
from components.models import Page, PageHost, PageKind
from custom_domains import domains
from tests import build, nameserver
from tests.nameserver import NameServer

pytestmark = pytest.mark.django_db
NAME = "status.acme.test"


@pytest.fixture
def eu(now: datetime) -> Page:
    return pages.add(kind=PageKind.SUB, name="EU status", slug="eu", now=now)


@pytest.fixture
def owner() -> Client:
    client = Client()
    client.force_login(build.operator(username="ada", email="ada@acme.example"))
    return client


def take(owner: Client, page: Page, name: str = NAME) -> str:
    answer = owner.post(reverse("admin:domain_add"), {"page": page.pk, "name": name})
    assert answer.status_code == 302, answer.text
    return str(answer["Location"])


def enter(server: NameServer, host: PageHost) -> None:
    """Do what the operator does at the provider of the domain."""
    server.zone.update(
        nameserver.zone_of(
            "acme.test",
            {
                (NAME, "CNAME"): ["status.ours.test."],
                (f"_status-verify.{NAME}", "TXT"): [f'"{host.challenge}"'],
            },
        )
    )


@pytest.mark.req("T1", "T2", "T3", "T4")
def test_from_a_name_over_its_records_to_a_page(
    owner: Client, eu: Page, asks_here: NameServer
) -> None:
    asks_here.zone.update(nameserver.zone_of("acme.test", {}))
    screen = take(owner, eu)
    host = PageHost.objects.get()

    shown = owner.get(screen).text
    for expected in ("CNAME", "status.ours.test", f"_status-verify.{NAME}", host.challenge):
        assert expected in shown
    assert shown.count("data-copy=") == 4
    assert "Waiting for the DNS records" in shown

    refused = owner.post(f"{screen}verify/", follow=True).text
    assert "Not accepted yet" in refused
    assert refused.count("There is no such record yet") == 2

    asks_here.zone[NAME, "CNAME"] = ["elsewhere.test."]
    asks_here.zone[f"_status-verify.{NAME}", "TXT"] = [f'"{host.challenge}"']
    wrong = owner.post(f"{screen}verify/", follow=True).text
    assert "There is elsewhere.test, expected status.ours.test." in wrong
    assert "Waiting for the DNS records" in wrong

    enter(asks_here, host)
    accepted = owner.post(f"{screen}verify/", follow=True).text
    assert f"All records were found. The page answers at {NAME}." in accepted
    assert PageHost.objects.active().filter(name=NAME, page=eu).exists()


@pytest.mark.req("T1")
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("https://status.acme.test/", "Write the host name alone"),
        ("169.254.169.254", "This is an address"),
        ("localhost", "No public name ends like this"),
        ("status.ours.test", "belongs to the status page itself"),
        ("", "This field is required"),
    ],
)
def test_a_name_that_cannot_be_is_refused_on_the_form(
    owner: Client, eu: Page, asks_here: NameServer, name: str, why: str
) -> None:
    answer = owner.post(reverse("admin:domain_add"), {"page": eu.pk, "name": name})

    assert (answer.status_code, PageHost.objects.count()) == (200, 0)
    assert why in answer.text
    assert asks_here.asked == []


def test_a_name_of_another_alphabet_is_shown_both_ways(owner: Client, eu: Page) -> None:
    shown = owner.get(take(owner, eu, "München.example")).text
    assert "münchen.example" in shown
    assert "xn--mnchen-3ya.example" in shown


def test_addresses_are_offered_where_they_are_known(
    owner: Client, eu: Page, asks_here: NameServer, settings: object
) -> None:
    settings.PUBLIC_ADDRESSES = ["192.0.2.1", "2001:db8::1"]  # type: ignore[attr-defined]
    shown = owner.get(take(owner, eu)).text
    assert "A / AAAA" in shown
    assert "2001:db8::1" in shown


def test_an_installation_without_a_public_name_says_so(owner: Client, eu: Page) -> None:
    shown = owner.get(take(owner, eu)).text
    assert "set CANDOR_ORIGIN or CANDOR_PUBLIC_ADDRESSES" in shown


@pytest.mark.req("T5")
def test_links_can_go_back_to_the_default_address_and_the_name_be_released(
    owner: Client, eu: Page, asks_here: NameServer, now: datetime
) -> None:
    screen = take(owner, eu)
    host = PageHost.objects.get()
    enter(asks_here, host)
    owner.post(f"{screen}verify/")

    assert "use this name now" not in owner.get(screen).text
    assert f"Links to the page use {NAME} now." in (
        owner.post(f"{screen}primary/", {"on": "1"}, follow=True).text
    )
    assert "default address now" in owner.post(f"{screen}primary/", {"on": "0"}, follow=True).text

    assert "For 30 days only this page" in owner.get(f"{screen}release/").text
    released = owner.post(f"{screen}release/", follow=True).text
    assert f"The name {NAME} is released." in released
    assert "None yet." in released
    assert owner.get(screen).status_code == 404


def test_the_list_says_where_each_name_is(owner: Client, eu: Page, now: datetime) -> None:
    domains.add(page=eu, text=NAME, now=now)
    shown = owner.get(reverse("admin:domains")).text
    assert NAME in shown
    assert "EU status" in shown
    assert "Waiting for the DNS records" in shown


def test_others_look_and_change_nothing(eu: Page, now: datetime) -> None:
    host = domains.add(page=eu, text=NAME, now=now)
    viewer = Client()
    viewer.force_login(build.operator(username="vic", role=Role.VIEWER, is_superuser=False))

    assert viewer.get(reverse("admin:domain", args=[host.pk])).status_code == 200
    assert "Verify" not in viewer.get(reverse("admin:domain", args=[host.pk])).text
    assert viewer.get(reverse("admin:domain_add")).status_code == 403
    for name in ("domain_verify", "domain_primary", "domain_release"):
        assert viewer.post(reverse(f"admin:{name}", args=[host.pk])).status_code == 403
