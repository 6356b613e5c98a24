"""What public addresses stand for: a published file, or another address. Used by the front, without Django.

Only what matches as a whole is looked for on disk, so no other file can ever be asked for.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qs


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of file is answered."""

    content_type: str
    cache_control: str = "no-cache"
    is_html: bool = False  # has a theme
    is_data: bool = False  # may be read by scripts of other sites
    can_be_stale: bool = True
    has_operator_link: bool = False
    is_dated: bool = False  # says when its content changed last: it is written only then
    is_upload: bool = False  # what somebody has uploaded: inert, whatever is in it
    aged_by: str = ""  # the file whose age is that of its data; else its own
    is_frame: bool = False  # any site may show it in a frame
    when_stale: str = ""  # the file that stands for it once it is old; else it says so itself


_PAGE = Kind("text/html; charset=utf-8", is_html=True)
_FRAME = Kind(
    "text/html; charset=utf-8", "public, max-age=30", is_frame=True, aged_by="status.json"
)
_WIDGET = Kind("application/json", "public, max-age=30", is_data=True, aged_by="status.json")
_WIDGET_SCRIPT = Kind(
    "text/javascript; charset=utf-8", "public, max-age=3600", is_data=True, can_be_stale=False
)
_LASTING = Kind("text/html; charset=utf-8", is_html=True, can_be_stale=False)
_PREVIEW = Kind(
    "image/png",
    "public, max-age=300",
    is_data=True,
    aged_by="status.json",
    when_stale="preview-stale.png",
)
_DESCRIPTION = Kind(
    "application/vnd.oai.openapi+json", "public, max-age=300", is_data=True, can_be_stale=False
)
_CATALOG = Kind(
    'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"',
    "public, max-age=300",
    is_data=True,
    can_be_stale=False,
)
_EVENT = Kind("text/html; charset=utf-8", is_html=True, has_operator_link=True)
ERROR_PAGE = Kind(
    "text/html; charset=utf-8", cache_control="no-store", is_html=True, can_be_stale=False
)
_FRAGMENT = Kind("text/html; charset=utf-8")
_JSON = Kind("application/json", is_data=True)
_WORD = Kind("text/plain; charset=utf-8", is_data=True, can_be_stale=False)
_FOR_EVER = "public, max-age=31536000, immutable"
_CSS = Kind("text/css; charset=utf-8", cache_control=_FOR_EVER, can_be_stale=False)
_JS = Kind("text/javascript; charset=utf-8", cache_control=_FOR_EVER, can_be_stale=False)
_ICON = Kind("image/svg+xml", cache_control="public, max-age=3600", can_be_stale=False)
_NOW_ICON = Kind("image/svg+xml", can_be_stale=False)
# What other sites show of us: always asked for anew.
_SCRIPT = Kind("text/javascript; charset=utf-8", is_data=True, can_be_stale=False)
_IMAGE = Kind("image/svg+xml", is_data=True)
# Written only when they change: their data is as old as that of the page.
_BADGE = Kind("image/svg+xml", "public, max-age=60", is_data=True, aged_by="status.json")
_SHIELD = Kind(
    "application/json",
    "public, max-age=60",
    is_data=True,
    aged_by="status.json",
    when_stale="badge/stale.json",
)
_TEXT = Kind("text/plain; charset=utf-8", "public, max-age=3600", can_be_stale=False)
_RSS, _ATOM, _CALENDAR = (
    Kind(
        f"{content_type}; charset=utf-8",
        "public, max-age=60",
        is_data=True,
        can_be_stale=False,
        is_dated=True,
    )
    for content_type in ("application/rss+xml", "application/atom+xml", "text/calendar")
)

# Uploads are cleaned before they are stored; should one act all the same, it may not (reliability F3).
INERT = (
    ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox"),
    ("Content-Disposition", "attachment"),
)
_PICTURES = {
    ending: Kind(content_type, cache_control=_FOR_EVER, can_be_stale=False, is_upload=True)
    for ending, content_type in (
        ("svg", "image/svg+xml"),
        ("png", "image/png"),
        ("webp", "image/webp"),
    )
}

# As the page itself is cached by those who made this form.
_V2 = Kind(
    "application/json; charset=utf-8",
    "public, max-age=30, stale-while-revalidate=60",
    is_data=True,
    can_be_stale=False,
)
V2_NAMES = (
    "summary",
    "status",
    "components",
    "incidents",
    "incidents/unresolved",
    "incidents/resolved",
    "scheduled-maintenances",
    "scheduled-maintenances/upcoming",
    "scheduled-maintenances/active",
)

_SLUG = "[A-Za-z0-9_-]{1,100}"
_ID = "[0-9a-z]{12}"
_MONTH = "[0-9]{4}-[0-9]{2}"
FILES: Sequence[tuple[re.Pattern[str], str, Kind]] = tuple(
    (re.compile(pattern), name, kind)
    for pattern, name, kind in (
        (r"/", "index.html", _PAGE),
        (rf"/components/({_SLUG})/?", r"components/\1.html", _PAGE),
        (rf"/components/({_SLUG})/(7d|30d|90d)/?", r"components/\1/\2.html", _PAGE),
        (rf"/incidents/({_ID})/?", r"incidents/\1.html", _EVENT),
        (rf"/incidents/({_ID})/postmortem/?", r"incidents/\1/postmortem.html", _PAGE),
        (rf"/maintenance/({_ID})/?", r"maintenance/\1.html", _EVENT),
        (r"/maintenance/?", "maintenance.html", _PAGE),
        (r"/api/?", "api.html", _LASTING),
        (r"/history/?", "history/index.html", _PAGE),
        (rf"/history/({_MONTH})/?", r"history/\1.html", _PAGE),
        (
            rf"/history/({_MONTH})(/components/{_SLUG})?(/incidents|/maintenance)?/?",
            r"history/\1\2\3.html",
            _PAGE,
        ),
        (r"/(?:feed|history\.rss)/?", "history.rss", _RSS),
        (r"/history\.atom", "history.atom", _ATOM),
        (r"/maintenance\.ics", "maintenance.ics", _CALENDAR),
        (rf"/components/({_SLUG})\.rss", r"components/\1.rss", _RSS),
        (rf"/components/({_SLUG})\.atom", r"components/\1.atom", _ATOM),
        (rf"/components/({_SLUG})\.ics", r"components/\1.ics", _CALENDAR),
        (r"/live/?", "live.html", _FRAGMENT),
        (r"/status\.json/?", "status.json", _JSON),
        (r"/status/report/?", "status/report", _JSON),
        (r"/status/text/?", "status/text", _WORD),
        (r"/status/warning\.json/?", "status/warning.json", _JSON),
        (r"/warning\.js", "warning.js", _SCRIPT),
        (r"/preview\.png", "preview.png", _PREVIEW),
        (r"/openapi\.json", "openapi.json", _DESCRIPTION),
        (r"/\.well-known/api-catalog/?", "api-catalog.json", _CATALOG),
        (r"/llms\.txt", "llms.txt", _TEXT),
        (r"/embed/script\.js", "embed/script.js", _WIDGET_SCRIPT),
        (r"/embed/status\.json", "embed/status.json", _WIDGET),
        (r"/embed/(frame|badge)/?", r"embed/\1.html", _FRAME),
        (r"/warning\.svg", "warning.svg", _IMAGE),
        (r"/badge/(icon|color)/?", r"badge/\1.svg", _IMAGE),
        *(
            (rf"/(badge/(?:{_SLUG}/)?(?:status|uptime/(?:24h|7d|30d|90d))\.{ending})", r"\1", kind)
            for ending, kind in (("svg", _BADGE), ("json", _SHIELD))
        ),
        *(
            # Programs ask in any case; one of them for /api/v2/Incidents.json.
            (rf"(?i:/api/v2/{name}\.json)", f"api/v2/{name}.json", _V2)
            for name in V2_NAMES
        ),
        (r"/(assets/[a-z0-9-]+\.css)", r"\1", _CSS),
        (r"/(assets/[a-z0-9-]+\.js)", r"\1", _JS),
        *(
            (rf"/(media/[0-9a-f]{{64}}\.{ending})", r"\1", kind)
            for ending, kind in _PICTURES.items()
        ),
        (r"/(favicon-[a-z]{2}\.svg)", r"\1", _ICON),
        (r"/favicon\.ico", "favicon.svg", _NOW_ICON),
        (r"/robots\.txt", "robots.txt", _TEXT),
    )
)
# The page that is left of a deleted event, for all of its addresses.
_WITHDRAWABLE = re.compile(rf"(?:incidents|maintenance)/({_ID})(?:/postmortem)?\.html")
_SHORT = re.compile(rf"/(i|m)/({_ID})/?")
_FILTERED = re.compile(rf"/history/({_MONTH})/?")
_LONG = {"i": "incidents", "m": "maintenance"}
_QUERY_LIMIT = 1000


def file(path: str) -> tuple[str, Kind] | None:
    """Return the published file that a path asks for, and its kind; None for every other path."""
    for pattern, name, kind in FILES:
        if match := pattern.fullmatch(path):
            return match.expand(name), kind
    return None


def target(path: str, query: str) -> tuple[HTTPStatus, str] | None:
    """Return where an address leads that is only another name of a page; made of checked parts."""
    if short := _SHORT.fullmatch(path):
        return HTTPStatus.MOVED_PERMANENTLY, f"/{_LONG[short[1]]}/{short[2]}"
    month = _FILTERED.fullmatch(path)
    if month is None or not query:
        return None
    chosen = parse_qs(query[:_QUERY_LIMIT])
    component = chosen.get("component", [""])[0]
    kinds = {kind for kind in chosen.get("type", []) if kind in _LONG.values()}
    if not (component or kinds) and "component" not in query:
        return None
    tail = f"/components/{component}" if re.fullmatch(_SLUG, component) else ""
    tail += f"/{kinds.pop()}" if len(kinds) == 1 else ""
    return HTTPStatus.SEE_OTHER, f"/history/{month[1]}{tail}"


def withdrawn(name: str) -> str:
    """Return the file that is left when the event of this file is deleted; empty for other files."""
    match = _WITHDRAWABLE.fullmatch(name)
    return f"withdrawn/{match[1]}.html" if match else ""
