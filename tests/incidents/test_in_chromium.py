"""The composers in a real browser: what the scripts add, and that the screens are fit to use."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from components import claims
from components.claims import Claim
from components.status import Source, Status
from incidents import postmortems, publishing
from incidents.lifecycle import State
from incidents.models import EventTemplate, Incident
from tests import build
from tests.browsing import OpenPage, check_screen

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.req("I1", "L2", "AMB-7")
def test_a_report_is_written_from_a_template_with_a_preview_and_saves_itself(
    open_page: OpenPage,
) -> None:
    search, blog = build.component(name="Search"), build.component(name="Blog")
    EventTemplate.objects.create(
        name="Slow", title="{component} is slow", text="Since **now**.", created_at=timezone.now()
    )
    build.subscriber(components=[search])
    page = open_page()
    page.goto("/admin/incidents/report/")
    preview = page.locator("#preview")

    # Saying what a component becomes ticks it, and the preview follows.
    page.get_by_label("Search becomes").select_option("Major outage")
    expect(page.get_by_role("checkbox", name="Search")).to_be_checked()
    expect(preview.get_by_text("Major outage").first).to_be_attached()
    expect(page.get_by_role("button", name="Publish and notify 1")).to_be_visible()

    page.get_by_label("Template").select_option("Slow")
    page.get_by_role("button", name="Use").click()
    expect(page.get_by_label("Title")).to_have_value("Search is slow")
    expect(preview.locator("strong", has_text="now").first).to_be_visible()
    expect(page.get_by_role("checkbox", name="Search")).to_be_checked()

    # Enter in a field shows the form again; it neither publishes nor overwrites.
    page.get_by_label("Title").fill("Search answers late")
    page.get_by_label("Template").select_option("Slow")
    with page.expect_event("load"):
        page.get_by_label("Title").press("Enter")
    expect(page.get_by_label("Title")).to_have_value("Search answers late")
    assert not Incident.objects.public().exists()

    page.get_by_label("Message").press_sequentially(" We look.")
    expect(page.get_by_text("Draft saved")).to_be_visible()
    page.get_by_text("SMS", exact=True).first.click()
    expect(preview.get_by_text("characters, 1 part")).to_be_visible()

    page.get_by_role("button", name="Publish").click()
    page.wait_for_url("**/admin/incidents/*/")
    incident = Incident.objects.get()
    assert incident.is_open
    assert incident.title == "Search answers late"
    search.refresh_from_db()
    blog.refresh_from_db()
    assert (search.shown_status, blog.shown_status) == (Status.MAJOR_OUTAGE, Status.OPERATIONAL)
    assert page.evaluate("window.violations") == []


@pytest.mark.req("A12", "A13")
def test_the_screens_of_incidents_are_fit_to_use(open_page: OpenPage) -> None:
    now = timezone.now()
    sick = build.component(name="Search", group=build.group(name="Tools"))
    claim = Claim(component_id=sick.id, status=Status.PARTIAL_OUTAGE, at=now)
    claims.set_claims(source=Source.MONITOR, reference="monitors", claims=[claim], now=now)
    incident = build.incident(
        components={sick: None}, now=now, next_update_by=now + timedelta(minutes=5)
    )
    over = build.incident(title="Over")
    publishing.post_update(
        incident=over, state=State.RESOLVED, text="x", notify=False, now=build.LONG_AGO
    )
    over.refresh_from_db()
    postmortems.save_draft(
        incident=over,
        writing=postmortems.Writing(
            title="What happened",
            summary="Short.",
            entries=postmortems.suggested_entries(incident=over),
            actions=[postmortems.Action(text="Watch it")],
        ),
        now=now,
    )
    page = open_page()
    for address in (
        "/admin/incidents/report/",
        f"/admin/incidents/{incident.public_id}/",
        f"/admin/incidents/{over.public_id}/postmortem/",
    ):
        check_screen(page, address)
    # The last one is open: a row comes and goes without the page being loaded again.
    page.evaluate("window.stays = true")
    page.get_by_role("button", name="Add action").click()
    expect(page.get_by_label("What we change of line 2")).to_be_visible()
    page.get_by_role("button", name="Remove line 1 of the actions").click()
    expect(page.get_by_label("What we change of line 2")).to_have_count(0)
    assert page.evaluate("window.stays") is True
