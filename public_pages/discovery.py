"""How programs find what a page offers: a catalog (RFC 9727), a description, a text for readers.

Written by the publisher when the page's name or address changes. The same is told by the links of
every page (RFC 8631), which the front sends as headers too.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from public_pages.addresses import V2_NAMES
from public_pages.page_views import SiteView

_JSON = "application/json"
_OPENAPI = "application/vnd.oai.openapi+json"
_SUMMARY = "/api/v2/summary.json"
_DESCRIPTION = "/openapi.json"
_DOCUMENTATION = "/api"
_SVG = "image/svg+xml"
_PERIOD = {
    "name": "period",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "enum": ["24h", "7d", "30d", "90d"]},
}
_COMPONENT = {
    "name": "component",
    "in": "path",
    "required": True,
    "description": "The slug of a component, as in /status.json.",
    "schema": {"type": "string"},
}
# (path, what it is, its type)
_DOCUMENTS: Sequence[tuple[str, str, str]] = (
    ("/status.json", "What visitors are told", _JSON),
    ("/status/report", "The health of everything that is measured", _JSON),
    ("/status/text", "The health of the page in one word", "text/plain"),
    *((f"/api/v2/{name}.json", f"Statuspage's document: {name}", _JSON) for name in V2_NAMES),
    ("/history.atom", "Incidents and maintenance as a feed", "application/atom+xml"),
    ("/history.rss", "Incidents and maintenance as a feed", "application/rss+xml"),
    ("/maintenance.ics", "Planned maintenance as a calendar", "text/calendar"),
    ("/badge/status.svg", "A badge with the status of the page", _SVG),
    ("/badge/status.json", "The same for shields.io", _JSON),
    ("/badge/uptime/{period}.svg", "A badge with the uptime of the page", _SVG),
    ("/badge/uptime/{period}.json", "The same for shields.io", _JSON),
    ("/badge/{component}/status.svg", "A badge with the status of a component", _SVG),
    ("/badge/{component}/status.json", "The same for shields.io", _JSON),
    ("/badge/{component}/uptime/{period}.svg", "A badge with the uptime of a component", _SVG),
    ("/badge/{component}/uptime/{period}.json", "The same for shields.io", _JSON),
)


def files(site: SiteView) -> Mapping[str, bytes]:
    """Return the files for programs that ask what there is, by file name."""
    return {
        "openapi.json": _description(site),
        "api-catalog.json": _dump(_catalog(site)),
        "llms.txt": _text(site).encode(),
    }


def _description(site: SiteView) -> bytes:
    """An OpenAPI document of what can be read."""
    own = {
        "openapi": "3.1.0",
        "info": {
            "title": site.name or "Status",
            "version": "2",
            "description": "What this status page tells programs. Nothing needs a token.",
        },
        "servers": [{"url": site.url("").rstrip("/")}],
        "paths": {},
    }
    return _dump(own).removesuffix(b"{}\n}") + _paths() + b"\n}"


@cache
def _paths() -> bytes:
    """What there is, which is the same on every page."""
    paths = {
        path: {"get": _operation(path, what, content_type)}
        for path, what, content_type in _DOCUMENTS
    }
    return _dump(paths).replace(b"\n", b"\n ")


def _operation(path: str, what: str, content_type: str) -> dict[str, Any]:
    schema = {"type": "object"} if content_type == _JSON else {"type": "string"}
    given = [each for each in (_COMPONENT, _PERIOD) if f"{{{each['name']}}}" in path]
    return {
        "operationId": "read" + "".join(part.capitalize() for part in _words(path)),
        "summary": what,
        **({"parameters": given} if given else {}),
        "responses": {
            "200": {"description": what, "content": {content_type: {"schema": schema}}},
            "304": {"description": "As you have it, by its ETag"},
            **({"404": {"description": "There is no such component"}} if given else {}),
        },
    }


def _words(path: str) -> list[str]:
    plain = "".join(letter if letter.isalnum() else " " for letter in path)
    return plain.split()


def _catalog(site: SiteView) -> dict[str, Any]:
    """RFC 9727: what there is at this address, as a set of links (RFC 9264)."""
    return {
        "linkset": [
            {
                "anchor": site.url("/api/v2/"),
                "status": [{"href": site.url(_SUMMARY), "type": _JSON}],
                "service-desc": [{"href": site.url(_DESCRIPTION), "type": _OPENAPI}],
                "service-doc": [{"href": site.url(_DOCUMENTATION), "type": "text/html"}],
            }
        ]
    }


def _text(site: SiteView) -> str:
    """What a reader that is a program is told (llms.txt)."""
    rows = [f"- [{path}]({site.url(path)}): {what}" for path, what, _type in _DOCUMENTS[:2]]
    rows.append(f"- [{_SUMMARY}]({site.url(_SUMMARY)}): the same for clients of Statuspage")
    rows.append(f"- [/history.atom]({site.url('/history.atom')}): incidents and maintenance")
    return "\n".join(
        [
            f"# {' '.join(site.name.split()) or 'Status'}",
            "",
            "> A status page: what works, what does not, and since when. Ask the documents below",
            "> instead of reading the pages; each says how old it is.",
            "",
            "## Documents",
            "",
            *rows,
            f"- [{_DESCRIPTION}]({site.url(_DESCRIPTION)}): all of them, as OpenAPI",
            "",
        ]
    )


def _dump(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()
