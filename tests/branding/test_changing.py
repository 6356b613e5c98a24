"""One record of the look: saved whole or not at all, undone, reset, and swept (A3-A8, AMB-1)."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.models import AuditEntry
from branding import changing, reading
from branding.brand_views import DEFAULT
from branding.changing import Look
from branding.encoded import Encoded
from branding.link_rules import Link
from branding.models import Brand, Picture
from components import catalogue
from components.models import PageKind
from tests import build, counting

pytestmark = pytest.mark.django_db

LOGO = Encoded(kind="png", width=20, height=10, body=b"logo")
OTHER = Encoded(kind="png", width=20, height=10, body=b"other")


def look(**fields: Any) -> Look:
    return Look(**{"pictures": {}} | fields)


def saved(now: datetime, **fields: Any) -> Brand:
    return changing.save(page=catalogue.page(), look=look(**fields), now=now)


@pytest.mark.req("AMB-1", "A3", "A6")
def test_a_look_is_read_as_it_was_saved_and_the_page_is_dirty(now: datetime) -> None:
    revision = catalogue.page().revision
    [digest] = changing.keep(pictures=[LOGO], now=now)

    saved(
        now,
        colour="FFCC00",
        pictures={"logo": [digest]},
        header_links=[Link("Website", "https://acme.example")],
        support=Link("Help", "mailto:help@acme.example"),
        footer_text="**Acme** Ltd",
        css="h1 { color: #123456 }",
    )

    brand = reading.brand(catalogue.page().pk)
    assert brand.colour == "#ffcc00"
    assert brand.logo is not None
    assert brand.logo.url == f"/media/{digest}.png"
    assert brand.mail_logo == brand.logo
    assert brand.footer_html == "<p><strong>Acme</strong> Ltd</p>"
    assert brand.support is not None
    assert f"--brand:{brand.shades.light}" in brand.stylesheet
    assert "h1{color:#123456}" in brand.stylesheet
    assert brand.files() == {brand.style_name: brand.stylesheet.encode()}
    assert catalogue.page().revision > revision
    assert dict(reading.bodies([digest])) == {f"media/{digest}.png": b"logo"}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"css": ".top { position: fixed }"}, "css"),
        ({"footer_text": "x" * 2001}, "footer_text"),
        ({"footer_text": "a\0b"}, "footer_text"),
        ({"pictures": {"logo": ["0" * 64]}}, "logo"),
        ({"header_links": [Link("x", "javascript:alert(1)")]}, "header_links"),
    ],
)
def test_one_wrong_part_saves_nothing(now: datetime, fields: dict[str, Any], field: str) -> None:
    saved(now, colour="#123456")
    before = Brand.objects.get().state()

    with pytest.raises(ValidationError) as refused:
        saved(now, **{"colour": "#654321"} | fields)

    assert field in refused.value.message_dict
    assert Brand.objects.get().state() == before


def test_a_css_picture_is_no_logo(now: datetime) -> None:
    digest = changing.keep_style(style="a{}", now=now)
    with pytest.raises(ValidationError):
        saved(now, pictures={"logo": [digest]})


@pytest.mark.req("AMB-1")
def test_a_page_without_a_look_of_its_own_has_the_main_pages(now: datetime) -> None:
    saved(now, colour="#123456")
    plain, own = build.page(kind=PageKind.CUSTOMER), build.page()
    changing.save(page=own, look=look(colour="#654321"), now=now)

    brands = reading.brands()

    assert brands[plain.pk].colour == reading.brand(plain.pk).colour == "#123456"
    assert brands[own.pk].colour == reading.brand(own.pk).colour == "#654321"
    assert [brand.colour for brand in brands.distinct()] == ["#123456", "#654321"]

    changing.reset(page=own, now=now)
    assert reading.brand(own.pk) == reading.brand(plain.pk)
    changing.undo(page=own, now=now)
    assert reading.brand(own.pk).colour == "#654321"


def test_brands_of_any_number_of_pages_are_read_in_one_statement(now: datetime) -> None:
    for number in range(5):
        changing.save(page=build.page(), look=look(colour=f"#00000{number}"), now=now)
    with counting.statements() as statements:
        reading.brands()
    assert len(statements) == 1


def test_undo_brings_back_what_was_and_can_be_undone(now: datetime) -> None:
    [first, second] = changing.keep(pictures=[LOGO, OTHER], now=now)
    assert not changing.undo(page=catalogue.page(), now=now)
    saved(now, pictures={"logo": [first]})
    saved(now, pictures={"logo": [second]})

    def shown() -> str:
        logo = reading.brand(catalogue.page().pk).logo
        return logo.digest if logo else ""

    changing.undo(page=catalogue.page(), now=now)
    assert shown() == first
    changing.undo(page=catalogue.page(), now=now)
    assert shown() == second


def test_saving_the_same_again_changes_nothing(now: datetime) -> None:
    saved(now, colour="#123456")
    revision = catalogue.page().revision
    saved(now + timedelta(hours=1), colour="#123456")
    assert catalogue.page().revision == revision
    assert Brand.objects.get().changed_at == now


def test_without_a_brand_the_look_is_the_products(now: datetime) -> None:
    assert reading.brand(catalogue.page().pk) == DEFAULT
    saved(now, colour="#123456")
    changing.reset(page=catalogue.page(), now=now)
    assert reading.brand(catalogue.page().pk) == DEFAULT


def test_pictures_that_nobody_names_are_swept_after_a_day(now: datetime) -> None:
    [shown, undoable, loose] = changing.keep(
        pictures=[LOGO, OTHER, Encoded(kind="png", width=1, height=1, body=b"loose")], now=now
    )
    saved(now, pictures={"logo": [undoable]})
    saved(now, pictures={"logo": [shown]})

    assert changing.sweep(now=now + timedelta(hours=23)) == 0
    assert changing.sweep(now=now + timedelta(hours=25)) == 1
    assert set(Picture.objects.values_list("digest", flat=True)) == {shown, undoable}
    assert loose not in {shown, undoable}


def test_the_same_picture_is_kept_once_and_its_name_cannot_be_foretold(now: datetime) -> None:
    import hashlib

    [one, again] = changing.keep(pictures=[LOGO, LOGO], now=now)
    assert one == again
    assert one != hashlib.sha256(b"logo").hexdigest()


def test_a_change_is_in_the_audit_log(now: datetime) -> None:
    saved(now, colour="#123456")
    saved(now, colour="#654321")
    entry = AuditEntry.objects.filter(content_type__model="brand").latest("id")
    assert "#654321" in str(entry.changes)


def test_css_of_a_wider_subset_is_left_out_of_the_page(now: datetime) -> None:
    saved(now, colour="#123456")
    Brand.objects.update(css=".top { position: fixed }")
    assert "position" not in reading.brand(catalogue.page().pk).stylesheet
