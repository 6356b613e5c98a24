"""The front: real files, real WSGI calls, no database."""

import gzip
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from wsgiref.types import WSGIApplication

import brotli  # type: ignore[import-untyped]  # the package has no types
import pytest
from django.db import connection

from public_pages import assets, published
from tests.public_pages import world
from tests.public_pages.world import Site

NOW = datetime(2026, 11, 19, 14, 32, tzinfo=UTC)
ALL_PATHS = (
    "/",
    "/components/checkout",
    "/components/checkout/7d",
    "/components/checkout/30d",
    "/components/checkout/90d",
    "/live",
    "/status.json",
    "/status/report",
    "/status/text",
    "/status/warning.json",
    "/warning.js",
    "/warning.svg",
    "/badge/icon",
    "/badge/color",
    "/favicon-pa.svg",
    "/favicon.ico",
    "/robots.txt",
    *(asset.url for asset in assets.bundle().values()),
)


@pytest.fixture
def folder(outage_day: Path) -> Path:
    return outage_day


@pytest.fixture
def site(folder: Path) -> Site:
    return Site(folder, NOW)


# ---- what is answered --------------------------------------------------------------------------


@pytest.mark.parametrize("path", ALL_PATHS)
def test_every_public_address_answers_from_the_folder(site: Site, path: str) -> None:
    reply = site.get(path)

    assert reply.status == 200
    assert reply.body
    assert int(reply.headers["Content-Length"]) == len(reply.body)
    assert reply.headers["Content-Security-Policy"] == world.CSP
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Referrer-Policy"] == "same-origin"
    assert site.entered == []


@pytest.mark.parametrize("path", ALL_PATHS)
def test_head_has_the_same_headers_and_no_body(site: Site, path: str) -> None:
    got, head = site.get(path), site.get(path, "HEAD")

    assert head.body == b""
    assert head.headers == got.headers


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/status.json", "application/json"),
        ("/status/report", "application/json"),
        ("/status/text", "text/plain; charset=utf-8"),
        ("/favicon.ico", "image/svg+xml"),
        (assets.bundle()["status.css"].url, "text/css; charset=utf-8"),
        (assets.bundle()["htmx.js"].url, "text/javascript; charset=utf-8"),
    ],
)
def test_each_file_says_what_it_is(site: Site, path: str, content_type: str) -> None:
    assert site.get(path).headers["Content-Type"] == content_type


@pytest.mark.parametrize("path", ["/components/checkout/", "/status/text/", "/status/report/"])
def test_a_slash_at_the_end_is_the_same_page_without_a_redirect(site: Site, path: str) -> None:
    assert site.get(path).body == site.get(path.rstrip("/")).body


def test_other_addresses_go_on_to_the_application(site: Site) -> None:
    for path in ("/admin/", "/readyz", "/preferences", "/p/abc/", "/components", "/assets/"):
        assert site.get(path).body == b"dynamic"

    assert len(site.entered) == 6


@pytest.mark.parametrize(
    "path",
    [
        "/components/../status/text",
        "/components/..%2f..%2fetc%2fpasswd",
        "/components/checkout.html",
        "/components/checkout/1d",
        "/components/checkout/style.css",
        "/index.html",
        "/index.html.gz",
        "/assets/../index.html",
        "/assets/.secret.css",
        "/.index.html.1.tmp",
        "/503.html",
        "/components/" + "a" * 101,
        "/components/checkout\n",
        "//",
        "/status/report.br",
    ],
)
def test_nothing_but_the_known_addresses_leads_to_a_file(site: Site, path: str) -> None:
    assert site.get(path).body == b"dynamic"


def test_an_unknown_component_gets_the_published_404_page(site: Site) -> None:
    reply = site.get("/components/no-such-thing")

    assert reply.status == 404
    assert "There is no page here" in reply.text
    assert "Acme Status" in reply.text
    assert reply.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_public_pages_can_only_be_read(site: Site, method: str) -> None:
    reply = site.get("/", method)

    assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD")


def test_livez_needs_nothing_at_all(tmp_path: Path) -> None:
    site = Site(tmp_path / "nowhere", NOW, hosts=["status.acme.example"])

    assert site.get("/livez", host="10.0.0.7:8000").text == "ok\n"
    assert site.entered == []


def test_before_anything_is_published_visitors_are_asked_to_wait(tmp_path: Path) -> None:
    reply = Site(tmp_path, NOW).get("/")

    assert (reply.status, reply.headers["Retry-After"]) == (503, "1")


# ---- caching and compression -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "encodings"),
    [
        ("br, gzip", ["br", "gzip", "identity"]),
        ("gzip, deflate, br;q=0.5", ["gzip", "br", "identity"]),
        ("gzip;q=0, br;q=0", ["identity"]),
        ("*", ["br", "gzip", "identity"]),
        ("*;q=0.3, br;q=0", ["gzip", "identity"]),
        ("GZIP", ["gzip", "identity"]),
        ("", ["identity"]),
        ("gzip;q=nonsense", ["identity"]),
        ("identity;q=0", ["identity"]),
    ],
)
def test_the_best_encoding_that_is_accepted_is_chosen(header: str, encodings: list[str]) -> None:
    assert published.accepted(header) == encodings


def test_compressed_answers_hold_the_same_page(site: Site) -> None:
    plain = site.get("/")
    br = site.get("/", accept_encoding="gzip, br")
    gz = site.get("/", accept_encoding="gzip")

    assert "Content-Encoding" not in plain.headers
    assert (br.headers["Content-Encoding"], gz.headers["Content-Encoding"]) == ("br", "gzip")
    assert brotli.decompress(br.body) == gzip.decompress(gz.body) == plain.body
    assert len({reply.headers["ETag"] for reply in (plain, br, gz)}) == 3
    assert "Accept-Encoding" in plain.headers["Vary"]


@pytest.mark.parametrize("path", ALL_PATHS)
def test_a_known_tag_gets_304_without_a_body(site: Site, path: str) -> None:
    first = site.get(path, accept_encoding="br")

    again = site.get(path, accept_encoding="br", if_none_match=f'"x", W/{first.headers["ETag"]}')

    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    assert again.headers["Vary"] == first.headers["Vary"]
    assert site.get(path, if_none_match='"other"').status == 200


def test_pages_are_asked_for_anew_and_hashed_files_never(site: Site) -> None:
    assert site.get("/").headers["Cache-Control"] == "no-cache"
    assert site.get("/status.json").headers["Cache-Control"] == "no-cache"
    for asset in assets.bundle().values():
        caching = site.get(asset.url).headers["Cache-Control"]
        assert caching == "public, max-age=31536000, immutable"


def test_readouts_may_be_read_by_scripts_of_other_sites_and_pages_may_not(site: Site) -> None:
    for path in ("/status.json", "/status/report", "/status/text"):
        assert site.get(path).headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Origin" not in site.get("/").headers


def test_a_republished_file_is_seen_at_once(tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    site = Site(tmp_path, NOW)
    for body in ("first", "again"):  # the same size
        fresh = tmp_path / "new"
        fresh.write_text(body, encoding="utf-8")
        fresh.replace(page)
        site.at = datetime.fromtimestamp(page.stat().st_mtime, tz=UTC)
        assert site.get("/").text == body


def test_the_memory_for_answers_has_a_limit() -> None:
    cache = published._Cache(250)
    for number in range(9):
        answer = published.Answer((number, 0, 0), b"x" * 100, '"t"', "identity")
        cache.put((str(number), "identity", "", False, False), answer)

    held = [n for n in range(9) if cache.get((str(n), "identity", "", False, False))]

    assert held == [7, 8]


@pytest.mark.parametrize(
    "headers",
    [
        {"x_forwarded_host": "evil.test"},
        {"x_forwarded_proto": "https", "x_forwarded_port": "1"},
        {"x_original_url": "/admin", "x_rewrite_url": "/admin"},
        {"accept_language": "fr", "user_agent": "evil"},
        {"accept": "application/json"},
        {"hx_request": "true", "hx_target": "x"},
        {"cookie": "sessionid=1; theme=purple; xtheme=dark"},
        {"range": "bytes=0-1", "origin": "https://evil.test"},
    ],
)
def test_no_header_and_no_query_string_changes_a_page(site: Site, headers: dict[str, str]) -> None:
    plain = site.get("/")

    changed = site.get("/?cb=1&theme=dark", **headers)

    assert (changed.status, changed.body) == (200, plain.body)


# ---- age ---------------------------------------------------------------------------------------


def test_a_page_that_is_three_minutes_old_warns_in_every_encoding(site: Site) -> None:
    site.at = NOW + timedelta(seconds=180)
    assert '<div class="warn" id="stale"><!--stale' in site.get("/").text

    site.at = NOW + timedelta(seconds=181)
    warned = site.get("/")
    assert "Not refreshed since" in warned.text
    assert "<!--stale" not in warned.text
    assert '<div class="warn" id="stale"><div class="notice">' in warned.text
    assert brotli.decompress(site.get("/", accept_encoding="br").body) == warned.body
    for path in ("/components/checkout", "/components/checkout/7d", "/live"):
        assert '<div class="notice">' in site.get(path).text


@pytest.mark.parametrize("path", ["/status.json", "/status/report"])
def test_an_old_document_says_that_it_is_stale(site: Site, path: str) -> None:
    assert json.loads(site.get(path).body)["stale"] is False

    site.at = NOW + timedelta(hours=2)

    assert json.loads(site.get(path).body)["stale"] is True
    assert site.get("/status/text").text == "dead"


def test_a_stale_page_has_its_own_tag(site: Site) -> None:
    fresh = site.get("/").headers["ETag"]
    site.at = NOW + timedelta(hours=2)

    assert site.get("/", if_none_match=fresh).status == 200


# ---- theme -------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_cookie_is_put_into_the_page(site: Site, theme: str) -> None:
    page = site.get("/", cookie=f"other=1; theme={theme}", accept_encoding="gzip")
    body = gzip.decompress(page.body).decode()

    assert f'<html data-theme="{theme}" lang="en"' in body
    assert f'<option value="{theme}" selected>' in body
    assert "Cookie" in page.headers["Vary"]
    assert "data-theme" not in site.get("/").text


# ---- hosts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("status.acme.example", 200),
        ("STATUS.acme.example:443", 200),
        ("status.acme.example.", 200),
        ("[::1]:8000", 200),
        ("evil.test", 421),
        ("status.acme.example:80@evil.test", 421),
        ("status.acme.example, evil.test", 421),
        ("", 421),
    ],
)
def test_only_names_of_this_page_are_answered(folder: Path, host: str, status: int) -> None:
    site = Site(folder, NOW, hosts=["status.acme.example", "[::1]"])

    for path in ("/", "/admin/"):
        reply = site.get(path, host=host)
        assert reply.status == status
        assert status == 200 or b"Acme" not in reply.body


# ---- when the application is away --------------------------------------------------------------


def broken(_environ: object, _start_response: object) -> list[bytes]:
    raise RuntimeError("no")


def test_a_failing_application_gets_the_503_page_and_public_pages_go_on(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    site = Site(folder, NOW, app=broken)

    reply = site.get("/admin/")

    assert (reply.status, reply.headers["Retry-After"]) == (503, "30")
    assert "Acme Status" in reply.text
    assert site.get("/").status == 200
    assert "The application failed" in caplog.text


def test_an_application_that_cannot_be_loaded_is_tried_again(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    attempts: list[int] = []

    def load() -> WSGIApplication:
        attempts.append(1)
        if len(attempts) < 3:
            raise ImportError("no settings")
        return later.remember

    later = Site(folder, NOW, load=load)
    assert later.get("/").status == 200
    assert later.get("/admin/").status == 503
    assert len(attempts) == 1  # one try in five seconds

    later.at += timedelta(seconds=5)
    assert later.get("/admin/").status == 503
    later.at += timedelta(seconds=5)
    assert later.get("/admin/").body == b"dynamic"
    assert "could not be loaded" in caplog.text


def test_without_even_a_503_page_the_answer_is_still_503(tmp_path: Path) -> None:
    assert Site(tmp_path, NOW, app=broken).get("/admin/").status == 503


def test_the_front_needs_neither_django_nor_a_database() -> None:
    code = "import sys, public_pages.front; print('django' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


def test_answering_asks_the_database_nothing(site: Site, db: None) -> None:
    def refuse(*_args: object) -> object:
        raise AssertionError("a public page asked the database")

    with connection.execute_wrapper(refuse):
        for path in (*ALL_PATHS, "/components/unknown", "/livez"):
            site.get(path)
