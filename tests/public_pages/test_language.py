"""A page in German: nothing of it is left in English, and nothing for programs is spoilt."""

import functools
import html
import json
import re
import xml.etree.ElementTree as ET
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone, translation
from pytest_django import Settings

from components import catalogue
from notifications import delivering
from subscribers import asking, fanout
from tests import build, translating
from tests.notifications import post, sinks
from tests.public_pages import world

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def left_in_english(page: str) -> list[str]:
    """The texts of at least three words that a page shows and German has other words for."""
    shown = re.sub(r"\s+", " ", html.unescape(page))
    return [text for text in texts_with_german_words() if text in shown]


@functools.cache
def texts_with_german_words() -> list[str]:
    with translation.override("de"):
        return [
            text.singular
            for text in translating.wanted()
            if len(text.singular.split()) > 2
            and not re.search(r"%\(|\{", text.singular)
            and translation.gettext(text.singular) != text.singular
        ]


def test_what_is_left_in_english_is_found() -> None:
    assert left_in_english("<p>Nothing\n is scheduled.</p>") == ["Nothing is scheduled."]
    assert left_in_english("<p>Nichts ist geplant.</p>") == []


@pytest.fixture
def german(now: datetime, tmp_path: Path) -> Path:
    """A published folder with everything on it."""
    components = world.acme(now=now)
    catalogue.change_page(page=catalogue.page(), language="de")
    first = next(iter(components.values()))
    build.incident(components={first: None}, now=now - HOUR, started_at=now - HOUR)
    build.maintenance(now=now, components=[first])
    folder = tmp_path / "published"
    world.publish(folder, now=now)
    return folder


def test_a_published_page_speaks_german_alone(german: Path) -> None:
    pages = sorted(german.rglob("*.html"))
    assert len(pages) > 10
    for path in pages:
        page = path.read_text(encoding="utf-8")
        assert left_in_english(page) == [], path.relative_to(german)
    home = (german / "index.html").read_text(encoding="utf-8")
    assert '<html lang="de"' in home
    for said in ("Abonnieren", "Komponenten", "Geplante Wartung", "Verfügbarkeit"):
        assert said in home
    assert re.search(r"\b99,9\d\u00a0?\s?%", home)  # and not 99.98
    _check_numbers(german)


def _check_numbers(folder: Path) -> None:
    """German writes 99,98: right for people, wrong in a path of a drawing or in JSON."""
    drawn = re.compile(r'\b(?:d|points|x|y|cx|cy|r|width|height|viewBox|value)="([^"]*)"')
    for path in folder.rglob("*.html"):
        for value in drawn.findall(path.read_text(encoding="utf-8")):
            assert not re.search(r"\d,\d+,\d|^\d+,\d+$", value), (path, value)
    for path in folder.rglob("*.svg"):
        ET.fromstring(path.read_text(encoding="utf-8"))
    for path in folder.rglob("*.json"):
        json.loads(path.read_text(encoding="utf-8"))


def test_the_forms_of_a_german_page_are_german(client: Client, now: datetime) -> None:
    build.component()
    catalogue.change_page(page=catalogue.page(), language="de")
    form = client.get("/subscribe").content.decode()
    assert "Wie sollen wir Sie erreichen?" in form
    assert left_in_english(form) == []
    wrong = client.post("/subscribe", {"channel": "email", "email": "nobody", "what": "all"})
    assert left_in_english(wrong.content.decode()) == []
    assert "Geben Sie eine vollständige Adresse ein" in wrong.content.decode()


def test_the_console_stays_english_whatever_a_browser_asks_for(client: Client) -> None:
    client.force_login(build.operator())
    catalogue.change_page(page=catalogue.page(), language="de")
    client.get("/subscribe")
    page = client.get("/admin/incidents/report/", headers={"accept-language": "de"})
    assert '<html lang="en"' in page.content.decode()
    assert "What customers notice, not the cause." in page.content.decode()
    assert "Abmelden" not in page.content.decode()


def test_the_mails_of_a_german_page_are_german(
    client: Client, now: datetime, settings: Settings
) -> None:
    component = build.component()
    catalogue.change_page(page=catalogue.page(), language="de", name="Acme")
    with sinks.sink() as sink:
        post.use_smtp(settings, sink.port)
        client.post("/subscribe", {"channel": "email", "email": "ada@example.com", "what": "all"})
        at = timezone.now()
        asking.answer(now=at)
        delivering.drain(now=at)
        asked = sink.received[-1].mail
        assert asked["Subject"] == "Bestätigen Sie Ihre Statusmeldungen von Acme"
        build.subscriber(language="de", address="grace@example.com")
        build.incident(components={component: None}, now=at)
        fanout.expand(now=at)
        delivering.drain(now=at)
        told = next(one.mail for one in sink.received if one.recipients == ["grace@example.com"])
    for mail in (asked, told):
        for part in mail.iter_parts():
            assert left_in_english(part.get_content()) == []
    text = told.get_body(("plain",))
    assert text is not None
    assert "WIRD UNTERSUCHT" in text.get_content()
    assert "Abbestellen:" in text.get_content()
