"""Icons, status words, times, history strips and replica boxes, as markup.

Long repeated markup is built here and not in templates: a page of 500 components has 45,000 bars.
"""

from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from html import escape

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from components.status import Status
from components.uptime import DayBar, Tally
from probing.health import Health
from public_pages import assets, templating, times, wording
from public_pages.figures import History
from public_pages.page_views import AnnouncementView, ComponentView, NodeView, ReplicaView

register = template.Library()

_BAR_CLASSES = {
    None: "n",
    Status.OPERATIONAL: "",
    Status.DEGRADED_PERFORMANCE: "d",
    Status.PARTIAL_OUTAGE: "p",
    Status.MAJOR_OUTAGE: "m",
    Status.UNDER_MAINTENANCE: "w",
}
_OOB = mark_safe(' hx-swap-oob="true"')
_HEALTH_CODES = {None: "un", Health.HEALTHY: "op", Health.SICK: "de", Health.DEAD: "ma"}
# A shorter gap is told in the sentence of its day, but not drawn.
_DRAWN_GAP_US = 5 * 60 * 1_000_000


@register.simple_tag
def asset(name: str) -> str:
    """The address of a style sheet or script."""
    return assets.bundle()[name].url


@register.simple_tag
def own(what: str) -> str:
    """The title or description that the page turns out to have; put in by `templating.render`."""
    return templating.MARKS[what]


@register.simple_tag
def icon(status: Status, extra: str = "") -> SafeString:
    """The outline of a status. The word always stands beside it, so the icon itself is silent."""
    return _icon(status.code, extra)


@register.simple_tag
def icon_of(code: str) -> SafeString:
    """The outline that belongs to the two letters of a state."""
    return _icon(code)


def _icon(code: str, extra: str = "") -> SafeString:
    return format_html(
        '<svg class="ico{}" data-s="{}" aria-hidden="true"><use href="#i-{}"/></svg>',
        f" {extra}" if extra else "",
        code,
        code,
    )


@register.simple_tag
def brand(title: str) -> SafeString:
    """The page's title; the word "Status" at its end steps back."""
    name, _space, last = title.rpartition(" ")
    if name and last.lower() == "status":
        return format_html("<span>{} <span>{}</span></span>", name, last)
    return format_html("<span>{}</span>", title)


@register.simple_tag
def line(name: str, extra: str = "") -> SafeString:
    """A line drawing, beside words."""
    return format_html(
        '<svg class="line{}" aria-hidden="true"><use href="#u-{}"/></svg>',
        f" {extra}" if extra else "",
        name,
    )


@register.simple_tag
def state(
    status: Status, words: str = "", extra: str = "", ident: str = "", oob: bool = False
) -> SafeString:
    """A status as icon and word; `oob` marks it for htmx to swap by its id."""
    return format_html(
        '<span class="st{}" data-s="{}"{}{}>{}{}</span>',
        f" {extra}" if extra else "",
        status.code,
        format_html(' id="{}"', ident) if ident else "",
        _OOB if oob else "",
        _icon(status.code),
        words or wording.word(status),
    )


@register.simple_tag
def component_state(component: ComponentView, extra: str = "", oob: bool = False) -> SafeString:
    """A component's status, with the id by which live refresh finds it."""
    words = wording.component_word(component)
    return state(component.status, words, extra, f"st-{component.slug}", oob)


@register.simple_tag
def full_day(value: date) -> SafeString:
    """A day with its year."""
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), times.full_day(value))


@register.simple_tag
def stale_bar(as_of: datetime, oob: bool = False) -> SafeString:
    """The warning that the front puts on a page when its file is old: asleep in a comment."""
    notice = format_html(
        '<div class="notice">{}<p>{}</p></div>',
        line("clock"),
        format_html(
            # Translators: both parts are on the page when the publisher has stopped.
            _("Not refreshed since {}. What you see may be out of date."),
            _time(as_of, times.moment(as_of)),
        ),
    ).replace("--", "–")  # would end the comment
    return mark_safe(  # noqa: S308 - made by format_html
        f'<div class="warn" id="stale"{_OOB if oob else ""}><!--stale {notice}--></div>'
    )


@register.simple_tag
def not_refreshed_since() -> SafeString:
    """The sentence of the bar that the script shows; it fills in the time."""
    return format_html(_("Not refreshed since {}."), mark_safe("<span data-since></span>"))


@register.simple_tag
def as_of_line(as_of: datetime, oob: bool = False) -> SafeString:
    """How old the data of the page is."""
    when = _time(as_of, times.moment(as_of))
    return format_html(
        '<p id="asof"{}>{}</p>', _OOB if oob else "", format_html(_("Data as of {}"), when)
    )


@register.simple_tag
def checked_line(at: datetime) -> SafeString:
    """When the latest check finished."""
    return format_html(_("Checked at {}."), _time(at, times.clock(at)))


@register.simple_tag
def since_line(words: str, at: datetime) -> SafeString:
    """Since when a component has had its status."""
    return format_html(_("{status} since {time}"), status=words, time=_time(at, times.moment(at)))


@register.simple_tag
def announced_line(announcement: AnnouncementView) -> SafeString:
    """From when, and until when if that is known, an announcement holds."""
    start = _time(announcement.starts_at, times.moment(announcement.starts_at))
    if announcement.ends_at is None:
        return format_html(_("Since {start}"), start=start)
    end = _time(announcement.ends_at, times.moment(announcement.ends_at))
    return format_html(_("From {start} until {end}"), start=start, end=end)


def _time(at: datetime, words: str) -> SafeString:
    exact = timezone.localtime(at).isoformat(timespec="minutes").replace("+00:00", "Z")
    return format_html('<time datetime="{}">{}</time>', exact, words)


@register.simple_tag
def strip(history: History) -> SafeString:
    """One bar a day, with the sentence that hovering shows; `wording.summary` is its text twin."""
    language = get_language()
    is_before_start = True
    bars = []
    for bar in history.bars:
        is_before_start = is_before_start and bar.worst is None
        if bar.worst is None or (bar.worst == Status.OPERATIONAL and not bar.tally.unknown_us):
            bars.append(_quiet_bar(bar.day, bar.worst, is_before_start, language))
        else:
            bars.append(_bar(bar, wording.day_sentence(bar, is_before_start=False)))
    axis = (
        '<div class="axis" aria-hidden="true"><span class="many">{}</span>'
        '<span class="few">{}</span><span>{}</span></div>'
    )
    return mark_safe(  # noqa: S308 - every word is escaped above
        f'<div class="bars d90" aria-hidden="true">{"".join(bars)}</div>'
    ) + format_html(axis, _("90 days ago"), _("30 days ago"), _("Today"))


@lru_cache(maxsize=2048)
def _quiet_bar(day: date, worst: Status | None, is_before_start: bool, language: str | None) -> str:
    """The bar of a day without events: most bars of a page, and the same for every component."""
    del language  # part of the cache key only
    bar = DayBar(day, Tally(), worst, is_partial=False)
    return _bar(bar, wording.day_sentence(bar, is_before_start=is_before_start))


def _bar(bar: DayBar, sentence: str) -> str:
    kind = _bar_class(bar)
    attributes = f' class="{kind}"' if kind else ""
    return f'<i{attributes} data-t="{escape(times.day(bar.day))} · {escape(sentence)}"></i>'


def _bar_class(bar: DayBar) -> str:
    if bar.worst == Status.OPERATIONAL and bar.tally.unknown_us >= _DRAWN_GAP_US:
        return "u"
    return _BAR_CLASSES[bar.worst]


@register.simple_tag
def boxes(node: NodeView) -> SafeString:
    """A node's replicas as numbered boxes, or with their addresses where those are shown (B3)."""
    found = format_html_join("", "{}", ((_box(replica),) for replica in node.replicas))
    return format_html('<span class="boxes">{}</span>', found)


@register.simple_tag
def nodes(component: ComponentView, place: str, oob: bool = False) -> SafeString:
    """A component's nodes with their boxes on the home page (B3).

    In the component's own line (`line`) for a single node and in compact groups (`compact`), else a
    line for each node below it (`block`); each place prints only what is its own. Outside compact
    groups a lone replica has no box: it would only repeat the status word beside it.
    """
    shown = [node for node in component.nodes if node.replicas]
    is_lone = sum(1 for _replica in component.replicas) == 1
    if not shown or (place != "compact" and is_lone) or place == ("block", "line")[len(shown) > 1]:
        return SafeString()
    is_block = place == "block"
    parts = [
        format_html(
            '<span class="node"><span class="{}">{}</span>{}</span>',
            "xs" if is_block else "vh",
            node.name,
            boxes(node),
        )
        for node in shown
    ]
    return format_html(
        '<{tag} class="nodes" id="boxes-{slug}"{oob}>{parts}</{tag}>',
        tag=mark_safe("div" if is_block else "span"),  # noqa: S308 - one of two words
        slug=component.slug,
        oob=_OOB if oob else "",
        parts=format_html_join("", "{}", ((part,) for part in parts)),
    )


def _box(replica: ReplicaView) -> SafeString:
    code = _HEALTH_CODES[replica.health]
    words = health_word(replica.health)
    return format_html(
        '<span class="box" data-s="{}" title="{}">{}{}<span class="vh"> {}</span></span>',
        code,
        _("Replica %(label)s: %(health)s") % {"label": replica.label, "health": words},
        replica.label,
        _icon(code),
        words,
    )


def health_word(health: Health | None) -> str:
    """The word for a replica's health."""
    return {
        None: _("no recent data"),
        Health.HEALTHY: _("healthy"),
        Health.SICK: _("sick"),
        Health.DEAD: _("dead"),
    }[health]


@register.simple_tag
def box_key() -> SafeString:
    """What the boxes mean."""
    entries = (
        ("op", _("Healthy: answers in time")),
        ("de", _("Sick: answers slowly")),
        ("ma", _("Dead: does not answer")),
        ("un", _("No recent data")),
    )
    return format_html_join(
        "",
        '<li><span class="box" data-s="{}">{}</span>{}</li>',
        ((code, _icon(code), words) for code, words in entries),
    )


@register.simple_tag
def node_line(node: NodeView) -> str:
    """How a node is watched."""
    return wording.node_line(node)


@register.simple_tag
def readout(sentences: Sequence[str]) -> SafeString:
    """The chart's invisible bars, one a point, with the sentence that hovering shows."""
    found = format_html_join("", '<i data-t="{}"></i>', ((sentence,) for sentence in sentences))
    return format_html('<div class="bars" aria-hidden="true">{}</div>', found)
