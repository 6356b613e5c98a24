"""What programs get below /api/v2 besides the documents: preflights, refusals, and never a page."""

import json
from pathlib import Path

import pytest

from public_pages import addresses, hosts
from public_pages.hosts import HostMap, Place, State
from tests.public_pages.conftest import NOW
from tests.public_pages.world import Reply, Site

MAIN, EU = "status.acme.com", "eu.pages.acme.com"
DOCUMENTS = [f"/api/v2/{name}.json" for name in addresses.V2_NAMES]
SUBSCRIBERS = "/api/v2/subscribers.json"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A main page and a sub-page with documents, a retired page and a customer's."""
    for tree in ("", "pages/7/"):
        for name in addresses.V2_NAMES:
            file = tmp_path / tree / "api" / "v2" / f"{name}.json"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps({"page": tree, "name": name}))
        (tmp_path / tree / "404.html").write_text("<html > nothing here")
    places = HostMap(
        hosts={
            EU: Place(7),
            "old.pages.acme.com": Place(8, State.GONE),
            "private.example": Place(9, State.DYNAMIC),
        },
        slugs={"eu": Place(7), "us": Place(7, origin=f"https://{EU}")},
    )
    hosts.write(tmp_path, places)
    return Site(tmp_path, NOW, hosts=[MAIN])


def ask(site: Site, path: str, method: str = "GET", host: str = MAIN) -> Reply:
    return site.get(path, method, host=host)


@pytest.mark.parametrize("path", [*DOCUMENTS, "/api/v2", "/api/v2/nothing.json", "/API/V2/x"])
def test_a_preflight_is_answered_for_every_path_and_every_site(site: Site, path: str) -> None:
    answer = ask(site, path, "OPTIONS")

    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    assert "If-None-Match" in answer.headers["Access-Control-Allow-Headers"]
    assert site.entered == []


def test_a_preflight_for_subscribers_says_what_may_be_sent(site: Site) -> None:
    answer = ask(site, SUBSCRIBERS, "OPTIONS")

    assert (answer.status, site.entered) == (204, [])
    assert answer.headers["Access-Control-Allow-Methods"] == "POST, DELETE, OPTIONS"
    assert "Content-Type" in answer.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("path", ["/api/v2", "/api/v2/", "/api/v2/metrics.json", "/API/V2/a/b"])
@pytest.mark.parametrize("host", [MAIN, EU])
def test_what_is_not_there_is_json_without_django(site: Site, path: str, host: str) -> None:
    answer = ask(site, path, host=host)

    assert (answer.status, site.entered) == (404, [])
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "no-store"
    assert list(json.loads(answer.body)) == ["error"]
    assert ask(site, path, "HEAD", host).body == b""


@pytest.mark.parametrize("path", ["/summary.json", "/index.json"])
def test_the_documents_of_other_vendors_are_not_here(site: Site, path: str) -> None:
    assert ask(site, path, host=EU).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_documents_cannot_be_written(site: Site, method: str) -> None:
    answer = ask(site, "/api/v2/summary.json", method)

    assert (answer.status, site.entered) == (405, [])
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert json.loads(answer.body)


@pytest.mark.parametrize("path", [f"/s/eu{SUBSCRIBERS}", SUBSCRIBERS, "/Api/v2/Subscribers.json"])
def test_subscribers_of_every_page_are_taken_by_django(site: Site, path: str) -> None:
    host = EU if path == SUBSCRIBERS else MAIN

    assert ask(site, path, "POST", host).text == "dynamic"
    assert site.entered == [SUBSCRIBERS]


def test_a_page_with_a_host_of_its_own_is_found_there_by_scripts_too(site: Site) -> None:
    moved = ask(site, "/s/us/api/v2/status.json")

    assert moved.status == 307
    assert moved.headers["Location"] == f"https://{EU}/api/v2/status.json"
    assert moved.headers["Access-Control-Allow-Origin"] == "*"
    assert ask(site, "/s/us/api/v2/status.json", "OPTIONS").status == 204


def test_a_retired_page_and_one_that_is_not_written_yet_say_so_in_json(
    site: Site, tmp_path: Path
) -> None:
    gone = ask(site, "/api/v2/summary.json", host="old.pages.acme.com")
    (tmp_path / "pages/7/api/v2/summary.json").unlink()
    unready = ask(site, "/api/v2/summary.json", host=EU)

    assert (gone.status, unready.status) == (410, 503)
    assert json.loads(gone.body)
    assert json.loads(unready.body)
    assert unready.headers["Retry-After"] == "1"


def test_a_customer_page_is_left_to_its_door(site: Site) -> None:
    answer = ask(site, "/api/v2/summary.json", "OPTIONS", "private.example")

    assert (answer.text, site.entered) == ("dynamic", ["/api/v2/summary.json"])


def test_documents_are_answered_with_a_tag_that_scripts_may_read(site: Site) -> None:
    answer = ask(site, "/s/eu/API/v2/Status.json")

    assert (answer.status, json.loads(answer.body)["page"]) == (200, "pages/7/")
    assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
    assert answer.headers["Cache-Control"] == "public, max-age=30, stale-while-revalidate=60"


@pytest.mark.parametrize(("host", "status"), [(MAIN, 200), (EU, 404), ("private.example", 404)])
def test_the_manage_api_is_on_the_main_host_alone(site: Site, host: str, status: int) -> None:
    assert ask(site, "/v1/pages.json", host=host).status == status
    assert bool(site.entered) == (status == 200)
