"""The console's screens of maintenance in a real Chromium."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from components.models import Component
from components.status import Status
from incidents import due_steps, maintenance_series
from incidents import maintenance as work
from incidents.models import Maintenance
from incidents.windows import State
from tests import build
from tests.browsing import OpenPage, check_screen

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HOUR = timedelta(hours=1)


def world() -> tuple[Maintenance, Maintenance]:
    """A window that runs longer than planned, and the first one of a series that is to come."""
    now = timezone.now()
    component = build.component(name="Reports and exports")
    running = work.begin(
        plan=build.plan(
            components=[component], title="Storage migration for exports", auto_finish=False
        ),
        notify=True,
        now=now - HOUR - timedelta(minutes=20),
    )
    work.post_update(
        maintenance=running, state=State.VERIFICATION, text="We **check**.", notify=True, now=now
    )
    series = maintenance_series.schedule(
        plan=build.plan(now=now, components=[component], title="Disk swap", zone="Europe/Paris"),
        rule="FREQ=WEEKLY",
        notify=True,
        now=now,
    )
    coming = series.occurrences.order_by("starts_at").first()
    assert coming is not None
    return running, coming


@pytest.mark.req("K6")
def test_the_screens_of_maintenance_are_fit_to_use(open_page: OpenPage) -> None:
    running, coming = world()
    page = open_page()

    for address in (
        "/admin/maintenance/",
        f"/admin/maintenance/{running.public_id}/",
        f"/admin/maintenance/{coming.public_id}/change/",
        f"/admin/maintenance/{coming.public_id}/cancel/",
    ):
        check_screen(page, address)


@pytest.mark.req("K1", "K4", "K6")
def test_the_next_windows_follow_what_is_typed_and_start_and_end_by_themselves(
    open_page: OpenPage,
) -> None:
    component = build.component(name="Reports and exports")
    page = open_page()
    page.goto("/admin/maintenance/add/")
    starts = page.locator("#preview tbody tr")
    expect(starts).to_have_count(1)

    page.get_by_label("Repeats").select_option("daily")
    expect(starts).to_have_count(10)
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    expect(starts.first).to_contain_text("JST")
    page.get_by_label("Title").fill("Disk swap")
    page.get_by_label("Reports and exports").check()
    page.get_by_role("button", name="Plan maintenance").click()
    expect(page.get_by_role("heading", name="Disk swap")).to_be_visible()
    assert Maintenance.objects.count() == maintenance_series.HORIZON

    row = Maintenance.objects.earliest("starts_at")
    due_steps.take(now=row.starts_at)
    page.goto(f"/admin/maintenance/{row.public_id}/")
    expect(page.locator(".counts")).to_contain_text("In progress")
    component.refresh_from_db()
    assert component.shown_status == Status.UNDER_MAINTENANCE
    due_steps.take(now=row.ends_at)
    page.reload()
    expect(page.locator(".counts")).to_contain_text("Completed")
    assert Component.objects.get().shown_status == Status.OPERATIONAL


@pytest.mark.req("K6")
def test_it_is_planned_without_scripts(open_page: OpenPage) -> None:
    build.component(name="Reports and exports")
    page = open_page(java_script_enabled=False)
    page.goto("/admin/maintenance/add/")
    page.get_by_label("Repeats").select_option("daily")
    page.get_by_role("button", name="Preview").last.click()
    expect(page.locator("#preview tbody tr")).to_have_count(10)

    page.get_by_label("Title").fill("Disk swap")
    page.get_by_label("Reports and exports").check()
    page.get_by_role("button", name="Plan maintenance").click()

    expect(page.get_by_role("heading", name="Disk swap")).to_be_visible()
