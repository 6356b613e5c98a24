"""What a page is inside other sites: the data of the widget, and the pages for frames.

Called by the publisher. The widget (`static/js/embed.js`) draws with its own words and colours from
`widget_json`; the frames are small pages of their own, which any site may embed.
"""

import hashlib
from collections.abc import Mapping

from django.utils.safestring import mark_safe
from django.utils.translation import ngettext

from components.status import Status
from public_pages import badge_drawing, elsewhere, readouts, templating, wording
from public_pages.event_views import EventLine
from public_pages.page_views import PageView

WIDGET = "embed/status.json"
_WRONG = {Status.DEGRADED_PERFORMANCE, Status.PARTIAL_OUTAGE, Status.MAJOR_OUTAGE}
_SHOWN = 3  # events in a frame


def files(page: PageView) -> Mapping[str, bytes]:
    """Return the widget's data and the frames, by file name."""
    return {
        WIDGET: widget_json(page),
        "embed/frame.html": _frame(page, "frame"),
        "embed/badge.html": _frame(page, "badge"),
    }


def widget_json(page: PageView) -> bytes:
    """Return whether anything is wrong, in the words and colours in which other sites say so.

    `since` names what is told, and is another when that changes: a notice that was dismissed comes
    back then. It is empty while all is well.
    """
    is_wrong = page.status in _WRONG or bool(page.events.open)
    is_maintained = bool(page.events.running) or page.status == Status.UNDER_MAINTENANCE
    told = page.events.open or page.events.running
    with templating.active(page.site):
        return readouts.dump(
            {
                "warn": is_wrong,
                "maintenance": is_maintained,
                "stale": False,
                "since": _named(page, told) if is_wrong or is_maintained else "",
                "status": page.status if page.components else Status.UNKNOWN,
                "page": page.site.name,
                "message": f"{elsewhere.page_label(page)}: {_state(page)}",
                "detail": _detail(told),
                **elsewhere.look(page, _code(page)),
            }
        )


def _state(page: PageView) -> str:
    if page.events.running and page.status == Status.OPERATIONAL and not page.events.open:
        return wording.word(Status.UNDER_MAINTENANCE)
    return wording.page_word(page)


def _code(page: PageView) -> str:
    is_well = page.code == Status.OPERATIONAL.code
    return Status.UNDER_MAINTENANCE.code if is_well and page.events.running else page.code


def _named(page: PageView, told: tuple[EventLine, ...]) -> str:
    """A name of what is told; the worst status is part of it, so that what gets worse is told again."""
    parts = [str(page.code), *(line.ident for line in told)]
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]


def _detail(told: tuple[EventLine, ...]) -> str:
    """The first event by its title, and how many others there are."""
    if not told:
        return ""
    title, others = badge_drawing.plain(told[0].title, limit=120), len(told) - 1
    if not others:
        return title
    return ngettext("%(title)s, and %(count)s more", "%(title)s, and %(count)s more", others) % {
        "title": title,
        "count": others,
    }


def _frame(page: PageView, name: str) -> bytes:
    told = (*page.events.open, *page.events.running)
    with templating.active(page.site):
        return templating.render(
            f"public_pages/embed_{name}.html",
            {
                "site": page.site,
                "site_title": wording.site_title(page.site.name),
                "as_of": page.as_of,
                "favicon": page.code,
                "headline": wording.headline(page),
                "badge": mark_safe(elsewhere.badge_color(page).decode()),  # noqa: S308 - escaped there
                "code": page.code,
                "events": [(line.title, page.site.url(line.path)) for line in told[:_SHOWN]],
                "address": page.site.url("/"),
            },
        )
