"""The front with many pages: each host name, and each /s/<slug>, from a folder of its own."""

import json
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from common import host_names
from public_pages import hosts
from public_pages.front import Front
from public_pages.hosts import HostMap, Place, State
from tests.public_pages.world import Reply, ask

MAIN = "status.acme.com"
EU, GONE, CUSTOMER = Place(7), Place(8, State.GONE), Place(9, State.DYNAMIC)
PLACES = HostMap(
    hosts={
        "eu.pages.acme.com": EU,
        "eu.customer.example": EU,
        "old.pages.acme.com": GONE,
        "private.customer.example": CUSTOMER,
        "second.acme.com": hosts.MAIN,
    },
    slugs={
        "eu": EU,
        "us": Place(10, origin="https://us.pages.acme.com:8443"),
        "old": Place(8, State.GONE, origin="https://old.pages.acme.com"),
    },
)


class Pages:
    """A front over a folder with three trees, asked without a network."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now_s = 1_800_000_000.0
        self.entered: list[dict[str, Any]] = []
        self.fails = False
        self.front = self.new_front()

    def new_front(self) -> Front:
        return Front(
            lambda: self.app,
            folder=self.folder,
            csp="default-src 'none'",
            hosts=[MAIN, "localhost", "127.0.0.1", "[::1]"],
            is_hostless=lambda path: path.startswith("/v1/report/"),
            clock=lambda: self.now_s,
        )

    def app(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if self.fails:
            raise RuntimeError("the application is away")
        self.entered.append(environ)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"dynamic"]

    def write(self, name: str, body: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body)

    def get(self, path: str, host: str = MAIN, method: str = "GET", **headers: str) -> Reply:
        path, _, query = path.partition("?")
        environ: dict[str, Any] = {
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": method,
            "HTTP_HOST": host,
        }
        environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        setup_testing_defaults(environ)
        return ask(self.front, environ)


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    made = Pages(tmp_path)
    for tree, name in (("", "main"), ("pages/7/", "eu")):
        for file in ("index", "404", "503", "live", "components/api", "incidents/" + "a" * 12):
            made.write(f"{tree}{file}.html", f"<html > {name} {file}")
        made.write(f"{tree}status.json", json.dumps({"page": name}))
        made.write(f"{tree}favicon.svg", f"<svg>{name}</svg>")
    made.write("assets/status-abc.css", "shared css")
    made.write("robots.txt", "shared robots")
    made.write("warning.js", "shared script")
    made.write("favicon-pa.svg", "shared icon")
    # What must never be asked of a customer page's folder, even if somebody put one there.
    made.write("pages/9/index.html", "private")
    made.write("pages/8/index.html", "no longer")
    hosts.write(tmp_path, PLACES)
    return made


# ---- by host name --------------------------------------------------------------------------------


@pytest.mark.req("A2", "T5")
@pytest.mark.parametrize(
    ("host", "page"),
    [
        (MAIN, "main"),
        ("127.0.0.1:8000", "main"),
        ("second.acme.com", "main"),
        ("eu.pages.acme.com", "eu"),
        ("eu.customer.example", "eu"),
        ("EU.Customer.Example:443", "eu"),
        ("eu.customer.example.", "eu"),
    ],
)
def test_a_host_name_leads_to_the_folder_of_its_page(pages: Pages, host: str, page: str) -> None:
    assert pages.get("/", host).text == f"<html > {page} index"
    assert pages.get("/components/api", host).text == f"<html > {page} components/api"
    assert json.loads(pages.get("/status.json", host).body) == {"page": page}
    assert pages.get("/favicon.ico", host).text == f"<svg>{page}</svg>"


@pytest.mark.req("A1")
@pytest.mark.parametrize(
    "host",
    [
        "evil.test",
        "",
        "pages.acme.com",
        "x.eu.pages.acme.com",
        "eu.pages.acme.com.evil.test",
        "eu.pages.acme.com..",
        "eu.pages.acme.com@evil.test",
        "eu.pages.acme.com:80@evil.test",
        "eu.pages.acme.com,evil.test",
        "eu.pages.acme.com, eu.pages.acme.com",
        "eu.pages.acme.com\tevil.test",
        "eu.pages.acme.com/",
    ],
)
def test_any_other_host_is_refused_without_a_byte_of_a_page(pages: Pages, host: str) -> None:
    for path in ("/", "/admin/", "/subscribe", "/assets/status-abc.css", "/s/eu/"):
        reply = pages.get(path, host, x_forwarded_host=MAIN, forwarded=f"host={MAIN}")
        assert reply.status == 421, path
        assert reply.text == "No status page has this name.\n"
    assert pages.entered == []


def test_every_host_has_the_shared_files(pages: Pages) -> None:
    for host in (MAIN, "eu.customer.example", "private.customer.example"):
        assert pages.get("/assets/status-abc.css", host).text == "shared css"
        assert pages.get("/robots.txt", host).text == "shared robots"
        assert pages.get("/warning.js", host).text == "shared script"
        assert pages.get("/favicon-pa.svg", host).text == "shared icon"


def test_a_page_has_its_own_error_pages(pages: Pages) -> None:
    missing = pages.get("/components/none", "eu.customer.example")
    assert (missing.status, missing.text) == (404, "<html > eu 404")
    pages.fails = True
    failing = pages.get("/subscribe", "eu.customer.example")
    assert (failing.status, failing.text) == (503, "<html > eu 503")
    assert pages.get("/subscribe").text == "<html > main 503"
    assert pages.get("/", "private.customer.example").status == 503


def test_tags_and_heads_are_as_on_the_main_page(pages: Pages) -> None:
    got = pages.get("/", "eu.customer.example")
    head = pages.get("/", "eu.customer.example", "HEAD")
    again = pages.get("/", "eu.customer.example", if_none_match=got.headers["ETag"])

    assert head.headers == got.headers
    assert (head.body, again.body) == (b"", b"")
    assert again.status == 304
    assert got.headers["ETag"] != pages.get("/").headers["ETag"]
    assert 'data-theme="dark"' in pages.get("/", "eu.customer.example", cookie="theme=dark").text
    assert pages.get("/", "eu.customer.example", "POST").status == 405


@pytest.mark.req("T5")
@pytest.mark.parametrize("broken", [None, "", "{", '{"version": 9}'])
def test_without_a_whole_map_the_main_page_goes_on(pages: Pages, broken: str | None) -> None:
    (pages.folder / hosts.FILE).unlink()
    if broken is not None:
        pages.write(hosts.FILE, broken)
    pages.front = pages.new_front()

    assert pages.get("/").text == "<html > main index"
    assert pages.get("/admin/").text == "dynamic"
    assert pages.get("/", "eu.customer.example").status == 421
    assert pages.get("/s/eu/").body == b"dynamic", "an unknown path like any other"


# ---- by path ---------------------------------------------------------------------------------------


@pytest.mark.req("A2")
def test_without_a_name_of_its_own_a_page_is_a_path_of_the_main_host(pages: Pages) -> None:
    assert pages.get("/s/eu").text == pages.get("/s/eu/").text == "<html > eu index"
    assert pages.get("/s/eu/components/api").text == "<html > eu components/api"
    assert pages.get("/s/eu/components/none").text == "<html > eu 404"
    assert pages.get("/s/eu/i/" + "a" * 12).headers["Location"] == "/s/eu/incidents/" + "a" * 12
    # Its links begin with that path, so it leads on under the page's own names as well.
    assert pages.get("/s/eu/", "eu.customer.example").text == "<html > eu index"
    assert pages.get("/s/us/", "eu.customer.example").text == "<html > eu 404"
    assert pages.entered == []


@pytest.mark.req("A2")
def test_a_path_leads_to_the_pages_own_default_name(pages: Pages) -> None:
    for path, target in (
        ("/s/us", "/"),
        ("/s/us/components/api?x=1", "/components/api?x=1"),
        ("/s/us/subscribe", "/subscribe"),
        ("/s/us//evil.test/", "//evil.test/"),
        ("/s/us/\\evil.test", "/%5Cevil.test"),
        ("/s/us/a\r\nSet-Cookie: x", "/a%0D%0ASet-Cookie:%20x"),
        ("/s/us/\xc3\xa9", "/%C3%A9"),
    ):
        reply = pages.get(path)
        assert reply.status == 307, path
        assert reply.headers["Location"] == f"https://us.pages.acme.com:8443{target}"


@pytest.mark.req("N3")
def test_a_mail_program_that_unsubscribes_is_led_nowhere_else(pages: Pages) -> None:
    assert pages.get("/s/us/subscriptions/leave/token").body == b"dynamic"
    assert pages.entered[-1]["SCRIPT_NAME"] == "/s/us"


@pytest.mark.parametrize("slug", ["none", "EU", "e u", "..", "eu.", "eu%2f", "private", "a" * 41])
def test_an_unknown_slug_is_a_path_like_any_other(pages: Pages, slug: str) -> None:
    assert pages.get(f"/s/{slug}/").body == b"dynamic"
    assert pages.entered[-1][host_names.PAGE_KEY] == 1


@pytest.mark.parametrize(
    ("path", "host"),
    [("/s/old/", MAIN), ("/s/old/live", MAIN), ("/", "old.pages.acme.com")],
)
def test_a_retired_page_says_that_it_is_gone(pages: Pages, path: str, host: str) -> None:
    assert pages.get(path, host).status == 410
    assert "no longer kept" in pages.get(path, host).text
    pages.write("pages/8/gone.html", "<html > gone in style")
    assert pages.get(path, host).text == "<html > gone in style"
    assert pages.get("/subscribe", "old.pages.acme.com").status == 410


# ---- what Django is asked for ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "path", "page_id", "script_name", "path_info"),
    [
        (MAIN, "/subscribe", 1, "", "/subscribe"),
        (MAIN, "/admin/", 1, "", "/admin/"),
        (MAIN, "/p/abc/", 1, "", "/p/abc/"),
        (MAIN, "/s/eu/subscribe", 7, "/s/eu", "/subscribe"),
        ("eu.customer.example", "/subscribe", 7, "", "/subscribe"),
        ("eu.customer.example", "/subscriptions/confirm/x", 7, "", "/subscriptions/confirm/x"),
        ("second.acme.com", "/preferences", 1, "", "/preferences"),
        ("private.customer.example", "/", 9, "", "/"),
        ("private.customer.example", "/components/api", 9, "", "/components/api"),
        ("private.customer.example", "/status.json", 9, "", "/status.json"),
    ],
)
def test_django_is_told_the_page(  # noqa: PLR0917 - a table
    pages: Pages, host: str, path: str, page_id: int, script_name: str, path_info: str
) -> None:
    assert pages.get(path, host, candor_page_id="99").body == b"dynamic"

    (environ,) = pages.entered
    assert environ[host_names.PAGE_KEY] == page_id
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == (script_name, path_info)
    assert environ["HTTP_HOST"] == host


@pytest.mark.req("A1")
@pytest.mark.parametrize(
    "path",
    [
        "/admin/",
        "/admin",
        "/admin/login/",
        "/setup/x/",
        "/join/x/",
        "/manager/x",
        "/hooks/sms/x",
        "/p/abc/",
        "/readyz",
        "/s/us/",
    ],
)
def test_the_console_is_on_the_main_host_only(pages: Pages, path: str) -> None:
    for host in ("eu.customer.example", "second.acme.com", "private.customer.example"):
        assert pages.get(path, host).status == 404, host
    assert pages.get(f"/s/eu{path}").status == 404
    assert pages.entered == []


def test_reporters_and_load_balancers_may_ask_by_any_name(pages: Pages) -> None:
    assert pages.get("/livez", "10.0.0.7").text == "ok\n"
    assert pages.get("/v1/report/a/b", "10.0.0.7").body == b"dynamic"


@pytest.mark.req("A2")
def test_no_header_or_query_changes_a_byte(pages: Pages) -> None:
    names = "x_forwarded_host x_forwarded_proto forwarded x_original_url x_rewrite_url user_agent "
    names += "accept_language referer origin x_forwarded_prefix script_name candor_page_id"
    for host, path in (("eu.customer.example", "/"), (MAIN, "/s/eu/"), (MAIN, "/")):
        plain = pages.get(path, host)
        for name in names.split():
            mutated = pages.get(f"{path}?cb={name}", host, **{name: "evil.test"})
            assert (mutated.body, mutated.headers) == (plain.body, plain.headers), name


# ---- the question for a certificate ----------------------------------------------------------------


def _ask(pages: Pages, query: str, **headers: str) -> int:
    return pages.get(f"/.well-known/candor/ask{query}", "candor:8000", **headers).status


@pytest.mark.req("A9")
@pytest.mark.parametrize(
    "name",
    [
        MAIN,
        "eu.pages.acme.com",
        "eu.customer.example",
        "private.customer.example",
        "EU.Customer.EXAMPLE",
        "eu.customer.example.",
        "old.pages.acme.com",
        "second.acme.com",
    ],
)
def test_served_names_get_a_certificate(pages: Pages, name: str) -> None:
    assert _ask(pages, f"?domain={name}") == 200


@pytest.mark.req("A9")
@pytest.mark.parametrize(
    "query",
    [
        "",
        "?",
        "?domain=",
        "?domain",
        "?domain=evil.test",
        "?domain=eu.customer.example.evil.test",
        "?domain=x.eu.customer.example",
        "?domain=customer.example",
        "?domain=eu.customer.example..",
        "?domain=eu.customer.example%00",
        "?domain=eu.customer.example%0a",
        "?domain=eu.customer.example:443",
        "?domain=*.customer.example",
        "?domain=xn--eu-.customer.example",
        "?domain=%C3%A9u.customer.example",
        "?domain=e%E1%B5%98.customer.example",
        "?domain=localhost",
        "?domain=127.0.0.1",
        "?domain=[::1]",
        "?domain=" + "a" * 300,
        "?domain=" + "a." * 200 + "com",
        "?domain=eu.customer.example&domain=evil.test",
        "?domain=evil.test&domain=eu.customer.example",
        "?Domain=eu.customer.example",
        "?" + "x=1&" * 400 + "domain=eu.customer.example",
    ],
)
def test_no_other_name_gets_one(pages: Pages, query: str) -> None:
    assert _ask(pages, query) == 404


def test_visitors_cannot_find_out_names_through_the_proxy(pages: Pages) -> None:
    query = "?domain=private.customer.example"
    assert _ask(pages, query) == 200
    assert _ask(pages, query, x_forwarded_for="192.0.2.7") == 404
    assert _ask(pages, query, forwarded="for=192.0.2.7") == 404


def test_the_answer_needs_no_application_and_follows_the_map(pages: Pages) -> None:
    pages.fails = True
    assert _ask(pages, "?domain=eu.customer.example") == 200
    hosts.write(pages.folder, HostMap())
    assert _ask(pages, "?domain=eu.customer.example") == 404
    assert _ask(pages, f"?domain={MAIN}") == 200


def test_refusals_are_counted_and_told_once_an_hour(
    pages: Pages, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    for number in range(500):
        _ask(pages, f"?domain=x{number}.evil.test")
    assert caplog.messages == []

    pages.now_s += 3600
    _ask(pages, "?domain=evil.test")

    assert caplog.messages == ["Certificates were asked for names that are not served: 501 times"]
    assert "evil" not in caplog.text
