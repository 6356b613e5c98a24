"""Addresses of events at the front: short ones, filters, what was withdrawn, and the operators' link."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # the package has no types
import pytest

from public_pages.folder import Folder
from tests.public_pages.world import Reply, Site

NOW = datetime(2026, 11, 19, 14, 32, tzinfo=UTC)
IDENT = "k7m2p9qrst0v"
LINK = f'<a href="/admin/incidents/{IDENT}/update/">Post an update</a>'


@pytest.fixture
def site(tmp_path: Path) -> Site:
    folder = Folder(tmp_path)
    for name, body in {
        "404.html": "nothing here",
        f"incidents/{IDENT}.html": f"<html ><p>the incident</p><!--operator <p>{LINK}</p>-->{'x' * 600}",
        f"incidents/{IDENT}/postmortem.html": "the report",
        f"maintenance/{IDENT}.html": "the work",
        "maintenance.html": "all work",
        "history/index.html": "this month",
        "history/2026-11.html": "november",
        "history/2026-11/incidents.html": "november, incidents",
        "history/2026-11/components/checkout.html": "november, checkout",
        "history/2026-11/components/checkout/maintenance.html": "november, work on checkout",
        "history/2026-11/components/incidents.html": "november, a component called incidents",
        "withdrawn/000000000000.html": "it was withdrawn",
        ".archive.json": "secret",
    }.items():
        folder.write(name, body.encode(), at=NOW)
    return Site(tmp_path, NOW)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"/incidents/{IDENT}/postmortem", "the report"),
        (f"/maintenance/{IDENT}", "the work"),
        ("/maintenance", "all work"),
        ("/maintenance/", "all work"),
        ("/history", "this month"),
        ("/history/2026-11", "november"),
        ("/history/2026-11/incidents", "november, incidents"),
        ("/history/2026-11/components/checkout", "november, checkout"),
        ("/history/2026-11/components/checkout/maintenance/", "november, work on checkout"),
        ("/history/2026-11/components/incidents", "november, a component called incidents"),
    ],
)
def test_pages_about_events_are_files(site: Site, path: str, body: str) -> None:
    reply = site.get(path)

    assert (reply.status, reply.text) == (200, body)
    assert site.entered == []


@pytest.mark.parametrize(
    "path",
    [
        "/incidents/zzzzzzzzzzzz",
        "/history/2026-12",
        "/history/2026-11/components/nobody",
        "/history/2026-11/maintenance",
        f"/incidents/{IDENT}/postmortem/x",
        "/incidents/..%2Findex",
        "/.archive.json",
        "/withdrawn/000000000000",
    ],
)
def test_what_is_not_there_is_not_found(site: Site, path: str) -> None:
    reply = site.get(path)

    assert reply.status == 404 or site.entered == [path]
    assert "secret" not in reply.text


@pytest.mark.parametrize(
    ("path", "target"),
    [
        (f"/i/{IDENT}", f"/incidents/{IDENT}"),
        (f"/m/{IDENT}/", f"/maintenance/{IDENT}"),
    ],
)
def test_short_addresses_lead_to_the_long_ones_without_django(
    site: Site, path: str, target: str
) -> None:
    reply = site.get(path)

    assert (reply.status, reply.headers["Location"]) == (301, target)
    assert site.entered == []


@pytest.mark.parametrize(
    ("query", "tail"),
    [
        ("component=checkout", "/components/checkout"),
        ("component=checkout&type=incidents&type=maintenance", "/components/checkout"),
        ("component=checkout&type=maintenance", "/components/checkout/maintenance"),
        ("component=&type=incidents", "/incidents"),
        ("component=", ""),
        ("component=a/../../etc&type=incidents", "/incidents"),
        ("component=x%0d%0aSet-Cookie:a=b&type=%0d%0a", ""),
        ("component=//evil.example", ""),
    ],
)
def test_a_filter_leads_to_its_own_page(site: Site, query: str, tail: str) -> None:
    reply = site.get(f"/history/2026-11?{query}")

    assert (reply.status, reply.headers["Location"]) == (303, f"/history/2026-11{tail}")
    assert reply.headers["Cache-Control"] == "no-store"


def test_other_queries_change_nothing(site: Site) -> None:
    plain = site.get("/history/2026-11")

    assert site.get("/history/2026-11?utm_source=mail") == plain
    assert site.get("/history/2026-11?page=2&q=%3Cscript%3E") == plain


@pytest.mark.req("I16")
@pytest.mark.parametrize(
    "path",
    [
        "/incidents/000000000000",
        "/incidents/000000000000/postmortem",
        "/maintenance/000000000000",
    ],
)
def test_a_deleted_event_answers_that_it_is_gone(site: Site, path: str) -> None:
    reply = site.get(path)

    assert (reply.status, reply.text) == (410, "it was withdrawn")
    assert reply.headers["Cache-Control"] == "no-store"


@pytest.mark.req("I12")
def test_the_link_to_the_composer_wakes_for_the_operators_cookie_only(site: Site) -> None:
    def ask(**headers: str) -> Reply:
        return site.get(f"/incidents/{IDENT}", **headers)

    visitor, operator = ask(), ask(cookie="theme=dark; operator=1")
    assert f"<!--operator <p>{LINK}</p>-->" in visitor.text
    assert f"<p>{LINK}</p>" in operator.text
    assert "<!--operator" not in operator.text
    assert 'data-theme="dark"' in operator.text
    for cookie in ("operator=2", "xoperator=1", "operator=12"):
        assert ask(cookie=cookie) == visitor
    packed = ask(cookie="operator=1", accept_encoding="br")
    assert LINK.encode() in brotli.decompress(packed.body)
    assert packed.headers["Vary"] == "Accept-Encoding, Cookie"
    assert visitor.headers["ETag"] != operator.headers["ETag"]
    assert ask() == visitor  # the cache keeps the two apart


def test_pages_about_what_is_over_do_not_get_old(site: Site) -> None:
    site.at = NOW + timedelta(days=30)

    assert site.get(f"/incidents/{IDENT}").text.startswith("<html ><p>the incident")
