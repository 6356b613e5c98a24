"""What stands on the pages, in markup that works without script and without sight."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.conf import settings

from components.models import Component
from components.status import Status
from public_pages import reading
from public_pages.rendering import Pages
from tests import build
from tests.public_pages import world

pytestmark = pytest.mark.django_db


def home(now: datetime) -> str:
    return Pages(reading.page(now=now)).home()["index.html"].decode()


def read(folder: Path, name: str = "index.html") -> str:
    """A page as it was published."""
    return (folder / name).read_text(encoding="utf-8")


def component_pages(component: Component, now: datetime) -> Mapping[str, str]:
    page = reading.page(now=now)
    view = next(member for member in page.components if member.id == component.id)
    detail = reading.details(component_ids=[view.id], now=now)[view.id]
    files = Pages(page).component(view, detail)
    return {name: body.decode() for name, body in files.items()}


def component_page(component: Component, now: datetime) -> str:
    return component_pages(component, now)[f"components/{component.slug}.html"]


class Balance(HTMLParser):
    """Checks that every element is closed, and collects ids."""

    VOID = {"meta", "link", "input", "br"}
    SELF_CLOSING = {"path", "rect", "circle", "use"}

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in self.SELF_CLOSING

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_markup_is_balanced_and_ids_are_unique(outage_day: Path) -> None:
    parts = ("", "/7d", "/30d", "/90d")

    for name in ("index", "live", *(f"components/checkout{part}" for part in parts)):
        parser = Balance()
        parser.feed(read(outage_day, f"{name}.html"))
        assert parser.open == []
        assert len(parser.ids) == len(set(parser.ids))


@pytest.mark.req("A9", "B8")
def test_the_home_page_shows_state_groups_components_uptime_and_history(outage_day: Path) -> None:
    page = read(outage_day)

    assert "<title>Partial outage – Acme Status</title>" in page
    assert 'href="/favicon-pa.svg"' in page
    assert re.search(r'<h1 id="h">Partial outage</h1>', page)
    assert "The other 11 components are operational." in page
    assert page.index("Storefront") < page.index("Platform") < page.index("Edge network")
    assert re.search(r'href="/components/checkout">Checkout</a>', page)
    assert "99.93%" in page
    assert page.count('class="bars d90"') == 9
    assert 'class="m" data-t="9 Sep · Major outage, 13 min"' in page
    assert "Past 90 days: 3 days with problems, most recently 19 Nov" in page
    assert "Data as of <time" in page
    assert 'datetime="2026-11-19T14:32Z">19 Nov 2026, 14:32 UTC</time>' in page


@pytest.mark.req("B3", "E3")
def test_every_component_with_several_replicas_shows_its_numbered_boxes(outage_day: Path) -> None:
    page = read(outage_day)

    for slug, count in (("website", 2), ("checkout", 5), ("frankfurt", 3), ("singapore", 2)):
        block = page.partition(f'id="boxes-{slug}"')[2].partition("</li>")[0]
        assert block.count('class="box"') == count
    checkout = page.partition('id="boxes-checkout"')[2].partition("</li>")[0]
    assert "US card gateway" in checkout
    # Never colour alone: number, icon and word.
    assert re.search(
        r'<span class="box" data-s="ma" title="Replica 2: dead">2<svg[^>]*>'
        r'<use href="#i-ma"/></svg><span class="vh"> dead</span></span>',
        checkout,
    )


def test_the_box_of_a_lone_replica_would_only_repeat_the_status(now: datetime) -> None:
    component = world.watched(now=now)

    assert f"boxes-{component.slug}" not in home(now)
    assert f"boxes-{component.slug}" in component_page(component, now)


def test_a_status_is_an_outline_and_a_word(outage_day: Path) -> None:
    page = read(outage_day)

    states = re.findall(r'<span class="st[^"]*" data-s="(\w\w)"[^>]*>(.*?)</span>', page)

    assert len(states) == 15 + 1
    for code, inside in states:
        assert f'href="#i-{code}"' in inside
        assert re.sub("<[^>]+>", "", inside).strip()


@pytest.mark.req("B8")
def test_a_compact_group_is_closed_while_all_is_well_and_open_with_trouble(now: datetime) -> None:
    group = build.group(name="Edge", is_collapsed=True)
    component = world.watched(now=now, group=group, healths=["healthy", "healthy"])
    assert '<details class="sheet group">' in home(now)

    world.said(component, Status.DEGRADED_PERFORMANCE, now)

    assert '<details class="sheet group" open>' in home(now)


def test_a_group_of_seven_is_compact_and_one_of_six_is_not(now: datetime) -> None:
    six, seven = build.group(name="Six"), build.group(name="Seven", position=1)
    for group, count in ((six, 6), (seven, 7)):
        for _ in range(count):
            world.watched(now=now, group=group)

    page = home(now)

    assert page.count("<details") == 1
    assert page.partition("<details")[2].partition("</h3>")[0].endswith("Seven")


def test_components_without_a_group_need_no_heading(now: datetime) -> None:
    for _ in range(8):
        world.watched(now=now)

    page = home(now)

    assert "<details" not in page
    assert "ghead" not in page
    assert page.count('class="bars d90"') == 8


def test_a_new_component_is_not_green_before_it_was_checked(now: datetime) -> None:
    component = build.component(created_at=now)
    build.replica(node=build.node(component=component), fresh_until=now + timedelta(minutes=3))

    page = home(now)

    assert "Not monitored yet" in page
    assert "The first checks have not finished yet." in page
    assert "Operational" not in page


def test_silent_monitoring_is_said_in_the_headline_and_in_each_row(now: datetime) -> None:
    component = world.watched(now=now, healths=[None])
    world.said(component, Status.UNKNOWN, now)

    page = home(now)

    assert "We cannot confirm the current status" in page
    assert "Our monitoring has not reported since 19 Nov 2026, 14:31 UTC." in page
    assert "No recent data" in page
    assert "<title>Status unknown – Status</title>" in page


def test_days_with_a_gap_have_a_grey_foot_and_days_before_monitoring_a_stub(
    now: datetime,
) -> None:
    component = build.component(created_at=now - timedelta(days=3))
    world.change(component, Status.UNKNOWN, now - timedelta(days=1, hours=2))
    world.change(component, Status.OPERATIONAL, now - timedelta(days=1, hours=1))

    page = home(now)

    assert '<i class="n" data-t="15 Nov · Not monitored yet">' in page
    assert '<i class="u" data-t="18 Nov · No downtime · 1 h 00 min without data">' in page
    assert '<i data-t="17 Nov · No downtime">' in page


def test_times_days_and_bars_are_cut_in_the_zone_of_the_page(now: datetime) -> None:
    world.main_page(time_zone="Asia/Tokyo")
    component = build.component(created_at=now - timedelta(days=9))
    # 23:30 UTC on the 17th is the 18th in Tokyo.
    began = datetime(2026, 11, 17, 23, 30, tzinfo=now.tzinfo)
    world.change(component, Status.MAJOR_OUTAGE, began)
    world.change(component, Status.OPERATIONAL, began + timedelta(minutes=10))

    page = home(now)

    assert '<i class="m" data-t="18 Nov · Major outage, 10 min">' in page
    assert "19 Nov 2026, 23:32 JST" in page


@pytest.mark.req("A9")
def test_the_component_page_shows_every_figure_with_its_minutes_and_its_rule(
    outage_day: Path,
) -> None:
    page = read(outage_day, "components/checkout.html")

    assert "<title>Checkout: Partial outage – Acme Status</title>" in page
    for words in (
        "<dt>24 hours</dt><dd>98.12%<small>27 min down</small>",
        "<dt>90 days</dt><dd>99.93%<small>1 h 22 min down</small>",
        "<dt>12 months</dt>",
        "Partial outage since <time",
        "Minutes in major outage or partial outage count as down.",
        "82 were down",
    ):
        assert words in page
    days = re.findall(r'<th scope="row"><time datetime="([\d-]+)">', page)
    assert days == ["2026-11-19", "2026-10-30", "2026-09-09"]


def test_a_hole_in_the_measurements_is_a_hole_in_the_line_and_said_in_words(
    outage_day: Path,
) -> None:
    page = read(outage_day, "components/checkout.html")

    line = re.search(r'<path class="p50" d="([^"]+)"', page)
    assert line is not None
    assert line[1].count("M") == 2
    assert "3 of 96 points have no measurement." in page
    assert "· no measurement" in page


def test_each_range_has_its_own_page_and_links_to_the_others(outage_day: Path) -> None:
    names = [f"components/checkout{part}.html" for part in ("", "/7d", "/30d", "/90d")]

    pages = {name: read(outage_day, name) for name in names}

    found = {path.relative_to(outage_day) for path in outage_day.rglob("checkout*/*.html")}
    assert {"components/checkout.html", *map(str, found)} == set(names)
    for page in pages.values():
        assert 'href="/components/checkout"' in page
        assert page.count('aria-current="true"') == 1
    assert (
        '<input type="hidden" name="next" value="/components/checkout/7d">'
        in (pages["components/checkout/7d.html"])
    )


def test_without_monitoring_or_without_measurements_the_chart_says_why_there_is_none(
    now: datetime,
) -> None:
    by_hand, waiting = build.component(), world.watched(now=now)

    assert "no response-time measurement. Its status is set by hand." in component_page(
        by_hand, now
    )
    assert "No response times were measured in this period." in component_page(waiting, now)


def test_addresses_are_shown_only_where_the_operator_shows_them(now: datetime) -> None:
    closed = world.watched(now=now, healths=["healthy"] * 2)
    opened = world.watched(now=now, healths=["healthy"] * 2, shows_addresses=True)

    shown = unquote(component_page(closed, now)).replace(settings.CANDOR_ORIGIN, "")
    assert "127.0.0.1" not in shown
    assert "tcp://127.0.0.1:" in component_page(opened, now)


# ---- live refresh ------------------------------------------------------------------------------


def test_live_refresh_finds_everything_it_swaps_on_the_home_page(outage_day: Path) -> None:
    page, fragment = read(outage_day), read(outage_day, "live.html")

    swapped = re.findall(r'id="([\w-]+)"[^>]*hx-swap-oob="true"', fragment)

    assert {"now", "asof", "stale", "st-checkout", "boxes-checkout", "group-3"} <= set(swapped)
    for ident in swapped:
        assert f'id="{ident}"' in page
    assert "<title>Partial outage – Acme Status</title>" in fragment


def test_what_live_refresh_swaps_is_what_the_home_page_holds(outage_day: Path) -> None:
    page, fragment = read(outage_day), read(outage_day, "live.html")

    for ident in ("st-checkout", "boxes-checkout", "boxes-website", "group-3", "asof"):
        pattern = rf'<(\w+)([^>]*) id="{ident}"( hx-swap-oob="true")?>(.*?)</\1>(?=<|\s)'
        on_page, in_fragment = (re.search(pattern, text, re.DOTALL) for text in (page, fragment))
        assert on_page is not None
        assert in_fragment is not None
        assert (on_page[2], on_page[4]) == (in_fragment[2], in_fragment[4])


def test_the_shape_changes_when_something_comes_or_goes_and_not_when_it_dies(
    now: datetime,
) -> None:
    def shape() -> str:
        found = re.search(r'data-shape="(\w+)"', home(now))
        assert found is not None
        return found[1]

    component = world.watched(now=now, healths=["healthy", "healthy"])
    first = shape()
    world.said(component, Status.MAJOR_OUTAGE, now)
    assert shape() == first

    build.replica(node=component.nodes.get(), position=5)
    assert shape() != first
