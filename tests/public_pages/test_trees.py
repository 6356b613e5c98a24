"""A folder for every sub-page: its own part of the world, written when that changed, and nothing else."""

import gzip
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # the package has no types
import pytest
from django.test import RequestFactory
from pytest_django import Settings

from common import host_names
from components import catalogue, claims, pages
from components.models import Component, Page, PageHost, PageKind
from components.status import Status
from incidents import publishing
from incidents.lifecycle import State
from incidents.models import Announcement, Incident, IncidentUpdate
from public_pages import reading, views
from public_pages.hosts import HostFile
from public_pages.hosts import State as Answers
from public_pages.publishing import Publisher
from tests import build, counting
from tests.public_pages import happened, world
from tests.public_pages.conftest import NOW, Once
from tests.public_pages.world import Site

pytestmark = pytest.mark.django_db

TICK, MINUTE, DAY = timedelta(milliseconds=250), timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return tmp_path / "published"


def publish(published: Path, now: datetime) -> Publisher:
    """Publish everything there is."""
    publisher = world.publish(published, now=now)
    settle(publisher, now)
    return publisher


def settle(publisher: Publisher, now: datetime) -> None:
    assert publisher.publish_if_due(now=now)
    while publisher.is_behind:
        assert publisher.publish_if_due(now=now)


def below(published: Path, page: Page) -> Path:
    return published / "pages" / str(page.pk)


def texts(folder: Path) -> Mapping[str, str]:
    """Every file below a folder, compressed ones unpacked."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            body = path.read_bytes()
            if path.suffix == ".gz":
                body = gzip.decompress(body)
            elif path.suffix == ".br":
                body = brotli.decompress(body)
            found[path.relative_to(folder).as_posix()] = body.decode(errors="replace")
    return found


def versions(folder: Path) -> Mapping[str, int]:
    """What tells a file that was written from one that was not."""
    return {
        path.relative_to(folder).as_posix(): path.stat().st_ino
        for path in folder.rglob("*")
        if path.is_file()
    }


def two(now: datetime) -> tuple[Component, Component, Page, Page]:
    """Two components, each on a page of its own."""
    mine = build.component(name="MineMarker", slug="mine-slug", description="MineMarker words")
    other = build.component(name="OtherMarker", slug="other-slug", description="OtherMarker words")
    eu = build.page(components=[mine], name="EU status", slug="eu", now=now)
    us = build.page(components=[other], name="USMarker status", slug="us", now=now)
    return mine, other, eu, us


@dataclass(frozen=True)
class Several:
    """A published folder of pages of every kind, and their rows."""

    folder: Path
    eu: Page
    tokyo: Page
    acme: Page


def _several() -> tuple[Page, Page, Page]:
    mine, other, eu, _ = two(NOW)
    tokyo = build.page(components=[mine], slug="jp", time_zone="Asia/Tokyo", now=NOW)
    acme = build.page(components=[mine, other], kind=PageKind.CUSTOMER, name="AcmeMarker", now=NOW)
    return eu, tokyo, acme


@pytest.fixture
def several(once: Once) -> Several:
    """Two pages of a component each, one in Tokyo, one of a customer; not to be written to."""
    folder, rows = once.both(_several)
    return Several(folder, *rows)


def only_for(page: Page, incident: Incident, text: str, at: datetime) -> None:
    IncidentUpdate.objects.create(
        incident=incident,
        state=incident.state,
        text=text,
        html=f"<p>{text}</p>",
        at=at,
        created_at=at,
        audience=page,
    )
    Incident.objects.filter(pk=incident.pk).update(page_revision=catalogue.next_revision())


@pytest.mark.req("R3")
@pytest.mark.req("A9")
@pytest.mark.req("A10")
def test_a_page_tells_its_own_part_in_every_file_and_nothing_of_others(
    published: Path, now: datetime
) -> None:
    mine, other, eu, us = two(now)
    acme = build.page(components=[mine, other], kind=PageKind.CUSTOMER, name="AcmeMarker")
    both = happened.told(
        {now - DAY: (State.INVESTIGATING, "Shared words.")},
        title="Shared trouble",
        components={mine: Status.DEGRADED_PERFORMANCE, other: Status.MAJOR_OUTAGE},
    )
    happened.told(
        {now - DAY: (State.INVESTIGATING, "OtherMarker words.")},
        title="OtherMarker trouble",
        components={other: Status.MAJOR_OUTAGE},
    )
    only_for(us, both, "USMarker only", now - MINUTE)
    only_for(acme, both, "AcmeMarker only", now - MINUTE)
    only_for(eu, both, "For EU alone", now - MINUTE)
    build.maintenance(now=now, title="OtherMarker work", components=[other])
    build.maintenance(now=now, title="Work on mine", components=[mine])
    note = Announcement.objects.create(
        title="USMarker note", text="USMarker", starts_at=now - DAY, created_at=now
    )
    note.pages.add(us)

    publish(published, now)

    files = texts(below(published, eu))
    for name, text in files.items():
        for marker in ("OtherMarker", "other-slug", "USMarker", "AcmeMarker", str(acme.address)):
            assert marker not in text, (name, marker)
            assert marker not in name
    for name in (
        "index.html",
        "live.html",
        "404.html",
        "500.html",
        "503.html",
        "status.json",
        "status/report",
        "badge/color.svg",
        "history.rss",
        "history.atom",
        "maintenance.ics",
        "maintenance.html",
        "history/index.html",
        "components/mine-slug.html",
        "components/mine-slug/7d.html",
        "components/mine-slug.rss",
        "components/mine-slug.ics",
        f"incidents/{both.public_id}.html",
    ):
        assert f"{name}" in files
    assert "MineMarker" in files["index.html"]
    assert "For EU alone" in files["index.html"]
    assert "For EU alone" in files["history.rss"]
    incident = files[f"incidents/{both.public_id}.html"]
    assert "For EU alone" in incident
    assert "Degraded" in incident
    assert "Major outage" not in incident
    assert "Work on mine" in files["maintenance.ics"]
    assert json.loads(files["status.json"])["incidents"][0]["impact"] == "degraded_performance"


def test_the_main_page_is_told_what_is_for_everybody(published: Path, now: datetime) -> None:
    mine, _, eu, _ = two(now)
    incident = happened.told(
        {now - DAY: (State.INVESTIGATING, "For all.")}, components={mine: Status.MAJOR_OUTAGE}
    )
    only_for(eu, incident, "EUMarker", now - MINUTE)

    publish(published, now)

    shutil.rmtree(published / "pages")
    assert all("EUMarker" not in text for text in texts(published).values())
    assert "For all." in (published / "index.html").read_text("utf-8")


def test_nothing_of_a_customer_page_is_ever_on_disk(several: Several) -> None:
    """Reliability B4."""
    acme = several.acme

    assert not below(several.folder, acme).exists()
    for name, text in texts(several.folder).items():
        assert "AcmeMarker" not in text, name
        assert str(acme.address) not in text, name
        assert str(acme.pk) not in text, name


def test_links_begin_with_the_path_of_the_page_and_absolute_ones_are_its_own(
    several: Several,
) -> None:
    published, eu = several.folder, several.eu

    home = (below(published, eu) / "index.html").read_text("utf-8")
    assert 'href="/s/eu/components/mine-slug"' in home
    assert 'hx-get="/s/eu/live"' in home
    assert 'name="next" value="/s/eu/"' in home
    assert 'href="/history"' not in home
    status = json.loads((below(published, eu) / "status.json").read_text("utf-8"))
    assert status["page"]["url"] == "http://127.0.0.1:8000/s/eu"
    feed = (below(published, eu) / "history.atom").read_text("utf-8")
    assert 'href="http://127.0.0.1:8000/s/eu/history.atom"' in feed
    assert f"2005:Page/{eu.pk}/" in feed


def test_its_links_lead_on_under_every_name_of_the_page(published: Path, now: datetime) -> None:
    _, _, eu, _ = two(now)
    PageHost.objects.create(
        page=eu, name="status.eu.example", is_active=True, created_at=now, challenge="x"
    )
    publish(published, now)
    site = Site(published, now, hosts=["main.example"])

    for host, home in (("main.example", "/s/eu/"), ("status.eu.example", "/")):
        assert "MineMarker" in site.get(home, host=host).text
        assert "MineMarker" in site.get("/s/eu/components/mine-slug", host=host).text
    assert site.get("/s/us/", host="status.eu.example").status == 404
    status = json.loads(site.get("/s/eu/status.json", host="main.example").body)
    assert status["page"]["url"] == "http://status.eu.example:8000"


def test_django_answers_errors_in_the_style_of_the_page_that_was_asked(
    several: Several, settings: Settings, rf: RequestFactory
) -> None:
    settings.PUBLISHED_DIR = several.folder
    eu, acme = several.eu, several.acme

    def missing(page_id: int) -> str:
        request = rf.get("/subscribe/x")
        request.META[host_names.PAGE_KEY] = page_id
        return views.not_found(request, Exception()).content.decode()

    assert 'href="/s/eu/"' in missing(eu.pk)
    assert "/s/eu/" not in missing(1)
    assert missing(acme.pk) == missing(1)


def test_below_the_service_domain_a_page_is_the_root_of_its_host(
    published: Path, now: datetime, settings: Settings
) -> None:
    settings.CANDOR_SERVICE_DOMAIN = "status.example.com"
    _, _, eu, _ = two(now)

    publish(published, now)

    assert 'href="/components/mine-slug"' in (below(published, eu) / "index.html").read_text(
        "utf-8"
    )
    hosts = HostFile(published).read().hosts
    assert hosts["eu.status.example.com"].page_id == eu.pk


def test_days_are_those_of_the_page_s_own_zone(several: Several) -> None:
    at_home = (several.folder / "index.html").read_text("utf-8")

    assert "23:32" in (below(several.folder, several.tokyo) / "index.html").read_text("utf-8")
    assert "14:32" in at_home


def test_one_component_changed_writes_only_the_pages_that_show_it(
    published: Path, now: datetime
) -> None:
    mine, _, eu, us = two(now)
    publisher = publish(published, now)
    before_eu, before_us = versions(below(published, eu)), versions(below(published, us))

    claims.hold_by_hand(component=mine, held=Status.MAJOR_OUTAGE, now=now + TICK)
    settle(publisher, now + TICK)

    assert "Major outage" in (below(published, eu) / "index.html").read_text("utf-8")
    assert versions(below(published, eu))["index.html"] != before_eu["index.html"]
    assert versions(below(published, us)) == before_us


def test_an_event_is_written_on_the_pages_that_show_it_alone(
    published: Path, now: datetime
) -> None:
    mine, _, eu, us = two(now)
    publisher = publish(published, now)
    before = versions(below(published, us))

    incident = happened.told(
        {now + TICK: (State.INVESTIGATING, "We look.")}, components={mine: Status.MAJOR_OUTAGE}
    )
    settle(publisher, now + TICK)
    assert (below(published, eu) / f"incidents/{incident.public_id}.html").exists()

    publishing.delete_incident(incident=incident, now=now + 2 * TICK)
    settle(publisher, now + 2 * TICK)

    assert not (below(published, eu) / f"incidents/{incident.public_id}.html").exists()
    assert (below(published, eu) / f"withdrawn/{incident.public_id}.html").exists()
    assert versions(below(published, us)) == before


def test_a_page_on_which_nothing_changed_says_that_it_still_holds(
    published: Path, now: datetime
) -> None:
    """The front warns of a file that is older than three minutes."""
    _, _, eu, _ = two(now)
    publisher = publish(published, now)
    before = versions(below(published, eu))
    later = now + MINUTE

    settle(publisher, later)

    assert versions(below(published, eu)) == before
    for name in ("index.html", "live.html", "status.json", "components/mine-slug.html"):
        assert (below(published, eu) / name).stat().st_mtime == later.timestamp()
    assert (below(published, eu) / "history.rss").stat().st_mtime == now.timestamp()


def test_what_a_page_does_not_show_any_more_is_gone_from_every_file_at_once(
    published: Path, now: datetime
) -> None:
    mine, other, eu, _ = two(now)
    pages.set_members(page=eu, component_ids=[mine.pk, other.pk])
    happened.past(
        "OtherMarker trouble",
        started_at=now - 40 * DAY,
        minutes=9,
        now=now,
        components={other: None, mine: None},
    )
    happened.past(
        "OtherMarker alone", started_at=now - 70 * DAY, minutes=9, now=now, components={other: None}
    )
    publisher = publish(published, now)
    assert any("OtherMarker alone" in text for text in texts(below(published, eu)).values())

    pages.set_members(page=eu, component_ids=[mine.pk])
    assert publisher.publish_if_due(now=now + TICK)
    names = {name for name, text in texts(below(published, eu)).items() if "other-slug" in text}
    assert not names
    settle(publisher, now + TICK)

    files = texts(below(published, eu))
    assert not any("OtherMarker alone" in text or "other-slug" in text for text in files.values())
    assert any("OtherMarker trouble" in text for text in files.values())  # it touches mine too


def test_a_retired_page_leaves_one_file_that_says_so_and_comes_back(
    published: Path, now: datetime
) -> None:
    _, _, eu, us = two(now)
    publisher = publish(published, now)

    pages.retire(page=eu, now=now)
    settle(publisher, now + TICK)
    names = {name.removesuffix(".br").removesuffix(".gz") for name in texts(below(published, eu))}
    assert names == {"gone.html"}
    assert HostFile(published).read().slugs["eu"].state is Answers.GONE
    assert (below(published, us) / "index.html").exists()

    pages.restore(page=eu)
    settle(publisher, now + 2 * TICK)
    assert "MineMarker" in (below(published, eu) / "index.html").read_text("utf-8")
    assert HostFile(published).read().slugs["eu"].state is Answers.PUBLISHED

    pages.remove(page=eu)
    settle(publisher, now + 3 * TICK)
    assert not below(published, eu).exists()
    assert "eu" not in HostFile(published).read().slugs


def test_a_folder_of_a_page_that_is_not_there_is_removed_by_a_new_publisher(
    published: Path, now: datetime
) -> None:
    stranger = published / "pages" / "12345"
    stranger.mkdir(parents=True)
    (stranger / "index.html").write_text("left")

    publish(published, now)

    assert not stranger.exists()


def test_the_warning_about_the_installation_is_on_the_main_page_alone(several: Several) -> None:
    assert (several.folder / "status/warning.json").exists()
    assert not (below(several.folder, several.eu) / "status/warning.json").exists()


def test_statements_do_not_grow_with_the_number_of_pages(published: Path, now: datetime) -> None:
    components = [build.component() for _ in range(2)]
    happened.told({now - DAY: (State.INVESTIGATING, "x")}, components={components[0]: None})
    for _ in range(2):
        build.page(components=components)
    publisher = publish(published, now)

    def made_by_a_change(at: datetime, held: Status) -> int:
        claims.hold_by_hand(component=components[0], held=held, now=at)
        with counting.statements() as made:
            settle(publisher, at)
        return len(made)

    few = made_by_a_change(now + TICK, Status.MAJOR_OUTAGE)
    for _ in range(4):
        build.page(components=components)
    settle(publisher, now + 2 * TICK)
    many = made_by_a_change(now + 3 * TICK, Status.PARTIAL_OUTAGE)
    assert many <= few + 1  # of slices


@pytest.mark.req("A1")
def test_until_it_is_named_the_page_says_that_it_is_not_set_up(
    published: Path, now: datetime
) -> None:
    publisher = Publisher(published)
    settle(publisher, now)
    assert "not set up yet" in (published / "index.html").read_text("utf-8")
    assert "Operational" not in (published / "index.html").read_text("utf-8")

    build.component(name="First")
    settle(publisher, now + TICK)
    assert "First" in (published / "index.html").read_text("utf-8")


def test_a_page_that_cannot_be_written_holds_up_no_other(
    published: Path, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    _, _, eu, us = two(now)
    (published / "pages").mkdir(parents=True)
    below(published, eu).write_text("in the way")

    publish(published, now)

    assert "OtherMarker" in (below(published, us) / "index.html").read_text("utf-8")
    assert f"page {eu.pk}" in caplog.text


def test_a_sub_page_that_shows_everything_is_like_the_main_page(now: datetime) -> None:
    build.component(name="One")
    row = build.page(shows_all=True)
    site = reading.site(row)
    assert site.shows_all
    assert site.url("/x") == f"http://127.0.0.1:8000/s/{row.slug}/x"
