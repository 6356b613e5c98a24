"""RSS 2.0 and Atom 1.0 (RFC 4287), written by an XML writer; interop 6.1 says what is in them.

Called by `feeds`. Addresses are made of the page's own, ids of the stored feed authority.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from io import BytesIO
from xml.sax.xmlreader import AttributesImpl

from django.utils.xmlutils import SimplerXMLGenerator

from components.page_addresses import PageAddress
from public_pages import feeds_text, readouts
from public_pages.feeds_entries import Entry

_ATOM = "http://www.w3.org/2005/Atom"
# What an empty feed says of its age; the year is that of the tags, as readers know them.
_NEVER = datetime(2005, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A feed without its entries. `stem` is its address without the ending, `page` that of its page.

    Both are paths below `address`, where the page is. `tag` is the specific part of its id,
    `changed_at` when an entry went away last. `scope` parts the ids of one page from another's:
    each tells an event in its own words.
    """

    title: str
    description: str
    author: str
    page: str
    stem: str
    tag: str
    authority: str
    language: str
    address: PageAddress
    scope: str = ""
    changed_at: datetime | None = None

    def ident(self, specific: str) -> str:
        """Return a tag (RFC 4151), which stays when the page moves."""
        return f"tag:{self.authority},2005:{self.scope}{specific}"


def rss(channel: Channel, entries: Sequence[Entry]) -> bytes:
    """Return the feed as RSS 2.0."""

    def body(xml: "_Writer") -> None:
        xml.open("channel")
        xml.put("title", channel.title)
        xml.put("link", channel.address.url(channel.page))
        xml.put("description", channel.description)
        xml.put("language", channel.language)
        if entries or channel.changed_at:
            xml.put("pubDate", _rfc822(_changed_at(channel, entries)))
        xml.put(
            "atom:link",
            rel="self",
            type="application/rss+xml",
            href=channel.address.url(f"{channel.stem}.rss"),
        )
        for entry in entries:
            _item(xml, entry, channel.address.url(entry.path))
        xml.close("channel")

    return _written("rss", body, {"version": "2.0", "xmlns:atom": _ATOM})


def atom(channel: Channel, entries: Sequence[Entry]) -> bytes:
    """Return the feed as Atom 1.0."""

    def body(xml: "_Writer") -> None:
        xml.put("id", channel.ident(channel.tag))
        xml.put("title", channel.title)
        xml.put("subtitle", channel.description)
        xml.put("updated", _rfc3339(_changed_at(channel, entries)))
        xml.open("author")
        xml.put("name", channel.author)
        xml.close("author")
        xml.put("link", rel="alternate", type="text/html", href=channel.address.url(channel.page))
        xml.put(
            "link",
            rel="self",
            type="application/atom+xml",
            href=channel.address.url(f"{channel.stem}.atom"),
        )
        for entry in entries:
            xml.open("entry")
            xml.put("id", channel.ident(f"Incident/{entry.ident}"))
            xml.put("published", _rfc3339(entry.published))
            xml.put("updated", _rfc3339(entry.updated))
            xml.put("link", rel="alternate", type="text/html", href=channel.address.url(entry.path))
            xml.put("title", entry.title)
            xml.put("content", entry.html, type="html")
            xml.close("entry")

    return _written("feed", body, {"xmlns": _ATOM, "xml:lang": channel.language})


def _item(xml: "_Writer", entry: Entry, address: str) -> None:
    """Planned work is dated by its start, and says by itself when it ends."""
    xml.open("item")
    xml.put("title", entry.title)
    xml.put("description", entry.notice + entry.html)
    xml.put("pubDate", _rfc822(entry.window[0] if entry.window else entry.told_at))
    if entry.window:
        xml.put("maintenanceEndDate", _rfc822(entry.window[1]))
    xml.put("link", address)
    xml.put("guid", address)
    xml.close("item")


class _Writer:
    """Writes elements on lines of their own; every text and attribute is cleaned and escaped."""

    def __init__(self, generator: SimplerXMLGenerator) -> None:
        self._generator = generator

    def open(self, name: str, **attributes: str) -> None:
        self._generator.startElement(name, AttributesImpl(_clean(attributes)))
        self._generator.characters("\n")

    def close(self, name: str) -> None:
        self._generator.endElement(name)
        self._generator.characters("\n")

    def put(self, name: str, text: str = "", **attributes: str) -> None:
        self._generator.addQuickElement(name, feeds_text.clean(text), _clean(attributes))
        self._generator.characters("\n")


def _written(root: str, body: Callable[[_Writer], None], attributes: dict[str, str]) -> bytes:
    out = BytesIO()
    generator = SimplerXMLGenerator(out, "utf-8", short_empty_elements=True)
    generator.startDocument()
    writer = _Writer(generator)
    writer.open(root, **attributes)
    body(writer)
    writer.close(root)
    generator.endDocument()
    return out.getvalue()


def _clean(attributes: Mapping[str, str]) -> dict[str, str]:
    return {name: feeds_text.clean(value) for name, value in attributes.items()}


def _changed_at(channel: Channel, entries: Sequence[Entry]) -> datetime:
    return max([*(entry.updated for entry in entries), channel.changed_at or _NEVER])


def _rfc822(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)


def _rfc3339(at: datetime) -> str:
    return readouts.iso(at) or ""
