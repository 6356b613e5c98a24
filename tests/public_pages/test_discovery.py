"""How programs find what there is: links, catalog, description, previews of links, oEmbed."""

import io
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from PIL import Image

from common import host_names
from components.models import Page, PageKind
from components.status import Status
from public_pages import preview_image
from public_pages.preview_image import Preview
from tests import build
from tests.public_pages import world
from tests.public_pages.conftest import Once
from tests.public_pages.world import Site

pytestmark = pytest.mark.django_db

TICK = timedelta(milliseconds=250)
ORIGIN = settings.CANDOR_ORIGIN


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "published"


def _acme() -> tuple[Page, Page]:
    world.main_page(name="Acme")
    build.component(slug="shop", name="Shop")
    return (
        build.page(kind=PageKind.SUB, name="Europe", slug="eu"),
        build.page(kind=PageKind.CUSTOMER, name="Secret Ltd"),
    )


@pytest.fixture
def acme(once: Once) -> Path:
    """A published page with a sub-page, and one of a customer; not to be written to."""
    return once(_acme)


def head_of(folder: Path, name: str = "index.html") -> str:
    return (folder / name).read_text("utf-8").partition("</head>")[0]


def whole(folder: Path, now: datetime) -> Any:
    """Publish until nothing waits."""
    publisher = world.publish(folder, now=now)
    while publisher.is_behind:
        publisher.publish_if_due(now=now)
    return publisher


# ---- links -------------------------------------------------------------------------------------


def test_what_a_page_links_to_for_programs_is_there(acme: Path, now: datetime) -> None:
    folder = acme
    site = Site(folder, now)

    linked = {
        rel: (address, kind)
        for address, rel, kind in re.findall(
            r'<([^>]*)>; rel="([\w-]*)"; type="([^"]*)"', site.get("/").headers["Link"]
        )
    }

    assert set(linked) == {"status", "service-desc", "service-doc", "api-catalog"}
    for address, kind in linked.values():
        reply = site.get(address)
        assert reply.status == 200
        assert reply.headers["Content-Type"].startswith(kind)
    head = head_of(folder)
    for rel in ("status", "service-desc", "service-doc"):
        assert re.search(rf'<link rel="{rel}"\s+type="[^"]*"\s+href="{linked[rel][0]}">', head)
    assert re.search(r'rel="alternate"\s+type="application/json"\s+href="/status.json"', head)


def test_links_of_a_sub_page_begin_with_its_path(acme: Path, now: datetime) -> None:
    site = Site(acme, now)

    assert site.get("/s/eu/").headers["Link"].startswith("</s/eu/api/v2/summary.json>")
    assert site.get("/s/eu/.well-known/api-catalog").status == 200
    assert f"{ORIGIN}/s/eu/preview.png" in site.get("/s/eu/").text


def test_the_catalog_lists_the_api_of_the_page(acme: Path, now: datetime) -> None:
    reply = Site(acme, now).get("/.well-known/api-catalog")

    assert reply.headers["Content-Type"].startswith("application/linkset+json; profile=")
    (api,) = json.loads(reply.body)["linkset"]
    assert api["anchor"] == f"{ORIGIN}/api/v2/"
    assert api["status"][0]["href"] == f"{ORIGIN}/api/v2/summary.json"
    assert api["service-desc"][0]["href"] == f"{ORIGIN}/openapi.json"


def test_the_description_is_valid_and_names_only_what_is_there(acme: Path, now: datetime) -> None:
    site = Site(acme, now)

    document = json.loads(site.get("/openapi.json").body)
    assert document["openapi"] == "3.1.0"
    assert set(document["info"]) >= {"title", "version"}
    names = [operation["get"]["operationId"] for operation in document["paths"].values()]
    assert len(names) == len(set(names))
    for path, operation in document["paths"].items():
        reply = site.get(path.format(component="shop", period="30d"))
        assert reply.status == 200, path
        (kind,) = operation["get"]["responses"]["200"]["content"]
        assert reply.headers["Content-Type"].startswith(kind), path


def test_every_address_on_the_page_for_programs_answers(acme: Path, now: datetime) -> None:
    site = Site(acme, now)

    page = site.get("/api")
    listed = re.findall(r'<a href="([^"]*)"><code>', page.text)

    assert page.status == 200
    assert len(listed) > 10
    assert [path for path in listed if site.get(path).status != 200] == []


# ---- previews of links -------------------------------------------------------------------------


def test_a_link_preview_has_the_title_and_description_of_its_page(
    folder: Path, now: datetime
) -> None:
    world.main_page(name='A & "B"')
    row = build.incident(title="Slow <answers>", now=now)
    whole(folder, now)

    for name, title in (
        ("index.html", 'Watching a fix – A & "B" Status'),
        (f"incidents/{row.public_id}.html", 'Slow <answers> – A & "B" Status'),
    ):
        head = head_of(folder, name) if name != "index.html" else head_of(folder)
        found = re.search(r'property="og:title" content="([^"]*)"', head)
        own = re.search(r"<title>(.*?)</title>", head, re.DOTALL)
        assert found
        assert own
        assert unescape(found[1]) == unescape(own[1])
        if row.public_id in name:
            assert unescape(found[1]) == title
        assert f'property="og:image" content="{ORIGIN}/preview.png"' in head
        assert "\ue0fa" not in head


def test_the_picture_shows_the_state_and_is_drawn_only_when_that_changes(
    folder: Path, now: datetime
) -> None:
    world.main_page(name="Größe")
    component = build.component()
    publisher = whole(folder, now)
    site = Site(folder, now)

    body = site.get("/preview.png").body
    with Image.open(io.BytesIO(body)) as image:
        assert (image.format, image.size) == ("PNG", (1200, 630))
    assert len(body) < 40_000
    before = (folder / "preview.png").stat().st_ino
    publisher.publish_if_due(now=now + timedelta(minutes=2))
    whole(folder, now + timedelta(minutes=3))  # a publisher that starts anew
    assert (folder / "preview.png").stat().st_ino == before

    world.said(component, Status.MAJOR_OUTAGE, now)
    whole(folder, now + timedelta(minutes=4))
    assert site.get("/preview.png").body != body


def test_once_the_page_is_old_its_picture_says_that_nothing_is_known(
    acme: Path, now: datetime
) -> None:
    folder = acme

    late = Site(folder, now + timedelta(hours=1)).get("/preview.png")

    assert late.body == (folder / "preview-stale.png").read_bytes()
    assert late.body != (folder / "preview.png").read_bytes()


def test_a_picture_fits_whatever_is_on_it() -> None:
    drawn = {
        preview_image.drawn(
            Preview(
                name=name,
                words="W" * 90,
                reach="ü" * 300,
                host="h" * 90,
                colour="#a81c2e",
                brand="#3a4bc9",
            )
        )
        for name in ("ÄÖÜß", "状態", "x" * 80)
    }

    assert len(drawn) == 3
    assert all(len(body) < 40_000 for body in drawn)


def test_a_picture_that_cannot_be_drawn_leaves_none_and_holds_up_nothing(
    folder: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = whole(folder, now)

    def fail(_preview: Preview) -> bytes:
        raise OSError("no font")

    monkeypatch.setattr(preview_image, "drawn", fail)
    world.main_page(name="Another")
    while not publisher.publish_if_due(now=now + TICK) or publisher.is_behind:
        pass

    assert not (folder / "preview.png").exists()
    assert "Another" in head_of(folder)


# ---- oEmbed ------------------------------------------------------------------------------------


@pytest.fixture
def ask(acme: Path, settings: Any) -> Callable[..., Any]:
    """The published pages, asked for the code of an address; the page's id with `of`."""
    settings.PUBLISHED_DIR = acme

    def get(url: str | None, *, of: int = 1, **more: str) -> Any:
        given = {"format": "json", **more} if url is None else {"url": url, **more}
        asked: dict[str, Any] = {host_names.PAGE_KEY: of}
        return Client().get("/oembed", given, **asked)

    return get


def test_oembed_gives_the_frame_of_a_page(ask: Callable[..., Any]) -> None:
    reply = ask(f"{ORIGIN}/")

    said = reply.json()
    assert (said["version"], said["type"]) == ("1.0", "rich")
    assert (said["width"], said["height"]) == (480, 200)
    assert said["provider_name"] == "Acme status"
    assert said["provider_url"] == f"{ORIGIN}/"
    assert said["html"].startswith(f'<iframe src="{ORIGIN}/embed/frame" title="Acme status" ')
    assert said["cache_age"] == 300
    assert reply["Access-Control-Allow-Origin"] == "*"
    title = ask(f"{ORIGIN}/components/shop").json()["title"]
    assert title == "Shop: Operational – Acme Status"


def test_oembed_keeps_to_the_room_there_is(ask: Callable[..., Any]) -> None:
    said = ask(f"{ORIGIN}/", maxwidth="300", maxheight="9999").json()

    assert (said["width"], said["height"]) == (300, 200)
    assert 'width="300" height="200"' in said["html"]
    assert ask(f"{ORIGIN}/", maxwidth="wide").status_code == 400
    assert ask(f"{ORIGIN}/", maxheight="0").status_code == 400


def test_oembed_knows_no_other_addresses(ask: Callable[..., Any]) -> None:
    others = [
        "https://elsewhere.example/",
        f"{ORIGIN}.evil.example/",
        f"{ORIGIN}/nothing-here",
        f"{ORIGIN}/components/nothing",
        f"{ORIGIN}/admin/",
        f"{ORIGIN}/status.json",
        f"{ORIGIN}/s/eu/",  # has an endpoint of its own
        f"{ORIGIN}/../hosts.json",
        "javascript:alert(1)",
        "http://[::1",
        "",
        "x" * 5000,
    ]

    assert [ask(url).status_code for url in others] == [404] * len(others)


def test_oembed_of_a_sub_page_knows_its_own_and_that_of_a_customer_none(
    ask: Callable[..., Any], once: Once
) -> None:
    _, (europe, secret) = once.both(_acme)
    Page.objects.bulk_create([europe, secret])
    eu = europe.pk

    said = ask(f"{ORIGIN}/s/eu/", of=eu).json()
    assert f'src="{ORIGIN}/s/eu/embed/frame"' in said["html"]
    assert ask(f"{ORIGIN}/", of=eu).status_code == 404
    assert ask(f"{ORIGIN}/", of=secret.pk).status_code == 404


def test_oembed_has_one_format(ask: Callable[..., Any]) -> None:
    assert ask(f"{ORIGIN}/", format="xml").status_code == 501
    assert ask(None).status_code == 404
