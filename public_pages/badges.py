"""The badges of a page and of each component: status and uptime, as images and for shields.io.

Every image has a document beside it in the form of shields' endpoint badge (interop 6.3), which
refuses every key that it does not know. Rendered by the publisher (`badge_files`) and for customer
pages; the words are in the language of the page.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from components import uptime
from components.status import Status
from components.uptime import Tally
from public_pages import badge_drawing, elsewhere, readouts, templating, wording
from public_pages.page_views import ComponentView, PageView
from public_pages.rendering import Histories

Tallies = Mapping[str, Tally]  # the time of each of PERIODS
PERIODS: Mapping[str, timedelta] = {
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
}
# What shields' documents of a page become when they are old.
STALE = "badge/stale.json"
_SHIELDS = {
    "op": "brightgreen",
    "de": "yellow",
    "pa": "orange",
    "ma": "red",
    "mt": "blue",
    "un": "lightgrey",
}
_CACHE_S = 60
# From which uptime on a figure has which colour.
_STEPS = ((Decimal("99.9"), "op"), (Decimal(99), "de"), (Decimal(95), "pa"))


@dataclass(frozen=True, slots=True)
class _Said:
    """What one badge says; `name` is its file without an ending."""

    name: str
    label: str
    words: str
    code: str
    has_icon: bool = True


def of_page(page: PageView, every: Iterable[Tallies]) -> Mapping[str, bytes]:
    """Return the badges of the page itself, by file name; `every` are the times of its components."""
    spent = list(every)
    with templating.active(page.site):
        label = elsewhere.page_label(page)
        said = [_Said("badge/status", label, wording.page_word(page), page.code)]
        whole = {period: sum((one[period] for one in spent), start=Tally()) for period in PERIODS}
        said += _uptimes("badge", page.site.name, whole, page)
        stale = _Said("badge/stale", label, wording.word(Status.UNKNOWN), Status.UNKNOWN.code)
        return {**_files(said, page), STALE: _shields(stale)}


def of_component(component: ComponentView, page: PageView, spent: Tallies) -> Mapping[str, bytes]:
    """Return the badges of one component, by file name; `spent` are its times."""
    with templating.active(page.site):
        below = f"badge/{component.slug}"
        status = component.status
        label = badge_drawing.plain(component.name)
        said = [_Said(f"{below}/status", label, wording.component_word(component), status.code)]
        said += _uptimes(below, component.name, spent, page)
        return _files(said, page)


def names_of(slug: str) -> Iterator[str]:
    """Yield the names of the files of a component, or of the page itself for an empty slug."""
    below = f"badge/{slug}" if slug else "badge"
    for ending in ("svg", "json"):
        yield f"{below}/status.{ending}"
        yield from (f"{below}/uptime/{period}.{ending}" for period in PERIODS)


def tallies(component: ComponentView, page: PageView, histories: Histories) -> Tallies:
    """Return the time of each period; days are those of the page, as beside its bars."""
    now = page.as_of
    bars = histories.get(component, site=page.site, now=now).bars
    day = uptime.tally(component.changes, start=now - PERIODS["24h"], end=now)
    return {
        period: uptime.total(bars[-length.days :]) if length.days > 1 else day
        for period, length in PERIODS.items()
    }


def _uptimes(below: str, name: str, spent: Tallies, page: PageView) -> Iterator[_Said]:
    for period, length in PERIODS.items():
        found = uptime.percent(spent[period], page.site.weights)
        label = _("%(name)s uptime, %(period)s") % {
            "name": badge_drawing.plain(name),
            "period": wording.period_name(length // timedelta(hours=1)),
        }
        words = _("no data") if found is None else wording.percent(found)
        yield _Said(f"{below}/uptime/{period}", label, words, _code(found), has_icon=False)


def _code(percent: Decimal | None) -> str:
    if percent is None:
        return Status.UNKNOWN.code
    return next((code for limit, code in _STEPS if percent >= limit), "ma")


def _files(every: list[_Said], page: PageView) -> dict[str, bytes]:
    files = {}
    for said in every:
        files[f"{said.name}.json"] = _shields(said)
        files[f"{said.name}.svg"] = badge_drawing.badge(
            said.label,
            said.words,
            said.code,
            ground=elsewhere.ground(page),
            unknown=wording.word(Status.UNKNOWN),
            has_icon=said.has_icon,
        )
    return files


def _shields(said: _Said) -> bytes:
    return readouts.dump(
        {
            "schemaVersion": 1,
            "label": said.label,
            "message": said.words,
            "color": _SHIELDS[said.code],
            "cacheSeconds": _CACHE_S,
        }
    )
