"""What a signed-in customer sees: their page and nothing else, until the very request after they may not."""

import re
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from branding import changing
from branding.changing import Look
from branding.encoded import Encoded
from catalog.models import Entry
from components import pages
from components.models import Component, Page, PageHost
from components.status import Status
from customer_pages import database_clock, readers, sessions
from customer_pages.models import CustomerSession, Reader, ReaderToken
from incidents import publishing
from incidents.lifecycle import State
from incidents.models import Incident
from public_pages import addresses, compression
from public_pages.publishing import Publisher
from tests import build
from tests.customer_pages import people

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    people.keep_the_world(settings, monkeypatch)


READ = {
    Reader.FEED: ("history.atom", "history.rss"),
    Reader.CALENDAR: ("maintenance.ics",),
    Reader.JSON: ("status.json", "api/v2/summary.json", "API/v2/Incidents/unresolved.json"),
    Reader.BADGE: ("badge/color", "badge/icon"),
}


class Two:
    """Two customers with a component each, and one they share; all with marks in every text."""

    def __init__(self) -> None:
        now = database_clock.now()
        before = now - timedelta(hours=2)
        self.month = f"{before:%Y-%m}"
        self.ours = build.component(name="ACMEONLY cluster", slug="acmeonly")
        self.theirs = build.component(name="BETAONLY cluster", slug="betaonly")
        self.shared = build.component(name="Shared API", slug="shared")
        self.acme = people.customer_page("acme", components=[self.ours, self.shared])
        self.beta = people.customer_page(
            "beta", ["beta.example"], components=[self.theirs, self.shared]
        )
        self.incident = build.incident(
            title="Slow answers",
            text="Both are slow.",
            components={
                self.ours: Status.DEGRADED_PERFORMANCE,
                self.theirs: Status.MAJOR_OUTAGE,
            },
            now=before,
        )
        self.private = build.incident(
            title="BETAONLY trouble", components={self.theirs: Status.MAJOR_OUTAGE}, now=before
        )
        self.work = build.maintenance(components=[self.ours], title="ACMEONLY work", now=now)
        self.their_work = build.maintenance(
            components=[self.theirs], title="BETAONLY work", now=now
        )
        for page, text in ((self.acme, "ACMEONLY words"), (self.beta, "BETAONLY words")):
            say(self.incident, page, text)

    @property
    def paths(self) -> list[str]:
        """Every kind of address that a page has, of its own and of the other's."""
        month = self.month
        return [
            "",
            "live",
            "status.json",
            *(f"api/v2/{name}.json" for name in addresses.V2_NAMES),
            "status/text",
            "badge/color",
            "badge/icon",
            "badge/status.svg",
            "badge/acmeonly/status.svg",
            "badge/betaonly/uptime/30d.json",
            "history",
            f"history/{month}",
            f"history/{month}/incidents",
            f"history/{month}/components/acmeonly",
            "maintenance",
            "history.rss",
            "feed",
            "history.atom",
            "maintenance.ics",
            "components/acmeonly",
            "components/betaonly",
            "components/shared",
            "components/shared/7d",
            f"incidents/{self.incident.public_id}",
            f"incidents/{self.private.public_id}",
            f"incidents/{self.private.public_id}/postmortem",
            f"maintenance/{self.work.public_id}",
            f"maintenance/{self.their_work.public_id}",
            "subscribe",
            "access",
        ]


def say(incident: Incident, page: Page, text: str) -> None:
    publishing.post_update(
        incident=incident,
        audience=page,
        notify=False,
        text=text,
        state=State.INVESTIGATING,
        now=database_clock.now(),
    )


@pytest.fixture
def two() -> Two:
    return Two()


@pytest.mark.req("R1", "R3")
def test_a_customer_sees_their_own_part_of_everything(two: Two) -> None:
    """Reliability B8."""
    client = people.signed_in(two.acme)
    found = {}
    for path in two.paths:
        answer = client.get(f"{people.base(two.acme)}/{path}")
        found[path] = answer.status_code
        assert b"BETAONLY" not in answer.content, path
        assert b"betaonly" not in answer.content, path
        assert str(two.beta.address).encode() not in answer.content, path
        assert answer["Cache-Control"] == "private, no-store", path
        assert "Domain=" not in str(answer.cookies), path
    missing = {path for path, status in found.items() if status == HTTPStatus.NOT_FOUND}
    if f"{two.work.starts_at:%Y-%m}" != two.month:  # one kind of events needs no page of its own
        missing.remove(f"history/{two.month}/incidents")
    assert missing == {
        "badge/betaonly/uptime/30d.json",
        "components/betaonly",
        f"incidents/{two.private.public_id}",
        f"incidents/{two.private.public_id}/postmortem",
        f"maintenance/{two.their_work.public_id}",
    }
    assert set(found.values()) == {HTTPStatus.OK, HTTPStatus.NOT_FOUND}
    home = client.get(f"{people.base(two.acme)}/").content.decode()
    assert "ACMEONLY cluster" in home
    assert "Signed in as ada@acme.com." in home
    event = client.get(f"{people.base(two.acme)}/incidents/{two.incident.public_id}").content
    assert b"ACMEONLY words" in event
    assert b"Both are slow." in event


def test_every_link_of_a_page_stays_on_it(two: Two) -> None:
    client = people.signed_in(two.acme)
    own = people.base(two.acme)
    allowed = (f"{own}/", "/assets/", "/favicon-", "/preferences", "#")
    for path in ("", "history", "maintenance", "components/shared", "access", "subscribe"):
        body = client.get(f"{own}/{path}").content.decode()
        for attribute in ("href", "action", "hx-get"):
            for part in body.split(f' {attribute}="')[1:]:
                link = part.partition('"')[0]
                if link and not link.startswith(("webcal:", "http:")):
                    assert link.startswith(allowed), (path, link)


@pytest.mark.req("R9")
def test_access_ends_with_the_very_next_request(two: Two) -> None:
    """Reliability B3: for every kind of answer, also those that programs read."""
    client = people.signed_in(two.acme)
    now = database_clock.now()
    own = people.base(two.acme)
    programs = [
        f"{own}/read/{readers.make(page=two.acme, mailbox='ada@acme.com', reads=kind, now=now)}/{name}"
        for kind, names in READ.items()
        for name in names[:1]
    ]
    paths = [f"{own}/{path}" for path in ("", "live", "status.json", "history.atom", "access")]
    assert {client.get(path).status_code for path in paths} == {HTTPStatus.OK}
    assert {Client().get(path).status_code for path in programs} == {HTTPStatus.OK}

    people.list_only(two.acme, "other.example", "*.acme.com")

    for path in paths:
        answer = client.get(path)
        assert answer.status_code == HTTPStatus.FORBIDDEN, path
        assert "Your access to this page has ended." in answer.content.decode()
        assert b"ACMEONLY" not in answer.content
    assert {Client().get(path).status_code for path in programs} == {HTTPStatus.NOT_FOUND}
    people.list_only(two.acme, "acme.com")
    assert {client.get(path).status_code for path in paths} == {HTTPStatus.OK}


@pytest.mark.req("R9")
def test_access_ends_with_the_entry_and_with_the_page(two: Two) -> None:
    client = people.signed_in(two.acme)
    now = database_clock.now()
    Entry.objects.filter(made__page=two.acme).update(removed_at=now)
    assert client.get(f"{people.base(two.acme)}/").status_code == HTTPStatus.FORBIDDEN
    Entry.objects.filter(made__page=two.acme).update(removed_at=None)
    pages.retire(page=two.acme, now=now)
    assert client.get(f"{people.base(two.acme)}/").status_code == HTTPStatus.NOT_FOUND


def test_what_a_page_shows_changes_with_the_next_request(two: Two) -> None:
    client = people.signed_in(two.acme)
    pages.set_members(page=two.acme, component_ids=[two.shared.id])
    home = client.get(f"{people.base(two.acme)}/").content
    assert b"ACMEONLY" not in home
    assert b"Shared API" in home


def test_a_session_of_one_page_is_nothing_on_another(two: Two) -> None:
    """Reliability B1, B2."""
    client = people.signed_in(two.acme)
    key = client.cookies[sessions.cookie_name(two.acme)].value
    client.cookies[sessions.cookie_name(two.beta)] = key
    for path in two.paths:
        answer = client.get(f"{people.base(two.beta)}/{path}")
        assert answer.status_code in {HTTPStatus.FOUND, HTTPStatus.UNAUTHORIZED}
        assert b"BETAONLY" not in answer.content


def test_an_open_page_that_refreshes_itself_is_led_to_the_sign_in(two: Two) -> None:
    client = people.signed_in(two.acme)
    live = f"{people.base(two.acme)}/live"
    people.list_only(two.acme)
    ended = client.get(live, headers={"HX-Request": "true"})
    assert (ended.status_code, ended["HX-Refresh"]) == (HTTPStatus.FORBIDDEN, "true")
    CustomerSession.objects.update(revoked_at=database_clock.now())
    out = client.get(live, headers={"HX-Request": "true"})
    assert out.status_code == HTTPStatus.UNAUTHORIZED
    assert out["HX-Redirect"] == f"{people.base(two.acme)}/sign-in"


def test_addresses_for_programs_open_one_thing_of_one_page(two: Two) -> None:
    """Reliability B5."""
    client = people.signed_in(two.acme)
    own = people.base(two.acme)
    tokens = {}
    for kind, names in READ.items():
        answer = client.post(f"{own}/access", {"reads": kind})
        token = answer.content.decode().partition("/read/")[2].partition("/")[0]
        tokens[kind] = token
        for name in names:
            read = Client().get(f"{own}/read/{token}/{name}")
            assert read.status_code == HTTPStatus.OK
            assert read["Cache-Control"] == "private, no-store"
            assert b"BETAONLY" not in read.content
            assert Client().get(f"{people.base(two.beta)}/read/{token}/{name}").status_code == 404
    for kind, token in tokens.items():
        for another, names in READ.items():
            if another != kind:
                assert Client().get(f"{own}/read/{token}/{names[0]}").status_code == 404
        assert Client().get(f"{own}/read/{token}/")["Location"] == f"{own}/sign-in"
        assert token not in str(ReaderToken.objects.values())
    assert b"/read/" not in client.get(f"{own}/access").content  # shown once

    row = ReaderToken.objects.get(reads=Reader.FEED)
    other = people.signed_in(two.beta, "bob@beta.example")
    foreign = f"{people.base(two.beta)}/access/{row.pk}/end"
    assert other.post(foreign).status_code == HTTPStatus.NOT_FOUND
    assert client.post(f"{own}/access/{row.pk}/end").status_code == HTTPStatus.SEE_OTHER
    ended = f"{own}/read/{tokens[Reader.FEED]}/history.atom"
    assert Client().get(ended).status_code == HTTPStatus.NOT_FOUND


def test_each_component_of_the_page_has_feeds_and_a_calendar(two: Two) -> None:
    client = people.signed_in(two.acme)
    own = people.base(two.acme)
    slugs = Component.objects.filter(pk__in=pages.shown_ids(two.acme)).values_list(
        "slug", flat=True
    )
    others = Component.objects.exclude(slug__in=list(slugs)).values_list("slug", flat=True)
    token = client.post(f"{own}/access", {"reads": Reader.FEED}).content.decode()
    token = token.partition("/read/")[2].partition("/")[0]

    for suffix in ("rss", "atom", "ics"):
        for slug in slugs:
            answer = client.get(f"{own}/components/{slug}.{suffix}")
            assert answer.status_code == HTTPStatus.OK
            assert b"BETAONLY" not in answer.content
        for slug in others:
            assert client.get(f"{own}/components/{slug}.{suffix}").status_code == 404
    assert Client().get(f"{own}/read/{token}/components/{slugs[0]}.rss").status_code == 200
    assert Client().get(f"{own}/read/{token}/components/{slugs[0]}.ics").status_code == 404
    assert others


def test_one_person_has_so_many_addresses_at_most(two: Two) -> None:
    now = database_clock.now()
    for _number in range(readers.AT_MOST):
        readers.make(page=two.acme, mailbox="ada@acme.com", reads=Reader.FEED, now=now)
    client = people.signed_in(two.acme)
    answer = client.post(f"{people.base(two.acme)}/access", {"reads": Reader.FEED})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert ReaderToken.objects.count() == readers.AT_MOST


def test_without_the_database_there_is_no_private_page(
    two: Two, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reliability B3, decision 3."""
    client = people.signed_in(two.acme)

    def away(*_: object, **__: object) -> None:
        raise OperationalError("could not connect")

    with connection.execute_wrapper(away):
        for path in ("", "status.json", "sign-in", "live"):
            answer = client.get(f"{people.base(two.acme)}/{path}")
            assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
            assert b"ACMEONLY" not in answer.content
            assert b"Error 503" in answer.content
            assert answer["Cache-Control"] == "private, no-store"
    assert client.get(f"{people.base(two.acme)}/").status_code == HTTPStatus.OK


def test_no_byte_of_a_customer_page_is_on_disk(
    two: Two, settings: Settings, tmp_path: Path
) -> None:
    """Reliability B4: neither the publisher nor a request writes one."""
    Component.objects.filter(pk=two.ours.pk).update(only_where_chosen=True)
    settings.PUBLISHED_DIR = tmp_path
    client = people.signed_in(two.acme)
    for path in ("", "live", "history.atom", "access"):
        assert client.get(f"{people.base(two.acme)}/{path}").status_code == HTTPStatus.OK
    publisher = Publisher(tmp_path, slice_s=3600)
    for _turn in range(3):
        publisher.publish_if_due(now=database_clock.now())
    # What is packed beside a file holds the same, and by chance any three bytes.
    packed = set(compression.SUFFIXES.values()) - {""}
    written = [file for file in tmp_path.rglob("*") if file.is_file() and file.suffix not in packed]
    found = dict.fromkeys((b"Shared API", b"ACMEONLY", b"/p/", b"@acme.com"), 0)
    for file in written:
        body = file.read_bytes()
        for mark in found:
            found[mark] += mark in body
    assert found.pop(b"Shared API") > 0
    assert set(found.values()) == {0}, found


def test_the_look_of_a_page_is_given_to_who_may_see_it(two: Two, tmp_path: Path) -> None:
    """Reliability B4: pictures and style sheet come from behind the door, each time anew."""
    now = database_clock.now()
    tile = Encoded(kind="png", width=1, height=1, body=b"ACMEONLY tile")
    [digest] = changing.keep(pictures=[tile], now=now)
    look = Look(colour="#123456", pictures={"logo": [digest], "pattern": [digest]})
    changing.save(page=two.acme, look=look, now=now)
    own = people.base(two.acme)
    client = people.signed_in(two.acme)
    other = people.signed_in(two.beta, "bob@beta.example")
    picture = f"{own}/brand/media/{digest}.png"

    for path in ("", "subscribe", "statements"):
        home = client.get(f"{own}/{path}").content.decode()
        assert f'src="{picture}"' in home, path
        style = re.findall(rf'href="({own}/brand/assets/brand-[0-9a-f]+\.css)"', home)[0]
    shown = client.get(picture)
    assert (shown.content, shown["Content-Type"]) == (b"ACMEONLY tile", "image/png")
    assert shown["Content-Security-Policy"].endswith("sandbox")
    assert f"url({picture})" in client.get(style).content.decode()
    theirs = f"{people.base(two.beta)}/brand/media/{digest}.png"
    assert other.get(theirs).status_code == HTTPStatus.NOT_FOUND
    assert digest.encode() not in other.get(f"{people.base(two.beta)}/").content
    for path in (picture, style):
        assert client.get(path)["Cache-Control"] == "private, no-store"
        for stranger in (other, Client()):
            assert b"ACMEONLY" not in stranger.get(path).content
            assert stranger.get(path).status_code in {HTTPStatus.FOUND, HTTPStatus.UNAUTHORIZED}
        assert digest.encode() not in Client().get(f"{own}/sign-in").content

    people.list_only(two.acme)

    for path in (picture, style):
        assert client.get(path).status_code == HTTPStatus.FORBIDDEN


@pytest.mark.req("R3")
def test_statuspages_documents_tell_a_customer_their_part(two: Two) -> None:
    """Reliability B8: also no group that only this page has, and the page's own address."""
    Component.objects.filter(pk=two.ours.pk).update(only_where_chosen=True)
    client, own = people.signed_in(two.acme), people.base(two.acme)
    summary = client.get(f"{own}/api/v2/Summary.json")
    assert (summary.status_code, summary["Content-Type"]) == (
        200,
        "application/json; charset=utf-8",
    )
    assert "Access-Control-Allow-Origin" not in summary
    told = summary.json()
    assert {one["name"] for one in told["components"]} == {"ACMEONLY cluster", "Shared API"}
    assert told["page"]["name"] == "Acme"
    assert told["page"]["url"].endswith(own)
    assert [one["name"] for one in told["incidents"]] == ["Slow answers"]
    texts = [one["body"] for one in told["incidents"][0]["incident_updates"]]
    assert texts == ["ACMEONLY words", "Both are slow."]
    assert told["status"]["indicator"] == "minor"
    works = client.get(f"{own}/api/v2/scheduled-maintenances.json").json()
    assert [one["name"] for one in works["scheduled_maintenances"]] == ["ACMEONLY work"]
    assert Client().get(f"{own}/api/v2/SUMMARY.JSON").status_code == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize("theme", ["light", "dark", "pink"])
def test_the_theme_is_the_chosen_one(two: Two, theme: str) -> None:
    client = people.signed_in(two.acme)
    client.cookies["theme"] = theme
    body = client.get(f"{people.base(two.acme)}/").content.decode()
    assert (f'data-theme="{theme}"' in body) is (theme != "pink")
    assert "<!--stale" not in body
    assert "<!--operator" not in body


def test_unknown_months_and_filters_are_not_there(two: Two) -> None:
    client = people.signed_in(two.acme)
    for path in ("history/2001-01", "history/2025-13", "history/0000-01", "warning.js", "robots"):
        answer = client.get(f"{people.base(two.acme)}/{path}")
        assert answer.status_code == HTTPStatus.NOT_FOUND, path
    month = f"{database_clock.now():%Y-%m}"
    filtered = client.get(f"{people.base(two.acme)}/history/{month}?component=shared")
    assert filtered["Location"] == f"{people.base(two.acme)}/history/{month}/components/shared"


@pytest.mark.req("AMB-13")
def test_subscribing_offers_the_services_of_the_page_alone(two: Two) -> None:
    client = people.signed_in(two.acme)
    form = client.get(f"{people.base(two.acme)}/subscribe").content.decode()
    assert "ACMEONLY cluster" in form
    assert "BETAONLY" not in form


def test_what_belongs_to_the_customer_alone_comes_first_under_its_own_heading(two: Two) -> None:
    """DESIGN 5.10."""
    Component.objects.filter(pk=two.ours.pk).update(only_where_chosen=True)
    home = people.signed_in(two.acme).get(f"{people.base(two.acme)}/").content.decode()
    rows = [f'href="{people.base(two.acme)}/components/{slug}"' for slug in ("acmeonly", "shared")]
    assert [home.count(row) for row in rows] == [1, 1]
    assert home.index("Dedicated to Acme") < home.index(rows[0]) < home.index(rows[1])
    assert b"ACMEONLY" not in Client().get("/subscribe").content


@pytest.mark.req("R3")
def test_the_headline_is_about_their_services() -> None:
    page = people.customer_page("calm", ["calm.example"], components=[build.component()])
    client = people.signed_in(page, "ada@calm.example")
    assert "Your services are operational" in client.get(f"{people.base(page)}/").content.decode()
    pages.set_members(page=page, component_ids=[])
    empty = client.get(f"{people.base(page)}/").content.decode()
    assert "Your contact decides which services are shown here." in empty


def test_the_theme_can_be_chosen_under_a_host_name_of_its_own(two: Two, settings: Settings) -> None:
    name = "status.acme.example"
    PageHost.objects.create(page=two.acme, name=name, is_active=True, created_at=build.LONG_AGO)
    settings.ALLOWED_HOSTS = ["*"]
    own = Client(headers={"host": name})
    answer = own.post("/preferences", {"theme": "dark", "next": "/"})
    assert (answer.status_code, answer["Location"]) == (HTTPStatus.SEE_OTHER, "/")
    assert own.get("/nothing")["Location"] == "/sign-in?to=nothing"


def test_open_pages_share_one_read_and_no_change_waits_for_it(two: Two) -> None:
    client = people.signed_in(two.acme)
    other = people.signed_in(two.beta, "bob@beta.example")
    costs = []
    for person, page in ((client, two.acme), (client, two.acme), (other, two.beta)):
        with CaptureQueriesContext(connection) as asked:
            person.get(f"{people.base(page)}/live")
        costs.append(len(asked))
    assert costs[1] == costs[2] < costs[0] / 2
    theirs = other.get(f"{people.base(two.beta)}/").content
    assert b"BETAONLY" in theirs
    assert b"ACMEONLY" not in theirs
    build.incident(title="Just now", components={two.ours: Status.PARTIAL_OUTAGE})
    assert b"Just now" in client.get(f"{people.base(two.acme)}/").content
    people.list_only(two.acme)
    assert client.get(f"{people.base(two.acme)}/").status_code == HTTPStatus.FORBIDDEN


def test_a_customer_page_is_embedded_nowhere(two: Two) -> None:
    """Its address is for its readers: no site, network or program is told of it."""
    client = people.signed_in(two.acme)
    base = people.base(two.acme)

    page = client.get(f"{base}/").content.decode()

    for told in ("oembed", "og:", "preview.png", "service-desc", "embed/"):
        assert told not in page
    for path in (
        "embed/frame",
        "embed/script.js",
        "embed/status.json",
        "preview.png",
        "api",
        "oembed",
    ):
        assert client.get(f"{base}/{path}").status_code == 404, path
