"""Planned work on the running product: beat, operations and published pages together."""

from functools import partial

import pytest

from tests.stories.world import Product, wait_for

pytestmark = [pytest.mark.story, pytest.mark.xdist_group("shared product")]

# As if it had been planned two hours ago, before a stop that has just ended.
PLAN = """
from datetime import timedelta
from zoneinfo import ZoneInfo
from django.utils import timezone
from components import catalogue
from incidents import maintenance, maintenance_plans, windows
from incidents.maintenance_plans import Plan
now = timezone.now()
planned = now - timedelta(hours=2)
component = catalogue.add_component(name="Reports", slug="maintained-reports", now=planned)
for title, start, minutes in (("Disk swap", 90, 30), ("Long migration", 5, 60)):
    plan = Plan(
        title=title,
        wall_start=windows.wall_clock(now - timedelta(minutes=start), zone=ZoneInfo("UTC")),
        duration=timedelta(minutes=minutes),
        components=maintenance_plans.under_maintenance([component.id]),
    )
    row = maintenance.schedule(plan=plan, notify=True, now=planned)
    print(row.public_id)
"""


@pytest.mark.req("K1", "K6")
def test_windows_start_and_end_by_themselves_after_a_stop(shared_product: Product) -> None:
    product = shared_product
    over, running = product.shell(PLAN).split()

    def shows(path: str, words: str) -> bool:
        answer = product.get(path)
        return answer.status_code == 200 and words in answer.text

    def status() -> str:
        groups = product.json("/status.json").get("groups", [])
        members = [one for group in groups for one in group["components"]]
        return next((one["status"] for one in members if one["name"] == "Reports"), "")

    wait_for(lambda: status() == "under_maintenance", 20, product.log)
    for path, words in (
        (f"/maintenance/{over}", "as planned"),
        (f"/maintenance/{running}", "Long migration"),
        ("/maintenance", "Disk swap"),
        ("/", "Long migration"),
        ("/feed", "Long migration"),
        ("/components/maintained-reports.atom", "&lt;strong&gt;Completed&lt;/strong&gt;"),
        ("/maintenance.ics", "SUMMARY:Disk swap"),
    ):
        wait_for(partial(shows, path, words), 10, product.log)
