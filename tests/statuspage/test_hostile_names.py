"""Names that people type are text wherever they are shown: on pages, in the console, in mails (F4)."""

import html
from collections.abc import Mapping
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import cast
from xml.etree import ElementTree

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client

from components import catalogue
from components.models import PageKind
from incidents import announcements
from notifications import delivering
from subscribers import fanout
from tests import build
from tests.catalog import made
from tests.public_pages import world

pytestmark = [pytest.mark.django_db, pytest.mark.req("F4")]

HOSTILE = [
    "<script>evil(1)</script><a href=//evil.example>evil</a>",
    "\"><img src=evil onerror=evil(1)>'><svg/onload=evil(1)>",
    '" onmouseover="evil(1)" \' autofocus onfocus=evil(1) title=\'',
    "javascript:evil(1)",
    "</title></textarea></style></script><iframe src=javascript:evil(1)>",
    "-->]]><img src=evil onerror=evil(1)><!--",
    "{{ evil }}{% evil %}&lt;script&gt;evil(1)&lt;/script&gt;",
    "[evil](javascript:evil(1)) ![evil](https://evil.example/x.gif)",
]
_LEADS = frozenset({"href", "src", "action", "formaction", "srcset", "hx-get", "hx-post"})


class Elements(HTMLParser):
    """What a browser would make of a document, as far as it can do harm."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in {"iframe", "object", "embed", "base"} or (
            tag == "script" and "src" not in values
        ):
            self.wrong.append(f"<{tag}>")
        for name, value in attrs:
            said = (value or "").strip().lower()
            is_led = name in _LEADS and (
                said.startswith(("javascript:", "data:text")) or "evil.example" in said
            )
            if name.startswith("on") or "evil" in name or is_led:
                self.wrong.append(f"<{tag} {name}={said}>")
            elif said == "evil":
                self.wrong.append(f"<{tag} {name}=evil>")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem in {"script", "style"} and "evil" in data:
            self.wrong.append(f"in <{self.cdata_elem}>: {data[:80]}")


def documents(folder: Path) -> dict[str, str]:
    """Every page and feed of a published folder, by path."""
    found = (
        path for path in folder.rglob("*") if path.suffix in {".html", ".atom", ".rss", ".svg"}
    )
    return {path.relative_to(folder).as_posix(): path.read_text() for path in found}


def console(*paths: str) -> dict[str, str]:
    """What an owner sees."""
    client = Client()
    client.force_login(build.operator())
    answers = {path: client.get(path) for path in paths}
    assert {answer.status_code for answer in answers.values()} == {200}
    return {path: answer.content.decode() for path, answer in answers.items()}


def is_harmless(texts: Mapping[str, str]) -> bool:
    """Whether a browser finds nothing in these documents but text, and programs find XML."""
    for path, text in texts.items():
        if path.endswith((".atom", ".rss", ".svg")):
            ElementTree.fromstring(text)
        else:
            assert Elements(text).wrong == [], path
    return True


def test_hostile_names_are_text_on_pages_and_in_the_console(now: datetime, tmp_path: Path) -> None:
    source = made.customers(now, kind=PageKind.SUB)
    entries = {name: made.entry(source, name, now=now) for name in HOSTILE}
    subs = {name: made.page_of(entry) for name, entry in entries.items()}
    for name in HOSTILE:
        announcements.publish(title=name, text="x", now=now)
        build.incident(title=name, components={build.component(name=name[:80]): None}, now=now)

    world.publish(tmp_path, now=now)
    published = documents(tmp_path)
    listing = console(
        "/admin/",
        "/admin/pages/",
        f"/admin/catalog/types/{source.type_id}/",
        "/admin/announcements/",
        "/admin/incidents/",
    )
    screens = {
        name: console(f"/admin/pages/{subs[name].pk}/", f"/admin/catalog/entries/{entry.pk}/")
        for name, entry in entries.items()
    }

    assert is_harmless(published)
    assert is_harmless(listing)
    assert all(is_harmless(each) for each in screens.values())
    for name in HOSTILE:
        own = published[f"pages/{subs[name].pk}/index.html"]
        for text in (published["index.html"], own, *listing.values(), *screens[name].values()):
            assert name in html.unescape(text)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_of_the_main_page_is_text_on_it_and_in_mails(
    name: str, now: datetime, tmp_path: Path
) -> None:
    catalogue.change_page(page=catalogue.page(), name=name)
    build.subscriber()
    build.incident(title=name, now=now)

    world.publish(tmp_path, now=now)
    fanout.expand(now=now)
    delivering.drain(now=now)
    (message,) = mail.outbox
    ((letter, _kind),) = cast("EmailMultiAlternatives", message).alternatives
    texts = documents(tmp_path) | console("/admin/") | {"the mail": str(letter)}

    assert is_harmless(texts)
    for place in ("index.html", "/admin/", "the mail"):
        assert name in html.unescape(texts[place])
