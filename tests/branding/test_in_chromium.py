"""Branding in a real Chromium: hostile pictures do nothing, and an uploaded logo is on the page."""

from datetime import datetime
from urllib.parse import quote

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Dialog, FilePayload, Route, expect

from branding import svg_cleaning
from branding.unusable import UnusablePicture
from components import catalogue
from components.models import Page
from notifications.messages import Message
from public_pages import addresses
from subscribers import asking
from tests import build
from tests.branding import corpus
from tests.browsing import WATCH_POLICY, OpenPage, faults
from tests.public_pages import world
from tests.public_pages.conftest import Served
from tests.public_pages.conftest import served as served  # noqa: PLC0414 - a fixture

pytestmark = pytest.mark.browser
ORIGIN = "http://logos.test"
CSP = ("Content-Security-Policy", "default-src 'none'; img-src 'self'")
XSS = "<img src=x onerror=alert(1)><script>alert(1)</script> [a](javascript:alert(1))"
# Seen to be dangerous in this very test, so that silence means something.
RAW = {"script element", "onload", "image http", "style attribute url()"}


@pytest.mark.req("A5")
def test_no_file_of_the_corpus_runs_or_asks_for_anything(browser: Browser) -> None:
    """Reliability F3: each cleaned file opened by itself, without any header of ours, and in an image."""
    files: dict[str, bytes] = {}
    for name, raw in (corpus.HOSTILE | corpus.MORE).items():
        try:
            files[f"/{quote(name)}.svg"] = svg_cleaning.clean(raw).body
        except UnusablePicture:
            continue  # never stored
    raws = {f"/raw/{quote(name)}.svg": corpus.HOSTILE[name] for name in RAW}
    shown = "".join(f'<img src="{path}">' for path in files)
    pages = {"/all.html": shown.encode()}
    asked, told = set[str](), list[str]()

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(ORIGIN)
        asked.add(path)
        if path in pages:
            route.fulfill(body=pages[path], content_type="text/html", headers=dict([CSP]))
        elif path in files or path in raws:
            body = files.get(path) or raws[path]
            route.fulfill(body=body, content_type="image/svg+xml")
        else:
            route.abort()

    def dismiss(dialog: Dialog) -> None:
        told.append(dialog.message)
        dialog.dismiss()

    with browser.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("dialog", dismiss)
        page.route("**/*", answer)
        for path in files:
            page.goto(f"{ORIGIN}{path}")
        page.goto(f"{ORIGIN}/all.html")
        page.wait_for_function("[...document.images].every(image => image.complete)")
        assert (told, asked) == ([], {*files, *pages})

        for path in raws:
            page.goto(f"{ORIGIN}{path}")
        assert told
        assert asked - {*files, *pages, *raws}


@pytest.mark.req("A3", "A6", "A8", "AMB-1")
@pytest.mark.django_db(transaction=True)
def test_an_uploaded_logo_is_on_the_public_page(
    open_page: OpenPage, served: Served, browser: Browser, now: datetime
) -> None:
    """Story: colour and pictures given in the console, seen in the preview, saved, seen by visitors and in mails."""
    build.component(name="Checkout")
    catalogue.change_page(page=catalogue.page(), name="Acme Status")
    Page.objects.update(set_up_at=now)
    console = open_page()
    console.goto("/admin/branding/")
    console.get_by_label("Brand colour").fill("#ffcc00")
    for label, data in (
        ("Header logo", corpus.good_svg()),
        ("Header background", corpus.raster(size=(2000, 400))),
    ):
        upload: FilePayload = {"name": "x", "mimeType": "application/x-what", "buffer": data}
        console.get_by_label(label, exact=True).set_input_files([upload])
        thumb = console.locator(".slot", has_text=label).locator("img").first
        expect(thumb).to_be_visible()
    console.get_by_label("Text in the footer").fill(f"Acme Ltd {XSS}")
    console.get_by_label("Support link").fill('"><i onclick=alert(1) | https://acme.example/help')
    preview = console.frame_locator("iframe").first
    expect(preview.locator(".brandfoot")).to_contain_text("onerror")
    expect(preview.locator("img.logo")).to_be_visible()
    expect(console.locator("#preview")).to_contain_text("saved as #866a00")
    expect(preview.locator("main a")).to_have_css("color", "rgb(134, 106, 0)")
    assert faults(console) == []
    console.get_by_role("button", name="Save").click()
    expect(console.locator(".messagelist")).to_contain_text("is saved")

    browsing = Client()
    browsing.post("/subscribe", {"channel": "email", "email": "eve@acme.example", "scope": "all"})
    asking.answer(now=timezone.now())
    (letter,) = apps.get_model("notifications", "Delivery").objects.all()
    assert "background:#866a00" in Message.from_json(letter.message).html

    world.publish(served.folder, now=now)
    with browser.new_context(base_url=served.origin) as context:
        context.add_init_script(WATCH_POLICY)
        page = context.new_page()
        dialogs: list[str] = []
        page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        page.goto("/")
        expect(page.locator(".brandfoot")).to_contain_text("onerror")
        logo = page.get_by_role("img", name="Acme Status")
        assert logo.evaluate("image => image.complete && image.naturalWidth > 0")
        background = page.locator(".top").evaluate("one => getComputedStyle(one).backgroundImage")
        assert background.startswith("image-set(url(")
        assert (faults(page), dialogs) == ([], [])
        address = logo.get_attribute("src") or ""
        answer = page.request.get(address)

    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"].endswith("immutable")
    for name, value in addresses.INERT:
        assert answer.headers[name.lower()] == value
