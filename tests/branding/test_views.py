"""The screen Branding: uploads, preview, errors, undo, roles (A3-A8; DESIGN 7.6)."""

import re
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from accounts.roles import Role
from branding import reading
from branding.models import Brand, Picture
from components import catalogue
from tests import build
from tests.branding import corpus

URL = "/admin/branding/"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("owner")]
XSS = "<script>alert(1)</script><img src=x onerror=alert(1)>"


def upload(data: bytes, name: str = "logo.svg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, "text/html")


def post(client: Client, url: str = URL, do: str = "save", **fields: object) -> Any:
    return client.post(url, {"do": do, **fields})


def text(answer: Any) -> str:
    return unescape(answer.content.decode())


@pytest.mark.req("A3", "A5", "A6")
def test_a_look_is_saved_from_the_form(client: Client) -> None:
    answer = post(
        client,
        colour="#ffcc00",
        logo=upload(corpus.good_svg()),
        header_links="Website | https://acme.example",
        support="Help | mailto:help@acme.example",
    )

    assert answer.status_code == 302
    brand = reading.brand(catalogue.page().pk)
    assert brand.logo is not None
    assert (brand.logo.kind, brand.logo.width) == ("svg", 160)
    assert brand.colour == "#ffcc00"
    shown = text(client.get(URL))
    assert brand.logo.digest in shown
    assert "saved as #866a00" in shown
    assert "because #ffcc00 has only 1.3:1" in shown


def test_a_bad_upload_saves_nothing_and_keeps_the_good_one(client: Client) -> None:
    answer = post(
        client,
        colour="#123456",
        logo=upload(corpus.good_svg()),
        footer_logo=upload(b"hello", "x.png"),
    )

    assert answer.status_code == 422
    assert not Brand.objects.exists()
    assert "The file is no picture that can be used." in text(answer)
    [kept] = Picture.objects.filter(kind="svg").values_list("digest", flat=True)
    assert f'name="logo_kept" value="{kept}"' in text(answer)

    assert post(client, colour="#123456", logo_kept=kept).status_code == 302
    logo = reading.brand(catalogue.page().pk).logo
    assert logo is not None
    assert logo.digest == kept


def test_a_picture_is_removed_and_undone(client: Client) -> None:
    post(client, logo=upload(corpus.good_svg()))
    [kept] = Picture.objects.filter(kind="svg").values_list("digest", flat=True)

    post(client, logo_kept=kept, logo_removed="on")
    assert reading.brand(catalogue.page().pk).logo is None

    assert client.post("/admin/branding/1/undo/").status_code == 302
    assert reading.brand(catalogue.page().pk).logo is not None


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("colour", "purple-ish", "Write the colour as #"),
        ("css", "a { color: red }\n.top { position: fixed }", "Line 2: The property “position”"),
        ("header_links", "Evil | javascript:alert(1)", "Line 1: The address of a link begins"),
        ("support", "A | https://a.example\nB | https://b.example", "Write one link."),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    client: Client, field: str, value: str, said: str
) -> None:
    answer = post(client, **{field: value})
    assert answer.status_code == 422
    assert said in text(answer)
    assert not Brand.objects.exists()


@pytest.mark.parametrize("target", ["/admin/branding/1/preview/", URL])
def test_a_preview_shows_both_themes_and_saves_nothing(client: Client, target: str) -> None:
    answer = post(client, target, do="preview", colour="#ffcc00", logo=upload(corpus.good_svg()))

    assert answer.status_code == 200
    assert not Brand.objects.exists()
    shown = text(answer)
    assert shown.count("<iframe") == 2
    assert 'sandbox="allow-same-origin"' in shown
    assert 'data-theme="dark"' in shown
    [digest] = Picture.objects.filter(kind="svg").values_list("digest", flat=True)
    picture = client.get(f"/admin/branding/media/{digest}.svg")
    assert picture.content.startswith(b"<svg")
    assert "sandbox" in picture.headers["Content-Security-Policy"]
    [style] = Picture.objects.filter(kind="css").values_list("digest", flat=True)
    assert f"/admin/branding/assets/brand-{style[:32]}.css" in shown
    css = client.get(f"/admin/branding/assets/brand-{style[:32]}.css")
    assert b"--brand:#866a00" in css.content
    assert css.headers["Content-Type"].startswith("text/css")


def test_a_preview_leaves_out_what_is_wrong(client: Client) -> None:
    answer = post(
        client,
        "/admin/branding/1/preview/",
        do="preview",
        colour="nonsense",
        css="h1 { position: fixed }",
        footer_text="A *footer*",
    )
    assert "<em>footer</em>" in text(answer)
    assert "the preview leaves it out" in text(answer)


@pytest.mark.parametrize("name", ["0" * 32, "0" * 64, "0", "a" * 20])
def test_there_is_no_other_file(client: Client, name: str) -> None:
    assert client.get(f"/admin/branding/media/{name}.png").status_code == 404


def test_xss_in_every_text_comes_out_inert(client: Client) -> None:
    """Reliability F4: footer text, labels of links, support, as the preview and the screen show them."""
    answer = post(
        client,
        footer_text=f"{XSS} [a](javascript:alert(1)) ![x](https://outside.test/x.png)",
        header_links=f"{XSS[:30]} | https://acme.example",
        footer_links='"><b | https://acme.example',
        support="'><i | mailto:help@acme.example",
    )
    assert answer.status_code == 302

    brand = reading.brand(catalogue.page().pk)
    shown = client.get(URL).content.decode()
    assert "<script>alert" not in brand.footer_html
    assert "<img" not in brand.footer_html
    assert 'href="javascript' not in brand.footer_html
    assert "<script>alert" not in shown
    frames = [unescape(found) for found in re.findall(r'srcdoc="([^"]*)"', shown)]
    assert len(frames) == 2
    for frame in frames:  # escaped once for the attribute, and once in what the frame parses
        assert "alert(1)" in frame
        assert not re.search(
            r"<(script|b|i|img)\b[^>]*(alert|>\s*\|)|<script>alert|<img src=x", frame
        )


@pytest.mark.req("AMB-1")
def test_another_page_begins_with_the_main_pages_look_and_gets_its_own(client: Client) -> None:
    post(client, colour="#123456")
    page = build.page(name="EU")

    assert "looks like the main page" in text(client.get(f"{URL}{page.pk}/"))
    assert 'value="#123456"' in text(client.get(f"{URL}{page.pk}/"))
    post(client, f"{URL}{page.pk}/", colour="#654321")

    assert reading.brand(page.pk).colour == "#654321"
    assert "EU" in text(client.get(URL))
    assert "looks like the main page" in text(client.get(f"{URL}{page.pk}/reset/"))
    client.post(f"{URL}{page.pk}/reset/")
    assert reading.brand(page.pk).colour == "#123456"


@pytest.mark.parametrize("role", [Role.RESPONDER, Role.VIEWER])
def test_only_owners_change_the_look(role: Role) -> None:
    member = Client()
    member.force_login(build.operator(role=role))
    digest = "0" * 64
    for url in (URL, f"{URL}1/", f"{URL}1/reset/", f"{URL}media/{digest}.png"):
        assert member.get(url).status_code == 403
    for url in (f"{URL}1/preview/", f"{URL}1/undo/", f"{URL}1/reset/"):
        assert member.post(url).status_code == 403


def test_a_page_that_is_not_there_is_not_found(client: Client, owner: User) -> None:
    assert client.get(f"{URL}987654/").status_code == 404
