"""The files of brands are published: inert, for ever, with the database away, and unlisted (A5, F3)."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from branding import changing, reading
from branding.changing import Look
from branding.encoded import Encoded
from branding.link_rules import Link
from branding.models import Picture
from components import catalogue, pages
from components.models import Page, PageKind
from public_pages.brand_files import BrandFiles
from public_pages.folder import Folder
from tests import build
from tests.public_pages import world
from tests.public_pages.world import Site

pytestmark = pytest.mark.django_db
LOGO = Encoded(kind="svg", width=4, height=3, body=b'<svg xmlns="http://www.w3.org/2000/svg"/>')


def branded(page: Page, now: datetime, picture: Encoded = LOGO, **fields: Any) -> str:
    [digest] = changing.keep(pictures=[picture], now=now)
    look = Look(pictures={"logo": [digest]}, **fields)
    changing.save(page=page, look=look, now=now)
    return digest


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return tmp_path / "published"


@pytest.mark.req("A3", "A4", "A5")
def test_pages_name_the_files_that_lie_beside_them(published: Path, now: datetime) -> None:
    build.component(name="Checkout")
    digest = branded(catalogue.page(), now, colour="#123456", footer_text="Acme")

    world.publish(published, now=now)

    brand = reading.brand(catalogue.page().pk)
    for name in ("index.html", "404.html", "history/index.html", "components"):
        path = published / name
        if path.is_file():
            text = path.read_text()
            assert f'src="/media/{digest}.svg"' in text, name
            assert f'href="{brand.style_url}"' in text, name
            assert "<p>Acme</p>" in text, name
    assert (published / f"media/{digest}.svg").read_bytes() == LOGO.body
    assert (published / brand.style_name).read_bytes() == brand.stylesheet.encode()


@pytest.mark.req("A5")
def test_uploads_are_answered_inert(published: Path, now: datetime) -> None:
    build.component(name="Checkout")
    digest = branded(catalogue.page(), now)
    world.publish(published, now=now)
    Picture.objects.all().delete()  # answered from the folder alone

    answer = Site(published, now).get(f"/media/{digest}.svg")

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == "attachment"
    policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    assert answer.headers["Content-Security-Policy"] == policy
    assert "immutable" in answer.headers["Cache-Control"]
    assert Site(published, now).get(f"/media/{'0' * 64}.svg").status == 404
    for path in ("/media/", f"/media/{digest}", f"/media/{digest}.css", f"/media/../{digest}.svg"):
        assert Site(published, now).get(path).body == b"dynamic"  # never a file


def test_no_file_of_a_customers_look_is_published(published: Path, now: datetime) -> None:
    """Reliability B4. What a public page shows too is public; what lay there before goes."""
    build.component(name="Checkout")
    customer = build.page(kind=PageKind.CUSTOMER)
    shared, tile = LOGO, Encoded(kind="png", width=1, height=1, body=b"tile")
    digest = branded(catalogue.page(), now, shared)
    [own] = changing.keep(pictures=[tile], now=now)
    look = Look(colour="#123456", pictures={"logo": [digest], "pattern": [own]})
    changing.save(page=customer, look=look, now=now)
    Folder(published).write(f"media/{own}.png", b"tile", at=now)

    world.publish(published, now=now)

    files = {str(path.relative_to(published)) for path in published.rglob("*") if path.is_file()}
    assert {name for name in files if name.startswith("media/")} == {f"media/{digest}.svg"}
    assert not {name for name in files if "brand-" in name}
    assert not [name for name in files if own.encode() in (published / name).read_bytes()]


def test_what_all_may_read_names_no_file_of_a_customers_look(now: datetime) -> None:
    """Mails and pages of subscriptions that are opened without signing in."""
    customer = build.page(kind=PageKind.CUSTOMER)
    picture = Encoded(kind="png", width=9, height=9, body=b"logo")
    digest = branded(customer, now, picture, colour="#123456")
    for brand in (reading.brand(customer.pk), reading.brands()[customer.pk]):
        assert (brand.colour, brand.logo, brand.mail_logo) == ("#123456", None, None)
        assert (brand.style_url, list(brand.pictures())) == ("", [])
    behind = reading.brand(customer.pk, door="/p/x")
    assert behind.logo is not None
    assert behind.logo.url == f"/p/x/brand/media/{digest}.png"
    assert behind.style_url == f"/p/x/brand/{behind.style_name}"


def test_files_are_written_once_and_tidied_when_nobody_can_name_them(
    published: Path, now: datetime
) -> None:
    folder = Folder(published)
    files = BrandFiles(folder)
    old = branded(catalogue.page(), now, colour="#123456")
    files.write([reading.brand(1)], at=now)
    style = reading.brand(1).style_name
    written = (published / f"media/{old}.svg").stat().st_mtime_ns
    changing.reset(page=catalogue.page(), now=now)
    changing.save(page=catalogue.page(), look=Look(colour="#654321", pictures={}), now=now)
    later = now + timedelta(days=8)

    files.write([reading.brand(1)], at=later)
    assert (published / f"media/{old}.svg").stat().st_mtime_ns == written
    changing.sweep(now=later)
    files.tidy([reading.brand(1)], at=later)

    assert not (published / f"media/{old}.svg").exists()
    assert not (published / style).exists()
    assert (published / reading.brand(1).style_name).exists()

    (published / reading.brand(1).style_name).unlink()
    files.write([reading.brand(1)], at=later)
    assert (published / reading.brand(1).style_name).exists()


def test_a_retired_pages_brand_is_not_read(now: datetime) -> None:
    page = build.page()
    branded(page, now)
    assert reading.brand(page.pk).logo is not None
    pages.retire(page=page, now=now)
    assert reading.brand(page.pk).logo is None


def test_a_branded_page_of_fifteen_components_weighs_at_most_30_kb(
    published: Path, now: datetime
) -> None:
    world.acme(now=now)
    link = Link("A link of usual length", "https://www.acme.example/somewhere")
    branded(
        catalogue.page(),
        now,
        colour="#ffcc00",
        header_links=[link] * 4,
        footer_links=[link] * 8,
        support=link,
        footer_text="Acme Ltd, 1 Main Street. " * 20,
        css=".btn { border-radius: 0 }\n.top { background-color: #123456 }\n" * 5,
    )
    world.publish(published, now=now)

    html = (published / "index.html").read_text("utf-8")
    linked = re.findall(r'(?:href|src)="/(assets/[^"]+)"', html)
    assert len(linked) == 4
    weight = sum(
        min(path.stat().st_size for path in published.glob(f"{name}*"))
        for name in ("index.html", *linked)
    )
    assert weight <= 30 * 1024
