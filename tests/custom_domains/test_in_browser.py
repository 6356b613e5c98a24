"""The wizard of custom domains in Chromium, with a DNS on loopback: from a name to a page that is served."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from components import pages
from components.models import PageHost, PageKind
from custom_domains import domains
from tests import nameserver
from tests.browsing import OpenPage, check_screen, faults
from tests.nameserver import NameServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NAME = "status.acme.test"


@pytest.mark.req("T1", "T2", "T3")
def test_an_operator_adds_a_name_and_corrects_a_record(
    open_page: OpenPage, asks_here: NameServer
) -> None:
    now = datetime.now(UTC)
    eu = pages.add(kind=PageKind.SUB, name="Acme EU", slug="eu", now=now)
    asks_here.zone.update(nameserver.zone_of("acme.test", {}))
    page = open_page()
    page.goto("/admin/domains/")
    page.get_by_role("link", name="Add custom domain").click()
    page.get_by_label("Page").select_option(label="Acme EU")
    page.get_by_label("Host name").fill(f"https://{NAME}/")
    page.get_by_role("button", name="Show the DNS records").click()
    expect(page.get_by_text("Write the host name alone")).to_be_visible()
    assert faults(page) == []
    page.get_by_label("Host name").fill(NAME)
    page.get_by_role("button", name="Show the DNS records").click()

    host = PageHost.objects.get(page=eu)
    expect(page.get_by_role("button", name=f"Copy {host.challenge}")).to_be_visible()
    asks_here.zone[f"_status-verify.{NAME}", "TXT"] = [f'"{host.challenge}"']
    asks_here.zone[NAME, "CNAME"] = ["old-provider.test."]
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(
        page.get_by_text("There is old-provider.test, expected status.ours.test.")
    ).to_be_visible()
    assert faults(page) == []

    asks_here.zone[NAME, "CNAME"] = ["status.ours.test."]
    page.get_by_role("button", name="Check again").click()
    expect(page.get_by_text(f"The page answers at {NAME}.")).to_be_visible()
    assert faults(page) == []
    domains.add(page=eu, text="münchen.acme.test", now=now)
    check_screen(page, "/admin/domains/")
    check_screen(page, f"/admin/domains/{host.pk}/release/")
